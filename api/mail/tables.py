"""The table of messages: what is to be sent to which address, and whether it was."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from pki.records import Base, Instant, enumeration
from pki.registration.mailboxes.notices import NoticeKind


class OutgoingMessage(Base):
    """One message. Its id is its Message-ID, the same at each attempt: who gets it twice can tell."""

    __tablename__ = "outgoing_message"
    __table_args__ = (CheckConstraint("attempts >= 0", name="attempts"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[NoticeKind] = mapped_column(enumeration(NoticeKind, "kind"))
    address: Mapped[str] = mapped_column(String(254))
    office_id: Mapped[UUID | None] = mapped_column(ForeignKey("office.id"))
    """The office that it is for: at each attempt it goes to whoever may read it then. None: to the address, always."""
    facts: Mapped[dict[str, str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int]
    next_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    """When it is tried again; None: it is over, sent or given up."""
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    failure: Mapped[str | None] = mapped_column(String(200))
    """What the last attempt failed of; no address, no word of the server."""
