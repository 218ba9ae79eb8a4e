"""Plans, the officials of their lists, councils and what each new office got."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from pki.journal.append_only import append_only
from pki.quota.elections.kinds import CouncilState, KeyOutcome
from pki.records import Base, Instant, enumeration
from pki.registration.kinds import OfficeFunction


class ElectionPlan(Base):
    """One wave of mandates that end."""

    __tablename__ = "election_plan"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    label: Mapped[str] = mapped_column(String(200), unique=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))


class ElectedOfficial(Base):
    """One row of a list that was taken. A later list's row for the same office supersedes it."""

    __tablename__ = "elected_official"
    __table_args__ = (
        CheckConstraint("function IN ('president', 'vice_president')", name="elected"),
        CheckConstraint("(function = 'vice_president') = (rank IS NOT NULL)", name="rank"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("election_plan.id"))
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"))
    function: Mapped[OfficeFunction] = mapped_column(enumeration(OfficeFunction, "function"))
    rank: Mapped[int | None]
    place: Mapped[str] = mapped_column(String(60))
    """Function and rank as one text: what a council has once."""
    name_ar: Mapped[str] = mapped_column(String(200))
    name_latin: Mapped[str] = mapped_column(String(64))
    cin_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    cin_hash: Mapped[str] = mapped_column(String(64))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(20))
    elected_on: Mapped[date]
    deed: Mapped[str] = mapped_column(String(300))
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 over what the row says, the national id by its keyed hash: the same again changes nothing."""
    imported_at: Mapped[datetime] = mapped_column(Instant)
    imported_by: Mapped[str] = mapped_column(String(100))
    superseded_at: Mapped[datetime | None] = mapped_column(Instant)


_CURRENT = ElectedOfficial.superseded_at.is_(None)
Index(
    "uq_elected_official_plan_id_body_id_place_current",
    ElectedOfficial.plan_id,
    ElectedOfficial.body_id,
    ElectedOfficial.place,
    unique=True,
    sqlite_where=_CURRENT,
    postgresql_where=_CURRENT,
)
append_only(
    ElectedOfficial.__table__,
    frozen=tuple(each.name for each in ElectedOfficial.__table__.columns if each.name != "superseded_at"),
    once=("superseded_at",),
)


class Council(Base):
    """How far one council of a plan is: the row is written in the transaction of the step that it tells of."""

    __tablename__ = "election_council"
    __table_args__ = (
        CheckConstraint(
            "(state = 'seated') = (elected_on IS NOT NULL AND deed IS NOT NULL AND seated_at IS NOT NULL"
            " AND seated_by IS NOT NULL)",
            name="seated",
        ),
        CheckConstraint("elected_on IS NULL OR elected_on >= frozen_on", name="elected_on"),
    )

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("election_plan.id"), primary_key=True)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), primary_key=True)
    state: Mapped[CouncilState] = mapped_column(enumeration(CouncilState, "council_state"))
    frozen_on: Mapped[date]
    """First civil day on which nobody of the outgoing council is in office."""
    freeze_deed: Mapped[str] = mapped_column(String(300))
    frozen_at: Mapped[datetime] = mapped_column(Instant)
    frozen_by: Mapped[str] = mapped_column(String(100))
    elected_on: Mapped[date | None]
    deed: Mapped[str | None] = mapped_column(String(300))
    seated_at: Mapped[datetime | None] = mapped_column(Instant)
    seated_by: Mapped[str | None] = mapped_column(String(100))


_FROZEN = Council.state == CouncilState.FROZEN
Index(
    "uq_election_council_body_id_frozen",
    Council.body_id,
    unique=True,
    sqlite_where=_FROZEN,
    postgresql_where=_FROZEN,
)
append_only(
    Council.__table__,
    frozen=("plan_id", "body_id", "frozen_on", "freeze_deed", "frozen_at", "frozen_by"),
    once=("elected_on", "deed", "seated_at", "seated_by"),
)


class FrozenOffice(Base):
    """An office that ended with its council."""

    __tablename__ = "election_frozen_office"
    __table_args__ = (
        ForeignKeyConstraint(["plan_id", "body_id"], ["election_council.plan_id", "election_council.body_id"]),
    )

    office_id: Mapped[UUID] = mapped_column(ForeignKey("office.id"), primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(primary_key=True)
    body_id: Mapped[UUID] = mapped_column(index=True)


append_only(FrozenOffice.__table__, frozen=("office_id", "plan_id", "body_id"))


class SeatedOfficial(Base):
    """A new office, and the key that came with it."""

    __tablename__ = "election_seated_official"
    __table_args__ = (
        ForeignKeyConstraint(["plan_id", "body_id"], ["election_council.plan_id", "election_council.body_id"]),
        CheckConstraint("(order_id IS NOT NULL) = (outcome IN ('kept', 'succeeds', 'ordered'))", name="order"),
    )

    official_id: Mapped[UUID] = mapped_column(ForeignKey("elected_official.id"), primary_key=True)
    plan_id: Mapped[UUID]
    body_id: Mapped[UUID] = mapped_column(index=True)
    office_id: Mapped[UUID] = mapped_column(ForeignKey("office.id"), unique=True)
    holder_id: Mapped[UUID] = mapped_column(ForeignKey("holder.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("key_order.id"))
    outcome: Mapped[KeyOutcome] = mapped_column(enumeration(KeyOutcome, "key_outcome"))


append_only(SeatedOfficial.__table__, frozen=tuple(SeatedOfficial.__table__.columns.keys()))
