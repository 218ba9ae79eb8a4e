"""Orders: a key asked for, followed, accepted, given up.

What issues a key stands in `issuing`, what stops it in `stopping`, who may sign with which in `holding`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar, cast
from uuid import UUID, uuid4

from sqlalchemy import Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from pki.ca.certificates import CertificateRecord, certificates_of_order
from pki.ca.intents import abandon_of_order
from pki.journal.acts import Actor, record
from pki.quota.advancing import advance, locked_order
from pki.quota.books import Movement, reserve_seat, write_movements
from pki.quota.devices.following import promise_device
from pki.quota.errors import (
    OfficeNotCurrent,
    OrderAlreadyOpen,
    OrderStateRefused,
    OrderUnknown,
)
from pki.quota.kinds import Account, Book, OrderState, Road, SeatPlace
from pki.quota.payers import insert_paid, refuse_payer
from pki.quota.requests import PreparedIssuance, current_request
from pki.quota.tables import IssuanceRequest, KeyOrder, UnlockRelease
from pki.quota.transitions import OPEN_STATES, Step
from pki.records import HolderId, OfficeId, OrderId, Records, again_after_deadlock, civil_day
from pki.registration.standing import StandingOffice, office_in_effect
from pki.registration.tables import Body, Office
from pki.tickets import TicketKind, issue_ticket

T = TypeVar("T")
_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order as its readers see it."""

    id: OrderId
    holder: HolderId
    office: OfficeId
    body_code: str
    payer_code: str | None
    """None: a key already held, which draws on nobody."""
    paid_by: str | None
    road: Road
    device_serial: str | None
    state: OrderState
    seat: SeatPlace
    requested_at: datetime
    requested_by: str
    issuance: PreparedIssuance | None
    """What would be, or was, issued; None before the holder sent his requests."""
    certificates: tuple[CertificateRecord, ...]


@again_after_deadlock
def request_key(
    records: Records,
    *,
    holder: HolderId,
    office: OfficeId,
    payer_body_code: str,
    by: Actor,
    at: datetime,
    road: Literal[Road.SELF_MADE, Road.SUPPLIED] = Road.SELF_MADE,
    device_serial: str | None = None,
) -> OrderView:
    """Order a key for an office in effect today, and reserve one seat of the payer (the office's body or its province).

    :param device_serial: supplied: the one device that it is for, if known.

    :raise OfficeNotCurrent: not this holder's office, or not in effect.
    :raise PayerRefused: another body.
    :raise WaveNotOpen: the payer has no seats yet.
    :raise AllowanceExhausted: it has none left.
    :raise OrderAlreadyOpen: the holder has an order under way for that body; carries it.
    :raise DeviceNotUsable: the inventory has the device elsewhere, in another's hands, or not fit for a key.
    """
    order = OrderId(uuid4())
    with records.writing() as session:
        values = {
            "id": order,
            "holder": holder,
            "office": office,
            "road": road,
            "device_serial": device_serial,
            "state": OrderState.REQUESTED,
            "seat": SeatPlace.RESERVED,
            "requested_at": at,
            "requested_by": str(by),
        }
        # THREAT: the same order posted many times at once takes as many seats.
        # DEFENCE: a partial unique index allows one open order per holder and body; the rest roll back whole.
        # TEST: tests/pki/quota/test_last_seat.py::test_same_order_twenty_times
        # The order first, its seat second, as in every step that follows: two acts never wait for each other.

        def refuse() -> None:
            refuse_payer(session, holder=holder, office=office, payer_code=payer_body_code, at=at)
            _refuse_second(session, holder=holder, office=office)

        payer = _inserted(lambda: insert_paid(session, values, payer_code=payer_body_code, at=at), refuse)
        reserve_seat(session, body_id=payer.payer_id, body_code=payer_body_code, agreement_id=payer.agreement_id, at=at)
        reserved = Movement(
            book=Book.SEAT,
            taken_from=Account.AVAILABLE,
            given_to=Account.RESERVED,
            amount=1,
            agreement_id=payer.agreement_id,
            body_id=payer.payer_id,
            order_id=order,
        )
        write_movements(session, [reserved], cause="order.requested", in_effect=civil_day(at), at=at)
        facts = {
            "holder": holder,
            "office": office,
            "payer": payer_body_code,
            "road": road,
            "device_serial": device_serial,
        }
        record(session, kind="order.requested", subject=f"order:{order}", by=by, at=at, facts=facts)
        promise_device(session, order, device_serial, by=by, at=at)
        paid_at_home = payer.payer_id == payer.body_id
        body_code = payer_body_code if paid_at_home else session.get_one(Body, payer.body_id).code
    return OrderView(
        id=order,
        holder=holder,
        office=office,
        body_code=body_code,
        payer_code=payer_body_code,
        paid_by=None,
        road=road,
        device_serial=device_serial,
        state=OrderState.REQUESTED,
        seat=SeatPlace.RESERVED,
        requested_at=at,
        requested_by=str(by),
        issuance=None,
        certificates=(),
    )


_PAYER = aliased(Body)
_VIEWED = (
    select(KeyOrder, Body.code, _PAYER.code)
    .join(Body, Body.id == KeyOrder.body_id)
    .outerjoin(_PAYER, _PAYER.id == KeyOrder.payer_body_id)
    .where(KeyOrder.id == bindparam("order"))
)


def key_order(session: Session, order: UUID) -> OrderView:
    """The order as it stands.

    :raise OrderUnknown: no such order.
    """
    row = session.execute(_VIEWED, {"order": order}).one_or_none()
    if row is None:
        raise OrderUnknown(order)
    found, body_code, payer_code = row
    return OrderView(
        id=OrderId(found.id),
        holder=HolderId(found.holder_id),
        office=OfficeId(found.office_id),
        body_code=body_code,
        payer_code=payer_code,
        paid_by=found.paid_by,
        road=found.road,
        device_serial=found.device_serial,
        state=found.state,
        seat=found.seat,
        requested_at=found.requested_at,
        requested_by=found.requested_by,
        issuance=current_request(session, OrderId(found.id)),
        certificates=certificates_of_order(session, OrderId(found.id)),
    )


def issue_enrolment_ticket(records: Records, *, order: OrderId, by: Actor, at: datetime) -> str:
    """Return a ticket that lets the holder's agent do what his order waits for.

    Self-made: make the keys, fetch the certificates. Supplied: present the device. Any road, once its unlock
    secrets were released: set a new PIN. An earlier ticket of the order ends.

    :raise OrderStateRefused: another road, or too late.
    """
    with records.writing() as session:
        found = locked_order(session, order)
        if found.state not in _AWAITING_THE_HOLDER[found.road] and not _released(session, found):
            raise OrderStateRefused(order, found.state.value, "enrol")
        require_office(session, holder=HolderId(found.holder_id), office=OfficeId(found.office_id), at=at)
        ticket = issue_ticket(
            session, kind=TicketKind.ENROLMENT, subject=order, holder=HolderId(found.holder_id), at=at
        )
        record(session, kind="order.ticket-issued", subject=f"order:{order}", by=by, at=at)
        return ticket


_AWAITING_THE_HOLDER = {
    Road.SELF_MADE: (OrderState.REQUESTED, OrderState.APPROVED, OrderState.PERSONALISED),
    Road.SUPPLIED: (OrderState.APPROVED,),
    Road.ALREADY_HELD: (),
}


def _released(session: Session, order: KeyOrder) -> bool:
    """Blocked with its unlock secrets out: whether the block is still that one is asked when the new PIN comes."""
    return order.state is OrderState.BLOCKED and (
        session.scalar(
            select(UnlockRelease.id).where(
                UnlockRelease.order_id == order.id,
                UnlockRelease.approved_at.is_not(None),
                UnlockRelease.superseded_at.is_(None),
                UnlockRelease.used_at.is_(None),
            )
        )
        is not None
    )


def activate(session: Session, *, order: OrderId, by: Actor, at: datetime) -> None:
    """The holder accepted the key: its seat goes from reserved to live. A step of the acceptance's transaction.

    :raise OrderStateRefused: not delivered, or stopped meanwhile.
    """
    advance(session, order, Step.ACTIVATE, by=by, at=at)


@again_after_deadlock
def cancel_key(
    records: Records, *, order: OrderId, reason: str, approved: bool = True, by: Actor, at: datetime
) -> None:
    """Give an order up before anything was issued for it; its seat is free again, and so are the keys he sent.

    :param approved: also one that was approved; False: whoever may only ask takes back what nobody approved.
    :raise OrderStateRefused: too late: it was approved, or an approval was used, so a certificate may exist.
    """
    with records.writing() as session:
        found = locked_order(session, order)
        if found.state is OrderState.APPROVED and not approved:
            raise OrderStateRefused(order, found.state.value, "be given up by an officer of a commune")
        used = session.scalar(
            select(IssuanceRequest.id).where(IssuanceRequest.order_id == order, IssuanceRequest.used_at.is_not(None))
        )
        if used is not None:
            raise OrderStateRefused(order, found.state.value, Step.CANCEL.value)
        advance(session, found, Step.CANCEL, by=by, at=at, facts={"reason": reason})
        abandon_of_order(session, order=order, at=at)


def require_office(session: Session, *, holder: HolderId, office: OfficeId, at: datetime) -> StandingOffice:
    """The holder's office, in effect today.

    :raise OfficeNotCurrent: not his, or not in effect on the civil day of `at`.
    """
    standing = office_in_effect(session, holder=holder, office=office, at=at)
    if standing is None:
        raise OfficeNotCurrent(office, holder)
    return standing


def insert_order(session: Session, values: Mapping[str, object]) -> None:
    """Insert an order's row, as the only one under way for its holder and body, and the only one to wait for its seat.

    :raise OrderAlreadyOpen: there is one; carries it.
    """
    connection = session.connection()
    added = _ADDED[connection.dialect.name]
    holder, office, replaces = values["holder_id"], values["office_id"], values.get("replaces_id")
    _inserted(
        lambda: connection.execute(added, values).scalar_one_or_none(),
        lambda: _refuse_second(session, holder=holder, office=office, replaces=replaces),
    )


def _inserted(insert: Callable[[], T | None], refuse: Callable[[], None]) -> T:
    """What was inserted; what was in its way may end between the two statements, and then there is room after all."""
    # THREAT: an order refused for what nobody looks for is tried for ever: on SQLite no other writer comes in again.
    # DEFENCE: each index that can refuse one has its refusal; and a few tries are enough for any race.
    # TEST: tests/pki/quota/test_replacing.py::test_a_blocked_renewal_is_in_the_way_of_another
    for _ in range(_TRIES):
        if (row := insert()) is not None:
            return row
        refuse()
    raise RuntimeError("the records refuse an order, and nothing is in its way that a rule knows")


# Made once, on the table itself.
_ADDED = {
    dialect: insert(cast("Table", KeyOrder.__table__)).on_conflict_do_nothing().returning(KeyOrder.__table__.c.id)
    for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def _refuse_second(session: Session, *, holder: object, office: object, replaces: object = None) -> None:
    body = select(Office.body_id).where(Office.id == office).scalar_subquery()
    under_way = (KeyOrder.holder_id == holder) & (KeyOrder.body_id == body) & KeyOrder.state.in_(OPEN_STATES)
    waiting = (KeyOrder.replaces_id == replaces) & (KeyOrder.seat == SeatPlace.AWAITED)
    known = session.scalar(select(KeyOrder.id).where(under_way | waiting).limit(1))
    if known is not None:
        raise OrderAlreadyOpen(OrderId(known))
