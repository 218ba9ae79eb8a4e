"""A later agreement takes over from one that ends: allowances, living orders and their seats, unused purchases.

Bodies keep their live keys. Both agreements' books balance before and after, and the former grants no more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.quota.books import Movement, granted_by, write_movements
from pki.quota.grants.consent import require_digest
from pki.quota.grants.effects import Counting, TierEffect, effect_of
from pki.quota.grants.errors import ProposalChanged, SuccessionRefused
from pki.quota.grants.proposed import mark_applied, put_forward, waiting
from pki.quota.grants.tables import AgreementSuccession, SeatTransfer
from pki.quota.kinds import Account, Book, SeatPlace
from pki.quota.seats import excess_of, in_use
from pki.quota.tables import Agreement, AgreementBook, Allowance, KeyOrder, LedgerEntry
from pki.quota.tiers import censuses_of, populations, tiers_of
from pki.quota.waves import lock_agreements, raise_seats_granted
from pki.records import OrderId, Records, again_after_deadlock

_KIND = "succession"
_CAUSE = "agreement.succeeded"
_ACCOUNT = {SeatPlace.RESERVED: Account.RESERVED, SeatPlace.LIVE: Account.LIVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessionProposal:
    """A succession proposed: its effect on the bodies, and how many purchases go along."""

    id: UUID
    agreement: UUID
    successor: UUID
    purchases_carried: int
    in_effect: date
    digest: str
    effect: TierEffect


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A body's allowance as it is taken over."""

    body: UUID
    before: int
    after: int
    reserved: int
    live: int


def simulate_succession(
    session: Session, agreement: UUID, successor: UUID, *, purchases_carried: int = 0
) -> TierEffect:
    """What the agreement's bodies would get by its successor's tiers and census. Nothing is written.

    Extras and transfers stay: each body gets as many more or fewer as its tier differs.

    :raise AgreementUnknown: no such agreement.
    :raise SuccessionRefused: one and the same, nothing to take over, or fewer unused purchases than would be carried.
    :raise TierTableRefused: the successor's tiers say nothing of a kind that was granted seats.
    """
    censuses = {each: censuses_of(session, each) for each in (agreement, successor)}
    if agreement == successor:
        raise SuccessionRefused("an agreement does not take over from itself")
    if session.scalar(select(Allowance.body_id).where(Allowance.agreement_id == agreement).limit(1)) is None:
        raise SuccessionRefused("no body has seats by the former agreement")
    book = session.get_one(AgreementBook, agreement, populate_existing=True)
    if not 0 <= purchases_carried <= book.purchases_granted - book.purchases_used:
        raise SuccessionRefused("the former agreement has fewer unused purchases")
    before, after = (
        Counting(tiers=tiers_of(session, each), people=populations(session, censuses[each])) for each in censuses
    )
    return effect_of(
        session,
        agreement,
        censuses[successor][-1],
        before=before,
        after=after,
        domain="khatam-succession-v1",
        proposed={"successor": successor, "purchases": purchases_carried, "granted": book.seats_granted},
        book=successor,
    )


def propose_succession(
    records: Records,
    *,
    agreement: UUID,
    successor: UUID,
    purchases_carried: int,
    in_effect: date,
    by: Actor,
    at: datetime,
) -> SuccessionProposal:
    """Propose that one agreement takes over from another on that day; another officer applies it.

    :param purchases_carried: unused purchases of the former that the successor honours.
    :raise SuccessionRefused: before the successor is in effect; and the other refusals of `simulate_succession`.
    """
    with records.writing() as session:
        lock_agreements(session, agreement, successor)
        effect = simulate_succession(session, agreement, successor, purchases_carried=purchases_carried)
        if in_effect < (signed := session.get_one(Agreement, successor).in_effect_from):
            raise SuccessionRefused(f"the successor is in effect from {signed} on")
        digest = effect.digest(in_effect=in_effect)
        values = {"successor_id": successor, "purchases_carried": purchases_carried, "in_effect": in_effect}
        proposal = put_forward(
            session, AgreementSuccession, agreement=agreement, values=values, digest=digest, by=by, at=at
        )
        facts: dict[str, object] = {"agreement": agreement, "successor": successor, "in_effect": in_effect}
        facts |= {"purchases": purchases_carried, "digest": digest, "changes": len(effect.changes)}
        record(
            session, kind="succession.proposed", subject=f"agreement-succession:{proposal}", by=by, at=at, facts=facts
        )
    return SuccessionProposal(
        id=proposal,
        agreement=agreement,
        successor=successor,
        purchases_carried=purchases_carried,
        in_effect=in_effect,
        digest=digest,
        effect=effect,
    )


@again_after_deadlock
def apply_succession(records: Records, *, proposal: UUID, digest: str, by: Actor, at: datetime) -> TierEffect:
    """Take everything over in one transaction: every seat in use stays in use, by the same order.

    Transfers that wait end; extras that wait are refused by the former agreement's ceiling, which is none from now on.

    :raise OwnProposal: `by` proposed it.
    :raise ProposalDecided: it was applied before, or superseded.
    :raise NotDueYet: the day from which it is in effect has not come.
    :raise ProposalChanged: its effect is no longer the one that the digest names.
    :raise SeatCeilingReached: the successor covers fewer seats than there would be.
    """
    with records.writing() as session:
        found = waiting(session, AgreementSuccession, _KIND, proposal, digest=digest, by=by, at=at)
        former, successor = found.agreement_id, found.successor_id
        lock_agreements(session, former, successor)
        effect = simulate_succession(session, former, successor, purchases_carried=found.purchases_carried)
        require_digest(_KIND, given=digest, current=effect.digest(in_effect=found.in_effect))
        mark_applied(session, AgreementSuccession, proposal, by=by, at=at)
        _end_transfers(session, former, by=by, at=at)
        origin = f"agreement-succession:{proposal}"
        seats = _take_over(session, found, effect)
        # Under the locks: an order that came just before them has its entries here, and leaves no earlier than it came.
        days = _days(session, former, at_least=found.in_effect)
        write_movements(
            session,
            [
                *_of_orders(seats, former, origin, days, leaving=True),
                *_of_bodies(seats, former, successor, origin, days),
                *_of_orders(seats, successor, origin, days, leaving=False),
                *_carry(session, found, origin, days[None]),
            ],
            cause=_CAUSE,
            in_effect=found.in_effect,
            at=at,
        )
        facts: dict[str, object] = {"agreement": former, "successor": successor, "digest": digest}
        facts |= {"bodies": len(seats.bodies), "orders": len(seats.orders), "purchases": found.purchases_carried}
        facts |= {"granted_before": effect.granted_before, "granted_after": effect.granted_after}
        record(session, kind=_CAUSE, subject=origin, by=by, at=at, facts=facts)
        return effect


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seats:
    """What was taken over: allowances, and the orders that hold their seats."""

    bodies: Sequence[_Held]
    orders: Sequence[Any]
    """id, payer_body_id, seat."""


def _take_over(session: Session, found: AgreementSuccession, effect: TierEffect) -> _Seats:
    """Allowances and living orders change their agreement, and both books their figures."""
    former, successor = found.agreement_id, found.successor_id
    holding = (KeyOrder.agreement_id == former) & (KeyOrder.seat != SeatPlace.NONE)
    # Orders first, allowances second, as in every act on an order. Whoever ordered meanwhile is seen by the UPDATE;
    # whoever has not reserved yet finds that his agreement grants no more (`reserve_seat`).
    session.execute(select(KeyOrder.id).where(holding).order_by(KeyOrder.id).with_for_update(key_share=True))
    rows = session.execute(
        select(Allowance.body_id, Allowance.granted, Allowance.reserved, Allowance.live)
        .where(Allowance.agreement_id == former)
        .order_by(Allowance.body_id)
        .with_for_update()
    ).all()
    orders = session.execute(
        update(KeyOrder)
        .where(holding)
        .values(agreement_id=successor)
        .returning(KeyOrder.id, KeyOrder.payer_body_id, KeyOrder.seat)
        .execution_options(synchronize_session=False)
    ).all()
    changed = {each.body: each for each in effect.changes}
    bodies = []
    for row in rows:
        change = changed.get(row.body_id)
        # THREAT: an allowance changes between the look and the approval, and nobody approved what comes of it.
        # DEFENCE: every one is as it was simulated, under its lock; the digest covers the sum and each that changes.
        # TEST: tests/pki/quota/grants/test_successions.py::test_what_was_simulated_is_what_is_taken_over
        if change is not None and change.granted_before != row.granted:
            raise ProposalChanged(_KIND, "")
        after = row.granted if change is None or change.granted_after is None else change.granted_after
        bodies.append(_Held(body=row.body_id, before=row.granted, after=after, reserved=row.reserved, live=row.live))
    if sum(each.before for each in bodies) != effect.granted_before:
        raise ProposalChanged(_KIND, "")
    raise_seats_granted(session, successor, effect.granted_after)
    raise_seats_granted(session, former, -effect.granted_before)
    # A ceiling of none: neither a wave nor an extra is granted by an agreement that another took over from.
    session.execute(
        update(AgreementBook)
        .where(AgreementBook.agreement_id == former)
        .values(seats_ceiling=0)
        .execution_options(synchronize_session=False)
    )
    _set_granted(session, bodies, former, successor)
    return _Seats(bodies=bodies, orders=orders)


def _set_granted(session: Session, bodies: Sequence[_Held], former: UUID, successor: UUID) -> None:
    by_change: defaultdict[int, list[UUID]] = defaultdict(list)
    for each in bodies:
        by_change[each.after - each.before].append(each.body)
    for change, moved in sorted(by_change.items()):
        after = Allowance.granted + change
        session.execute(
            update(Allowance)
            .where(Allowance.body_id.in_(moved), Allowance.agreement_id == former)
            .values(agreement_id=successor, granted=after, excess=excess_of(after, in_use()))
            .execution_options(synchronize_session=False)
        )


def _days(session: Session, former: UUID, *, at_least: date) -> defaultdict[UUID | None, date]:
    """From which day each body's seats are the successor's: never before the last entry by which they came to be so.

    None: the purchases'. One that is applied late, or takes over a body that is to open, leaves no day's books below
    nothing.
    """
    asked = (
        select(LedgerEntry.book, LedgerEntry.body_id, func.max(LedgerEntry.in_effect))
        .where(LedgerEntry.agreement_id == former)
        .group_by(LedgerEntry.book, LedgerEntry.body_id)
    )
    days: defaultdict[UUID | None, date] = defaultdict(lambda: at_least)
    for book, body, last in session.execute(asked):
        whose = body if book is Book.SEAT else None
        days[whose] = max(days[whose], last)
    return days


def _of_orders(
    seats: _Seats, agreement: UUID, origin: str, days: Mapping[UUID | None, date], *, leaving: bool
) -> Iterator[Movement]:
    """Each seat in use, back to the former agreement's available ones, or out of the successor's."""
    for order in seats.orders:
        if order.seat not in _ACCOUNT:
            continue
        sides = (_ACCOUNT[order.seat], Account.AVAILABLE)
        yield Movement(
            book=Book.SEAT,
            taken_from=sides[0] if leaving else sides[1],
            given_to=sides[1] if leaving else sides[0],
            amount=1,
            agreement_id=agreement,
            body_id=order.payer_body_id,
            order_id=OrderId(order.id),
            origin=origin,
            in_effect=days[order.payer_body_id],
        )


def _of_bodies(
    seats: _Seats, former: UUID, successor: UUID, origin: str, days: Mapping[UUID | None, date]
) -> Iterator[Movement]:
    used = Counter(order.payer_body_id for order in seats.orders if order.seat in _ACCOUNT)
    for each in seats.bodies:
        # The books would not balance: refused here, and nothing of it is kept.
        if used[each.body] != each.reserved + each.live:
            raise ProposalChanged(_KIND, "")
        for agreement, change in ((former, -each.before), (successor, each.after)):
            if change:
                yield granted_by(
                    body_id=each.body,
                    agreement_id=agreement,
                    change=change,
                    origin=origin,
                    in_effect=days[each.body],
                )


def _carry(session: Session, found: AgreementSuccession, origin: str, day: date) -> list[Movement]:
    """Unused purchases, from the former agreement to its successor; those used stay where they were paid."""
    if not found.purchases_carried:
        return []
    changes: Mapping[UUID, int] = {
        found.agreement_id: -found.purchases_carried,
        found.successor_id: found.purchases_carried,
    }
    movements = []
    for agreement, change in changes.items():
        session.execute(
            update(AgreementBook)
            .where(AgreementBook.agreement_id == agreement)
            .values(purchases_granted=AgreementBook.purchases_granted + change)
            .execution_options(synchronize_session=False)
        )
        sides = (Account.AGREEMENT, Account.UNUSED) if change > 0 else (Account.UNUSED, Account.AGREEMENT)
        movements.append(
            Movement(
                book=Book.PURCHASE,
                taken_from=sides[0],
                given_to=sides[1],
                amount=abs(change),
                agreement_id=agreement,
                body_id=None,
                order_id=None,
                origin=origin,
                in_effect=day,
            )
        )
    return movements


def _end_transfers(session: Session, agreement: UUID, *, by: Actor, at: datetime) -> None:
    ended = session.scalars(
        update(SeatTransfer)
        .where(SeatTransfer.agreement_id == agreement, SeatTransfer.moved_at.is_(None), SeatTransfer.ended_at.is_(None))
        .values(ended_at=at, ended_by=str(by), end_reason="another agreement took over")
        .returning(SeatTransfer.id)
        .execution_options(synchronize_session=False)
    ).all()
    for transfer in ended:
        facts = {"reason": "another agreement took over"}
        record(session, kind="transfer.ended", subject=f"transfer:{transfer}", by=by, at=at, facts=facts)
