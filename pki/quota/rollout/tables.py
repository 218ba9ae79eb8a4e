"""Tables of the room. A row is superseded, never edited: by the row that takes its place, or struck."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pki.journal.append_only import append_only
from pki.quota.rollout.kinds import CommitteeLevel, Stage
from pki.records import Base, Instant, enumeration

_PERSON = "(holder_id IS NULL) = (name IS NOT NULL)"


class Recorded:
    """The recorded time of a row, by whom, and until when it is current."""

    recorded_at: Mapped[datetime] = mapped_column(Instant, sort_order=100)
    recorded_by: Mapped[str] = mapped_column(String(100), sort_order=101)
    superseded_at: Mapped[datetime | None] = mapped_column(Instant, sort_order=102)


class Committee(Recorded, Base):
    """A committee of one of the three levels, by its deed."""

    __tablename__ = "rollout_committee"
    __table_args__ = (
        CheckConstraint("(level = 'regional') = (region_code IS NOT NULL)", name="region"),
        CheckConstraint("(level = 'local') = (province_code IS NOT NULL)", name="province"),
        CheckConstraint("territory = coalesce(province_code, region_code, 'MA')", name="territory"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    level: Mapped[CommitteeLevel] = mapped_column(enumeration(CommitteeLevel, "level"))
    territory: Mapped[str] = mapped_column(String(20))
    """Code of the region or province; `MA` for the central one."""
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    province_code: Mapped[str | None] = mapped_column(ForeignKey("province.code"), index=True)
    deed: Mapped[str] = mapped_column(String(300))
    named_on: Mapped[date]


class Member(Recorded, Base):
    """A person in a committee in [starts_on, ends_on): a holder on record, or a plain name."""

    __tablename__ = "rollout_member"
    __table_args__ = (
        CheckConstraint(_PERSON, name="person"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    committee_id: Mapped[UUID] = mapped_column(ForeignKey("rollout_committee.id"), index=True)
    holder_id: Mapped[UUID | None] = mapped_column(ForeignKey("holder.id"))
    name: Mapped[str | None] = mapped_column(String(200))
    function: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(String(200))
    """The organisation, in words: a committee has members of bodies that hold no allowance."""
    chair: Mapped[bool]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    deed: Mapped[str] = mapped_column(String(300))


class Meeting(Recorded, Base):
    """A meeting that was held."""

    __tablename__ = "rollout_meeting"
    __table_args__ = (CheckConstraint("present >= 0", name="present"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    committee_id: Mapped[UUID] = mapped_column(ForeignKey("rollout_committee.id"), index=True)
    held_on: Mapped[date]
    present: Mapped[int]
    minutes: Mapped[str] = mapped_column(String(300))
    """Reference of its minutes, which lie elsewhere."""


class Proposal(Recorded, Base):
    """What a committee proposes to the one above it."""

    __tablename__ = "rollout_proposal"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    committee_id: Mapped[UUID] = mapped_column(ForeignKey("rollout_committee.id"), index=True)
    made_on: Mapped[date]
    text: Mapped[str] = mapped_column(Text)


class Programme(Recorded, Base):
    """A training programme, made by a region."""

    __tablename__ = "training_programme"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    audience: Mapped[str] = mapped_column(String(300))
    starts_on: Mapped[date]
    deed: Mapped[str] = mapped_column(String(300))


class TrainingSession(Recorded, Base):
    """One session of a programme, held by a province."""

    __tablename__ = "training_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    programme_id: Mapped[UUID] = mapped_column(ForeignKey("training_programme.id"), index=True)
    province_code: Mapped[str] = mapped_column(ForeignKey("province.code"), index=True)
    place: Mapped[str] = mapped_column(String(300))
    held_on: Mapped[date]


class Attendance(Recorded, Base):
    """Who attended a session, for which body: a holder on record, or a plain name."""

    __tablename__ = "training_attendance"
    __table_args__ = (CheckConstraint(_PERSON, name="person"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("training_session.id"), index=True)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), index=True)
    holder_id: Mapped[UUID | None] = mapped_column(ForeignKey("holder.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(200))


class WindowAssessment(Recorded, Base):
    """What was found in the single window of a commune: people, equipment, what is missing."""

    __tablename__ = "window_assessment"
    __table_args__ = (
        CheckConstraint("staff >= 0 AND workstations >= 0 AND scanners >= 0", name="counts"),
        CheckConstraint("bandwidth_mbps IS NULL OR bandwidth_mbps >= 0", name="bandwidth"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), index=True)
    assessed_on: Mapped[date]
    assessed_by: Mapped[str] = mapped_column(String(300))
    staff: Mapped[int]
    workstations: Mapped[int]
    scanners: Mapped[int]
    bandwidth_mbps: Mapped[int | None]
    adequate: Mapped[bool]
    findings: Mapped[str] = mapped_column(Text)


class StagePlan(Recorded, Base):
    """By which civil day a commune is to reach a stage."""

    __tablename__ = "stage_plan"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), index=True)
    stage: Mapped[Stage] = mapped_column(enumeration(Stage, "stage"))
    planned_on: Mapped[date]


class ReportRow(Recorded, Base):
    """A report as it was made: its numbers, never changed. The file exists once it was sealed."""

    __tablename__ = "rollout_report"
    __table_args__ = (
        CheckConstraint("(file_sha256 IS NULL) = (sealed_at IS NULL)", name="sealed"),
        CheckConstraint("file_sha256 IS NULL OR base_sha256 IS NOT NULL", name="base"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    level: Mapped[CommitteeLevel] = mapped_column(enumeration(CommitteeLevel, "level"))
    territory: Mapped[str] = mapped_column(String(20))
    month: Mapped[str] = mapped_column(String(7))
    numbers: Mapped[str] = mapped_column(Text)
    """Canonical JSON."""
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of `numbers`, hex."""
    base_sha256: Mapped[str | None] = mapped_column(String(64))
    """The laid-out file before its seal."""
    file_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    sealed_at: Mapped[datetime | None] = mapped_column(Instant)


def _current(table: type[Recorded], name: str, *columns: str, where: str | None = None) -> None:
    """At most one current row for the columns."""
    mapped = table.__table__  # type: ignore[attr-defined]
    condition = mapped.c.superseded_at.is_(None)
    if where is not None:
        condition &= mapped.c[where].is_not(None)
    Index(name, *(mapped.c[each] for each in columns), unique=True, sqlite_where=condition, postgresql_where=condition)


_current(Committee, "uq_rollout_committee_territory_current", "territory")
_current(StagePlan, "uq_stage_plan_body_id_stage_current", "body_id", "stage")
_current(ReportRow, "uq_rollout_report_territory_month_current", "territory", "month")
_current(Attendance, "uq_training_attendance_current", "session_id", "holder_id", where="holder_id")
_current(WindowAssessment, "uq_window_assessment_current", "body_id", "assessed_on")

for _table in (
    Committee,
    Member,
    Meeting,
    Proposal,
    Programme,
    TrainingSession,
    Attendance,
    WindowAssessment,
    StagePlan,
):
    append_only(
        _table.__table__,
        frozen=tuple(name for name in _table.__table__.columns.keys() if name != "superseded_at"),  # noqa: SIM118
        once=("superseded_at",),
    )
append_only(
    ReportRow.__table__,
    frozen=("id", "level", "territory", "month", "numbers", "digest", "recorded_at", "recorded_by"),
    once=("superseded_at", "base_sha256", "file_sha256", "sealed_at"),
)
