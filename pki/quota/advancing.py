"""The only step that changes an order's state: its row, both books, its device and the journal together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Uuid, bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from pki.journal.acts import Actor, record
from pki.quota.books import book_purchase, move_seat, pass_seat
from pki.quota.devices.following import follow_order
from pki.quota.errors import OrderAlreadyOpen, OrderStateRefused, OrderUnknown
from pki.quota.kinds import Account, Book, OrderState, Road, SeatPlace
from pki.quota.owed import owe_revocation
from pki.quota.tables import KeyOrder, LedgerEntry
from pki.quota.transitions import OPEN_STATES, TRANSITIONS, Purchase, Step, Transition
from pki.records import OrderId
from pki.status.tables import RevocationReason

_NOTHING: Mapping[str, object] = MappingProxyType({})
_TAKEN = (SeatPlace.RESERVED, SeatPlace.LIVE)

_ORDER = bindparam("order", type_=Uuid())
# A renewal and the order that it replaces are locked in one sequence, the replaced one first: an act on either may
# touch both, and two acts never wait for each other. Spelled once: every step of every order begins with it.
_LOCKED = (
    select(KeyOrder)
    .where(
        (KeyOrder.id == _ORDER)
        | (
            KeyOrder.id
            == select(KeyOrder.replaces_id)
            .where(KeyOrder.id == _ORDER, KeyOrder.seat == SeatPlace.AWAITED)
            .scalar_subquery()
        )
    )
    .order_by(KeyOrder.id == _ORDER)
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
RENEWING = (
    select(KeyOrder)
    .where(KeyOrder.replaces_id == _ORDER, KeyOrder.seat == SeatPlace.AWAITED)
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
"""The order that waits for the seat of another, as that one's acts lock it."""


def locked_order(session: Session, order: OrderId) -> KeyOrder:
    """The order as it stands; rival acts on it wait for this transaction.

    :raise OrderUnknown: no such order.
    """
    for each in session.scalars(_LOCKED, {"order": order}).all():
        if each.id == order:
            return each
    raise OrderUnknown(order)


def advance(
    session: Session,
    known: OrderId | KeyOrder,
    step: Step,
    *,
    by: Actor,
    at: datetime,
    facts: Mapping[str, object] = _NOTHING,
    cause: str | None = None,
    successor: Callable[[], OrderId] | None = None,
) -> None:
    """Take one step of the table: state, seat, purchase, ledger, device and journal together.

    :param known: the order; as `locked_order` gave it in this transaction, it is not asked for again.
    :param cause: as the ledger names it; default: the state that it leads to.
    :param successor: records the order, its seat reserved, that gets the seat of this one.
    :raise OrderStateRefused: the table has no such step from the order's state, or its purchase was used.
    :raise OrderAlreadyOpen: it would be under way again, and another of its holder for that body is.
    :raise PurchasesExhausted: the agreement has none left.
    """
    found = known if isinstance(known, KeyOrder) else locked_order(session, known)
    order = OrderId(found.id)
    transition = TRANSITIONS.get((found.state, step))
    if transition is None:
        raise OrderStateRefused(order, found.state.value, step.value)
    kind = f"order.{transition.state.value}"
    if transition.purchase is Purchase.USED:
        kind = "order.purchase-used"
        _buy(session, found, cause=cause or kind, at=at)
    state, old, new = found.state, found.seat, _seat_after(found, transition)
    replaced = None
    if step is Step.ACTIVATE and found.replaces_id is not None:
        replaced = _end_replaced(session, found, by=by, at=at)
    if (transition.state, new) != (state, old):
        _change(session, found, transition.state, new, reopened=step is Step.UNLOCK)
    heir = None
    if old in _TAKEN and new is SeatPlace.NONE:
        heir = successor() if successor is not None else _waiting_heir(session, order)
    if replaced is not None:
        _pass(session, found, giver=replaced[0], old=replaced[1], taker=order, new=new, cause=cause or kind, at=at)
    elif heir is not None:
        _pass(session, found, giver=order, old=old, taker=heir, new=SeatPlace.RESERVED, cause=cause or kind, at=at)
    elif new is not old and old in _TAKEN:
        assert found.payer_body_id is not None
        assert found.agreement_id is not None
        move_seat(
            session,
            body_id=found.payer_body_id,
            agreement_id=found.agreement_id,
            order=order,
            old=old,
            new=new,
            cause=cause or kind,
            at=at,
        )
    record(session, kind=kind, subject=f"order:{order}", by=by, at=at, facts=facts)
    if transition.state is not state:
        follow_order(session, found, transition.state, by=by, at=at)


_STANDING = KeyOrder.__table__.c
_CHANGED = (
    update(KeyOrder.__table__)  # type: ignore[arg-type]
    .where(_STANDING.id == bindparam("order"))
    .values(state=bindparam("to_state"), seat=bindparam("to_seat"))
)

_BOUGHT = (
    select(LedgerEntry.id)
    .where(LedgerEntry.order_id == _ORDER, LedgerEntry.book == Book.PURCHASE, LedgerEntry.account == Account.USED)
    .limit(1)
)


def _change(session: Session, order: KeyOrder, state: OrderState, seat: SeatPlace, *, reopened: bool = False) -> None:
    if reopened:
        _open_again(session, order, state, seat)
    else:
        _set(session, order, state, seat)


def _set(session: Session, order: KeyOrder, state: OrderState, seat: SeatPlace) -> None:
    """In the row, and in the order as this transaction has it."""
    session.connection().execute(_CHANGED, {"order": order.id, "to_state": state, "to_seat": seat})
    set_committed_value(order, "state", state)
    set_committed_value(order, "seat", seat)


def _end_replaced(session: Session, order: KeyOrder, *, by: Actor, at: datetime) -> tuple[OrderId, SeatPlace] | None:
    """The key that this one renews ends; return its order and where its seat stood. None: it ended before."""
    replaced = locked_order(session, OrderId(order.replaces_id))  # type: ignore[arg-type]
    number, place = OrderId(replaced.id), replaced.seat
    if (replaced.state, Step.REPLACE) not in TRANSITIONS:
        return None
    _change(session, replaced, OrderState.REPLACED, SeatPlace.NONE)
    record(session, kind="order.replaced", subject=f"order:{number}", by=by, at=at, facts={"by_order": order.id})
    owe_revocation(session, order=number, reason=RevocationReason.SUPERSEDED, cause="order.replaced", by=by, at=at)
    return (number, place) if place in _TAKEN else None


def _waiting_heir(session: Session, order: OrderId) -> OrderId | None:
    """The renewal that waits for this order's seat: it gets it now, reserved."""
    heir = session.scalars(RENEWING, {"order": order}).one_or_none()
    if heir is None:
        return None
    _change(session, heir, heir.state, SeatPlace.RESERVED)
    return OrderId(heir.id)


def _pass(
    session: Session,
    order: KeyOrder,
    *,
    giver: OrderId,
    old: SeatPlace,
    taker: OrderId,
    new: SeatPlace,
    cause: str,
    at: datetime,
) -> None:
    assert order.payer_body_id is not None
    assert order.agreement_id is not None
    pass_seat(
        session,
        body_id=order.payer_body_id,
        agreement_id=order.agreement_id,
        giver=giver,
        old=old,
        taker=taker,
        new=new,
        cause=cause,
        at=at,
    )


def _buy(session: Session, order: KeyOrder, *, cause: str, at: datetime) -> None:
    number = OrderId(order.id)
    if session.execute(_BOUGHT, {"order": number}).first() is not None:
        raise OrderStateRefused(number, order.state.value, "use a second purchase")
    assert order.agreement_id is not None
    assert order.payer_body_id is not None
    book_purchase(
        session, agreement_id=order.agreement_id, body_id=order.payer_body_id, order=number, cause=cause, at=at
    )


def _open_again(session: Session, order: KeyOrder, state: OrderState, seat: SeatPlace) -> None:
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
            _set(session, order, state, seat)
    except IntegrityError:
        # One was ordered between the two statements.
        known = session.scalar(other)
        raise OrderAlreadyOpen(OrderId(known or order.id)) from None


def _seat_after(order: KeyOrder, transition: Transition) -> SeatPlace:
    if order.road is Road.ALREADY_HELD or transition.seat is None:
        return order.seat
    return transition.seat
