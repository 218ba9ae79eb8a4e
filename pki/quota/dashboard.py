"""How the country stands today, province by province: read from balances, never by adding up the ledger.

Two statements, whatever the history: one over bodies, allowances and the keys that are under way or alive (both
bounded by what is granted), one over the agreements. Orders that ended are history; reports speak of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, case, func, select
from sqlalchemy.orm import Session

from pki.quota.kinds import OrderState
from pki.quota.tables import Agreement, AgreementBook, Allowance, KeyOrder
from pki.quota.transitions import STANDING_STATES
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body

NEARLY = 80
"""Per cent of its seats in use from which a body is shown as nearly exhausted."""
_NUMBERS = (
    "bodies", "communes", "opened", "granted", "reserved", "live", "excess", "at_80", "at_100", "communes_without_key",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Numbers of one province, or of everything that was asked for."""

    province_code: str | None
    """None: bodies of no province; or the sum."""
    region_code: str | None
    bodies: int
    communes: int
    opened: int
    """Bodies that have an allowance, whenever it opens."""
    granted: int
    reserved: int
    live: int
    excess: int
    at_80: int
    """Bodies with 80 per cent or more of their seats in use; those at 100 among them."""
    at_100: int
    """Bodies without a seat to order by. One that was granted none is not counted."""
    communes_without_key: int
    """Communes none of whose people has an active key."""
    orders: Mapping[OrderState, int]
    """Orders for their offices, under way or alive; each such state is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchases:
    """Purchases of one agreement."""

    agreement: UUID
    number: str
    granted: int
    used: int

    @property
    def left(self) -> int:
        """How many may still be used."""
        return self.granted - self.used


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """All of it."""

    total: Standing
    provinces: tuple[Standing, ...]
    """By code."""
    purchases: tuple[Purchases, ...]
    """By number. Agreements belong to no territory: seen from everywhere only."""


def national_dashboard(session: Session, *, within: Extent = EVERYWHERE) -> Dashboard:
    """The numbers of every province inside the extent, and in all."""
    rows = session.execute(_ASKED if within.everywhere else _ASKED.where(within.bodies())).mappings()
    provinces = tuple(_standing(row, row["province_code"], row["region_code"]) for row in rows)
    return Dashboard(
        total=_sum(provinces), provinces=provinces, purchases=_purchases(session) if within.everywhere else ()
    )


def _asked() -> Select[*tuple[Any, ...]]:
    counts = {state: func.count(case((KeyOrder.state == state, 1))).label(state.value) for state in STANDING_STATES}
    keys = (
        select(KeyOrder.body_id, *counts.values())
        # Spelled out: an engine uses the index of the living for a condition that it can read, not for parameters.
        .where(KeyOrder.state.in_(bindparam("living", STANDING_STATES, expanding=True, literal_execute=True)))
        .group_by(KeyOrder.body_id)
        .subquery()
    )
    used, commune = Allowance.reserved + Allowance.live, Body.kind == BodyKind.COMMUNE
    without = func.coalesce(keys.c[OrderState.ACTIVE.value], 0) == 0
    numbers: dict[str, ColumnElement[int]] = {
        "bodies": func.count(),
        "communes": _how_many(commune),
        "opened": func.count(Allowance.body_id),
        "granted": _total(Allowance.granted),
        "reserved": _total(Allowance.reserved),
        "live": _total(Allowance.live),
        "excess": _total(Allowance.excess),
        "at_80": _how_many((Allowance.granted > 0) & (used * 100 >= Allowance.granted * NEARLY)),
        "at_100": _how_many((Allowance.granted > 0) & (used >= Allowance.granted)),
        "communes_without_key": _how_many(commune & without),
    }
    return (
        select(
            Body.province_code,
            Body.region_code,
            *(numbers[name].label(name) for name in _NUMBERS),
            *(_total(keys.c[state.value]).label(state.value) for state in STANDING_STATES),
        )
        .outerjoin(Allowance, Allowance.body_id == Body.id)
        .outerjoin(keys, keys.c.body_id == Body.id)
        .group_by(Body.province_code, Body.region_code)
        .order_by(Body.province_code, Body.region_code)
    )


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _total(column: Any) -> ColumnElement[int]:
    return func.coalesce(func.sum(column), 0)


_ASKED = _asked()


def _standing(found: Any, province: str | None, region: str | None) -> Standing:
    return Standing(
        province_code=province,
        region_code=region,
        orders={state: int(found[state.value]) for state in STANDING_STATES},
        **{name: int(found[name]) for name in _NUMBERS},
    )


def _sum(provinces: tuple[Standing, ...]) -> Standing:
    return Standing(
        province_code=None,
        region_code=None,
        orders={state: sum(each.orders[state] for each in provinces) for state in STANDING_STATES},
        **{name: sum(getattr(each, name) for each in provinces) for name in _NUMBERS},
    )


def _purchases(session: Session) -> tuple[Purchases, ...]:
    rows = session.execute(
        select(Agreement.id, Agreement.number, AgreementBook.purchases_granted, AgreementBook.purchases_used)
        .join(AgreementBook, AgreementBook.agreement_id == Agreement.id)
        .order_by(Agreement.number)
    )
    return tuple(Purchases(agreement=row[0], number=row[1], granted=row[2], used=row[3]) for row in rows)
