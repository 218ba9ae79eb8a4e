"""The database as referee of certificates and status, on each engine, with many at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.x509 import ocsp
from sqlalchemy import func, select

import pki.trust.tables  # noqa: F401
from hsm.software import SoftwareKeys
from pki.ca.errors import AlreadyRedeemed, KeyAlreadyCertified
from pki.ca.issuance import Issuance
from pki.ca.issuers import Issuer, issuer_by_role
from pki.ca.names import HolderSubject
from pki.ca.registered import register_certificate
from pki.ca.requests import accept_csr
from pki.ca.tables import CertificateRow, IntentRow
from pki.records import Records
from pki.status.blocks import lift_block, record_block
from pki.status.errors import AlreadyBlocked, AlreadyRevoked, CrlRefused
from pki.status.external import configure_external_crl, register_external_issuer
from pki.status.lists import publish_due_crls
from pki.status.ocsp import OcspResponder, build_ocsp_request
from pki.status.revocation import Standing, certificate_state, revoke
from pki.status.tables import RevocationReason
from pki.trust.anchors import trust_list
from tests.pki.ca.estate import ADDRESSES, BY, HOLDER, ORDER, PERSON, T0, House, OutsideCa, csr, found

SECOND = timedelta(seconds=1)


@pytest.fixture
def house(records: Records, service_keys: SoftwareKeys) -> House:
    return House(records, service_keys, found(records, service_keys))


def test_many_at_once_leave_one(house: House) -> None:
    request = csr()

    def prepare(_: int) -> object:
        try:
            return house.prepare(request)
        except KeyAlreadyCertified as refused:
            return refused

    with ThreadPoolExecutor(8) as pool:
        prepared = [each for each in pool.map(prepare, range(8)) if not isinstance(each, KeyAlreadyCertified)]
        assert len(prepared) == 1
        intent = prepared[0].intent_id  # type: ignore[attr-defined]

        def redeem(_: int) -> object:
            try:
                return house.issuance.redeem(house.records, intent=intent, at=T0, by=BY)
            except AlreadyRedeemed as refused:
                return refused

        redeemed = list(pool.map(redeem, range(8)))
    (issued,) = (each for each in redeemed if not isinstance(each, AlreadyRedeemed))
    assert all(each is issued or each.certificate == issued.id for each in redeemed)  # type: ignore[attr-defined]
    with house.records.reading() as session:
        assert session.scalar(select(func.count()).where(CertificateRow.order_id == ORDER)) == 1
        assert session.scalar(select(func.count()).where(IntentRow.order_id == ORDER)) == 1


def test_status_of_our_own(house: House) -> None:
    records, at = house.records, T0 + SECOND
    certificate = house.issue()
    assert len(publish_due_crls(records, house.keys, at=T0)) == 2
    with records.writing() as session:
        record_block(session, order=ORDER, reason="lost", lost_since=T0, at=at, by=BY)
    with pytest.raises(AlreadyBlocked), records.writing() as session:
        record_block(session, order=ORDER, reason="lost", lost_since=None, at=at, by=BY)
    with records.writing() as session:
        lift_block(session, order=ORDER, reason="found", at=at, by=BY)
        record_block(session, order=ORDER, reason="lost", lost_since=None, at=at, by=BY)
        revoke(session, certificate=certificate.id, reason=RevocationReason.KEY_COMPROMISE, at=at, by=BY)
    with pytest.raises(AlreadyRevoked), records.writing() as session:
        revoke(session, certificate=certificate.id, reason=RevocationReason.KEY_COMPROMISE, at=at, by=BY)
    assert publish_due_crls(records, house.keys, at=at) == (house.founded.issuing_id,)
    with records.reading() as session:
        issuer: Issuer = issuer_by_role(session, "issuing")
        assert certificate_state(session, certificate=certificate.id, at=at).standing is Standing.REVOKED
    question = build_ocsp_request(house.certificate(certificate.der), issuer)
    answer = ocsp.load_der_ocsp_response(OcspResponder(records, house.keys).answer(question, at=at))
    assert answer.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert answer.revocation_time_utc == at.replace(microsecond=0)


def test_another_issuer(house: House) -> None:
    records, other = house.records, OutsideCa()
    issuer = register_external_issuer(
        records, name="Autre", certificate=other.der, root=other.der, environment="rehearsal", at=T0, by=BY
    )
    with records.writing() as session:
        held = register_certificate(session, der=other.issue(), issuer=issuer, holder=HOLDER, order=ORDER, at=T0, by=BY)
    number = (1 << 159) - 1  # 20 octets
    configure_external_crl(records, issuer=issuer, crl=other.crl(T0, 9), at=T0, by=BY)
    revoked = other.crl(T0 + SECOND, number, {int(held.serial, 16): T0})
    configure_external_crl(records, issuer=issuer, crl=revoked, at=T0 + SECOND, by=BY)
    with pytest.raises(CrlRefused):
        configure_external_crl(records, issuer=issuer, crl=other.crl(T0 + SECOND, 10), at=T0 + SECOND, by=BY)
    with records.reading() as session:
        assert certificate_state(session, certificate=held.id, at=T0 + SECOND).standing is Standing.REVOKED
        assert other.der in [anchor.der for anchor in trust_list(session, environment="rehearsal")]


def test_two_kinds_of_certificates_for_one_order(house: House) -> None:
    issuance = Issuance(keyring=house.keys, addresses=ADDRESSES, environment="rehearsal")
    with house.records.writing() as session:
        for profile in ("holder-signature", "holder-authentication"):
            issuance.prepare(
                session,
                profile=profile,
                subject=HolderSubject(name_latin=PERSON.name_latin, cin=PERSON.cin),
                request=accept_csr(csr()),
                order=ORDER,
                at=T0,
            )
