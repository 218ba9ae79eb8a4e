"""How far each commune has come, computed from the records, beside what was planned.

One statement a stage over the whole extent: a page of the country costs as many statements as a commune's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.tables import EventRow
from pki.quota.kinds import OrderState
from pki.quota.rollout.errors import BodyNotRolledOut
from pki.quota.rollout.inhabitants import counted_later
from pki.quota.rollout.kinds import WINDOW_ABOVE, CommitteeLevel, Stage
from pki.quota.rollout.tables import (
    Attendance,
    Committee,
    Meeting,
    StagePlan,
    TrainingSession,
    WindowAssessment,
)
from pki.quota.subjects import order_subject
from pki.quota.tables import Allowance, KeyOrder
from pki.records import Records, civil_day
from pki.registration.errors import BodyUnknown
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceUse:
    """What the room of dossiers says of one body's signed licences."""

    first_on: date
    recent: int
    """How many in the days that the policy names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegularUse:
    """From when on a commune is said to use its keys regularly."""

    licences: int = 4
    days: int = 30

    def since(self, at: datetime) -> datetime:
        """Licences signed from this instant on are recent at `at`."""
        return at - timedelta(days=self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommuneStages:
    """One commune: what it reached and when, what it was to reach and by when."""

    body_code: str
    name_fr: str
    name_ar: str
    province_code: str
    region_code: str
    population: int
    reached: Mapping[Stage, date]
    planned: Mapping[Stage, date]

    def applies(self, stage: Stage) -> bool:
        """Whether the commune goes through it: the single window only above `WINDOW_ABOVE` inhabitants."""
        return stage is not Stage.WINDOW_ASSESSED or self.population > WINDOW_ABOVE

    @property
    def stage(self) -> Stage | None:
        """The furthest that it reached; an earlier one may be missing."""
        return next((stage for stage in reversed(Stage) if stage in self.reached), None)

    def late(self, on: date) -> tuple[Stage, ...]:
        """Stages whose planned day has passed and that it did not reach."""
        return tuple(stage for stage in Stage if stage not in self.reached and self._due(stage, on))

    def _due(self, stage: Stage, on: date) -> bool:
        planned = self.planned.get(stage)
        return planned is not None and planned < on and self.applies(stage)


def plan_stage(
    records: Records, *, body_codes: Sequence[str], stage: Stage, planned_on: date, by: Actor, at: datetime
) -> int:
    """Plan by which civil day the communes are to reach a stage; earlier plans for it are superseded. How many.

    :raise BodyUnknown: no such body.
    :raise BodyNotRolledOut: not a commune, or one that does not go through the stage.
    """
    codes = sorted(set(body_codes))
    with records.writing() as session:
        # In the order of their codes, so that two plans never wait for each other.
        found = session.execute(
            select(Body.id, Body.code, Body.kind, Body.population)
            .where(Body.code.in_(codes))
            .order_by(Body.code)
            .with_for_update(key_share=True)
        ).all()
        _refuse_others(codes, found, stage, counted_later(session) if stage is Stage.WINDOW_ASSESSED else {})
        bodies = [row.id for row in found]
        session.execute(
            update(StagePlan)
            .where(StagePlan.body_id.in_(bodies), StagePlan.stage == stage, StagePlan.superseded_at.is_(None))
            .values(superseded_at=at)
            .execution_options(synchronize_session=False)
        )
        said = {"stage": stage, "planned_on": planned_on, "recorded_at": at, "recorded_by": str(by)}
        if bodies:
            session.execute(insert(StagePlan), [said | {"body_id": body} for body in bodies])
        facts = {"stage": stage, "planned_on": planned_on, "bodies": codes}
        record(session, kind="rollout.stage-planned", subject=f"stage:{stage.value}", by=by, at=at, facts=facts)
    return len(bodies)


def commune_stages(
    session: Session,
    *,
    within: Extent = EVERYWHERE,
    licences: Mapping[str, LicenceUse],
    policy: RegularUse,
    at: datetime,
) -> list[CommuneStages]:
    """Every commune inside the extent, by code.

    :param licences: by body code, as of `at`; `signer.dossiers.use` counts them.
    """
    day = civil_day(at)
    reached: dict[UUID, dict[Stage, date]] = {}
    for stage, asked in _reached(within, day).items():
        for body, when in session.execute(asked):
            reached.setdefault(body, {})[stage] = civil_day(when) if isinstance(when, datetime) else when
    planned: dict[UUID, dict[Stage, date]] = {}
    plans = select(StagePlan.body_id, StagePlan.stage, StagePlan.planned_on).where(StagePlan.superseded_at.is_(None))
    for row in session.execute(plans.join(Body, Body.id == StagePlan.body_id).where(within.bodies())):
        planned.setdefault(row.body_id, {})[row.stage] = row.planned_on
    communes = session.execute(
        select(Body.id, Body.code, Body.name_fr, Body.name_ar, Body.province_code, Body.region_code, Body.population)
        .where(Body.kind == BodyKind.COMMUNE, within.bodies())
        .order_by(Body.code)
    )
    counted = counted_later(session, within=within)
    found = [
        CommuneStages(
            body_code=row.code,
            name_fr=row.name_fr,
            name_ar=row.name_ar,
            province_code=row.province_code or "",
            region_code=row.region_code or "",
            population=counted.get(row.id, row.population or 0),
            reached=reached.get(row.id, {}) | _signed(licences.get(row.code), policy, day),
            planned=planned.get(row.id, {}),
        )
        for row in communes
    ]
    return [each if each.applies(Stage.WINDOW_ASSESSED) else _without_window(each) for each in found]


def _without_window(commune: CommuneStages) -> CommuneStages:
    """The same: what was assessed there, unasked, is no stage of its own."""
    reached = dict(commune.reached)
    return commune if reached.pop(Stage.WINDOW_ASSESSED, None) is None else replace(commune, reached=reached)


def _signed(use: LicenceUse | None, policy: RegularUse, day: date) -> dict[Stage, date]:
    if use is None:
        return {}
    regular = {Stage.REGULAR_USE: day} if use.recent >= policy.licences else {}
    return {Stage.FIRST_SIGNATURE: use.first_on} | regular


def _reached(within: Extent, day: date) -> dict[Stage, Any]:
    """For each stage that the records tell: a statement of body and the first day or instant of it."""
    local = Committee.level == CommitteeLevel.LOCAL
    inside = (Body.kind == BodyKind.COMMUNE) & within.bodies()
    named = select(Body.id, func.min(Committee.named_on)).join(
        Committee, local & (Committee.province_code == Body.province_code) & Committee.superseded_at.is_(None)
    )
    met = (
        select(Body.id, func.min(Meeting.held_on))
        .join(Committee, local & (Committee.province_code == Body.province_code) & Committee.superseded_at.is_(None))
        .join(Meeting, (Meeting.committee_id == Committee.id) & Meeting.superseded_at.is_(None))
    )
    assessed = select(Body.id, func.min(WindowAssessment.assessed_on)).join(
        WindowAssessment, (WindowAssessment.body_id == Body.id) & WindowAssessment.superseded_at.is_(None)
    )
    trained = (
        select(Body.id, func.min(TrainingSession.held_on))
        .join(Attendance, (Attendance.body_id == Body.id) & Attendance.superseded_at.is_(None))
        .join(TrainingSession, (TrainingSession.id == Attendance.session_id) & TrainingSession.superseded_at.is_(None))
        .where(TrainingSession.held_on <= day)
    )
    opened = (
        select(Body.id, func.min(Allowance.opens_on))
        .join(Allowance, Allowance.body_id == Body.id)
        .where(Allowance.opens_on <= day)
    )
    ordered = (
        select(Body.id, func.min(KeyOrder.requested_at))
        .join(KeyOrder, KeyOrder.body_id == Body.id)
        .where(KeyOrder.state != OrderState.CANCELLED)
    )
    delivered = (
        select(Body.id, func.min(EventRow.at))
        .join(KeyOrder, KeyOrder.body_id == Body.id)
        .join(EventRow, EventRow.subject == order_subject())
        .where(EventRow.kind == "order.delivered")
    )
    statements = {
        Stage.COMMITTEE_NAMED: named,
        Stage.FIRST_MEETING: met,
        Stage.WINDOW_ASSESSED: assessed,
        Stage.TRAINED: trained,
        Stage.ALLOWANCE_OPEN: opened,
        Stage.ORDERED: ordered,
        Stage.DELIVERED: delivered,
    }
    return {stage: asked.where(inside).group_by(Body.id) for stage, asked in statements.items()}


def _refuse_others(codes: Sequence[str], found: Sequence[Any], stage: Stage, counted: Mapping[UUID, int]) -> None:
    known = {row.code for row in found}
    for code in codes:
        if code not in known:
            raise BodyUnknown(code)
    for row in found:
        if row.kind is not BodyKind.COMMUNE:
            raise BodyNotRolledOut(row.code, "stages are a commune's")
        if stage is Stage.WINDOW_ASSESSED and counted.get(row.id, row.population or 0) <= WINDOW_ABOVE:
            raise BodyNotRolledOut(row.code, f"its window is not assessed: {WINDOW_ABOVE} inhabitants or fewer")
