"""Since when a key is lost: told again, told too late, told too far back."""

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from sqlalchemy import select

from pki.journal.tables import EventRow
from pki.quota.errors import LossLongAgo, ReplacementRefused
from pki.quota.kinds import Replacement
from pki.quota.policy import QuotaPolicy
from pki.quota.replacing import replace_key
from pki.quota.stopping import block_key
from pki.records import OrderId
from pki.status.blocks import block_of
from pki.status.errors import LossBeforeKey, LossToldLater
from pki.status.lists import latest_list, publish_crl
from pki.status.tables import BlockRow
from tests.pki.estate import OFFICER, T0
from tests.pki.quota.estate import Bureau, settled

DAY = timedelta(days=1)
TODAY = T0 + 100 * DAY
BLOCKED, AGAIN = TODAY, TODAY + DAY
MONDAY = TODAY - 3 * DAY
SECOND = timedelta(seconds=1)


def told(bureau: Bureau, order: OrderId, lost_since: datetime | None, *, at: datetime = AGAIN) -> datetime:
    return block_key(
        bureau.records, order=order, reason="lost", lost_since=lost_since, alone=QuotaPolicy(), by=OFFICER, at=at
    )


def replaced(bureau: Bureau, order: OrderId, why: Replacement, lost_since: datetime | None) -> None:
    replace_key(
        bureau.records,
        settled,
        order=order,
        why=why,
        lost_since=lost_since,
        alone=QuotaPolicy(),
        by=OFFICER,
        at=AGAIN,
    )


def lost_since(bureau: Bureau, order: OrderId) -> datetime | None:
    """As the block that holds says; it holds since the first report, and of those before nothing is edited."""
    with bureau.records.reading() as session:
        rows = session.scalars(select(BlockRow).where(BlockRow.order_id == order)).all()
        held = block_of(session, order=order, at=BLOCKED)
        assert held is not None
        assert {row.blocked_at for row in rows} == {BLOCKED}
        assert [row.lifted_at for row in rows if row.id != held.id] == [BLOCKED] * (len(rows) - 1)
        return held.lost_since


def invalid_since(bureau: Bureau, order: OrderId) -> set[datetime | None]:
    """As the newest list says, which is made for this."""
    publish_crl(bureau.records, bureau.keys, at=AGAIN)
    listed: set[datetime | None] = set()
    with bureau.records.reading() as session:
        for certificate in bureau.view(order).certificates:
            newest = latest_list(session, certificate.issuer)
            assert newest is not None
            entry = x509.load_der_x509_crl(newest.der).get_revoked_certificate_by_serial_number(
                int(certificate.serial, 16)
            )
            assert entry is not None
            listed.add(entry.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date_utc)
    return listed


@pytest.mark.parametrize("by_replacement", [False, True])
def test_a_loss_told_after_the_block_counts(bureau: Bureau, by_replacement: bool) -> None:
    """What was signed since is in doubt, the key is blocked since it was, and its revocation says the same."""
    order = bureau.active()
    told(bureau, order, None, at=BLOCKED)
    if by_replacement:
        replaced(bureau, order, Replacement.LOST, MONDAY)
    else:
        assert told(bureau, order, MONDAY) == BLOCKED
        replaced(bureau, order, Replacement.LOST, None)
    assert lost_since(bureau, order) == MONDAY
    assert invalid_since(bureau, order) == {MONDAY}
    # Also of a key that ended meanwhile: whoever reads the lists alone learns of it from the next one.
    assert told(bureau, order, MONDAY - DAY) == BLOCKED
    assert lost_since(bureau, order) == MONDAY - DAY
    assert invalid_since(bureau, order) == {MONDAY - DAY}
    with pytest.raises(LossToldLater):
        told(bureau, order, MONDAY)
    assert invalid_since(bureau, order) == {MONDAY - DAY}
    with bureau.records.reading() as session:
        kinds = session.scalars(select(EventRow.kind).where(EventRow.subject == f"order:{order}")).all()
    assert kinds.count("certificate.invalidity-antedated") == len(bureau.view(order).certificates) == 2


def test_a_loss_is_never_told_later(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.active()
    told(sqlite_bureau, order, MONDAY, at=BLOCKED)
    assert told(sqlite_bureau, order, MONDAY) == told(sqlite_bureau, order, None) == BLOCKED
    with pytest.raises(LossToldLater) as refused:
        told(sqlite_bureau, order, MONDAY + SECOND)
    assert refused.value.recorded == MONDAY
    with pytest.raises(LossToldLater):
        replaced(sqlite_bureau, order, Replacement.LOST, BLOCKED)
    assert lost_since(sqlite_bureau, order) == MONDAY


def test_how_far_back(sqlite_bureau: Bureau) -> None:
    """Thirty days by one officer below the centre; by the centre, as far as the key reaches."""
    order, other = sqlite_bureau.active(), sqlite_bureau.active()
    farthest = AGAIN - QuotaPolicy().loss_told_alone
    with pytest.raises(LossLongAgo):
        told(sqlite_bureau, order, farthest - SECOND)
    with pytest.raises(LossLongAgo):
        replaced(sqlite_bureau, order, Replacement.LOST, farthest - SECOND)
    told(sqlite_bureau, order, farthest)
    with pytest.raises(LossLongAgo):
        told(sqlite_bureau, order, farthest - SECOND)
    begun = min(each.not_before for each in sqlite_bureau.view(other).certificates)
    given = {"order": other, "reason": "lost", "by": OFFICER, "at": AGAIN}
    with pytest.raises(LossBeforeKey):
        block_key(sqlite_bureau.records, lost_since=begun - SECOND, **given)  # type: ignore[arg-type]
    block_key(sqlite_bureau.records, lost_since=begun, **given)  # type: ignore[arg-type]


def test_a_key_that_signs_on_is_not_lost(sqlite_bureau: Bureau) -> None:
    with pytest.raises(ReplacementRefused):
        replaced(sqlite_bureau, sqlite_bureau.active(), Replacement.RENEWAL, MONDAY)
