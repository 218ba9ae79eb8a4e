"""A key already held: it draws on nobody, it is its holder's, and its own issuer revokes it."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pki.ca.errors import CertificateRefused, KeyAlreadyCertified
from pki.ca.issuers import add_external_issuer
from pki.quota.errors import CertificateMismatch, OfficeNotCurrent, OrderAlreadyOpen
from pki.quota.kinds import OrderState, Road, SeatPlace
from pki.quota.orders import OrderView
from pki.quota.reading import ledger
from pki.quota.registered import register_existing_key
from pki.quota.stopping import block_key, revoke_key
from pki.records import HolderId, OfficeId
from pki.registration.bodies import register_body
from pki.registration.kinds import BodyKind
from pki.status.errors import RevocationNotOurs
from pki.status.external import configure_external_crl
from pki.status.tables import RevocationReason
from tests.pki.ca.estate import OutsideCa, usage
from tests.pki.estate import BERRECHID_PROVINCE, OFFICER, PROTECTION, SYSTEM, T0, person, seated
from tests.pki.quota.estate import Bureau, settled

AGENCY = "AU-BERRECHID"
CIN = "AB654321"  # whom the other authority of the tests certifies
LATER = T0 + timedelta(hours=1)


class Outside:
    """Another authority, configured here, and a member of the urban agency with its certificate."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau, self.ca = bureau, OutsideCa()
        with bureau.records.writing() as session:
            self.issuer = add_external_issuer(
                session, name="Other", certificate=self.ca.certificate, parent=None, at=T0
            )
        register_body(
            bureau.records,
            code=AGENCY,
            kind=BodyKind.URBAN_AGENCY,
            name_fr="Agence",
            name_ar="الوكالة",
            province_code=BERRECHID_PROVINCE,
            by=OFFICER,
            at=T0,
        )
        self.holder, self.office = seated(bureau.records, AGENCY, holder=person(bureau.records, cin=CIN))

    def register(
        self, certificate: bytes, *, holder: HolderId | None = None, office: OfficeId | None = None
    ) -> OrderView:
        return register_existing_key(
            self.bureau.records,
            PROTECTION,
            holder=holder or self.holder,
            office=office or self.office,
            certificate=certificate,
            paid_by=AGENCY,
            by=OFFICER,
            at=T0,
        )


@pytest.fixture
def outside(bureau: Bureau) -> Outside:
    return Outside(bureau)


@pytest.fixture
def sqlite_outside(sqlite_bureau: Bureau) -> Outside:
    return Outside(sqlite_bureau)


def test_draws_on_nobody(outside: Outside) -> None:
    bureau = outside.bureau
    with bureau.records.reading() as session:
        before = len(ledger(session))
    order = outside.register(outside.ca.issue())
    assert (order.state, order.seat, order.road) == (OrderState.DELIVERED, SeatPlace.NONE, Road.ALREADY_HELD)
    assert (order.payer_code, order.paid_by, order.issuance) == (None, AGENCY, None)
    bureau.activate(order.id)
    assert bureau.stands(order.id) == (OrderState.ACTIVE, SeatPlace.NONE)
    assert bureau.held(outside.holder).sha256 == order.certificates[0].sha256
    with bureau.records.reading() as session:
        assert ledger(session, order=order.id) == []
        assert len(ledger(session)) == before
    bureau.books_balance()


def test_namesake_is_refused(sqlite_outside: Outside) -> None:
    """Same name, same authority, another national id."""
    records = sqlite_outside.bureau.records
    namesake, office = seated(records, AGENCY, holder=person(records, name="Salma Bennani"))
    with pytest.raises(CertificateMismatch):
        sqlite_outside.register(sqlite_outside.ca.issue(), holder=namesake, office=office)


def test_unknown_authority(sqlite_outside: Outside) -> None:
    with pytest.raises(CertificateMismatch):
        sqlite_outside.register(OutsideCa().issue())


@pytest.mark.parametrize("certificate", [b"", b"0" * 100, b"\x30\x82" + b"\xff" * 60])
def test_not_a_certificate(sqlite_outside: Outside, certificate: bytes) -> None:
    with pytest.raises(CertificateRefused):
        sqlite_outside.register(certificate)


def test_authentication_certificate(sqlite_outside: Outside) -> None:
    with pytest.raises(CertificateRefused):
        sqlite_outside.register(sqlite_outside.ca.issue(key_usage=usage(signature=True)))
    with sqlite_outside.bureau.records.reading() as session:
        assert ledger(session, body_code=AGENCY) == []


def test_registered_once(sqlite_outside: Outside) -> None:
    certificate = sqlite_outside.ca.issue()
    first = sqlite_outside.register(certificate)
    with pytest.raises(OrderAlreadyOpen) as refused:
        sqlite_outside.register(certificate)
    assert refused.value.order == first.id
    sqlite_outside.bureau.activate(first.id)
    with pytest.raises((CertificateRefused, KeyAlreadyCertified)):
        sqlite_outside.register(certificate)


def test_office_of_somebody_else(sqlite_outside: Outside) -> None:
    _, office = seated(sqlite_outside.bureau.records, AGENCY)
    with pytest.raises(OfficeNotCurrent):
        sqlite_outside.register(sqlite_outside.ca.issue(), office=office)


def test_revoked_by_its_own_issuer_first(sqlite_outside: Outside) -> None:
    bureau = sqlite_outside.bureau
    order = sqlite_outside.register(sqlite_outside.ca.issue(serial=4242)).id
    bureau.activate(order)
    block_key(bureau.records, order=order, reason="lost", lost_since=None, by=OFFICER, at=LATER)

    def revoke() -> None:
        revoke_key(bureau.records, settled, order=order, reason=RevocationReason.KEY_COMPROMISE, by=OFFICER, at=LATER)

    with pytest.raises(RevocationNotOurs):
        revoke()
    crl = sqlite_outside.ca.crl(T0, 2, {4242: T0})
    configure_external_crl(bureau.records, issuer=sqlite_outside.issuer, crl=crl, at=LATER, by=SYSTEM)
    revoke()
    assert bureau.view(order).state is OrderState.REVOKED
    bureau.books_balance()


def test_chain_without_the_root(sqlite_outside: Outside) -> None:
    order = sqlite_outside.register(sqlite_outside.ca.issue()).id
    sqlite_outside.bureau.activate(order)
    held = sqlite_outside.bureau.held(sqlite_outside.holder)
    assert sqlite_outside.ca.certificate.public_bytes(Encoding.DER) not in held.chain
