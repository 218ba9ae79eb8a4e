"""Tables of the room: dossiers, their files, their documents and revisions, and who has a head in hand."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pki.records import Base, Instant, enumeration
from pki.registration.powers.kinds import DelegationMode
from signer.dossiers.kinds import (
    DocumentKind,
    DocumentState,
    DossierKind,
    Level,
    LicenceStatusKind,
    MemberState,
    OpinionValue,
    Track,
)


class Dossier(Base):
    """One permit application as the platform knows it."""

    __tablename__ = "dossier"
    __table_args__ = (UniqueConstraint("platform", "platform_reference"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    reference: Mapped[str] = mapped_column(String(11), unique=True)
    platform: Mapped[str] = mapped_column(String(100))
    platform_reference: Mapped[str] = mapped_column(String(100))
    body_code: Mapped[str] = mapped_column(String(40))
    kind: Mapped[DossierKind] = mapped_column(enumeration(DossierKind, "dossier_kind"))
    track: Mapped[Track] = mapped_column(enumeration(Track, "track"))
    title: Mapped[str] = mapped_column(String(300))
    applicant: Mapped[str] = mapped_column(String(200))
    parcel: Mapped[str] = mapped_column(String(200))
    opened_at: Mapped[datetime] = mapped_column(Instant)


class CommitteeMember(Base):
    """A body whose opinion a dossier requires, as the rules named it on the day it was opened."""

    __tablename__ = "committee_member"
    __table_args__ = (UniqueConstraint("dossier_id", "body_code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"))
    body_code: Mapped[str] = mapped_column(String(40))
    body_kind: Mapped[str] = mapped_column(String(40))
    binding: Mapped[bool]
    article: Mapped[str] = mapped_column(String(100))


class ApplicationFile(Base):
    """One file of the application (form, plan …); its head is the version that opinions must have read."""

    __tablename__ = "application_file"
    __table_args__ = (UniqueConstraint("dossier_id", "title"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"))
    reference: Mapped[str] = mapped_column(String(11), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    head_number: Mapped[int]
    head_sha256: Mapped[str] = mapped_column(String(64))


class FileVersion(Base):
    """One version of an application file, never removed."""

    __tablename__ = "application_file_version"
    __table_args__ = (UniqueConstraint("file_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("application_file.id"))
    number: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(Instant)
    added_by: Mapped[str] = mapped_column(String(100))


class Document(Base):
    """A document to be signed. Its head is the last revision, moved by compare-and-set only.

    `live_slot` names the place that only one document can hold (the minutes of a dossier, the opinion of a
    body in it …); a superseded document gives it up.
    """

    __tablename__ = "document"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    reference: Mapped[str] = mapped_column(String(11), unique=True)
    kind: Mapped[DocumentKind] = mapped_column(enumeration(DocumentKind, "document_kind"))
    dossier_id: Mapped[UUID | None] = mapped_column(ForeignKey("dossier.id"), index=True)
    order_id: Mapped[UUID | None] = mapped_column(index=True)
    body_code: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(400))
    state: Mapped[DocumentState] = mapped_column(enumeration(DocumentState, "document_state"))
    rendered: Mapped[bool]
    """Made by us from our own data: it may be certified, and carries that data."""
    live_slot: Mapped[str | None] = mapped_column(String(120), unique=True)
    head_number: Mapped[int]
    head_sha256: Mapped[str] = mapped_column(String(64))
    drafted_at: Mapped[datetime] = mapped_column(Instant)
    drafted_by: Mapped[str] = mapped_column(String(100))
    completed_at: Mapped[datetime | None] = mapped_column(Instant)


class DocumentField(Base):
    """One signature field, one required signer; made before the first signature."""

    __tablename__ = "document_field"
    __table_args__ = (
        UniqueConstraint("document_id", "name"),
        # Doubled = two signed revisions of one document by one signer.
        UniqueConstraint("document_id", "signer_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"))
    name: Mapped[str] = mapped_column(String(80))
    body_code: Mapped[str] = mapped_column(String(40))
    signer_id: Mapped[UUID] = mapped_column(index=True)
    revision_number: Mapped[int | None]
    signed_at: Mapped[datetime | None] = mapped_column(Instant)


class Revision(Base):
    """The bytes of a document after one change: the draft (0), a signature, validation data."""

    __tablename__ = "document_revision"
    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        UniqueConstraint("document_id", "field"),
        CheckConstraint("number >= 0", name="number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"))
    number: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    level: Mapped[Level] = mapped_column(enumeration(Level, "revision_level"))
    field: Mapped[str | None] = mapped_column(String(80))
    signer_id: Mapped[UUID | None]
    made_at: Mapped[datetime] = mapped_column(Instant)


class Lease(Base):
    """Who has the head of a document in hand, until when. `kept`: a signature is acknowledged; it cannot lapse."""

    __tablename__ = "document_lease"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"), primary_key=True)
    ceremony_id: Mapped[UUID] = mapped_column(index=True)
    signer_id: Mapped[UUID]
    head_sha256: Mapped[str] = mapped_column(String(64))
    until: Mapped[datetime] = mapped_column(Instant)
    kept: Mapped[bool]


class Opinion(Base):
    """One body's opinion, bound to the versions it read."""

    __tablename__ = "opinion"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"), primary_key=True)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    body_code: Mapped[str] = mapped_column(String(40))
    holder_id: Mapped[UUID]
    opinion: Mapped[OpinionValue] = mapped_column(enumeration(OpinionValue, "opinion_value"))
    text: Mapped[str] = mapped_column(Text)


class OpinionReading(Base):
    """A file version that an opinion read, by its digest."""

    __tablename__ = "opinion_reading"
    __table_args__ = (UniqueConstraint("document_id", "file_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"))
    file_id: Mapped[UUID] = mapped_column(ForeignKey("application_file.id"))
    sha256: Mapped[str] = mapped_column(String(64))


class MinutesEntry(Base):
    """What the minutes say of one required member."""

    __tablename__ = "minutes_entry"
    __table_args__ = (UniqueConstraint("document_id", "body_code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"))
    body_code: Mapped[str] = mapped_column(String(40))
    state: Mapped[MemberState] = mapped_column(enumeration(MemberState, "member_state"))
    opinion_id: Mapped[UUID | None] = mapped_column(ForeignKey("document.id"))
    note: Mapped[str] = mapped_column(Text)


class Decision(Base):
    """What a licence or a refusal rests on."""

    __tablename__ = "decision"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"), primary_key=True)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    minutes_id: Mapped[UUID | None] = mapped_column(ForeignKey("document.id"))
    text: Mapped[str] = mapped_column(Text)


class DelegationDraft(Base):
    """What a deed of delegation says, as the register records it when the deed is signed."""

    __tablename__ = "delegation_draft"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(60))
    from_office_id: Mapped[UUID]
    to_office_id: Mapped[UUID]
    mode: Mapped[DelegationMode] = mapped_column(enumeration(DelegationMode, "delegation_draft_mode"))
    acts: Mapped[str] = mapped_column(String(200))
    sector: Mapped[str | None] = mapped_column(String(100))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


class LicenceStatus(Base):
    """A recorded act that ends the force of a licence. Two times; corrected by a later row, never edited."""

    __tablename__ = "licence_status"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"), index=True)
    status: Mapped[LicenceStatusKind] = mapped_column(enumeration(LicenceStatusKind, "licence_status_kind"))
    in_effect: Mapped[date]
    """First civil day on which the licence no longer has force."""
    deed: Mapped[str] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))
    supersedes_id: Mapped[UUID | None] = mapped_column(ForeignKey("licence_status.id"), unique=True)


class ReferenceSequence(Base):
    """The last number given in one series of one year."""

    __tablename__ = "reference_sequence"
    __table_args__ = (CheckConstraint("last between 1 and 9999999", name="last"),)

    letter: Mapped[str] = mapped_column(String(1), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
