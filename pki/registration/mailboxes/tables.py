"""The table of mailboxes: one row for an office of a body, its state, and the office whose holder reads it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from pki.records import Base, Instant, enumeration
from pki.registration.kinds import OfficeFunction


class MailboxState(StrEnum):
    """`handed_over`: its reader left the office; nobody reads it until it is activated for the next."""

    ASKED = "asked"
    CREATED = "created"
    ACTIVE = "active"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"


class Mailbox(Base):
    """The mailbox of one office of a body. Every change of state is in the journal."""

    __tablename__ = "mailbox"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'closed') OR address IS NOT NULL", name="address"),
        CheckConstraint("(state = 'active') = (office_id IS NOT NULL)", name="reader"),
        CheckConstraint("state <> 'handed_over' OR handed_over_on IS NOT NULL", name="handed_over"),
        CheckConstraint("rank >= 0", name="rank"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"))
    function: Mapped[OfficeFunction] = mapped_column(enumeration(OfficeFunction, "function"))
    rank: Mapped[int]
    """Of a vice-president; 0 for every other."""
    address: Mapped[str | None] = mapped_column(String(254), unique=True)
    state: Mapped[MailboxState] = mapped_column(enumeration(MailboxState, "state"))
    office_id: Mapped[UUID | None] = mapped_column(ForeignKey("office.id"), index=True)
    """The office whose holder reads it."""
    handed_over_on: Mapped[date | None]
    """First civil day on which its last reader no longer reads it."""
    asked_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)


Index(
    "uq_mailbox_body_id_function_rank_open",
    Mailbox.body_id,
    Mailbox.function,
    Mailbox.rank,
    unique=True,
    sqlite_where=Mailbox.state != MailboxState.CLOSED.value,
    postgresql_where=Mailbox.state != MailboxState.CLOSED.value,
)
