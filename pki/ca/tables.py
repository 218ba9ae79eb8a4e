"""Issuers, what is about to be signed, keys that are taken, certificates."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hsm.keys import SignatureAlgorithm
from pki.records import Base, Instant, enumeration

from .profile import CertificatePurpose


class IssuerKind(StrEnum):
    """Whose issuer it is."""

    EMBEDDED = "embedded"
    EXTERNAL = "external"


class IntentState(StrEnum):
    """How an intent stands."""

    PREPARED = "prepared"
    REDEEMED = "redeemed"
    ABANDONED = "abandoned"


class CertificateOrigin(StrEnum):
    """How a certificate came here."""

    ISSUED = "issued"
    REGISTERED = "registered"


class IssuerRow(Base):
    """An authority: ours (with the role of its key) or another's. Its certificate is empty until it was signed."""

    __tablename__ = "issuer"
    __table_args__ = (
        CheckConstraint("(kind = 'embedded') = (role IS NOT NULL)", name="role"),
        CheckConstraint("kind = 'embedded' OR certificate IS NOT NULL", name="certificate"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[IssuerKind] = mapped_column(enumeration(IssuerKind, "kind"))
    role: Mapped[str | None] = mapped_column(String(20), unique=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("issuer.id"))
    """None: a root."""
    certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    certificate_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class IntentRow(Base):
    """The very bytes that a device is going to sign, recorded before it does."""

    __tablename__ = "issuance_intent"
    __table_args__ = (UniqueConstraint("issuer_id", "serial"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuer.id"))
    order_id: Mapped[UUID | None] = mapped_column(index=True)
    holder_id: Mapped[UUID | None]
    profile: Mapped[str] = mapped_column(String(40))
    purpose: Mapped[CertificatePurpose] = mapped_column(enumeration(CertificatePurpose, "purpose"))
    serial: Mapped[str] = mapped_column(String(40))
    spki_sha256: Mapped[str] = mapped_column(String(64))
    tbs: Mapped[bytes] = mapped_column(LargeBinary)
    tbs_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    algorithm: Mapped[SignatureAlgorithm] = mapped_column(enumeration(SignatureAlgorithm, "algorithm"))
    not_before: Mapped[datetime] = mapped_column(Instant)
    not_after: Mapped[datetime] = mapped_column(Instant)
    prepared_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[IntentState] = mapped_column(enumeration(IntentState, "state"))
    settled_at: Mapped[datetime | None] = mapped_column(Instant)


class CertifiedKeyRow(Base):
    """A public key that is certified, or about to be: one certificate for one key, by this primary key."""

    __tablename__ = "certified_key"

    spki_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    intent_id: Mapped[UUID | None] = mapped_column(ForeignKey("issuance_intent.id"), unique=True)


class CertificateRow(Base):
    """A certificate, signed by us or registered."""

    __tablename__ = "certificate"
    __table_args__ = (
        UniqueConstraint("issuer_id", "serial"),
        CheckConstraint("(origin = 'issued') = (intent_id IS NOT NULL)", name="origin_intent"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    intent_id: Mapped[UUID | None] = mapped_column(ForeignKey("issuance_intent.id"), unique=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuer.id"))
    order_id: Mapped[UUID | None] = mapped_column(index=True)
    holder_id: Mapped[UUID | None] = mapped_column(index=True)
    profile: Mapped[str | None] = mapped_column(String(40))
    purpose: Mapped[CertificatePurpose] = mapped_column(enumeration(CertificatePurpose, "purpose"))
    serial: Mapped[str] = mapped_column(String(64))
    der: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    spki_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    not_before: Mapped[datetime] = mapped_column(Instant)
    not_after: Mapped[datetime] = mapped_column(Instant)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    origin: Mapped[CertificateOrigin] = mapped_column(enumeration(CertificateOrigin, "origin"))


# Issuance is a hot act: its statements are Core's, a third of the mapper's cost.
INTENTS = cast("Table", IntentRow.__table__)
CERTIFIED_KEYS = cast("Table", CertifiedKeyRow.__table__)
CERTIFICATES = cast("Table", CertificateRow.__table__)
