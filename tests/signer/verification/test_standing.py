from datetime import timedelta

import pytest

from pki.status.revocation import Revocation
from pki.status.tables import RevocationReason
from signer.verification.standing import KeyStanding, Stop, stood
from tests.signer.verification.estate import DAY, HOUR, T0

SECOND = timedelta(seconds=1)
STOP = Stop(lost_since=T0 - HOUR, blocked_at=T0)


@pytest.mark.parametrize(
    ("signed_at", "expected"),
    [
        (T0 - HOUR - SECOND, KeyStanding()),
        (T0 - HOUR, KeyStanding(lost_since=T0 - HOUR, blocked_at=T0)),
        (T0 - SECOND, KeyStanding(lost_since=T0 - HOUR, blocked_at=T0)),
        (T0, KeyStanding(blocked_at=T0)),
        (T0 + DAY, KeyStanding(blocked_at=T0)),
        (None, KeyStanding()),
    ],
)
def test_bounds(signed_at: object, expected: KeyStanding) -> None:
    assert stood([STOP], None, signed_at=signed_at) == expected  # type: ignore[arg-type]


def test_lifted_block() -> None:
    lifted = Stop(lost_since=T0 - HOUR, blocked_at=T0, lifted_at=T0 + HOUR)
    assert stood([lifted], None, signed_at=T0 + HOUR - SECOND).blocked_at == T0
    assert stood([lifted], None, signed_at=T0 + HOUR) == KeyStanding()
    assert stood([lifted], None, signed_at=T0 - SECOND).lost_since == T0 - HOUR


def test_the_authoritys_invalidity_date_is_a_loss() -> None:
    revoked = Revocation(revoked_at=T0, reason=RevocationReason.KEY_COMPROMISE, invalidity_date=T0 - HOUR)
    standing = stood([], revoked, signed_at=T0 - SECOND)
    assert (standing.lost_since, standing.revoked_at) == (T0 - HOUR, T0)
    assert stood([], revoked, signed_at=T0 - DAY).lost_since is None


def test_a_block_that_another_took_the_place_of_never_held() -> None:
    """A loss told earlier than before: in doubt since then, blocked as long as it was."""
    before = Stop(lost_since=None, blocked_at=T0, lifted_at=T0)
    stops = [before, Stop(lost_since=T0 - HOUR, blocked_at=T0)]
    assert stood(stops, None, signed_at=T0 - HOUR) == KeyStanding(lost_since=T0 - HOUR, blocked_at=T0)
    assert stood(stops, None, signed_at=T0) == KeyStanding(blocked_at=T0)
    assert stood([before], None, signed_at=T0) == KeyStanding()
