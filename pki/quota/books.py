"""The two books: movements in the ledger, balances that the database holds. `differences` compares both.

Steps only. A balance moves by one conditional statement, and its movement is written beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from uuid import UUID, uuid4

from sqlalchemy import Update, Uuid, bindparam, insert, select, update
from sqlalchemy.orm import Session

from pki.quota.errors import AgreementSucceeded, AllowanceExhausted, PurchasesExhausted, WaveNotOpen
from pki.quota.kinds import Account, Book, SeatPlace
from pki.quota.seats import excess_of, in_use
from pki.quota.tables import AgreementBook, Allowance, LedgerEntry
from pki.records import OrderId, civil_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Units that leave one account for another, in one book."""

    book: Book
    taken_from: Account
    given_to: Account
    amount: int
    agreement_id: UUID
    body_id: UUID | None
    order_id: OrderId | None
    origin: str | None = None
    """What it follows from, as kind and id; None: from its order."""
    in_effect: date | None = None
    """None: as the act is."""


_SEATS = Allowance.__table__.c
# Made once, on the tables themselves: every order needs them.
_ENTRIES = insert(LedgerEntry.__table__)  # type: ignore[arg-type]
_TAKE = (
    update(Allowance.__table__)  # type: ignore[arg-type]
    .where(
        _SEATS.body_id == bindparam("body", type_=Uuid()),
        _SEATS.reserved + _SEATS.live < _SEATS.granted,
        _SEATS.opens_on <= bindparam("day", type_=_SEATS.opens_on.type),
        _SEATS.agreement_id == bindparam("agreement", type_=Uuid()),
    )
    .values(reserved=_SEATS.reserved + 1)
)
_BOOKS = AgreementBook.__table__.c
_USE_PURCHASE = (
    update(AgreementBook.__table__)  # type: ignore[arg-type]
    .where(
        _BOOKS.agreement_id == bindparam("agreement", type_=Uuid()), _BOOKS.purchases_used < _BOOKS.purchases_granted
    )
    .values(purchases_used=_BOOKS.purchases_used + 1)
)


@cache
def _moved(old: SeatPlace, new: SeatPlace) -> Update:
    """One seat of the body leaves a place: for another, or for none."""
    changes = {old.value: _SEATS[old.value] - 1}
    if new is not SeatPlace.NONE:
        changes[new.value] = _SEATS[new.value] + 1
    else:
        changes["excess"] = excess_of(Allowance.granted, in_use() - 1)
    table = update(Allowance.__table__)  # type: ignore[arg-type]
    return table.where(_SEATS.body_id == bindparam("body", type_=Uuid())).values(changes)


def write_movements(
    session: Session, movements: Sequence[Movement], *, cause: str, in_effect: date, at: datetime
) -> None:
    """Write both sides of each movement, in one statement.

    :param in_effect: of movements that name no day of their own.
    """
    session.connection().execute(
        _ENTRIES,
        [
            {
                "movement_id": movement_id,
                "book": movement.book,
                "account": account,
                "agreement_id": movement.agreement_id,
                "body_id": movement.body_id,
                "change": change,
                "cause": cause,
                "order_id": movement.order_id,
                "in_effect": movement.in_effect or in_effect,
                "recorded_at": at,
                "origin": movement.origin,
            }
            for movement_id, movement in ((uuid4(), movement) for movement in movements)
            for account, change in (
                (movement.taken_from, -movement.amount),
                (movement.given_to, movement.amount),
            )
        ],
    )


def granting_agreement(session: Session, *, body_id: UUID, body_code: str, at: datetime) -> UUID:
    """The agreement that grants the body its seats.

    :raise WaveNotOpen: it has none on the civil day of `at`.
    """
    known = session.execute(
        select(Allowance.agreement_id, Allowance.opens_on).where(Allowance.body_id == body_id)
    ).one_or_none()
    if known is None or known.opens_on > civil_day(at):
        raise WaveNotOpen(body_code, known.opens_on if known else None)
    agreement: UUID = known.agreement_id
    return agreement


def reserve_seat(session: Session, *, body_id: UUID, body_code: str, agreement_id: UUID, at: datetime) -> None:
    """Take one available seat of the body; there is none while it has more in use than granted.

    Its movement is for the caller.

    :raise AllowanceExhausted: every seat is reserved or live.
    :raise AgreementSucceeded: another agreement grants them by now.
    """
    # THREAT: two officers order at the same moment with one seat left, and both win.
    # DEFENCE: one conditional statement decides, and a CHECK stands behind it.
    # TEST: tests/pki/quota/test_last_seat.py::test_one_wins
    taken = session.connection().execute(_TAKE, {"body": body_id, "day": civil_day(at), "agreement": agreement_id})
    if taken.rowcount == 0:
        found = session.execute(
            select(Allowance.granted, Allowance.agreement_id).where(Allowance.body_id == body_id)
        ).one_or_none()
        if found is not None and found.agreement_id != agreement_id:
            raise AgreementSucceeded(body_code)
        raise AllowanceExhausted(body_code, found.granted if found else 0)


def granted_by(
    *, body_id: UUID, agreement_id: UUID, change: int, origin: str, in_effect: date | None = None
) -> Movement:
    """The movement of seats between the agreement and a body: to it, or back if `change` is below zero."""
    sides = (Account.AGREEMENT, Account.AVAILABLE) if change > 0 else (Account.AVAILABLE, Account.AGREEMENT)
    return Movement(
        book=Book.SEAT,
        taken_from=sides[0],
        given_to=sides[1],
        amount=abs(change),
        agreement_id=agreement_id,
        body_id=body_id,
        order_id=None,
        origin=origin,
        in_effect=in_effect,
    )


def move_seat(
    session: Session,
    *,
    body_id: UUID,
    agreement_id: UUID,
    order: OrderId,
    old: SeatPlace,
    new: SeatPlace,
    cause: str,
    at: datetime,
) -> None:
    """Move a seat that the order holds (reserved → live, or either → available), with its movement."""
    # The CHECKs refuse a seat that is not there: the act fails as a whole.
    session.connection().execute(_moved(old, new), {"body": body_id})
    account = {SeatPlace.RESERVED: Account.RESERVED, SeatPlace.LIVE: Account.LIVE, SeatPlace.NONE: Account.AVAILABLE}
    moved = Movement(
        book=Book.SEAT,
        taken_from=account[old],
        given_to=account[new],
        amount=1,
        agreement_id=agreement_id,
        body_id=body_id,
        order_id=order,
    )
    write_movements(session, [moved], cause=cause, in_effect=civil_day(at), at=at)


def pass_seat(
    session: Session,
    *,
    body_id: UUID,
    agreement_id: UUID,
    giver: OrderId,
    old: SeatPlace,
    taker: OrderId,
    new: SeatPlace,
    cause: str,
    at: datetime,
) -> None:
    """Give a seat that one order holds to another of the same payer: both movements together.

    The allowance is changed by one statement, so the seat is available to nobody in between.
    """
    # THREAT: a successor's key is refused because somebody orders in the instant in which the old key's seat is free.
    # DEFENCE: the seat is never free: one statement moves it, in the transaction that ends the old order.
    # TEST: tests/pki/quota/test_replacing.py::test_no_free_seat_is_needed
    if old is not new:
        session.connection().execute(_moved(old, new), {"body": body_id})
    account = {SeatPlace.RESERVED: Account.RESERVED, SeatPlace.LIVE: Account.LIVE}
    left, came = (
        Movement(
            book=Book.SEAT,
            taken_from=taken_from,
            given_to=given_to,
            amount=1,
            agreement_id=agreement_id,
            body_id=body_id,
            order_id=order,
        )
        for order, taken_from, given_to in (
            (giver, account[old], Account.AVAILABLE),
            (taker, Account.AVAILABLE, account[new]),
        )
    )
    write_movements(session, [left, came], cause=cause, in_effect=civil_day(at), at=at)


def book_purchase(
    session: Session, *, agreement_id: UUID, body_id: UUID, order: OrderId, cause: str, at: datetime
) -> None:
    """Use one purchase of the agreement, on the account of the body that pays.

    :raise PurchasesExhausted: none is left.
    """
    used = session.connection().execute(_USE_PURCHASE, {"agreement": agreement_id})
    if used.rowcount == 0:
        raise PurchasesExhausted(agreement_id)
    moved = Movement(
        book=Book.PURCHASE,
        taken_from=Account.UNUSED,
        given_to=Account.USED,
        amount=1,
        agreement_id=agreement_id,
        body_id=body_id,
        order_id=order,
    )
    write_movements(session, [moved], cause=cause, in_effect=civil_day(at), at=at)
