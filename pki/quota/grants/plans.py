"""Waves as planned: a date and a scope that can be moved, and the wave that came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.quota.errors import AgreementUnknown
from pki.quota.grants.errors import ProposalDecided, ProposalUnknown
from pki.quota.grants.tables import WavePlan, WavePlanScope
from pki.quota.kinds import ScopeKind
from pki.quota.tables import Agreement, Wave
from pki.quota.waves import Scope, WaveOpened, open_scope, require_scope
from pki.records import Records, again_after_deadlock

_KIND = "wave plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWave:
    """A plan as it stands, beside what came of it."""

    id: UUID
    agreement: UUID
    label: str
    scope: Scope
    first_planned_on: date
    """Before it was moved for the first time."""
    planned_on: date
    times_moved: int
    opened_on: date | None
    """The day the wave opens or opened; None: nobody opened it yet."""
    wave: UUID | None

    def days_late(self, today: date) -> int:
        """Days behind the first plan, by the opening or, while there is none, by today; below zero: early."""
        return ((self.opened_on or max(self.planned_on, today)) - self.first_planned_on).days


def plan_wave(
    records: Records, *, agreement: UUID, label: str, scope: Scope, planned_on: date, by: Actor, at: datetime
) -> UUID:
    """Record when a scope is to be opened. Nothing is granted by it.

    :raise AgreementUnknown: no such agreement.
    :raise RegionUnknown: as `open_wave`; ProvinceUnknown and BodyUnknown alike.
    """
    with records.writing() as session:
        if session.scalar(select(Agreement.id).where(Agreement.id == agreement)) is None:
            raise AgreementUnknown(agreement)
        require_scope(session, scope)
        facts: dict[str, object] = {"agreement": agreement, "label": label, "planned_on": planned_on}
        facts |= {"regions": scope.regions, "provinces": scope.provinces, "bodies": scope.bodies}
        return _insert(
            session, scope, agreement=agreement, label=label, planned_on=planned_on, facts=facts, by=by, at=at
        )


def move_wave(records: Records, *, plan: UUID, planned_on: date, reason: str, by: Actor, at: datetime) -> UUID:
    """Plan the same wave for another day; the former plan is kept, superseded. Return the new plan.

    :raise ProposalUnknown: no such plan.
    :raise ProposalDecided: it was opened or moved before.
    """
    with records.writing() as session:
        found = _current(session, plan)
        superseded = session.execute(
            update(WavePlan)
            .where(WavePlan.id == plan, WavePlan.superseded_at.is_(None), WavePlan.wave_id.is_(None))
            .values(superseded_at=at)
            .returning(WavePlan.id)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
        if superseded is None:
            raise ProposalDecided(_KIND, plan)
        facts: dict[str, object] = {"replaces": plan, "planned_on": planned_on, "reason": reason}
        return _insert(
            session,
            scope_of(session, plan),
            agreement=found.agreement_id,
            label=found.label,
            planned_on=planned_on,
            replaces=plan,
            reason=reason,
            facts=facts,
            by=by,
            at=at,
        )


@again_after_deadlock
def open_planned_wave(records: Records, *, plan: UUID, opens_on: date, by: Actor, at: datetime) -> WaveOpened:
    """Open the wave that was planned, from `opens_on` on (inside), whatever day was planned.

    :raise ProposalUnknown: no such plan.
    :raise ProposalDecided: it was opened or moved before.
    :raise QuotaError: as `open_wave`.
    """
    with records.writing() as session:
        found = _current(session, plan)
        opened = open_scope(
            session,
            scope_of(session, plan),
            agreement=found.agreement_id,
            label=found.label,
            opens_on=opens_on,
            by=by,
            at=at,
        )
        done = session.execute(
            update(WavePlan)
            .where(WavePlan.id == plan, WavePlan.superseded_at.is_(None), WavePlan.wave_id.is_(None))
            .values(wave_id=opened.id)
            .returning(WavePlan.id)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
        if done is None:
            raise ProposalDecided(_KIND, plan)
        facts: dict[str, object] = {"wave": opened.id, "planned_on": found.planned_on, "opens_on": opens_on}
        record(session, kind="wave-plan.opened", subject=f"wave-plan:{plan}", by=by, at=at, facts=facts)
        return opened


def wave_plans(session: Session, *, agreement: UUID | None = None) -> list[PlannedWave]:
    """Plans that stand, by their day, each with its first day and what came of it."""
    asked = select(WavePlan, Wave.opens_on).outerjoin(Wave, Wave.id == WavePlan.wave_id)
    if agreement is not None:
        asked = asked.where(WavePlan.agreement_id == agreement)
    rows = {plan.id: (plan, opens_on) for plan, opens_on in session.execute(asked)}
    planned = []
    for plan, opens_on in rows.values():
        if plan.superseded_at is not None:
            continue
        first, moved = plan, 0
        while first.replaces is not None:
            first, moved = rows[first.replaces][0], moved + 1
        planned.append(
            PlannedWave(
                id=plan.id,
                agreement=plan.agreement_id,
                label=plan.label,
                scope=scope_of(session, plan.id),
                first_planned_on=first.planned_on,
                planned_on=plan.planned_on,
                times_moved=moved,
                opened_on=opens_on,
                wave=plan.wave_id,
            )
        )
    return sorted(planned, key=lambda each: (each.planned_on, each.label))


def scope_of(session: Session, plan: UUID) -> Scope:
    """What a plan opens."""
    rows = session.execute(
        select(WavePlanScope.kind, WavePlanScope.code).where(WavePlanScope.plan_id == plan).order_by(WavePlanScope.code)
    ).all()
    codes = {kind: tuple(row.code for row in rows if row.kind is kind) for kind in ScopeKind}
    return Scope(regions=codes[ScopeKind.REGION], provinces=codes[ScopeKind.PROVINCE], bodies=codes[ScopeKind.BODY])


def _current(session: Session, plan: UUID) -> WavePlan:
    found = session.scalars(
        select(WavePlan).where(WavePlan.id == plan).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise ProposalUnknown(_KIND, plan)
    if found.superseded_at is not None or found.wave_id is not None:
        raise ProposalDecided(_KIND, plan)
    return found


def _insert(
    session: Session,
    scope: Scope,
    *,
    agreement: UUID,
    label: str,
    planned_on: date,
    replaces: UUID | None = None,
    reason: str = "",
    facts: dict[str, object],
    by: Actor,
    at: datetime,
) -> UUID:
    plan = uuid4()
    session.execute(
        insert(WavePlan).values(
            id=plan,
            agreement_id=agreement,
            label=label,
            planned_on=planned_on,
            replaces=replaces,
            reason=reason,
            recorded_at=at,
            recorded_by=str(by),
        )
    )
    named = [(ScopeKind.REGION, scope.regions), (ScopeKind.PROVINCE, scope.provinces), (ScopeKind.BODY, scope.bodies)]
    session.execute(
        insert(WavePlanScope),
        [{"plan_id": plan, "kind": kind, "code": code} for kind, codes in named for code in sorted(set(codes))],
    )
    kind = "wave.planned" if replaces is None else "wave.moved"
    record(session, kind=kind, subject=f"wave-plan:{plan}", by=by, at=at, facts=facts)
    return plan
