"""Mailboxes for those who look: their state, and the day on which a reader no longer reads one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from pki.records import OfficeId
from pki.registration.errors import MailboxUnknown
from pki.registration.extent import Extent
from pki.registration.kinds import OfficeFunction
from pki.registration.mailboxes.tables import Mailbox, MailboxState
from pki.registration.tables import Body, OfficeEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxLine:
    """The mailbox of an office of a body."""

    id: UUID
    body: str
    function: OfficeFunction
    rank: int
    """Of a vice-president; 0 for every other."""
    state: MailboxState
    address: str | None
    office: OfficeId | None
    """The office whose holder reads it."""
    handed_over_on: date | None
    """First civil day on which its last reader no longer reads it; of a present one, if his end is on record."""
    asked_at: datetime
    changed_at: datetime


def mailboxes(
    session: Session, *, within: Extent, state: MailboxState | None, after: UUID | None, limit: int
) -> list[MailboxLine]:
    """Mailboxes of bodies inside the extent, by id; at most `limit`, above `after`."""
    asked = _lines().where(within.bodies()).order_by(Mailbox.id).limit(limit)
    if state is not None:
        asked = asked.where(Mailbox.state == state)
    if after is not None:
        asked = asked.where(Mailbox.id > after)
    return [_line(row, body, ends_on) for row, body, ends_on in session.execute(asked)]


def mailbox_line(session: Session, mailbox: UUID) -> MailboxLine:
    """One mailbox.

    :raise MailboxUnknown: there is none of that id.
    """
    found = session.execute(_lines().where(Mailbox.id == mailbox)).one_or_none()
    if found is None:
        raise MailboxUnknown(mailbox)
    row, body, ends_on = found
    return _line(row, body, ends_on)


def _lines() -> Select[Mailbox, str, date]:
    return (
        select(Mailbox, Body.code, OfficeEnd.ends_on)
        .join(Body, Body.id == Mailbox.body_id)
        .outerjoin(OfficeEnd, (OfficeEnd.office_id == Mailbox.office_id) & OfficeEnd.superseded_at.is_(None))
    )


def _line(row: Mailbox, body: str, ends_on: date | None) -> MailboxLine:
    return MailboxLine(
        id=row.id,
        body=body,
        function=row.function,
        rank=row.rank,
        state=row.state,
        address=row.address,
        office=None if row.office_id is None else OfficeId(row.office_id),
        handed_over_on=row.handed_over_on or ends_on,
        asked_at=row.asked_at,
        changed_at=row.changed_at,
    )
