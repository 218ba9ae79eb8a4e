"""Blocks and revocations, and the state they make."""

from datetime import timedelta
from uuid import uuid4

import pytest

from pki.ca.errors import CertificateUnknown
from pki.records import CertificateId
from pki.status.blocks import block_of, lift_block, record_block
from pki.status.errors import AlreadyBlocked, AlreadyRevoked, LossInFuture, NotBlocked
from pki.status.revocation import CertificateState, Standing, certificate_state, revoke
from pki.status.tables import RevocationReason
from tests.pki.ca.estate import BY, ORDER, T0, House

HOUR = timedelta(hours=1)


def test_block_stops_at_once_and_ends_when_lifted(house: House) -> None:
    certificate = house.issue()

    def state(at: object) -> CertificateState:
        with house.records.reading() as session:
            return certificate_state(session, certificate=certificate.id, at=at)  # type: ignore[arg-type]

    assert state(T0).standing is Standing.VALID
    with house.records.writing() as session:
        block = record_block(session, order=ORDER, reason="lost", lost_since=T0, at=T0 + HOUR, by=BY)
    assert block.lost_since == T0
    assert state(T0 + HOUR / 2).standing is Standing.VALID
    assert state(T0 + HOUR).standing is Standing.BLOCKED
    with pytest.raises(AlreadyBlocked) as refused, house.records.writing() as session:
        record_block(session, order=ORDER, reason="again", lost_since=None, at=T0 + 2 * HOUR, by=BY)
    assert refused.value.blocked_at == T0 + HOUR
    with house.records.writing() as session:
        lift_block(session, order=ORDER, reason="found", at=T0 + 2 * HOUR, by=BY)
    assert state(T0 + 2 * HOUR).standing is Standing.VALID
    assert state(T0 + HOUR).standing is Standing.BLOCKED  # what was known then
    with pytest.raises(NotBlocked), house.records.writing() as session:
        lift_block(session, order=ORDER, reason="found", at=T0 + 2 * HOUR, by=BY)
    with house.records.writing() as session:
        record_block(session, order=ORDER, reason="lost again", lost_since=None, at=T0 + 3 * HOUR, by=BY)
    with house.records.reading() as session:
        assert block_of(session, order=ORDER, at=T0 + 3 * HOUR) is not None


def test_loss_to_come_is_refused(house: House) -> None:
    with pytest.raises(LossInFuture), house.records.writing() as session:
        record_block(session, order=ORDER, reason="lost", lost_since=T0 + HOUR, at=T0, by=BY)


def test_revoked_once_for_good(house: House) -> None:
    certificate = house.issue()
    with house.records.writing() as session:
        done = revoke(session, certificate=certificate.id, reason=RevocationReason.SUPERSEDED, at=T0 + HOUR, by=BY)
    assert done.revoked_at == (T0 + HOUR).replace(microsecond=0)
    with house.records.reading() as session:
        before = certificate_state(session, certificate=certificate.id, at=T0)
        after = certificate_state(session, certificate=certificate.id, at=T0 + HOUR)
    assert (before.standing, after.standing) == (Standing.VALID, Standing.REVOKED)
    assert before.revocation == after.revocation == done
    with pytest.raises(AlreadyRevoked) as refused, house.records.writing() as session:
        revoke(session, certificate=certificate.id, reason=RevocationReason.UNSPECIFIED, at=T0 + 2 * HOUR, by=BY)
    assert refused.value.revoked_at == done.revoked_at


def test_validity_has_both_bounds_inside(house: House) -> None:
    certificate = house.issue()
    second = timedelta(seconds=1)
    expected = {
        certificate.not_before - second: Standing.NOT_YET_VALID,
        certificate.not_before: Standing.VALID,
        certificate.not_after: Standing.VALID,
        certificate.not_after + second: Standing.EXPIRED,
    }
    with house.records.reading() as session:
        for at, standing in expected.items():
            assert certificate_state(session, certificate=certificate.id, at=at).standing is standing


def test_unknown_certificate(house: House) -> None:
    with pytest.raises(CertificateUnknown), house.records.reading() as session:
        certificate_state(session, certificate=CertificateId(uuid4()), at=T0)
