"""Plans: drafted, and found again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.quota.elections.errors import PlanExists, PlanUnknown
from pki.quota.elections.kinds import CouncilState
from pki.quota.elections.tables import Council, ElectedOfficial, ElectionPlan
from pki.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStatus:
    """How far a plan is."""

    id: UUID
    label: str
    recorded_at: datetime
    officials: int
    bodies: int
    """Councils that the list speaks of."""
    frozen: int
    """Frozen and not seated yet."""
    seated: int


def draft_plan(records: Records, *, label: str, by: Actor, at: datetime) -> UUID:
    """Begin a plan.

    :raise PlanExists: the label names one; carries it.
    """
    with records.writing() as session:
        plan = session.execute(
            insert_into(session, ElectionPlan)
            .values(id=uuid4(), label=label, recorded_at=at, recorded_by=str(by))
            .on_conflict_do_nothing()
            .returning(ElectionPlan.id)
        ).scalar_one_or_none()
        if plan is None:
            known = session.scalars(select(ElectionPlan.id).where(ElectionPlan.label == label)).one()
            raise PlanExists(label, known)
        record(session, kind="election.drafted", subject=f"election:{plan}", by=by, at=at, facts={"label": label})
    return plan


def plan_status(session: Session, plan: UUID) -> PlanStatus:
    """How far it is.

    :raise PlanUnknown: no such plan.
    """
    found = session.get(ElectionPlan, plan)
    if found is None:
        raise PlanUnknown(plan)
    current = (ElectedOfficial.plan_id == plan) & ElectedOfficial.superseded_at.is_(None)
    officials, bodies = session.execute(
        select(func.count(), func.count(ElectedOfficial.body_id.distinct())).where(current)
    ).one()
    counted = select(Council.state, func.count()).where(Council.plan_id == plan).group_by(Council.state)
    states = dict(session.execute(counted).all())
    return PlanStatus(
        id=plan,
        label=found.label,
        recorded_at=found.recorded_at,
        officials=officials,
        bodies=bodies,
        frozen=states.get(CouncilState.FROZEN, 0),
        seated=states.get(CouncilState.SEATED, 0),
    )


def plans(session: Session) -> list[PlanStatus]:
    """Every plan, the newest first."""
    ids = session.scalars(select(ElectionPlan.id).order_by(ElectionPlan.recorded_at.desc(), ElectionPlan.id))
    return [plan_status(session, each) for each in ids.all()]


_KNOWN = select(ElectionPlan.id).where(ElectionPlan.id == bindparam("plan"))


def require_plan(session: Session, plan: UUID) -> None:
    """:raise PlanUnknown: no such plan."""
    if session.scalar(_KNOWN, {"plan": plan}) is None:
        raise PlanUnknown(plan)
