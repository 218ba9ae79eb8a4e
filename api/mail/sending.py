"""Sending one message by SMTP, and trying again what could not be sent."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from api.jobs.names import SEND_MESSAGE
from api.settings import Secret
from pki.records import OfficeId, Records
from pki.registration.mailboxes.notices import Notice, address_at_sending
from signer.ceremonies.ports import Later

from .tables import OutgoingMessage
from .texts import subject, text

TIMEOUT_SECONDS = 20.0
MOST_ATTEMPTS = 12
NOBODY = "NobodyInOffice"
"""Failure of a message that is dropped: who was to read it left the office."""
FIRST_PAUSE = timedelta(minutes=1)
"""Doubled at each attempt, to a day at most: twelve attempts are about four days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpPolicy:
    """The server that takes our messages. `host` empty: nothing leaves, messages wait."""

    host: str
    port: int
    starttls: bool
    sender: str
    user: str | None
    password: Secret | None
    rehearsal: bool
    context: ssl.SSLContext | None = None
    """None: the system's trust anchors."""


class Outbox:
    """`Mailer`: a row and a deferred work in the caller's transaction."""

    def __init__(self, later: Later) -> None:
        self._later = later

    def enqueue(self, session: Session, notice: Notice, *, at: datetime) -> UUID:
        """Write the message down; it is sent after the commit, or not at all."""
        message = uuid4()
        session.execute(
            insert(OutgoingMessage).values(
                id=message,
                kind=notice.kind,
                address=notice.address,
                office_id=notice.office,
                facts=dict(notice.facts),
                created_at=at,
                attempts=0,
                next_at=at,
            )
        )
        self._later.enqueue(session, SEND_MESSAGE, str(message))
        return message


def send_message(records: Records, policy: SmtpPolicy, *, message: UUID, at: datetime) -> bool:
    """Try to send a message that waits; return whether it is sent. A crash between both sends it again.

    One attempt at a time: who takes it moves its next attempt first.
    """
    if not policy.host:
        return False
    taken = _take(records, message, at=at)
    if taken is None:
        return False
    # THREAT: a credential, an address or a server's answer ends in the log or the records.
    # DEFENCE: of a failure only its kind is kept; the credential is a masked type, read when it is used.
    # TEST: tests/api/mail/test_sending.py::test_a_failure_is_kept_by_its_kind_alone
    try:
        _deliver(policy, taken)
    except (OSError, smtplib.SMTPException) as error:
        with records.writing() as session:
            session.execute(
                update(OutgoingMessage).where(OutgoingMessage.id == message).values(failure=type(error).__name__)
            )
        return False
    with records.writing() as session:
        session.execute(
            update(OutgoingMessage).where(OutgoingMessage.id == message).values(sent_at=at, next_at=None, failure=None)
        )
    return True


def due_messages(session: Session, *, at: datetime, limit: int = 100) -> list[UUID]:
    """Messages whose next attempt has come, oldest first."""
    asked = select(OutgoingMessage.id).where(OutgoingMessage.next_at <= at).order_by(OutgoingMessage.next_at)
    return list(session.scalars(asked.limit(limit)))


def build_message(policy: SmtpPolicy, row: OutgoingMessage) -> EmailMessage:
    """The message as it leaves."""
    built = EmailMessage(policy=SMTP)
    built["From"] = policy.sender
    built["To"] = row.address
    built["Subject"] = subject(row.kind, rehearsal=policy.rehearsal)
    built["Date"] = row.created_at
    built["Message-ID"] = f"<{row.id}@{policy.sender.rpartition('@')[2]}>"
    built["Auto-Submitted"] = "auto-generated"
    built.set_content(text(row.kind, row.facts, rehearsal=policy.rehearsal))
    return built


def _take(records: Records, message: UUID, *, at: datetime) -> OutgoingMessage | None:
    with records.writing() as session:
        row = session.scalar(
            select(OutgoingMessage)
            .where(OutgoingMessage.id == message, OutgoingMessage.sent_at.is_(None), OutgoingMessage.next_at <= at)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        if row.office_id is not None:
            address = address_at_sending(session, OfficeId(row.office_id), row.kind, at=at)
            if address is None:
                row.next_at, row.failure = None, NOBODY
                return None
            row.address = address
        row.attempts += 1
        pause = min(FIRST_PAUSE * 2 ** (row.attempts - 1), timedelta(days=1))
        row.next_at = None if row.attempts >= MOST_ATTEMPTS else at + pause
        session.flush()
        session.expunge(row)
        return row


def _deliver(policy: SmtpPolicy, row: OutgoingMessage) -> None:
    with smtplib.SMTP(policy.host, policy.port, timeout=TIMEOUT_SECONDS) as server:
        if policy.starttls:
            server.starttls(context=policy.context or ssl.create_default_context())
        if policy.user is not None and policy.password is not None:
            server.login(policy.user, policy.password.reveal().decode())
        server.send_message(build_message(policy, row))
