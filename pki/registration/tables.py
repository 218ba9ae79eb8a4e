"""Tables of the register. Rows about offices are superseded, never edited."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from pki.journal.append_only import append_only
from pki.records import Base, Instant, enumeration
from pki.registration.kinds import BodyKind, OfficeFunction


class Region(Base):
    """One of the twelve regions."""

    __tablename__ = "region"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name_fr: Mapped[str] = mapped_column(String(200))
    name_ar: Mapped[str] = mapped_column(String(200))


class Province(Base):
    """A prefecture or province."""

    __tablename__ = "province"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"), index=True)
    name_fr: Mapped[str] = mapped_column(String(200))
    name_ar: Mapped[str] = mapped_column(String(200))


class Body(Base):
    """An organisation. Communes and provinces carry their HCP code; a province's body names itself as province."""

    __tablename__ = "body"
    __table_args__ = (
        CheckConstraint("(population IS NULL) = (census IS NULL)", name="census"),
        CheckConstraint("population >= 0", name="population"),
        CheckConstraint("commune_code IS NULL OR kind = 'arrondissement'", name="commune_code"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[BodyKind] = mapped_column(enumeration(BodyKind, "kind"))
    name_fr: Mapped[str] = mapped_column(String(200))
    name_ar: Mapped[str] = mapped_column(String(200))
    province_code: Mapped[str | None] = mapped_column(ForeignKey("province.code"), index=True)
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"), index=True)
    population: Mapped[int | None]
    census: Mapped[str | None] = mapped_column(String(40))
    """Which census counted `population`. A province's is the sum of its communes."""
    urban_rural: Mapped[str | None] = mapped_column(String(10))
    commune_code: Mapped[str | None] = mapped_column(ForeignKey("body.code"), index=True)
    """An arrondissement's commune."""


class Census(Base):
    """A count of the inhabitants of the country."""

    __tablename__ = "census"

    label: Mapped[str] = mapped_column(String(40), primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))


class CensusCount(Base):
    """How many inhabitants a census counted in a body. A figure once recorded stays."""

    __tablename__ = "census_count"
    __table_args__ = (CheckConstraint("population >= 0", name="population"),)

    census: Mapped[str] = mapped_column(ForeignKey("census.label"), primary_key=True)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), primary_key=True, index=True)
    population: Mapped[int]


class Holder(Base):
    """A natural person who may hold a key. The national id is encrypted; its keyed hash serves equality alone."""

    __tablename__ = "holder"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name_ar: Mapped[str] = mapped_column(String(200))
    name_latin: Mapped[str] = mapped_column(String(64))
    cin_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    cin_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str | None] = mapped_column(String(254))
    """His own, for recovery; not the professional mailbox, which belongs to his office."""
    phone: Mapped[str | None] = mapped_column(String(16))
    """His own, for recovery, E.164."""
    enrolled_at: Mapped[datetime] = mapped_column(Instant)


class Office(Base):
    """A dated function of a holder in a body: in effect from `starts_on` (a civil day, inside)."""

    __tablename__ = "office"
    __table_args__ = (CheckConstraint("(function = 'vice_president') = (rank IS NOT NULL)", name="rank"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    holder_id: Mapped[UUID] = mapped_column(ForeignKey("holder.id"), index=True)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), index=True)
    function: Mapped[OfficeFunction] = mapped_column(enumeration(OfficeFunction, "function"))
    rank: Mapped[int | None]
    starts_on: Mapped[date]
    deed: Mapped[str] = mapped_column(String(300))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))
    superseded_at: Mapped[datetime | None] = mapped_column(Instant)
    """When another record took the place of this one."""


class OfficeEnd(Base):
    """The end of an office: `ends_on` is the first civil day no longer in it."""

    __tablename__ = "office_end"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    office_id: Mapped[UUID] = mapped_column(ForeignKey("office.id"), index=True)
    ends_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(300))
    deed: Mapped[str] = mapped_column(String(300))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))
    superseded_at: Mapped[datetime | None] = mapped_column(Instant)


class OpenOffice(Base):
    """The one open-ended office of a function that a body has once: the slot is the referee."""

    __tablename__ = "open_office"

    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), primary_key=True)
    function: Mapped[OfficeFunction] = mapped_column(enumeration(OfficeFunction, "function"), primary_key=True)
    office_id: Mapped[UUID] = mapped_column(ForeignKey("office.id"), unique=True)


class OpenRank(Base):
    """The one open-ended vice-presidency of a rank in a body: the slot is the referee."""

    __tablename__ = "open_rank"
    __table_args__ = (CheckConstraint("rank >= 1", name="rank"),)

    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    office_id: Mapped[UUID] = mapped_column(ForeignKey("office.id"), unique=True)


class RegisterDeclaration(Base):
    """From `complete_from` on, no office of the body is missing from the register."""

    __tablename__ = "register_declaration"
    __table_args__ = (CheckConstraint("confirmed_by <> recorded_by", name="two_officers"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), index=True)
    complete_from: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))
    confirmed_by: Mapped[str | None] = mapped_column(String(100))
    """The second officer, where the day lay in the past."""
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    """When two officers took it back: from then on it answers nothing."""


Index(
    "uq_office_end_office_id_current",
    OfficeEnd.office_id,
    unique=True,
    sqlite_where=OfficeEnd.superseded_at.is_(None),
    postgresql_where=OfficeEnd.superseded_at.is_(None),
)

append_only(Census.__table__, frozen=("label", "recorded_at", "recorded_by"))
append_only(CensusCount.__table__, frozen=("census", "body_id", "population"))
append_only(
    Office.__table__,
    frozen=(
        "id",
        "holder_id",
        "body_id",
        "function",
        "rank",
        "starts_on",
        "deed",
        "recorded_at",
        "recorded_by",
    ),
    once=("superseded_at",),
)
append_only(
    OfficeEnd.__table__,
    frozen=("id", "office_id", "ends_on", "reason", "deed", "recorded_at", "recorded_by"),
    once=("superseded_at",),
)
append_only(
    RegisterDeclaration.__table__,
    frozen=("id", "body_id", "complete_from", "recorded_at", "recorded_by", "confirmed_by"),
    once=("withdrawn_at",),
)
