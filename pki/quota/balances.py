"""Any balance at any past date, recomputed from the entries; and the entries behind each seat of a body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pki.quota.kinds import Account, Book, OrderState, SeatPlace
from pki.quota.reading import LedgerLine, ledger
from pki.quota.tables import Allowance, KeyOrder, LedgerEntry, Wave
from pki.records import HolderId, OrderId
from pki.registration.bodies import body_id
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.tables import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Units on one account. Below zero: of the agreement, what it granted; of available seats, the excess."""

    book: Book
    account: Account
    agreement: UUID
    body_code: str | None
    """None: the agreement's own account."""
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Seats that came to a body, or left it."""

    cause: str
    origin: str | None
    """Kind and id: "wave:<uuid>", "extra:<uuid>", "transfer:<uuid>", "census-application:<uuid>"."""
    label: str
    """The wave's name; empty: it has none."""
    change: int
    in_effect: date
    recorded: datetime
    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatExplained:
    """A seat in use, with the chain of entries that gave it."""

    order: OrderId
    holder: HolderId
    state: OrderState
    place: SeatPlace
    granted_by: Grant | None
    """Seats are counted out in the order in which they came; None: above what is granted."""
    entries: tuple[LedgerLine, ...]
    """Oldest first: reserved on …, live on …."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyExplained:
    """Every seat of a body."""

    body_code: str
    granted: int
    excess: int
    grants: tuple[Grant, ...]
    seats: tuple[SeatExplained, ...]
    """Reserved or live, the oldest first."""


def balances(
    session: Session,
    *,
    on: date | None = None,
    known_at: datetime | None = None,
    body_code: str | None = None,
    within: Extent = EVERYWHERE,
) -> list[Balance]:
    """What stood on each account that is not empty, from the entries alone; of one body if asked.

    :param on: in effect on that civil day (inside); None: whatever their day.
    :param known_at: recorded by that instant (inside); None: all that is recorded now.
    :param within: accounts of bodies inside it; the agreement's own are seen from everywhere only.
    :raise BodyUnknown: no such body.
    """
    total = func.sum(LedgerEntry.change)
    key = (LedgerEntry.book, LedgerEntry.account, LedgerEntry.agreement_id, Body.code)
    asked = select(*key, total).outerjoin(Body, Body.id == LedgerEntry.body_id).group_by(*key).having(total != 0)
    asked = asked.where(within.bodies())
    if on is not None:
        asked = asked.where(LedgerEntry.in_effect <= on)
    if known_at is not None:
        asked = asked.where(LedgerEntry.recorded_at <= known_at)
    if body_code is not None:
        asked = asked.where(LedgerEntry.body_id == body_id(session, body_code))
    found = [
        Balance(book=book, account=account, agreement=agreement, body_code=code, units=int(units))
        for book, account, agreement, code, units in session.execute(asked)
    ]
    return sorted(found, key=lambda each: (str(each.agreement), each.book, each.body_code or "", each.account))


def explain(session: Session, body_code: str) -> BodyExplained:
    """Each reserved or live seat of the body, with the order that holds it and the entries behind it.

    :raise BodyUnknown: no such body.
    """
    body = body_id(session, body_code)
    allowance = session.get(Allowance, body, populate_existing=True)
    lines = [line for line in ledger(session, body_code=body_code) if line.book is Book.SEAT]
    grants = _grants(session, lines, allowance)
    sources = _sources(grants)
    orders = session.scalars(
        select(KeyOrder)
        .where(KeyOrder.payer_body_id == body, KeyOrder.seat.in_((SeatPlace.RESERVED, SeatPlace.LIVE)))
        .execution_options(populate_existing=True)
    ).all()
    chains = {order.id: tuple(line for line in lines if line.order == order.id) for order in orders}
    # An order without an entry would be a seat from nowhere: `differences` names it, here it comes last.
    oldest = sorted(orders, key=lambda order: chains[order.id][0].entry if chains[order.id] else 1 << 62)
    return BodyExplained(
        body_code=body_code,
        granted=0 if allowance is None else allowance.granted,
        excess=0 if allowance is None else allowance.excess,
        grants=tuple(grants),
        seats=tuple(
            SeatExplained(
                order=OrderId(order.id),
                holder=HolderId(order.holder_id),
                state=order.state,
                place=order.seat,
                granted_by=sources[number] if number < len(sources) else None,
                entries=chains[order.id],
            )
            for number, order in enumerate(oldest)
        ),
    )


def _grants(session: Session, lines: Sequence[LedgerLine], allowance: Allowance | None) -> list[Grant]:
    labels = {f"wave:{wave.id}": wave.label for wave in session.execute(select(Wave.id, Wave.label))}
    grants = []
    for line in lines:
        if line.account is not Account.AGREEMENT:
            continue
        origin = line.origin
        if origin is None and allowance is not None and line.cause == "wave.opened":
            origin = f"wave:{allowance.wave_id}"  # written before entries named their origin
        grants.append(
            Grant(
                cause=line.cause,
                origin=origin,
                label=labels.get(origin or "", ""),
                change=-line.change,
                in_effect=line.in_effect,
                recorded=line.recorded,
                entry=line.entry,
            )
        )
    return grants


def _sources(grants: Sequence[Grant]) -> list[Grant]:
    """One grant for each seat that is granted, the first that came first; what left is taken from the last."""
    seats: list[Grant] = []
    for grant in grants:
        if grant.change > 0:
            seats += [grant] * grant.change
        else:
            del seats[len(seats) + grant.change :]
    return seats
