"""An office that orders keys: a founded authority, orders taken as far as a test needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy.orm import Session

from hsm.software import SoftwareKeys
from pki.ca.certificates import CertificateRecord
from pki.ca.issuance import Issuance
from pki.journal.acts import Actor, ActorKind
from pki.quota.differences import differences
from pki.quota.holding import HeldCertificate, signing_certificate
from pki.quota.issuing import approve_issuance, confirm_written, issue_certificates
from pki.quota.kinds import OrderState, SeatPlace
from pki.quota.orders import OrderView, activate, key_order, request_key
from pki.quota.reading import allowances
from pki.quota.requests import DeviceClaim, PreparedIssuance
from pki.quota.submitting import submit_requests
from pki.records import HolderId, OfficeId, OrderId, Records
from tests.pki.ca.estate import ADDRESSES, csr
from tests.pki.estate import BERRECHID, OFFICER, PROTECTION, SECOND, SYSTEM, T0, seated

DEVICE = DeviceClaim(label="ahmed", serial="0001", model="SoftHSM v2")


@dataclass
class Bureau:
    """Acts on one set of records, with everything they need."""

    records: Records
    keys: SoftwareKeys
    issuance: Issuance = field(init=False)

    def __post_init__(self) -> None:
        self.issuance = Issuance(keyring=self.keys, addresses=ADDRESSES, environment="rehearsal")

    def order(self, holder: HolderId, office: OfficeId, payer: str = BERRECHID, *, at: datetime = T0) -> OrderView:
        return request_key(self.records, holder=holder, office=office, payer_body_code=payer, by=OFFICER, at=at)

    def requested(self, body: str = BERRECHID) -> OrderId:
        holder, office = seated(self.records, body)
        return self.order(holder, office, body).id

    def submit(self, order: OrderId, signature: bytes | None = None, *, both: bool = True) -> PreparedIssuance:
        return submit_requests(
            self.records,
            self.issuance,
            PROTECTION,
            order=order,
            signature_csr=signature or csr(),
            authentication_csr=csr() if both else None,
            device=DEVICE,
            by=self.himself(order),
            at=T0,
        )

    def himself(self, order: OrderId) -> Actor:
        return Actor(kind=ActorKind.HOLDER, id=str(self.view(order).holder))

    def approve(self, order: OrderId, *, by: Actor = SECOND) -> None:
        issuance = self.view(order).issuance
        assert issuance is not None
        approve_issuance(self.records, order=order, digest=issuance.digest, by=by, at=T0)

    def issue(self, order: OrderId) -> tuple[CertificateRecord, ...]:
        return issue_certificates(self.records, self.issuance, order=order, by=SYSTEM, at=T0)

    def approved(self, body: str = BERRECHID) -> OrderId:
        order = self.requested(body)
        self.submit(order)
        self.approve(order)
        return order

    def confirm(self, order: OrderId) -> None:
        issued = [certificate.sha256 for certificate in self.view(order).certificates]
        confirm_written(self.records, order=order, certificates=issued, by=self.himself(order), at=T0)

    def delivered(self, body: str = BERRECHID) -> OrderId:
        order = self.approved(body)
        self.issue(order)
        self.confirm(order)
        return order

    def activate(self, order: OrderId, *, at: datetime = T0) -> None:
        with self.records.writing() as session:
            activate(session, order=order, by=SYSTEM, at=at)

    def active(self, body: str = BERRECHID) -> OrderId:
        order = self.delivered(body)
        self.activate(order)
        return order

    def view(self, order: OrderId) -> OrderView:
        with self.records.reading() as session:
            return key_order(session, order)

    def stands(self, order: OrderId) -> tuple[OrderState, SeatPlace]:
        view = self.view(order)
        return view.state, view.seat

    def seats(self, body: str = BERRECHID) -> tuple[int, int]:
        """Reserved, live."""
        with self.records.reading() as session:
            line = allowances(session, body_code=body)[0]
        return line.reserved, line.live

    def held(self, holder: HolderId, *, at: datetime = T0, accepting: bool = False) -> HeldCertificate:
        with self.records.reading() as session:
            return signing_certificate(session, holder=holder, at=at, accepting=accepting)

    def books_balance(self) -> None:
        with self.records.reading() as session:
            assert differences(session) == []


def settled(_session: Session, _order: OrderId, /) -> bool:
    """Every signature has its time."""
    return True


def unsettled(_session: Session, _order: OrderId, /) -> bool:
    """One waits for its time."""
    return False


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())
