"""Allowances, the ledger and orders, as values for those who look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from pki.quota.kinds import Account, Book, OrderState, Road
from pki.quota.tables import Allowance, KeyOrder, LedgerEntry
from pki.records import HolderId, OrderId
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.kinds import BodyKind, OfficeFunction
from pki.registration.tables import Body, Holder, Office


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceLine:
    """One body's seats."""

    body_code: str
    name_fr: str
    granted: int
    reserved: int
    live: int
    opens_on: date
    excess: int
    """How many more are in use than granted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One entry."""

    entry: int
    movement: UUID
    book: Book
    account: Account
    body_code: str | None
    change: int
    cause: str
    order: OrderId | None
    in_effect: date
    recorded: datetime
    origin: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One order in a list: no certificate, no national id."""

    order: OrderId
    body: str
    payer: str | None
    holder: HolderId
    name_latin: str
    name_ar: str
    function: OfficeFunction
    road: Road
    state: OrderState
    requested_at: datetime


def orders(session: Session, *, within: Extent = EVERYWHERE, after: UUID | None, limit: int) -> list[OrderLine]:
    """Orders for offices of bodies inside the extent, by id, at most `limit` of those above `after`."""
    payer = aliased(Body)
    asked = (
        select(KeyOrder, Body.code, payer.code, Holder.name_latin, Holder.name_ar, Office.function)
        .join(Body, Body.id == KeyOrder.body_id)
        .join(Holder, Holder.id == KeyOrder.holder_id)
        .join(Office, Office.id == KeyOrder.office_id)
        .outerjoin(payer, payer.id == KeyOrder.payer_body_id)
        .where(within.bodies())
        .order_by(KeyOrder.id)
        .limit(limit)
    )
    if after is not None:
        asked = asked.where(KeyOrder.id > after)
    return [
        OrderLine(
            order=OrderId(order.id),
            body=body,
            payer=payer_code,
            holder=HolderId(order.holder_id),
            name_latin=name_latin,
            name_ar=name_ar,
            function=function,
            road=order.road,
            state=order.state,
            requested_at=order.requested_at,
        )
        for order, body, payer_code, name_latin, name_ar, function in session.execute(asked)
    ]


def allowances(session: Session, *, body_code: str | None = None, within: Extent = EVERYWHERE) -> list[AllowanceLine]:
    """Seats of every body that has any, by code; or of one. A body whose wave is not planned has none."""
    asked = select(Allowance, Body.code, Body.name_fr).join(Body, Body.id == Allowance.body_id).order_by(Body.code)
    asked = asked.where(within.bodies())
    if body_code is not None:
        asked = asked.where(Body.code == body_code)
    return [
        AllowanceLine(
            body_code=code,
            name_fr=name_fr,
            granted=allowance.granted,
            reserved=allowance.reserved,
            live=allowance.live,
            opens_on=allowance.opens_on,
            excess=allowance.excess,
        )
        for allowance, code, name_fr in session.execute(asked)
    ]


def ledger(
    session: Session,
    *,
    body_code: str | None = None,
    order: UUID | None = None,
    within: Extent = EVERYWHERE,
    after: int = 0,
    limit: int | None = None,
) -> list[LedgerLine]:
    """Entries, oldest first; of one body or one order if asked. An entry of no body is seen from everywhere only.

    On PostgreSQL numbers are not given in the order of commits: one below `after` may be committed after it was read.

    :param after: the number of an entry: those above it.
    :param limit: None: all of them, built in memory.
    """
    asked = select(LedgerEntry, Body.code).outerjoin(Body, Body.id == LedgerEntry.body_id).order_by(LedgerEntry.id)
    asked = asked.where(within.bodies(), LedgerEntry.id > after).limit(limit)
    if body_code is not None:
        asked = asked.where(Body.code == body_code)
    if order is not None:
        asked = asked.where(LedgerEntry.order_id == order)
    return [
        LedgerLine(
            entry=entry.id,
            movement=entry.movement_id,
            book=entry.book,
            account=entry.account,
            body_code=code,
            change=entry.change,
            cause=entry.cause,
            order=None if entry.order_id is None else OrderId(entry.order_id),
            in_effect=entry.in_effect,
            recorded=entry.recorded_at,
            origin=entry.origin,
        )
        for entry, code in session.execute(asked)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNotice:
    """How far an order is, for whoever has its number: nobody is named in it."""

    body_kind: BodyKind
    name_ar: str
    name_fr: str
    function: OfficeFunction
    rank: int | None
    state: OrderState
    requested_at: datetime


def order_notice(session: Session, order: OrderId) -> OrderNotice | None:
    """The order of that number, or None."""
    # THREAT: a hand-over sheet that somebody photographs tells who holds a key, and of what device.
    # DEFENCE: its link shows the office and the state alone; the number is 122 random bits, and no list has it.
    # TEST: tests/api/pages/test_orders.py::test_an_order_by_its_link
    row = session.execute(
        select(Body.kind, Body.name_ar, Body.name_fr, Office.function, Office.rank, KeyOrder.state)
        .add_columns(KeyOrder.requested_at)
        .join(Office, Office.id == KeyOrder.office_id)
        .join(Body, Body.id == KeyOrder.body_id)
        .where(KeyOrder.id == order)
    ).one_or_none()
    if row is None:
        return None
    return OrderNotice(
        body_kind=row.kind,
        name_ar=row.name_ar,
        name_fr=row.name_fr,
        function=row.function,
        rank=row.rank,
        state=row.state,
        requested_at=row.requested_at,
    )
