"""Tables of the room: ceremonies and their items."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pki.journal.append_only import append_only
from pki.records import Base, Instant, enumeration
from signer.dossiers.kinds import DocumentKind


class CeremonyState(StrEnum):
    """`open`: the ticket waits; `redeemed`: an agent is at work; the others are ends."""

    OPEN = "open"
    REDEEMED = "redeemed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    ALARMED = "alarmed"


class ItemState(StrEnum):
    """`waiting`: to be prepared; `prepared`: may be shown; `kept`: value acknowledged; `signed`: in the head."""

    WAITING = "waiting"
    PREPARED = "prepared"
    KEPT = "kept"
    SIGNED = "signed"
    REFUSED = "refused"


class Ceremony(Base):
    """One sitting: signer, capacity, certificate, and what the agent's session brought."""

    __tablename__ = "ceremony"
    __table_args__ = (
        CheckConstraint(
            "(power_id IS NULL) = (power_kind IS NULL) AND (power_id IS NULL) = (power_number IS NULL) AND "
            "(power_id IS NULL) = (power_since IS NULL)",
            name="power",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    signer_id: Mapped[UUID] = mapped_column(index=True)
    state: Mapped[CeremonyState] = mapped_column(enumeration(CeremonyState, "ceremony_state"), index=True)
    opened_at: Mapped[datetime] = mapped_column(Instant, index=True)
    opened_by: Mapped[str] = mapped_column(String(100))
    return_url: Mapped[str | None] = mapped_column(String(500))
    expires_at: Mapped[datetime] = mapped_column(Instant)
    """Of the ticket while `open`; of a silent agent's session once `redeemed`."""
    office_id: Mapped[UUID]
    function: Mapped[str] = mapped_column(String(40))
    body_code: Mapped[str] = mapped_column(String(40))
    power_id: Mapped[UUID | None]
    """The delegation or finding by which he signs in another's place; None: by his own office."""
    power_kind: Mapped[str | None] = mapped_column(String(40))
    power_number: Mapped[str | None] = mapped_column(String(60))
    power_since: Mapped[date | None]
    power_principal: Mapped[str | None] = mapped_column(String(40))
    """Function of the office in whose place he signs."""
    certificate_id: Mapped[UUID]
    order_id: Mapped[UUID]
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    chain: Mapped[list[str]] = mapped_column(JSON)
    """Issuers' certificates, DER in hexadecimal, nearest first."""
    mechanism: Mapped[str] = mapped_column(String(40))
    agent_key: Mapped[str | None] = mapped_column(String(64))
    """JWK thumbprint of the agent's ephemeral key."""
    agent_nonce: Mapped[str | None] = mapped_column(String(100))
    ticket_sha256: Mapped[str | None] = mapped_column(String(64))
    manifest: Mapped[str | None] = mapped_column(Text)
    manifest_items: Mapped[list[str] | None] = mapped_column(JSON)
    """Digests of the prepared files that the manifest lists."""
    manifest_expires_at: Mapped[datetime | None] = mapped_column(Instant)
    match_code: Mapped[str | None] = mapped_column(String(4))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str | None] = mapped_column(String(300))


class CeremonyItem(Base):
    """One document of a ceremony. What is kept is never changed; one value, of one set of attributes, wins."""

    __tablename__ = "ceremony_item"
    __table_args__ = (
        UniqueConstraint("ceremony_id", "document_id"),
        UniqueConstraint("ceremony_id", "number"),
        CheckConstraint("state not in ('kept', 'signed') or value is not null", name="kept_has_value"),
        CheckConstraint("state != 'signed' or result_sha256 is not null", name="signed_has_result"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    ceremony_id: Mapped[UUID] = mapped_column(ForeignKey("ceremony.id"))
    number: Mapped[int]
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"), index=True)
    reference: Mapped[str] = mapped_column(String(11))
    kind: Mapped[DocumentKind] = mapped_column(enumeration(DocumentKind, "ceremony_item_kind"))
    title: Mapped[str] = mapped_column(String(400))
    field: Mapped[str] = mapped_column(String(80))
    body_code: Mapped[str] = mapped_column(String(40))
    certify: Mapped[bool]
    state: Mapped[ItemState] = mapped_column(enumeration(ItemState, "ceremony_item_state"), index=True)
    reason: Mapped[str | None] = mapped_column(String(100))
    base_sha256: Mapped[str] = mapped_column(String(64))
    prepared_sha256: Mapped[str | None] = mapped_column(String(64))
    prepared_at: Mapped[datetime | None] = mapped_column(Instant)
    byte_range: Mapped[list[int] | None] = mapped_column(JSON)
    document_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    attributes: Mapped[bytes | None] = mapped_column(LargeBinary)
    attributes_sha256: Mapped[str | None] = mapped_column(String(64))
    value: Mapped[bytes | None] = mapped_column(LargeBinary)
    kept_at: Mapped[datetime | None] = mapped_column(Instant)
    time_stamp: Mapped[bytes | None] = mapped_column(LargeBinary)
    result_sha256: Mapped[str | None] = mapped_column(String(64))
    signed_at: Mapped[datetime | None] = mapped_column(Instant)


class DisplayReceipt(Base):
    """What the agent says that its window showed, under its session's own key. Evidence: never changed."""

    __tablename__ = "display_receipt"
    __table_args__ = (UniqueConstraint("ceremony_id", "manifest_sha256"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    ceremony_id: Mapped[UUID] = mapped_column(ForeignKey("ceremony.id"))
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    jws: Mapped[str] = mapped_column(Text)
    prepared: Mapped[str] = mapped_column(Text)
    """SHA-256 (hex) of each prepared file that it lists, one a line."""
    received_at: Mapped[datetime] = mapped_column(Instant)


append_only(DisplayReceipt.__table__, frozen=("id", "ceremony_id", "manifest_sha256", "jws", "prepared", "received_at"))
