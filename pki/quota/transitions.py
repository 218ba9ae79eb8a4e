"""The life of an order as one table, and the only step that changes its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import Update, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.quota.books import move_seat
from pki.quota.errors import OrderAlreadyOpen, OrderStateRefused, OrderUnknown
from pki.quota.kinds import OrderState, Road, SeatPlace
from pki.quota.tables import KeyOrder
from pki.records import OrderId

OPEN_STATES = (OrderState.REQUESTED, OrderState.APPROVED, OrderState.PERSONALISED, OrderState.DELIVERED)
"""Under way: a holder has one such order for a body. Also one that is delivered again after an unlocking."""
_NOTHING: Mapping[str, object] = MappingProxyType({})


class Step(StrEnum):
    """What may happen to an order."""

    APPROVE = "approve"
    ISSUE = "issue"
    CONFIRM = "confirm"
    ACTIVATE = "activate"
    BLOCK = "block"
    UNLOCK = "unlock"
    REVOKE = "revoke"
    EXPIRE = "expire"
    RETURN = "return"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """Where a step leads, and what becomes of the order's seat."""

    state: OrderState
    seat: SeatPlace | None = None
    """None: it stays where it is."""


_REVOKED = Transition(state=OrderState.REVOKED, seat=SeatPlace.NONE)
_EXPIRED = Transition(state=OrderState.EXPIRED, seat=SeatPlace.NONE)
_RETURNED = Transition(state=OrderState.RETURNED, seat=SeatPlace.NONE)
_CANCELLED = Transition(state=OrderState.CANCELLED, seat=SeatPlace.NONE)
_BLOCKED = Transition(state=OrderState.BLOCKED)

TRANSITIONS: Mapping[tuple[OrderState, Step], Transition] = MappingProxyType(
    {
        (OrderState.REQUESTED, Step.APPROVE): Transition(state=OrderState.APPROVED),
        (OrderState.REQUESTED, Step.CANCEL): _CANCELLED,
        (OrderState.APPROVED, Step.ISSUE): Transition(state=OrderState.PERSONALISED),
        (OrderState.APPROVED, Step.CANCEL): _CANCELLED,
        (OrderState.PERSONALISED, Step.CONFIRM): Transition(state=OrderState.DELIVERED),
        (OrderState.PERSONALISED, Step.BLOCK): _BLOCKED,
        (OrderState.PERSONALISED, Step.REVOKE): _REVOKED,
        (OrderState.PERSONALISED, Step.EXPIRE): _EXPIRED,
        (OrderState.DELIVERED, Step.ACTIVATE): Transition(state=OrderState.ACTIVE, seat=SeatPlace.LIVE),
        (OrderState.DELIVERED, Step.BLOCK): _BLOCKED,
        (OrderState.DELIVERED, Step.REVOKE): _REVOKED,
        (OrderState.DELIVERED, Step.EXPIRE): _EXPIRED,
        (OrderState.DELIVERED, Step.RETURN): _RETURNED,
        (OrderState.ACTIVE, Step.BLOCK): _BLOCKED,
        (OrderState.ACTIVE, Step.REVOKE): _REVOKED,
        (OrderState.ACTIVE, Step.EXPIRE): _EXPIRED,
        (OrderState.ACTIVE, Step.RETURN): _RETURNED,
        # The holder is back with a new PIN: to be accepted again, the seat where it was.
        (OrderState.BLOCKED, Step.UNLOCK): Transition(state=OrderState.DELIVERED),
        (OrderState.BLOCKED, Step.REVOKE): _REVOKED,
        (OrderState.BLOCKED, Step.EXPIRE): _EXPIRED,
        (OrderState.BLOCKED, Step.RETURN): _RETURNED,
    }
)
"""Whatever is not here is refused. A seat is free again on cancelled, revoked, expired, returned."""


def locked_order(session: Session, order: OrderId) -> KeyOrder:
    """The order as it stands; rival acts on it wait for this transaction.

    :raise OrderUnknown: no such order.
    """
    found = session.scalars(
        select(KeyOrder)
        .where(KeyOrder.id == order)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise OrderUnknown(order)
    return found


def advance(
    session: Session,
    order: OrderId,
    step: Step,
    *,
    by: Actor,
    at: datetime,
    facts: Mapping[str, object] = _NOTHING,
) -> None:
    """Take one step of the table: state, seat, ledger and journal together.

    :raise OrderStateRefused: the table has no such step from the order's state.
    :raise OrderAlreadyOpen: it would be under way again, and another of its holder for that body is.
    """
    found = locked_order(session, order)
    transition = TRANSITIONS.get((found.state, step))
    if transition is None:
        raise OrderStateRefused(order, found.state.value, step.value)
    old, new = found.seat, _seat_after(found, transition)
    changed = (
        update(KeyOrder)
        .where(KeyOrder.id == order)
        .values(state=transition.state, seat=new)
        .execution_options(synchronize_session="fetch")
    )
    if step is Step.UNLOCK:
        _open_again(session, found, changed)
    else:
        session.execute(changed)
    kind = f"order.{transition.state.value}"
    if new is not old:
        assert found.payer_body_id is not None
        assert found.agreement_id is not None
        move_seat(
            session,
            body_id=found.payer_body_id,
            agreement_id=found.agreement_id,
            order=order,
            old=old,
            new=new,
            cause=kind,
            at=at,
        )
    record(session, kind=kind, subject=f"order:{order}", by=by, at=at, facts=facts)


def _open_again(session: Session, order: KeyOrder, changed: Update) -> None:
    """The one step that leads back among the orders under way, of which a holder has one for a body."""
    other = select(KeyOrder.id).where(
        KeyOrder.holder_id == order.holder_id,
        KeyOrder.body_id == order.body_id,
        KeyOrder.id != order.id,
        KeyOrder.state.in_(OPEN_STATES),
    )
    if (known := session.scalar(other)) is not None:
        raise OrderAlreadyOpen(OrderId(known))
    try:
        with session.begin_nested():
            session.execute(changed)
    except IntegrityError:
        # One was ordered between the two statements.
        known = session.scalar(other)
        raise OrderAlreadyOpen(OrderId(known or order.id)) from None


def _seat_after(order: KeyOrder, transition: Transition) -> SeatPlace:
    if order.road is Road.ALREADY_HELD or transition.seat is None:
        return order.seat
    return transition.seat
