"""Rows of the room as they come and go: inserted with both times, superseded once, struck when wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from pki.journal.acts import Actor, record
from pki.quota.rollout.errors import (
    PersonRefused,
    RolloutDatesRefused,
    RolloutRecordInUse,
    RolloutRecordUnknown,
)
from pki.quota.rollout.kinds import RolloutKind
from pki.quota.rollout.tables import (
    Attendance,
    Committee,
    Meeting,
    Member,
    Programme,
    Proposal,
    StagePlan,
    TrainingSession,
    WindowAssessment,
)
from pki.records import HolderId, Records, civil_day
from pki.registration.tables import Holder

Row = (
    type[Committee]
    | type[Member]
    | type[Meeting]
    | type[Proposal]
    | type[Programme]
    | type[TrainingSession]
    | type[Attendance]
    | type[WindowAssessment]
    | type[StagePlan]
)
TABLES: Mapping[RolloutKind, Row] = MappingProxyType(
    {
        RolloutKind.COMMITTEE: Committee,
        RolloutKind.MEMBER: Member,
        RolloutKind.MEETING: Meeting,
        RolloutKind.PROPOSAL: Proposal,
        RolloutKind.PROGRAMME: Programme,
        RolloutKind.SESSION: TrainingSession,
        RolloutKind.ATTENDANCE: Attendance,
        RolloutKind.WINDOW: WindowAssessment,
        RolloutKind.PLAN: StagePlan,
    }
)
_REST_ON: Mapping[RolloutKind, tuple[tuple[Row, InstrumentedAttribute[UUID]], ...]] = MappingProxyType(
    {
        RolloutKind.COMMITTEE: (
            (Member, Member.committee_id),
            (Meeting, Meeting.committee_id),
            (Proposal, Proposal.committee_id),
        ),
        RolloutKind.PROGRAMME: ((TrainingSession, TrainingSession.programme_id),),
        RolloutKind.SESSION: ((Attendance, Attendance.session_id),),
    }
)


def strike_record(records: Records, *, kind: RolloutKind, number: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Take a record that was wrong out of force; it stays on record as what was believed until now.

    :raise RolloutRecordUnknown: no current record of that kind and id.
    :raise RolloutRecordInUse: current records rest on it.
    """
    with records.writing() as session:
        supersede(session, kind, number, at=at)
        for table, column in _REST_ON.get(kind, ()):
            if session.scalar(select(table.id).where(column == number, table.superseded_at.is_(None)).limit(1)):
                raise RolloutRecordInUse(kind.value, number)
        subject, facts = f"{kind.value}:{number}", {"reason": reason}
        record(session, kind=f"rollout.{kind.value}-struck", subject=subject, by=by, at=at, facts=facts)


def supersede(session: Session, kind: RolloutKind, number: UUID, *, at: datetime) -> None:
    """End the force of a row, as whoever ends it alone.

    :raise RolloutRecordUnknown: there is none, or it ended before.
    """
    table = TABLES[kind]
    ended = session.execute(
        update(table)
        .where(table.id == number, table.superseded_at.is_(None))
        .values(superseded_at=at)
        .returning(table.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if ended is None:
        raise RolloutRecordUnknown(kind.value, number)


def require_current(session: Session, kind: RolloutKind, number: UUID) -> None:
    """Hold a row that others will rest on; whoever strikes it waits, or this one does.

    :raise RolloutRecordUnknown: there is none in force.
    """
    table = TABLES[kind]
    found = session.scalar(
        select(table.id).where(table.id == number, table.superseded_at.is_(None)).with_for_update(key_share=True)
    )
    if found is None:
        raise RolloutRecordUnknown(kind.value, number)


def insert_record(
    session: Session,
    kind: RolloutKind,
    values: Mapping[str, object],
    *,
    supersedes: UUID | None = None,
    by: Actor,
    at: datetime,
) -> UUID:
    """Insert a row with its journal entry, in the place of `supersedes` if that is given."""
    if supersedes is not None:
        supersede(session, kind, supersedes, at=at)
    number = uuid4()
    session.execute(insert(TABLES[kind]).values(id=number, **values, recorded_at=at, recorded_by=str(by)))
    facts = dict(values) | ({} if supersedes is None else {"supersedes": supersedes})
    record(session, kind=f"rollout.{kind.value}-recorded", subject=f"{kind.value}:{number}", by=by, at=at, facts=facts)
    return number


def refuse_future(day: date, *, at: datetime) -> None:
    """Refuse a day on which something is said to have happened and that has not come yet.

    :raise RolloutDatesRefused: it lies after the civil day of `at`.
    """
    if day > civil_day(at):
        raise RolloutDatesRefused(f"{day} has not come yet")


def person(session: Session, holder: HolderId | None, name: str | None) -> dict[str, object]:
    """The columns of a person.

    :raise PersonRefused: both or neither of the two, or a holder not on record.
    """
    if (holder is None) == (name is None or not name.strip()):
        raise PersonRefused("a holder on record or a name, and one of the two")
    if holder is not None and session.scalar(select(Holder.id).where(Holder.id == holder)) is None:
        raise PersonRefused(f"no holder has the id {holder}")
    return {"holder_id": holder, "name": None if name is None else name.strip()}
