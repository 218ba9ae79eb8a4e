"""A supplied device: ordered, approved, presented, and held against its order in every respect."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from pki.ca.errors import CertificateRefused
from pki.quota.errors import (
    ApprovalDigestDiffers,
    ApprovalUsed,
    CertificateMismatch,
    CertificatesDiffer,
    OrderStateRefused,
    SelfApproval,
)
from pki.quota.evidence import DeviceClaim, EvidencePolicy
from pki.quota.issuing import approve_issuance
from pki.quota.kinds import Book, OrderState, Road, SeatPlace
from pki.quota.orders import issue_enrolment_ticket, request_key
from pki.quota.reading import ledger
from pki.quota.supplied import (
    PresentedDevice,
    SuppliedPolicy,
    accept_presented,
    configured_policies,
    supplied_digest,
)
from pki.quota.tables import KeyOrder
from pki.status.external import configure_external_crl, register_external_issuer
from pki.trust.anchors import add_anchor
from tests.pki.ca.estate import OutsideCa, usage
from tests.pki.estate import BERRECHID, OFFICER, PROTECTION, SECOND, SYSTEM, T0, person, seated
from tests.pki.quota.estate import Bureau

POLICY = SuppliedPolicy(environment="rehearsal", evidence=EvidencePolicy(strict=False))
LATER = T0 + timedelta(hours=1)


class Supply:
    """An order for a supplied device of serial S1, and the authority that makes it."""

    def __init__(self, bureau: Bureau, *, cin: str = "AB654321", policies: tuple[str, ...] = ()) -> None:
        self.bureau, self.ca = bureau, OutsideCa()
        records = bureau.records
        self.issuer = register_external_issuer(
            records,
            name="Other",
            certificate=self.ca.der,
            root=self.ca.der,
            crl=self.ca.crl(T0, 1),
            policy_oids=policies,
            environment="rehearsal",
            at=T0,
            by=SYSTEM,
        )
        self.holder, self.office = seated(records, BERRECHID, holder=person(records, cin=cin, name="Salma Bennani"))
        self.order = request_key(
            records,
            holder=self.holder,
            office=self.office,
            payer_body_code=BERRECHID,
            by=OFFICER,
            at=T0,
            road=Road.SUPPLIED,
            device_serial="S1",
        ).id

    @property
    def digest(self) -> str:
        with self.bureau.records.reading() as session:
            return supplied_digest(session.get_one(KeyOrder, self.order))

    def approve(self, *, by: object = SECOND, digest: str | None = None) -> None:
        approve_issuance(
            self.bureau.records,
            order=self.order,
            digest=digest or self.digest,
            by=by,
            at=T0,  # type: ignore[arg-type]
        )

    def present(self, *certificates: bytes, serial: str = "S1") -> None:
        accept_presented(
            self.bureau.records,
            PROTECTION,
            POLICY,
            order=self.order,
            presented=PresentedDevice(
                certificates=certificates or (self.ca.issue(),),
                device=DeviceClaim(label="token", serial=serial, model="M"),
                evidence=None,
            ),
            by=self.bureau.himself(self.order),
            at=LATER,
        )


def test_from_order_to_active(bureau: Bureau) -> None:
    supply = Supply(bureau)
    certificate = supply.ca.issue()
    assert bureau.stands(supply.order) == (OrderState.REQUESTED, SeatPlace.RESERVED)
    with pytest.raises(SelfApproval):
        supply.approve(by=OFFICER)
    with pytest.raises(SelfApproval):
        supply.approve(by=bureau.himself(supply.order))
    with pytest.raises(ApprovalDigestDiffers):
        supply.approve(digest="0" * 64)
    with pytest.raises(OrderStateRefused):
        issue_enrolment_ticket(bureau.records, order=supply.order, by=OFFICER, at=T0)
    with pytest.raises(OrderStateRefused):
        supply.present(certificate)
    supply.approve()
    with pytest.raises(ApprovalUsed):
        supply.approve()
    issue_enrolment_ticket(bureau.records, order=supply.order, by=OFFICER, at=T0)
    supply.present(certificate)
    supply.present(certificate)
    with pytest.raises(CertificatesDiffer):
        supply.present(supply.ca.issue())
    assert bureau.stands(supply.order) == (OrderState.DELIVERED, SeatPlace.RESERVED)
    with bureau.records.reading() as session:
        used = [each for each in ledger(session, order=supply.order) if each.book is Book.PURCHASE]
    assert sorted(each.change for each in used) == [-1, 1]
    bureau.activate(supply.order, at=LATER)
    assert bureau.stands(supply.order) == (OrderState.ACTIVE, SeatPlace.LIVE)
    bureau.books_balance()


DEVIATIONS: dict[str, Callable[[Supply], None]] = {
    "another device": lambda supply: supply.present(serial="S2"),
    "another authority": lambda supply: supply.present(OutsideCa().issue()),
    "not for signatures": lambda supply: supply.present(supply.ca.issue(key_usage=usage(signature=True))),
    "two signature certificates": lambda supply: supply.present(supply.ca.issue(), supply.ca.issue()),
    "an authority's": lambda supply: supply.present(supply.ca.der),
    "no certificate": lambda supply: supply.present(b"0"),
}


@pytest.mark.parametrize("deviation", DEVIATIONS)
def test_each_deviation_is_refused(sqlite_bureau: Bureau, deviation: str) -> None:
    supply = Supply(sqlite_bureau)
    supply.approve()
    with pytest.raises((CertificateMismatch, CertificateRefused)):
        DEVIATIONS[deviation](supply)
    assert sqlite_bureau.stands(supply.order) == (OrderState.APPROVED, SeatPlace.RESERVED)
    sqlite_bureau.books_balance()
    supply.present()


def test_a_namesakes_device(sqlite_bureau: Bureau) -> None:
    supply = Supply(sqlite_bureau, cin="BE111111")
    supply.approve()
    with pytest.raises(CertificateMismatch, match="another person"):
        supply.present()


def test_a_policy_that_is_not_configured(sqlite_bureau: Bureau) -> None:
    supply = Supply(sqlite_bureau, policies=("1.2.3",))
    supply.approve()
    with pytest.raises(CertificateMismatch, match="policy"):
        supply.present()


def test_the_device_is_asked_for_the_policies_of_other_authorities(sqlite_bureau: Bureau) -> None:
    """Our own anchor, which names none, does not open the door to every policy; another authority without any does."""

    def asked() -> tuple[str, ...]:
        with sqlite_bureau.records.reading() as session:
            return configured_policies(session, environment="rehearsal", at=T0)

    with sqlite_bureau.records.writing() as session:
        ours = OutsideCa(name="Ours TEST").der
        add_anchor(session, der=ours, environment="rehearsal", source="embedded", at=T0, by=SYSTEM)
    assert asked() == ()
    supply = Supply(sqlite_bureau, policies=("1.2.4", "1.2.3"))
    assert asked() == ("1.2.3", "1.2.4")
    any_policy = OutsideCa(name="Any TEST")
    register_external_issuer(
        supply.bureau.records,
        name="Any",
        certificate=any_policy.der,
        root=any_policy.der,
        environment="rehearsal",
        at=T0,
        by=SYSTEM,
    )
    assert asked() == ()


def test_revoked_before_it_came(sqlite_bureau: Bureau) -> None:
    supply = Supply(sqlite_bureau)
    supply.approve()
    revoked = supply.ca.crl(T0 + timedelta(seconds=1), 2, {4242: T0})
    configure_external_crl(sqlite_bureau.records, issuer=supply.issuer, crl=revoked, at=LATER, by=SYSTEM)
    with pytest.raises(CertificateMismatch, match="revoked"):
        supply.present(supply.ca.issue(serial=4242))
