"""When seats will be exhausted at the rhythm of the last thirty days. Whole numbers throughout.

Two statements, whatever is asked for: one over the ledger's recent entries, one over the allowances.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from pki.quota.grants.opening import CAUSE
from pki.quota.kinds import Account
from pki.quota.tables import Allowance, LedgerEntry
from pki.records import civil_day, day_start
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.tables import Body

DAYS = 30
ENOUGH = 5
"""Events below which nothing is foretold. A body has three to five seats: fewer events are one afternoon's visit to
the province, and no rhythm; a higher number would leave most bodies without any forecast for good."""
HORIZON_DAYS = 3650
"""Ten years: farther ahead a date would say more than thirty days can."""


class Level(StrEnum):
    """By what a forecast adds up."""

    COUNTRY = "country"
    REGION = "region"
    PROVINCE = "province"
    BODY = "body"


class Unforeseen(StrEnum):
    """Why there is no date."""

    NO_SEATS = "no-seats"
    """Nothing is granted that has opened, and nothing is in use."""
    EXHAUSTED = "exhausted"
    """There is nothing left to foresee."""
    TOO_FEW_EVENTS = "too-few-events"
    NOT_GROWING = "not-growing"
    FAR = "far"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """One territory's, or one body's."""

    code: str | None
    """None: all that was asked for; or bodies of no such territory."""
    available: int
    """Seats that can be ordered today. What one body has too many in use takes none from another."""
    events: int
    """Seats taken and given back in the last thirty civil days, today's among them."""
    growth: int
    """Taken less given back."""
    ends_on: date | None
    why: Unforeseen | None
    """Given exactly when there is no date."""


def forecasts(session: Session, *, level: Level, within: Extent = EVERYWHERE, at: datetime) -> list[Forecast]:
    """A forecast for every territory or body of that level inside the extent that has an allowance, by code.

    Keys that were in the field before they were booked, and seats that pass from one key to the next, are no growth.
    """
    today, code = civil_day(at), _CODES[level]
    rhythm = {row.code: row for row in session.execute(_recent(code, within, today))}
    found = []
    for row in session.execute(_standing(code, within, today)):
        events, growth = (rhythm[row.code].events, rhythm[row.code].growth) if row.code in rhythm else (0, 0)
        found.append(
            foresee(code=row.code, seats=row.seats, available=row.available, events=events, growth=growth, today=today)
        )
    return found


def foresee(*, code: str | None, seats: int, available: int, events: int, growth: int, today: date) -> Forecast:
    """The date, or why there is none. Pure.

    :param seats: granted or in use.
    """
    why, ends_on = None, None
    if seats == 0:
        why = Unforeseen.NO_SEATS
    elif available == 0:
        why = Unforeseen.EXHAUSTED
    elif events < ENOUGH:
        why = Unforeseen.TOO_FEW_EVENTS
    elif growth <= 0:
        why = Unforeseen.NOT_GROWING
    elif (days := -(-available * DAYS // growth)) > HORIZON_DAYS:  # the day on which the last seat goes
        why = Unforeseen.FAR
    else:
        ends_on = today + timedelta(days=days)
    return Forecast(code=code, available=available, events=events, growth=growth, ends_on=ends_on, why=why)


_CODES: dict[Level, ColumnElement[Any] | InstrumentedAttribute[Any]] = {
    Level.COUNTRY: literal(None),
    Level.REGION: Body.region_code,
    Level.PROVINCE: Body.province_code,
    Level.BODY: Body.code,
}


def _standing(code: Any, within: Extent, today: date) -> Any:
    opened, used = Allowance.opens_on <= today, Allowance.reserved + Allowance.live
    free = case((opened & (Allowance.granted > used), Allowance.granted - used), else_=0)
    seats = case((opened, Allowance.granted), else_=0) + used
    label = code.label("code")
    asked = (
        select(label, _total(free).label("available"), _total(seats).label("seats"))
        .select_from(Allowance)
        .join(Body, Body.id == Allowance.body_id)
        .where(within.bodies())
    )
    return asked.group_by(label).order_by(label) if code is not _CODES[Level.COUNTRY] else asked


def _recent(code: Any, within: Extent, today: date) -> Any:
    """Entries on the accounts of available seats, one for each seat taken or given back.

    A seat that passes to another key has two entries in one transaction, back and taken again, that make no event.
    """
    ordered = LedgerEntry.cause == "order.requested"
    taken = _total(case((ordered, 1), else_=0))
    # What was given back, less what other acts took at once: those are the seats that passed.
    back = _total(case((ordered, 0), else_=LedgerEntry.change))
    label = code.label("code")
    asked = (
        select(label, (taken + back).label("events"), (taken - back).label("growth"))
        .select_from(LedgerEntry)
        .join(Body, Body.id == LedgerEntry.body_id)
        .where(
            LedgerEntry.recorded_at >= day_start(today - timedelta(days=DAYS - 1)),
            # As literals: an engine uses the index for a condition that it can read.
            LedgerEntry.account == literal(Account.AVAILABLE, LedgerEntry.account.type, literal_execute=True),
            LedgerEntry.order_id.is_not(None),
            LedgerEntry.cause != CAUSE,
            within.bodies(),
        )
    )
    return asked.group_by(label) if code is not _CODES[Level.COUNTRY] else asked


def _total(amount: ColumnElement[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(amount), 0)
