"""What a hand-over sheet tells of one seated council, as values; laid out by signer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.quota.elections.kinds import CouncilState, KeyOutcome
from pki.quota.elections.plans import require_plan
from pki.quota.elections.tables import Council, ElectedOfficial, ElectionPlan, FrozenOffice, SeatedOfficial
from pki.quota.kinds import OrderState
from pki.quota.tables import KeyOrder
from pki.records import OrderId
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.kinds import BodyKind, OfficeFunction
from pki.registration.tables import Body, Holder, Office


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPlace:
    """One new office-holder and his key."""

    function: OfficeFunction
    rank: int | None
    name_ar: str
    name_latin: str
    outcome: KeyOutcome
    order: OrderId | None
    state: OrderState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetGone:
    """One who left, and the order of his key if he had one."""

    function: OfficeFunction
    rank: int | None
    name_ar: str
    name_latin: str
    order: OrderId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CouncilSheet:
    """One page: one council."""

    label: str
    body_code: str
    kind: BodyKind
    name_ar: str
    name_fr: str
    frozen_on: date
    freeze_deed: str
    elected_on: date
    deed: str
    seated_at: datetime
    places: tuple[SheetPlace, ...]
    gone: tuple[SheetGone, ...]


def council_sheets(session: Session, *, plan: UUID, within: Extent = EVERYWHERE) -> list[CouncilSheet]:
    """Sheets of the seated councils of a plan inside the extent, by code.

    :raise PlanUnknown: no such plan.
    """
    require_plan(session, plan)
    asked = (
        select(Council, Body, ElectionPlan.label)
        .join(Body, Body.id == Council.body_id)
        .join(ElectionPlan, ElectionPlan.id == Council.plan_id)
        .where(Council.plan_id == plan, Council.state == CouncilState.SEATED, within.bodies())
        .order_by(Body.code)
    )
    return [_sheet(session, council, body, label) for council, body, label in session.execute(asked)]


def _sheet(session: Session, council: Council, body: Body, label: str) -> CouncilSheet:
    assert council.elected_on is not None
    assert council.deed is not None
    assert council.seated_at is not None
    return CouncilSheet(
        label=label,
        body_code=body.code,
        kind=body.kind,
        name_ar=body.name_ar,
        name_fr=body.name_fr,
        frozen_on=council.frozen_on,
        freeze_deed=council.freeze_deed,
        elected_on=council.elected_on,
        deed=council.deed,
        seated_at=council.seated_at,
        places=_places(session, council),
        gone=_gone(session, council),
    )


def _places(session: Session, council: Council) -> tuple[SheetPlace, ...]:
    rows = session.execute(
        select(ElectedOfficial, SeatedOfficial.outcome, SeatedOfficial.order_id, KeyOrder.state)
        .join(SeatedOfficial, SeatedOfficial.official_id == ElectedOfficial.id)
        .outerjoin(KeyOrder, KeyOrder.id == SeatedOfficial.order_id)
        .where(SeatedOfficial.plan_id == council.plan_id, SeatedOfficial.body_id == council.body_id)
        .order_by(ElectedOfficial.function, ElectedOfficial.rank)
    )
    return tuple(
        SheetPlace(
            function=official.function,
            rank=official.rank,
            name_ar=official.name_ar,
            name_latin=official.name_latin,
            outcome=outcome,
            order=None if order is None else OrderId(order),
            state=state,
        )
        for official, outcome, order, state in rows
    )


def _gone(session: Session, council: Council) -> tuple[SheetGone, ...]:
    """Who of the outgoing council has no place in the new one."""
    stays = select(SeatedOfficial.holder_id).where(
        SeatedOfficial.plan_id == council.plan_id, SeatedOfficial.body_id == council.body_id
    )
    rows = session.execute(
        select(Office.id, Office.function, Office.rank, Holder.name_ar, Holder.name_latin)
        .join(FrozenOffice, FrozenOffice.office_id == Office.id)
        .join(Holder, Holder.id == Office.holder_id)
        .where(
            FrozenOffice.plan_id == council.plan_id,
            FrozenOffice.body_id == council.body_id,
            Holder.id.not_in(stays),
        )
        .order_by(Office.function, Office.rank)
    ).all()
    offices = [row.id for row in rows]
    asked = (
        select(KeyOrder.office_id, KeyOrder.id)
        .where(KeyOrder.office_id.in_(offices), KeyOrder.state != OrderState.CANCELLED)
        .order_by(KeyOrder.requested_at)
    )
    orders: dict[UUID, UUID] = dict(session.execute(asked).all())
    return tuple(
        SheetGone(
            function=row.function,
            rank=row.rank,
            name_ar=row.name_ar,
            name_latin=row.name_latin,
            order=OrderId(orders[row.id]) if row.id in orders else None,
        )
        for row in rows
    )
