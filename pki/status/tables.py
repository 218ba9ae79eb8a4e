"""Blocks, revocations, and lists. Lists of our own are recorded before they are signed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pki.records import Base, Instant, enumeration


class RevocationReason(StrEnum):
    """Reasons of RFC 5280, 5.3.1 that are given here. There is no suspension."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "key-compromise"
    AFFILIATION_CHANGED = "affiliation-changed"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessation-of-operation"
    PRIVILEGE_WITHDRAWN = "privilege-withdrawn"


class BlockRow(Base):
    """A key stopped here at once, for everything in its order. Superseded by lifting, never edited."""

    __tablename__ = "block"
    __table_args__ = (
        CheckConstraint("lost_since IS NULL OR lost_since <= blocked_at", name="lost_since"),
        CheckConstraint("lifted_at IS NULL OR lifted_at >= blocked_at", name="lifted_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    order_id: Mapped[UUID]
    reported_at: Mapped[datetime] = mapped_column(Instant)
    lost_since: Mapped[datetime | None] = mapped_column(Instant)
    blocked_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(String(500))
    lifted_at: Mapped[datetime | None] = mapped_column(Instant)
    lifted_reason: Mapped[str | None] = mapped_column(String(500))


Index(
    "uq_block_order_id_live",
    BlockRow.order_id,
    unique=True,
    sqlite_where=BlockRow.lifted_at.is_(None),
    postgresql_where=BlockRow.lifted_at.is_(None),
)


class RevocationRow(Base):
    """A certificate revoked for good. `revoked_at` is in whole seconds, as lists and answers carry it.

    Nothing of it changes but the invalidity date, which only ever moves back.
    """

    __tablename__ = "revocation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificate.id"), unique=True)
    revoked_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[RevocationReason] = mapped_column(enumeration(RevocationReason, "reason"))
    invalidity_date: Mapped[datetime | None] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class CrlRow(Base):
    """A revocation list. `der` is empty between the record of ours and its signature; such a number is skipped."""

    __tablename__ = "crl"
    __table_args__ = (UniqueConstraint("issuer_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuer.id"))
    number: Mapped[str] = mapped_column(String(40))
    """Hex of 40 digits: as text it sorts as the number does (RFC 5280, 5.2.3: up to 20 octets)."""
    this_update: Mapped[datetime] = mapped_column(Instant)
    next_update: Mapped[datetime] = mapped_column(Instant)
    tbs_sha256: Mapped[str] = mapped_column(String(64))
    der: Mapped[bytes | None] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
