"""Waves: planned, moved, opened."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.auth.permissions import CentralOfficer, CommuneOrAbove, HouseHere, now
from pki.quota.grants.plans import PlannedWave, move_wave, open_planned_wave, plan_wave, wave_plans
from pki.quota.waves import Scope, WaveOpened, open_wave
from pki.records import Records, civil_day

from .once import OnceOnly
from .schema import Code, IdOut, In, Line, Out

router = APIRouter(prefix="/v1", tags=["quota"])
Label = Annotated[Line, Field(max_length=200)]


class ScopeIn(In):
    """Whom a wave opens: every body of its regions and provinces, and those named. Something is named."""

    region_codes: list[Code] = Field(default_factory=list, max_length=12)
    province_codes: list[Code] = Field(default_factory=list, max_length=100)
    body_codes: list[Code] = Field(default_factory=list, max_length=2000)

    def scope(self) -> Scope:
        """As the room takes it."""
        return Scope(
            regions=tuple(self.region_codes), provinces=tuple(self.province_codes), bodies=tuple(self.body_codes)
        )


class WaveIn(ScopeIn):
    """A wave that opens now, without a plan."""

    agreement: UUID
    label: Label
    opens_on: date


class PlanIn(ScopeIn):
    """A wave to come."""

    agreement: UUID
    label: Label
    planned_on: date


class MoveIn(In):
    """Another day for a planned wave."""

    planned_on: date
    reason: Line


class OpenIn(In):
    """The day from which a planned wave is open."""

    opens_on: date


class WaveOut(Out):
    """What the wave opened."""

    id: UUID
    communes: int
    commune_seats: int
    provinces: int
    province_seats: int
    arrondissements: int
    arrondissement_seats: int
    services: int
    service_seats: int

    @classmethod
    def of(cls, opened: WaveOpened) -> WaveOut:
        """As it is answered."""
        return cls(**asdict(opened))


class PlanOut(Out):
    """A plan beside what came of it."""

    id: UUID
    agreement: UUID
    label: str
    region_codes: list[str]
    province_codes: list[str]
    body_codes: list[str]
    first_planned_on: date
    planned_on: date
    times_moved: int
    opened_on: date | None
    wave: UUID | None
    days_late: int

    @classmethod
    def of(cls, plan: PlannedWave, today: date) -> PlanOut:
        """As it is answered."""
        return cls(
            id=plan.id,
            agreement=plan.agreement,
            label=plan.label,
            region_codes=list(plan.scope.regions),
            province_codes=list(plan.scope.provinces),
            body_codes=list(plan.scope.bodies),
            first_planned_on=plan.first_planned_on,
            planned_on=plan.planned_on,
            times_moved=plan.times_moved,
            opened_on=plan.opened_on,
            wave=plan.wave,
            days_late=plan.days_late(today),
        )


class PlansOut(Out):
    """Plans that stand, by their day."""

    items: list[PlanOut]


@router.post("/waves", status_code=201, operation_id="openWave", response_model=WaveOut)
def post_wave(body: WaveIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Open a wave: the bodies in its scope get their seats."""

    def act(records: Records) -> WaveOut:
        opened = open_wave(
            records,
            agreement=body.agreement,
            label=body.label,
            region_codes=body.region_codes,
            province_codes=body.province_codes,
            body_codes=body.body_codes,
            opens_on=body.opens_on,
            by=officer.actor,
            at=now(),
        )
        return WaveOut.of(opened)

    return once.atomically(act)


@router.post("/wave-plans", status_code=201, operation_id="planWave", response_model=IdOut)
def post_plan(body: PlanIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Plan a wave. Nothing is granted by it."""

    def act(records: Records) -> IdOut:
        plan = plan_wave(
            records,
            agreement=body.agreement,
            label=body.label,
            scope=body.scope(),
            planned_on=body.planned_on,
            by=officer.actor,
            at=now(),
        )
        return IdOut(id=plan)

    return once.atomically(act)


@router.get("/wave-plans", operation_id="listWavePlans")
def get_plans(officer: CommuneOrAbove, house: HouseHere, agreement: Annotated[UUID | None, Query()] = None) -> PlansOut:
    """Planned waves against what came of them."""
    del officer
    with house.records.reading() as session:
        found = wave_plans(session, agreement=agreement)
    return PlansOut(items=[PlanOut.of(plan, civil_day(now())) for plan in found])


@router.post("/wave-plans/{plan}/move", status_code=201, operation_id="moveWavePlan", response_model=IdOut)
def post_move(plan: UUID, body: MoveIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Plan the wave for another day; the former plan is kept."""

    def act(records: Records) -> IdOut:
        moved = move_wave(
            records, plan=plan, planned_on=body.planned_on, reason=body.reason, by=officer.actor, at=now()
        )
        return IdOut(id=moved)

    return once.atomically(act)


@router.post("/wave-plans/{plan}/open", status_code=201, operation_id="openWavePlan", response_model=WaveOut)
def post_open(plan: UUID, body: OpenIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Open a planned wave."""

    def act(records: Records) -> WaveOut:
        return WaveOut.of(open_planned_wave(records, plan=plan, opens_on=body.opens_on, by=officer.actor, at=now()))

    return once.atomically(act)
