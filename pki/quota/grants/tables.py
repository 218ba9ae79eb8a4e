"""Plans, proposals and what they led to. Rows are superseded or decided once, never edited."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pki.journal.append_only import append_only
from pki.quota.kinds import Decision, ScopeKind, TransferSide
from pki.records import Base, Instant, enumeration


class WavePlan(Base):
    """A wave as planned. A plan that is moved is superseded by another."""

    __tablename__ = "wave_plan"
    __table_args__ = (CheckConstraint("superseded_at IS NULL OR wave_id IS NULL", name="superseded"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"), index=True)
    label: Mapped[str] = mapped_column(String(200))
    planned_on: Mapped[date]
    replaces: Mapped[UUID | None] = mapped_column(ForeignKey("wave_plan.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(300))
    """Why it was moved; empty: it is the first."""
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))
    superseded_at: Mapped[datetime | None] = mapped_column(Instant)
    wave_id: Mapped[UUID | None] = mapped_column(ForeignKey("wave.id"), unique=True)
    """The wave that was opened by it."""


class WavePlanScope(Base):
    """One region, province or body that a plan opens."""

    __tablename__ = "wave_plan_scope"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("wave_plan.id"), primary_key=True)
    kind: Mapped[ScopeKind] = mapped_column(enumeration(ScopeKind, "kind"), primary_key=True)
    code: Mapped[str] = mapped_column(String(40), primary_key=True)


class ExtraRequest(Base):
    """Seats asked for beyond the tier, and what another officer decided."""

    __tablename__ = "extra_request"
    __table_args__ = (
        CheckConstraint("seats > 0", name="seats"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by"),
        CheckConstraint("(decided_at IS NULL) = (decision IS NULL)", name="decided"),
        CheckConstraint("decided_by IS NULL OR decided_by <> requested_by", name="two_persons"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), index=True)
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    seats: Mapped[int]
    reason: Mapped[str] = mapped_column(String(300))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    requested_at: Mapped[datetime] = mapped_column(Instant)
    requested_by: Mapped[str] = mapped_column(String(100))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(String(100))
    decision: Mapped[Decision | None] = mapped_column(enumeration(Decision, "decision"))
    decision_reason: Mapped[str | None] = mapped_column(String(300))


class SeatTransfer(Base):
    """Seats that one body offers another, or asks of it; moved once every consent that it needs is there."""

    __tablename__ = "seat_transfer"
    __table_args__ = (
        CheckConstraint("seats > 0", name="seats"),
        CheckConstraint("giver_id <> receiver_id", name="two_bodies"),
        CheckConstraint("(consented_at IS NULL) = (consented_by IS NULL)", name="consent"),
        CheckConstraint("(approved_at IS NULL) = (approved_by IS NULL)", name="approval"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        CheckConstraint("consented_by IS NULL OR consented_by <> proposed_by", name="two_persons"),
        CheckConstraint(
            "approved_by IS NULL OR "
            "(approved_by <> proposed_by AND (consented_by IS NULL OR approved_by <> consented_by))",
            name="three_persons",
        ),
        CheckConstraint(
            "moved_at IS NULL OR (consented_at IS NOT NULL AND (approved_at IS NOT NULL OR NOT needs_approval))",
            name="moved",
        ),
        CheckConstraint("moved_at IS NULL OR ended_at IS NULL", name="moved_or_ended"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    giver_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), index=True)
    receiver_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), index=True)
    seats: Mapped[int]
    reason: Mapped[str] = mapped_column(String(300))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    needs_approval: Mapped[bool]
    """More seats, with those moved lately or on offer, than the policy lets two officers move on their own."""
    proposed_side: Mapped[TransferSide] = mapped_column(enumeration(TransferSide, "proposed_side"))
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    proposed_by: Mapped[str] = mapped_column(String(100))
    consented_at: Mapped[datetime | None] = mapped_column(Instant)
    consented_by: Mapped[str | None] = mapped_column(String(100))
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    approved_by: Mapped[str | None] = mapped_column(String(100))
    moved_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    """Refused or withdrawn."""
    ended_by: Mapped[str | None] = mapped_column(String(100))
    end_reason: Mapped[str | None] = mapped_column(String(300))


class Proposed:
    """A change of what an agreement grants: proposed with the digest of its effect, applied by another officer.

    Its columns stand around those of each table, as the migrations have them.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"), index=True, sort_order=-1)
    in_effect: Mapped[date] = mapped_column(sort_order=1)
    digest: Mapped[str] = mapped_column(String(64), sort_order=1)
    proposed_at: Mapped[datetime] = mapped_column(Instant, sort_order=1)
    proposed_by: Mapped[str] = mapped_column(String(100), sort_order=1)
    applied_at: Mapped[datetime | None] = mapped_column(Instant, sort_order=1)
    applied_by: Mapped[str | None] = mapped_column(String(100), sort_order=1)
    superseded_at: Mapped[datetime | None] = mapped_column(Instant, sort_order=1)
    """By another proposal for the same agreement."""


def _two_officers() -> tuple[CheckConstraint, ...]:
    """What holds of every such table, made for each."""
    return (
        CheckConstraint("(applied_at IS NULL) = (applied_by IS NULL)", name="applied"),
        CheckConstraint("applied_by IS NULL OR applied_by <> proposed_by", name="two_persons"),
        CheckConstraint("superseded_at IS NULL OR applied_at IS NULL", name="superseded"),
    )


class CensusApplication(Proposed, Base):
    """A census proposed to an agreement with the digest of its effect, and applied by another officer."""

    __tablename__ = "census_application"
    __table_args__ = _two_officers()

    census: Mapped[str] = mapped_column(ForeignKey("census.label"))


class TierAmendment(Proposed, Base):
    """Another tier table proposed to an agreement with the digest of its effect, and applied by another officer."""

    __tablename__ = "tier_amendment"
    __table_args__ = _two_officers()

    number: Mapped[str] = mapped_column(String(100))
    """The amendment's own."""
    tiers: Mapped[str] = mapped_column(Text)
    """Canonical JSON; rows of the agreement's table once applied."""


class AgreementSuccession(Proposed, Base):
    """An agreement whose allowances, living orders and unused purchases another takes over; then it grants no more."""

    __tablename__ = "agreement_succession"
    __table_args__ = (
        CheckConstraint("agreement_id <> successor_id", name="two_agreements"),
        CheckConstraint("purchases_carried >= 0", name="purchases_carried"),
        *_two_officers(),
    )

    successor_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"), index=True)
    purchases_carried: Mapped[int]
    """Unused ones that the successor honours; the others stay unused for good."""


class AgreementAmendment(Base):
    """A change of an agreement's figures, by its own number."""

    __tablename__ = "agreement_amendment"
    __table_args__ = (
        UniqueConstraint("agreement_id", "number"),
        CheckConstraint("purchases_added >= 0", name="purchases_added"),
        CheckConstraint("seats_ceiling IS NOT NULL OR purchases_added > 0", name="changes"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    number: Mapped[str] = mapped_column(String(100))
    seats_ceiling: Mapped[int | None]
    """None: as it was."""
    purchases_added: Mapped[int]
    reason: Mapped[str] = mapped_column(String(300))
    in_effect: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))


class PurchaseReturn(Base):
    """A purchase given back because the authority made a mistake: once for an order."""

    __tablename__ = "purchase_return"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("key_order.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(300))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))


class OpeningKey(Base):
    """A key that was in the field before it was on record here."""

    __tablename__ = "opening_key"
    order_id: Mapped[UUID] = mapped_column(ForeignKey("key_order.id"), primary_key=True)
    serial: Mapped[str] = mapped_column(String(64), unique=True)
    """Of its certificate: hexadecimal digits, small, without leading zeros."""
    sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Of its certificate, once that is here."""
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))


def _columns(table: type[Base], *, apart: tuple[str, ...] = ()) -> tuple[str, ...]:
    return tuple(column.name for column in table.__table__.columns if column.name not in apart)


_PLAN = ("superseded_at", "wave_id")
_EXTRA = ("decided_at", "decided_by", "decision", "decision_reason")
_TRANSFER: tuple[str, ...] = ("consented_at", "consented_by", "approved_at", "approved_by", "moved_at")
_TRANSFER += ("ended_at", "ended_by", "end_reason")
_APPLIED = ("applied_at", "applied_by", "superseded_at")
append_only(WavePlan.__table__, frozen=_columns(WavePlan, apart=_PLAN), once=_PLAN)
append_only(WavePlanScope.__table__, frozen=_columns(WavePlanScope))
append_only(ExtraRequest.__table__, frozen=_columns(ExtraRequest, apart=_EXTRA), once=_EXTRA)
append_only(SeatTransfer.__table__, frozen=_columns(SeatTransfer, apart=_TRANSFER), once=_TRANSFER)
append_only(CensusApplication.__table__, frozen=_columns(CensusApplication, apart=_APPLIED), once=_APPLIED)
append_only(TierAmendment.__table__, frozen=_columns(TierAmendment, apart=_APPLIED), once=_APPLIED)
append_only(AgreementSuccession.__table__, frozen=_columns(AgreementSuccession, apart=_APPLIED), once=_APPLIED)
append_only(AgreementAmendment.__table__, frozen=_columns(AgreementAmendment))
append_only(PurchaseReturn.__table__, frozen=_columns(PurchaseReturn))
append_only(OpeningKey.__table__, frozen=_columns(OpeningKey, apart=("sha256",)), once=("sha256",))

for _table in (CensusApplication, TierAmendment, AgreementSuccession):
    _waiting = _table.superseded_at.is_(None) & _table.applied_at.is_(None)
    Index(
        f"uq_{_table.__tablename__}_agreement_id_waiting",
        _table.agreement_id,
        unique=True,
        sqlite_where=_waiting,
        postgresql_where=_waiting,
    )
Index(
    "uq_agreement_succession_agreement_id_applied",
    AgreementSuccession.agreement_id,
    unique=True,
    sqlite_where=AgreementSuccession.applied_at.is_not(None),
    postgresql_where=AgreementSuccession.applied_at.is_not(None),
)
