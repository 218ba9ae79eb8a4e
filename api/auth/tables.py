"""Officers, machine clients, their tokens, and what may be used once only."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pki import tickets
from pki.records import Base, Instant, enumeration


class OfficerRole(StrEnum):
    """How far an officer's territory reaches, the widest first. In it he sees and acts, elsewhere neither."""

    CENTRAL = "central"
    REGIONAL = "regional"
    PROVINCIAL = "provincial"
    COMMUNE = "commune"
    """Sees what is his own commune's, and asks for keys; approves nothing."""

    @property
    def level(self) -> int:
        """0 for a commune, and one more for each step up."""
        return tuple(reversed(OfficerRole)).index(self)


class OfficerRow(Base):
    """An officer of the service, with the hash of his bearer token."""

    __tablename__ = "officer"
    __table_args__ = (
        CheckConstraint("(role = 'regional') = (region_code IS NOT NULL)", name="region"),
        CheckConstraint("(role = 'provincial') = (province_code IS NOT NULL)", name="territory"),
        CheckConstraint("(role = 'commune') = (body_code IS NOT NULL)", name="commune"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[OfficerRole] = mapped_column(enumeration(OfficerRole, "role"))
    region_code: Mapped[str | None] = mapped_column(String(20))
    province_code: Mapped[str | None] = mapped_column(String(20))
    body_code: Mapped[str | None] = mapped_column(String(40))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class ClientRow(Base):
    """A machine client: a permit platform, with its secret's hash or its public keys."""

    __tablename__ = "machine_client"
    __table_args__ = (CheckConstraint("secret_hash IS NOT NULL OR public_keys IS NOT NULL", name="credential"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    secret_hash: Mapped[str | None] = mapped_column(String(64))
    public_keys: Mapped[str | None] = mapped_column(Text)
    """JWK Set (RFC 7517) with public keys, for `private_key_jwt`."""
    scopes: Mapped[str] = mapped_column(String(400))
    created_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class AccessTokenRow(Base):
    """An opaque access token of a machine client, hashed."""

    __tablename__ = "access_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("machine_client.id"))
    scopes: Mapped[str] = mapped_column(String(400))
    issued_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class EnrolmentHello(Base):
    """The nonce that an agent brought when it redeemed an enrolment ticket; its manifest answers with it."""

    __tablename__ = "enrolment_hello"

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey(tickets.AgentTicket.id), primary_key=True)
    agent_nonce: Mapped[str] = mapped_column(String(100))


class SpentProof(Base):
    """A `jti` that was used: of a client assertion or of a DPoP proof. Never twice while it could be valid."""

    __tablename__ = "spent_proof"

    issuer: Mapped[str] = mapped_column(String(100), primary_key=True)
    """Client id, or thumbprint of the proof's key."""
    jti_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class StoredAnswer(Base):
    """What a creating POST answered, under its Idempotency-Key; 48 hours."""

    __tablename__ = "stored_answer"
    __table_args__ = (CheckConstraint("(status IS NULL) = (answer IS NULL)", name="complete"),)

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Over caller and key: another caller's equal key is another row."""
    request_sha256: Mapped[str] = mapped_column(String(64))
    claim: Mapped[UUID] = mapped_column()
    """The attempt that may answer. A later attempt takes over an abandoned claim."""
    claimed_at: Mapped[datetime] = mapped_column(Instant, index=True)
    status: Mapped[int | None] = mapped_column()
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Encrypted under a key that only the caller's Idempotency-Key opens: answers may hold tickets."""
