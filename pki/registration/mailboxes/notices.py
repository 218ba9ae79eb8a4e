"""Notices follow the office: to its mailbox while it is active for its holder, else to the holder's own address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.records import HolderId, OfficeId
from pki.registration.mailboxes.mailboxes import reader_of
from pki.registration.mailboxes.tables import Mailbox, MailboxState
from pki.registration.standing import office_in_effect
from pki.registration.tables import Holder, Office


class NoticeKind(StrEnum):
    """What an office is told of. Texts and languages are the sender's."""

    DELEGATION_GIVEN = "delegation_given"
    DELEGATION_ENDED = "delegation_ended"
    OFFICE_ENDS = "office_ends"
    MAILBOX_ACTIVE = "mailbox_active"
    ALERTS = "alerts"
    """What needs an eye in a body, counted by kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is to be said to whoever an address belongs to. No secret, and no personal data beyond `facts`."""

    kind: NoticeKind
    address: str
    facts: Mapping[str, str]
    office: OfficeId | None = None
    """The office that is told: whoever sends it asks `address_at_sending` again. None: the address is all there is."""


class Mailer(Protocol):
    """Sends a notice after the caller's transaction, once or more than once; nothing is sent if it rolls back."""

    def enqueue(self, session: Session, notice: Notice, *, at: datetime) -> UUID: ...


def address_for(session: Session, office: OfficeId, *, at: datetime) -> str | None:
    """Where a notice to that office goes on that day. None: nobody is in it, or he left no address.

    Who left an office is told nothing more of it.
    """
    holder = session.scalar(select(Office.holder_id).where(Office.id == office))
    if holder is None or office_in_effect(session, holder=HolderId(holder), office=office, at=at) is None:
        return None
    own = session.execute(
        select(Mailbox.id, Mailbox.address).where(Mailbox.office_id == office, Mailbox.state == MailboxState.ACTIVE)
    ).one_or_none()
    if own is not None and reader_of(session, own.id, at=at) == holder:
        address: str | None = own.address
        return address
    return session.scalar(select(Holder.email).where(Holder.id == holder))


def address_at_sending(session: Session, office: OfficeId, kind: NoticeKind, *, at: datetime) -> str | None:
    """Where a notice to that office goes when it leaves, which may be days after it was written. None: to nobody.

    That his office ends concerns the person: once it is over it goes to his own address, never to the mailbox.
    """
    # THREAT: a notice waits for a mail server, its reader leaves the office meanwhile, and he or who comes after him
    #   reads what was another's.
    # DEFENCE: at each attempt it is asked again who is in the office and where he reads.
    # TEST: tests/api/mail/test_sending.py::test_a_notice_goes_to_whoever_holds_the_office_when_it_leaves
    found = address_for(session, office, at=at)
    if found is not None or kind is not NoticeKind.OFFICE_ENDS:
        return found
    own = select(Holder.email).join(Office, Office.holder_id == Holder.id).where(Office.id == office)
    return session.scalar(own)


def notify_office(
    session: Session, mailer: Mailer, *, office: OfficeId, kind: NoticeKind, facts: Mapping[str, str], at: datetime
) -> UUID | None:
    """Send a notice to whoever holds the office today; None if there is no address. A step."""
    address = address_for(session, office, at=at)
    if address is None:
        return None
    notice = Notice(kind=kind, address=address, facts=facts, office=office)
    return mailer.enqueue(session, notice, at=at)
