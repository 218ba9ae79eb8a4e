"""Tables of the room. A record that was wrong is superseded by another; none is edited."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pki.journal.append_only import append_only
from pki.records import Base, Instant, enumeration
from pki.registration.powers.kinds import DeedKind, DelegationMode, FindingKind


class Delegation(Base):
    """An office lets another sign, in effect on the civil days [starts_on, ends_on)."""

    __tablename__ = "delegation"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="days"),
        CheckConstraint("mode <> 'powers' OR sector IS NOT NULL", name="sector"),
        CheckConstraint("from_office_id <> to_office_id", name="offices"),
        CheckConstraint(
            "(deed_kind = 'signed') = (document_reference IS NOT NULL) AND "
            "(deed_kind = 'paper') = (scan_sha256 IS NOT NULL) AND "
            "(deed_kind = 'paper') = (confirmed_by IS NOT NULL)",
            name="deed",
        ),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> recorded_by", name="two_officers"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), index=True)
    number: Mapped[str] = mapped_column(String(60))
    """As the deed numbers itself; once in a body."""
    from_office_id: Mapped[UUID] = mapped_column(ForeignKey("office.id"), index=True)
    to_office_id: Mapped[UUID] = mapped_column(ForeignKey("office.id"), index=True)
    mode: Mapped[DelegationMode] = mapped_column(enumeration(DelegationMode, "mode"))
    acts: Mapped[str] = mapped_column(String(200))
    """Kinds of act, sorted, divided by blanks."""
    sector: Mapped[str | None] = mapped_column(String(100))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    deed_kind: Mapped[DeedKind] = mapped_column(enumeration(DeedKind, "deed_kind"))
    document_reference: Mapped[str | None] = mapped_column(String(11), unique=True)
    scan_sha256: Mapped[str | None] = mapped_column(String(64))
    bulletin: Mapped[str | None] = mapped_column(String(100))
    """Where the local authorities' bulletin published it (organic law 113-14, art. 277)."""
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))
    confirmed_by: Mapped[str | None] = mapped_column(String(100))
    superseded_at: Mapped[datetime | None] = mapped_column(Instant)


class DelegationEnd(Base):
    """A delegation revoked: `ends_on` is the first civil day on which it no longer counts."""

    __tablename__ = "delegation_end"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    delegation_id: Mapped[UUID] = mapped_column(ForeignKey("delegation.id"), index=True)
    ends_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(300))
    deed: Mapped[str] = mapped_column(String(300))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))
    superseded_at: Mapped[datetime | None] = mapped_column(Instant)


class Finding(Base):
    """What an act outside the register found, on the civil days [starts_on, ends_on); None: until further notice."""

    __tablename__ = "finding"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="days"),
        CheckConstraint("(kind = 'special_committee') = (office_id IS NULL)", name="office"),
        CheckConstraint("confirmed_by <> recorded_by", name="two_officers"),
        CheckConstraint("replacement_id IS NULL OR kind = 'absence'", name="replacement"),
        CheckConstraint("replacement_id IS NULL OR replacement_id <> office_id", name="another"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[FindingKind] = mapped_column(enumeration(FindingKind, "kind"))
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), index=True)
    office_id: Mapped[UUID | None] = mapped_column(ForeignKey("office.id"), index=True)
    """Whose place is taken: the absent officer's, the president's who refuses."""
    replacement_id: Mapped[UUID | None] = mapped_column(ForeignKey("office.id"), index=True)
    """The councillor who takes it because no vice-president is there (organic law 113-14, art. 109)."""
    number: Mapped[str] = mapped_column(String(60))
    acts: Mapped[str] = mapped_column(String(200))
    """Kinds of act that it gives to another, sorted, divided by blanks. Of a special committee: those that the act
    itself counts as current affairs."""
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    deed: Mapped[str] = mapped_column(String(300))
    scan_sha256: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))
    confirmed_by: Mapped[str] = mapped_column(String(100))
    superseded_at: Mapped[datetime | None] = mapped_column(Instant)


class DeedScan(Base):
    """A scan of a paper deed of a body; its bytes lie in the document storage."""

    __tablename__ = "deed_scan"
    __table_args__ = (CheckConstraint("size_bytes > 0", name="size_bytes"),)

    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(40))
    """By its first bytes."""
    size_bytes: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))


class PowersDeclaration(Base):
    """From `complete_from` on, no delegation and no finding of the body is missing from the register."""

    __tablename__ = "powers_declaration"
    __table_args__ = (CheckConstraint("confirmed_by <> recorded_by", name="two_officers"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), index=True)
    complete_from: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))
    confirmed_by: Mapped[str | None] = mapped_column(String(100))
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)


class RegisterProposal(Base):
    """An act on the register that waits for a second officer, or that one has confirmed or refused."""

    __tablename__ = "register_proposal"
    __table_args__ = (
        CheckConstraint("(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="confirmation"),
        CheckConstraint("(refused_at IS NULL) = (refused_by IS NULL)", name="refusal"),
        CheckConstraint("confirmed_at IS NULL OR refused_at IS NULL", name="one_end"),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> proposed_by", name="two_officers"),
        CheckConstraint("result_id IS NULL OR confirmed_at IS NOT NULL", name="result"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    body_code: Mapped[str] = mapped_column(String(40), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    content: Mapped[str] = mapped_column(Text)
    """The act, canonical JSON."""
    documents: Mapped[str] = mapped_column(Text)
    """References of the documents that it touches, one a line."""
    digest: Mapped[str] = mapped_column(String(64))
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    proposed_by: Mapped[str] = mapped_column(String(100))
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    confirmed_by: Mapped[str | None] = mapped_column(String(100))
    refused_at: Mapped[datetime | None] = mapped_column(Instant)
    refused_by: Mapped[str | None] = mapped_column(String(100))
    result_id: Mapped[UUID | None] = mapped_column()
    """What the confirmed act recorded or ended."""


for _table, _columns in ((Delegation, ("body_id", "number")), (DelegationEnd, ("delegation_id",))):
    Index(
        f"uq_{_table.__tablename__}_{'_'.join(_columns)}_current",
        *(getattr(_table, name) for name in _columns),
        unique=True,
        sqlite_where=_table.superseded_at.is_(None),
        postgresql_where=_table.superseded_at.is_(None),
    )

append_only(
    Delegation.__table__,
    frozen=(
        "id",
        "body_id",
        "number",
        "from_office_id",
        "to_office_id",
        "mode",
        "acts",
        "sector",
        "starts_on",
        "ends_on",
        "deed_kind",
        "document_reference",
        "scan_sha256",
        "bulletin",
        "recorded_at",
        "recorded_by",
        "confirmed_by",
    ),
    once=("superseded_at",),
)
append_only(
    DelegationEnd.__table__,
    frozen=("id", "delegation_id", "ends_on", "reason", "deed", "recorded_at", "recorded_by"),
    once=("superseded_at",),
)
append_only(
    Finding.__table__,
    frozen=(
        "id",
        "kind",
        "body_id",
        "office_id",
        "replacement_id",
        "number",
        "acts",
        "starts_on",
        "ends_on",
        "deed",
        "scan_sha256",
        "recorded_at",
        "recorded_by",
        "confirmed_by",
    ),
    once=("superseded_at",),
)
append_only(DeedScan.__table__, frozen=tuple(DeedScan.__table__.columns.keys()))
append_only(
    PowersDeclaration.__table__,
    frozen=("id", "body_id", "complete_from", "recorded_at", "recorded_by", "confirmed_by"),
    once=("withdrawn_at",),
)
append_only(
    RegisterProposal.__table__,
    frozen=("id", "body_code", "kind", "content", "documents", "digest", "proposed_at", "proposed_by"),
    once=("confirmed_at", "confirmed_by", "refused_at", "refused_by", "result_id"),
)
