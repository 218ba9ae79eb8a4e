"""Keys: orders, enrolment tickets, approval, acceptance, block, revocation, keys already held."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import APIRouter, Response
from pydantic import BeforeValidator, StringConstraints
from sqlalchemy.orm import Session

from api.acceptance import open_acceptance
from api.auth.permissions import CentralOfficer, HouseHere, ProvincialOfficer, now
from api.auth.territory import require_body, require_office, require_order
from api.problems import Malformed
from pki.ca.certificates import CertificateRecord, certificates_of_order
from pki.quota.evidence import evidence_of_order
from pki.quota.issuing import approve_issuance, issue_certificates
from pki.quota.kinds import EvidenceStanding, KeyUse, OrderState, Road, UnlockKind
from pki.quota.orders import issue_enrolment_ticket, key_order, request_key
from pki.quota.registered import register_existing_key
from pki.quota.requests import PreparedIssuance
from pki.quota.stopping import block_key, return_key, revoke_key
from pki.quota.supplied import supplied_digest
from pki.quota.tables import KeyOrder
from pki.quota.unlocking import known_kinds
from pki.records import HolderId, OfficeId, OrderId, Records
from pki.status.tables import RevocationReason
from pki.tickets import TICKET_LIFETIME

from .once import OnceOnly
from .schema import Code, Empty, In, Line, Moment, Out, Sha256, Zulu

router = APIRouter(prefix="/v1", tags=["keys"])
Pem = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


class OrderIn(In):
    """A key for a person in an office, on the payer's allowance."""

    holder: UUID
    office: UUID
    payer: Code
    road: Literal[Road.SELF_MADE, Road.SUPPLIED] = Road.SELF_MADE
    device_serial: Annotated[Line, StringConstraints(max_length=100)] | None = None


class ApprovalIn(In):
    """The digest of exactly what is to be issued, as the order shows it."""

    digest: Sha256


class RevocationIn(In):
    """Why the certificates are revoked."""

    reason: Annotated[RevocationReason, BeforeValidator(lambda said: str(said).replace("_", "-"))]


class RegistrationIn(In):
    """A key that its holder already has."""

    holder: UUID
    office: UUID
    certificate_pem: Pem
    paid_by: Line


class BlockIn(In):
    """A key reported lost or misused; since when, if known."""

    reason: Line
    lost_since: Moment | None = None


class ReturnIn(In):
    """Why the device came back."""

    reason: Line


class BlockOut(Out):
    """The key is blocked."""

    blocked_at: Zulu


class AttributesOut(Out):
    """Attributes of a private key, as PKCS#11 names them; null: the device does not say."""

    sensitive: bool | None
    extractable: bool | None
    never_extractable: bool | None
    always_sensitive: bool | None
    local: bool | None
    always_authenticate: bool | None


class EvidenceOut(Out):
    """What was said of one key and its device, and what stands behind it."""

    key: KeyUse
    certificate_sha256: str | None
    standing: EvidenceStanding
    station: str
    label: str
    serial: str
    model: str
    manufacturer: str
    firmware: str
    hardware: str
    attributes: AttributesOut
    recorded_at: Zulu


class PlannedOut(Out):
    """One certificate that would be issued."""

    purpose: str
    subject: str
    serial: str
    not_before: Zulu
    not_after: Zulu
    tbs_sha256: str
    attributes: AttributesOut | None
    """As the holder's station claims them; null: it says nothing."""
    warnings: list[str]
    """What speaks against the key, in words for the approver."""


class IssuanceOut(Out):
    """What waits for approval, or was approved."""

    digest: str
    approved: bool
    certificates: list[PlannedOut]

    @classmethod
    def of(cls, issuance: PreparedIssuance) -> IssuanceOut:
        """As it is answered."""
        planned = [
            PlannedOut(
                purpose=each.purpose,
                subject=each.subject,
                serial=each.serial,
                not_before=each.not_before,
                not_after=each.not_after,
                tbs_sha256=each.tbs_sha256,
                attributes=None if each.attributes is None else AttributesOut(**asdict(each.attributes)),
                warnings=[] if each.attributes is None else list(each.attributes.warnings),
            )
            for each in issuance.certificates
        ]
        return cls(digest=issuance.digest, approved=issuance.approved_at is not None, certificates=planned)


class CertificateOut(Out):
    """One certificate of the order."""

    id: UUID
    purpose: str
    sha256: str
    serial: str
    pem: str

    @classmethod
    def of(cls, record: CertificateRecord) -> CertificateOut:
        """As it is answered."""
        return cls(
            id=record.id, purpose=record.purpose.value, sha256=record.sha256, serial=record.serial, pem=record.pem
        )


class OrderOut(Out):
    """The life of one key."""

    id: UUID
    state: OrderState
    road: Road
    holder: UUID
    office: UUID
    payer: str | None
    paid_by: str | None
    device_serial: str | None
    approval_digest: str | None
    """Supplied: what a second officer approves."""
    issuance: IssuanceOut | None
    certificates: list[CertificateOut]
    evidence: list[EvidenceOut]
    known_unlock_secrets: list[UnlockKind]
    """Released and still in force: the device could not change them, and people know them."""


class TicketOut(Out):
    """For the holder's agent; shown once."""

    ticket: str
    expires_at: Zulu


class AcceptanceOut(Out):
    """The ceremony in which the holder accepts his key."""

    ceremony: UUID
    agent_url: str
    expires_at: Zulu
    document: str


def order_out(session: Session, order: UUID) -> OrderOut:
    """The order as it is answered.

    :raise OrderUnknown: there is none.
    """
    view = key_order(session, order)
    certificates = {each.spki_sha256: each.sha256 for each in view.certificates}
    supplied = view.road is Road.SUPPLIED
    return OrderOut(
        id=view.id,
        state=view.state,
        road=view.road,
        holder=view.holder,
        office=view.office,
        payer=view.payer_code,
        paid_by=view.paid_by,
        device_serial=view.device_serial,
        approval_digest=supplied_digest(session.get_one(KeyOrder, order)) if supplied else None,
        evidence=[
            EvidenceOut(
                key=each.key_use,
                certificate_sha256=certificates.get(each.spki_sha256),
                standing=each.standing,
                station=each.station,
                attributes=AttributesOut(**asdict(each.attributes)),
                recorded_at=each.recorded_at,
                **asdict(each.device),
            )
            for each in evidence_of_order(session, view.id)
        ],
        issuance=None if view.issuance is None else IssuanceOut.of(view.issuance),
        certificates=[CertificateOut.of(each) for each in certificates_of_order(session, view.id)],
        known_unlock_secrets=list(known_kinds(session, view.id)),
    )


@router.post("/key-orders", status_code=201, operation_id="orderKey", response_model=OrderOut)
def post_order(body: OrderIn, officer: ProvincialOfficer, house: HouseHere, once: OnceOnly) -> Response:
    """Order a key: one seat of the payer's allowance is reserved."""
    require_office(house.records, officer, body.office)
    require_body(house.records, officer, body.payer)

    def ordered(records: Records) -> OrderOut:
        order = request_key(
            records,
            holder=HolderId(body.holder),
            office=OfficeId(body.office),
            payer_body_code=body.payer,
            by=officer.actor,
            at=now(),
            road=body.road,
            device_serial=body.device_serial,
        )
        with records.reading() as session:
            return order_out(session, order.id)

    return once.atomically(ordered)


@router.get("/key-orders/{order}", operation_id="getKeyOrder")
def get_order(order: UUID, officer: ProvincialOfficer, house: HouseHere) -> OrderOut:
    """The order: where it stands, what waits for approval, what was issued."""
    require_order(house.records, officer, order)
    with house.records.reading() as session:
        return order_out(session, order)


@router.post(
    "/key-orders/{order}/ticket", status_code=201, operation_id="issueEnrolmentTicket", response_model=TicketOut
)
def post_ticket(
    *, order: UUID, _: Empty | None = None, officer: ProvincialOfficer, house: HouseHere, once: OnceOnly
) -> Response:
    """A ticket for the holder's agent, which generates the keys in his own device."""
    require_order(house.records, officer, order)
    at = now()

    def issued(records: Records) -> TicketOut:
        ticket = issue_enrolment_ticket(records, order=OrderId(order), by=officer.actor, at=at)
        return TicketOut(ticket=ticket, expires_at=at + TICKET_LIFETIME)

    return once.atomically(issued)


@router.post("/key-orders/{order}/approval", status_code=201, operation_id="approveIssuance", response_model=OrderOut)
def post_approval(
    *, order: UUID, body: ApprovalIn, officer: CentralOfficer, house: HouseHere, once: OnceOnly
) -> Response:
    """Approve exactly what would be issued, and issue it. Nobody approves his own request."""

    def approved(records: Records) -> OrderOut:
        number = OrderId(order)
        approve_issuance(records, order=number, digest=body.digest, by=officer.actor, at=now())
        with records.reading() as session:
            supplied = key_order(session, number).road is Road.SUPPLIED
        if not supplied:
            issue_certificates(records, house.issuance, order=number, by=officer.actor, at=now())
        with records.reading() as session:
            return order_out(session, order)

    return once.then_stored(approved)


@router.post(
    "/key-orders/{order}/acceptance", status_code=201, operation_id="openAcceptance", response_model=AcceptanceOut
)
def post_acceptance(
    *, order: UUID, _: Empty | None = None, officer: ProvincialOfficer, house: HouseHere, once: OnceOnly
) -> Response:
    """Open the ceremony in which the holder accepts his key by signing for it."""
    require_order(house.records, officer, order)

    def opened(records: Records) -> AcceptanceOut:
        acceptance = open_acceptance(
            records, house.drafting, house.desk, order=OrderId(order), by=officer.actor, at=now()
        )
        return AcceptanceOut(
            ceremony=acceptance.ceremony.id,
            agent_url=acceptance.ceremony.agent_url,
            expires_at=acceptance.ceremony.expires_at,
            document=acceptance.reference,
        )

    return once.then_stored(opened)


@router.post("/key-orders/{order}/block", status_code=201, operation_id="blockKey", response_model=BlockOut)
def post_block(*, order: UUID, body: BlockIn, officer: ProvincialOfficer, house: HouseHere, once: OnceOnly) -> Response:
    """Block a key at once."""
    require_order(house.records, officer, order)

    def blocked(records: Records) -> BlockOut:
        since = block_key(
            records, order=OrderId(order), reason=body.reason, lost_since=body.lost_since, by=officer.actor, at=now()
        )
        return BlockOut(blocked_at=since)

    return once.atomically(blocked)


@router.post("/key-orders/{order}/revocation", status_code=201, operation_id="revokeKey", response_model=OrderOut)
def post_revocation(order: UUID, body: RevocationIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Revoke the order's certificates at the authority."""

    def revoked(records: Records) -> OrderOut:
        revoke_key(records, order=OrderId(order), reason=body.reason, by=officer.actor, at=now())
        with records.reading() as session:
            return order_out(session, order)

    return once.atomically(revoked)


@router.post("/key-orders/{order}/return", status_code=201, operation_id="returnKey", response_model=OrderOut)
def post_return(
    *, order: UUID, body: ReturnIn, officer: ProvincialOfficer, house: HouseHere, once: OnceOnly
) -> Response:
    """The holder gave his device back, wiped: its certificates end, its seat is free."""
    require_order(house.records, officer, order)

    def returned(records: Records) -> OrderOut:
        return_key(records, order=OrderId(order), reason=body.reason, by=officer.actor, at=now())
        with records.reading() as session:
            return order_out(session, order)

    return once.atomically(returned)


@router.post("/key-registrations", status_code=201, operation_id="registerExistingKey", response_model=OrderOut)
def post_registration(body: RegistrationIn, officer: ProvincialOfficer, house: HouseHere, once: OnceOnly) -> Response:
    """Register a key that its holder already has, and who paid for it."""
    require_office(house.records, officer, body.office)
    certificate = der_of(body.certificate_pem, "/certificate_pem")

    def registered(records: Records) -> OrderOut:
        order = register_existing_key(
            records,
            house.protection,
            holder=HolderId(body.holder),
            office=OfficeId(body.office),
            certificate=certificate,
            paid_by=body.paid_by,
            by=officer.actor,
            at=now(),
        )
        with records.reading() as session:
            return order_out(session, order.id)

    return once.atomically(registered)


def der_of(pem: str, pointer: str) -> bytes:
    """The DER of exactly one PEM certificate.

    :raise Malformed: it is not that.
    """
    try:
        (certificate,) = x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise Malformed("One certificate in PEM is needed.", pointer) from error
    return certificate.public_bytes(Encoding.DER)
