"""Allowances and the ledger, as values for those who look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.quota.kinds import Account, Book
from pki.quota.tables import Allowance, LedgerEntry
from pki.records import OrderId
from pki.registration.tables import Body


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


def allowances(session: Session, *, body_code: str | None = None) -> list[AllowanceLine]:
    """Seats of every body that has any, by code; or of one. A body whose wave is not planned has none."""
    asked = select(Allowance, Body.code, Body.name_fr).join(Body, Body.id == Allowance.body_id).order_by(Body.code)
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


def ledger(session: Session, *, body_code: str | None = None, order: UUID | None = None) -> list[LedgerLine]:
    """Entries, oldest first; of one body or one order if asked."""
    asked = select(LedgerEntry, Body.code).outerjoin(Body, Body.id == LedgerEntry.body_id).order_by(LedgerEntry.id)
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
