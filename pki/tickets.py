"""Tickets that let a signing agent in: a ceremony's, and an enrolment's.

A ticket is random (`new_ticket`), in base64url, kept as SHA-256. Its first redemption binds it to the agent's
ephemeral key (RFC 9449: the thumbprint of its JWK). The same key may redeem it again before it expires and
gets another access token; the earlier ones stay valid until the session ends. Another key is a theft: the
caller, who knows whether anything is left to steal, kills the ticket with `kill_ticket` and closes what it was for.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, String, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from pki.errors import PkiError
from pki.records import Base, HolderId, Instant, enumeration

TICKET_LIFETIME = timedelta(minutes=5)


class TicketKind(StrEnum):
    """What a ticket lets an agent do."""

    CEREMONY = "ceremony"
    ENROLMENT = "enrolment"


SESSION_LIFETIME = {TicketKind.CEREMONY: timedelta(hours=2), TicketKind.ENROLMENT: timedelta(hours=24)}
"""From a redemption. An enrolment waits for a second officer's approval."""


class TicketUnknown(PkiError):
    """No such ticket, or one that was replaced or killed."""

    def __init__(self) -> None:
        super().__init__("This ticket is not known here. Nothing was opened: ask for a new one.")


class TicketExpired(PkiError):
    """The ticket came too late."""

    def __init__(self) -> None:
        super().__init__("This ticket has expired. Nothing was opened: ask for a new one.")


class TicketStolen(PkiError):
    """A second agent key came with a redeemed ticket."""

    def __init__(self, *, ticket_id: UUID, kind: TicketKind, subject: UUID, holder: HolderId) -> None:
        super().__init__(
            "This ticket was already redeemed by another program. Nothing was signed and the sitting is closed: "
            "report it, then ask for a new one."
        )
        self.ticket_id = ticket_id
        self.kind = kind
        self.subject = subject
        self.holder = holder


class AgentSessionRefused(PkiError):
    """No live session for that access token and key."""

    def __init__(self) -> None:
        super().__init__("The agent's session is not valid, or no longer. Nothing was done: ask for a new ticket.")


class AgentTicket(Base):
    """A ticket, by its hash, and the agent key it is bound to."""

    __tablename__ = "agent_ticket"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[TicketKind] = mapped_column(enumeration(TicketKind, "kind"))
    subject: Mapped[UUID] = mapped_column(index=True)
    holder_id: Mapped[UUID]
    issued_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    jkt: Mapped[str | None] = mapped_column(String(64))
    redeemed_at: Mapped[datetime | None] = mapped_column(Instant)
    dead_at: Mapped[datetime | None] = mapped_column(Instant)


class AgentToken(Base):
    """An access token of an agent, hashed. Valid together with the key of its ticket only."""

    __tablename__ = "agent_token"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("agent_ticket.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSession:
    """Who is at the other end of an agent's request, and for what."""

    ticket_id: UUID
    kind: TicketKind
    subject: UUID
    holder: HolderId


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """A redeemed ticket. `first`: the key was bound by this very redemption."""

    ticket_id: UUID
    kind: TicketKind
    subject: UUID
    holder: HolderId
    access_token: str
    ticket_sha256: str
    first: bool


def new_ticket(draw: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
    """Return 256 random bits in base64url, drawn again while they begin with "-".

    A ticket is typed behind a command, which takes such a one for an option. 63 of 64 draws stand: what is left of
    the 256 bits is 255.97.
    """
    while (ticket := draw()).startswith("-"):
        pass
    return ticket


def issue_ticket(session: Session, *, kind: TicketKind, subject: UUID, holder: HolderId, at: datetime) -> str:
    """Return a new ticket, valid for `TICKET_LIFETIME`. Earlier ones of the same subject end, sessions included."""
    session.execute(
        update(AgentTicket)
        .where(AgentTicket.kind == kind, AgentTicket.subject == subject, AgentTicket.dead_at.is_(None))
        .values(dead_at=at)
    )
    ticket = new_ticket()
    session.execute(
        insert(AgentTicket).values(
            id=uuid4(),
            sha256=_sha256(ticket),
            kind=kind,
            subject=subject,
            holder_id=holder,
            issued_at=at,
            expires_at=at + TICKET_LIFETIME,
        )
    )
    return ticket


def redeem_ticket(session: Session, *, ticket: str, jkt: str, at: datetime) -> Redeemed:
    """Bind the ticket to the agent key of thumbprint `jkt`, and give it an access token.

    :raise TicketUnknown: also for a ticket that was replaced or killed.
    :raise TicketExpired: at or after its last instant, even for the same key.
    :raise TicketStolen: another key; the caller's transaction is lost, so kill the ticket in the next one.
    """
    # THREAT: a ticket seen on its way (browser history, another program) is used by someone else.
    # DEFENCE: one conditional statement binds the first key; a second key kills ticket and sitting, with an alarm.
    # TEST: tests/pki/test_tickets.py::test_second_key_is_a_theft
    found = _living(session, ticket)
    if found is None:
        raise TicketUnknown
    if at >= found.expires_at:
        raise TicketExpired
    bound = session.execute(
        update(AgentTicket)
        .where(AgentTicket.id == found.id, AgentTicket.jkt.is_(None), AgentTicket.dead_at.is_(None))
        .values(jkt=jkt, redeemed_at=at)
        .returning(AgentTicket.id)
    ).scalar_one_or_none()
    if bound is None:
        again = _living(session, ticket)
        if again is None:
            raise TicketUnknown
        if again.jkt != jkt:
            raise TicketStolen(ticket_id=found.id, kind=found.kind, subject=found.subject, holder=found.holder)
    access_token = secrets.token_urlsafe(32)
    session.execute(
        insert(AgentToken).values(
            token_sha256=_sha256(access_token), ticket_id=found.id, expires_at=at + SESSION_LIFETIME[found.kind]
        )
    )
    return Redeemed(
        ticket_id=found.id,
        kind=found.kind,
        subject=found.subject,
        holder=found.holder,
        access_token=access_token,
        ticket_sha256=_sha256(ticket),
        first=bound is not None,
    )


def bearer(session: Session, *, access_token: str, jkt: str, at: datetime) -> AgentSession:
    """Return whose session the token is, for the agent key of thumbprint `jkt`.

    :raise AgentSessionRefused: unknown, expired, killed, or another key.
    """
    row = session.execute(
        select(AgentTicket.id, AgentTicket.kind, AgentTicket.subject, AgentTicket.holder_id)
        .join(AgentToken, AgentToken.ticket_id == AgentTicket.id)
        .where(
            AgentToken.token_sha256 == _sha256(access_token),
            AgentToken.expires_at > at,
            AgentTicket.jkt == jkt,
            AgentTicket.dead_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        raise AgentSessionRefused
    return AgentSession(ticket_id=row.id, kind=row.kind, subject=row.subject, holder=HolderId(row.holder_id))


def kill_ticket(session: Session, *, ticket_id: UUID, at: datetime) -> None:
    """End a ticket and every session that it opened. Ending it twice changes nothing."""
    session.execute(
        update(AgentTicket).where(AgentTicket.id == ticket_id, AgentTicket.dead_at.is_(None)).values(dead_at=at)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Living:
    id: UUID
    kind: TicketKind
    subject: UUID
    holder: HolderId
    expires_at: datetime
    jkt: str | None


def _living(session: Session, ticket: str) -> _Living | None:
    row = session.execute(
        select(
            AgentTicket.id,
            AgentTicket.kind,
            AgentTicket.subject,
            AgentTicket.holder_id,
            AgentTicket.expires_at,
            AgentTicket.jkt,
        ).where(AgentTicket.sha256 == _sha256(ticket), AgentTicket.dead_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    return _Living(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        holder=HolderId(row.holder_id),
        expires_at=row.expires_at,
        jkt=row.jkt,
    )


def _sha256(token: str) -> str:
    """Enough for 256 random bits: there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()
