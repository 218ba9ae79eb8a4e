"""Keys: orders, given up or followed by enrolment tickets, approval, acceptance."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from api.acceptance import open_acceptance
from api.auth.permissions import CentralOfficer, CommuneOrAbove, HouseHere, ProvincialOrAbove, now
from api.auth.tables import OfficerRole
from api.auth.territory import narrowed, require_body, require_office, require_order
from pki.quota.issuing import approve_issuance, issue_certificates
from pki.quota.kinds import OrderState, Road
from pki.quota.orders import cancel_key, issue_enrolment_ticket, key_order, request_key
from pki.quota.reading import orders
from pki.records import HolderId, OfficeId, OrderId, Records
from pki.registration.kinds import OfficeFunction
from pki.tickets import TICKET_LIFETIME

from .once import OnceOnly
from .order_answers import OrderOut, order_out
from .schema import Code, Empty, In, Line, Out, Page, Sha256, Zulu

router = APIRouter(prefix="/v1/key-orders", tags=["keys"])


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


class CancellationIn(In):
    """Why nothing is to come of the order."""

    reason: Line


class OrderLineOut(Out):
    """One order in a list."""

    order: UUID
    body: str
    payer: str | None
    holder: UUID
    name_latin: str
    name_ar: str
    function: OfficeFunction
    road: Road
    state: OrderState
    requested_at: Zulu


class OrderLinesOut(Out):
    """Orders, by id."""

    items: list[OrderLineOut]


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


@router.post("", status_code=201, operation_id="orderKey", response_model=OrderOut)
def post_order(body: OrderIn, officer: CommuneOrAbove, house: HouseHere, once: OnceOnly) -> Response:
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
            return order_out(session, order.id, named=officer.reaches(OfficerRole.PROVINCIAL))

    return once.atomically(ordered)


@router.get("", operation_id="listKeyOrders")
def get_orders(
    officer: CommuneOrAbove,
    house: HouseHere,
    body: Annotated[Code | None, Query()] = None,
    after: Annotated[UUID | None, Query()] = None,
    limit: Page = 200,
) -> OrderLinesOut:
    """Orders of the officer's territory or of one body in it, by id; `after` is the last id of the page before."""
    within = narrowed(house.records, officer, body)
    with house.records.reading() as session:
        found = orders(session, within=within, after=after, limit=limit)
    return OrderLinesOut(items=[OrderLineOut(**asdict(each)) for each in found])


@router.get("/{order}", operation_id="getKeyOrder")
def get_order(order: UUID, officer: CommuneOrAbove, house: HouseHere) -> OrderOut:
    """The order: where it stands, what waits for approval, what was issued."""
    require_order(house.records, officer, order)
    with house.records.reading() as session:
        return order_out(session, order, named=officer.reaches(OfficerRole.PROVINCIAL))


@router.post("/{order}/ticket", status_code=201, operation_id="issueEnrolmentTicket", response_model=TicketOut)
def post_ticket(
    *, order: UUID, _: Empty | None = None, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """A ticket for the holder's agent, which generates the keys in his own device."""
    require_order(house.records, officer, order)
    at = now()

    def issued(records: Records) -> TicketOut:
        ticket = issue_enrolment_ticket(records, order=OrderId(order), by=officer.actor, at=at)
        return TicketOut(ticket=ticket, expires_at=at + TICKET_LIFETIME)

    return once.atomically(issued)


@router.post("/{order}/approval", status_code=201, operation_id="approveIssuance", response_model=OrderOut)
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


@router.post("/{order}/cancellation", status_code=201, operation_id="cancelOrder", response_model=OrderOut)
def post_cancellation(
    *, order: UUID, body: CancellationIn, officer: CommuneOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Give an order up before anything is issued for it: its seat is free. Once approved: province or above."""
    require_order(house.records, officer, order)
    above = officer.reaches(OfficerRole.PROVINCIAL)

    def cancelled(records: Records) -> OrderOut:
        cancel_key(records, order=OrderId(order), reason=body.reason, approved=above, by=officer.actor, at=now())
        with records.reading() as session:
            return order_out(session, order, named=above)

    return once.atomically(cancelled)


@router.post("/{order}/acceptance", status_code=201, operation_id="openAcceptance", response_model=AcceptanceOut)
def post_acceptance(
    *, order: UUID, _: Empty | None = None, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
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
