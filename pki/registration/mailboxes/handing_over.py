"""The old holder of an office loses its mailbox in the transaction that ends the office. Steps."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, ActorKind, record
from pki.records import OfficeId, Records, civil_day
from pki.registration.mailboxes.tables import Mailbox, MailboxState
from pki.registration.tables import OfficeEnd

_SWEEP = Actor(kind=ActorKind.SYSTEM, id="jobs")
_MAILBOXES = Mailbox.__table__.c
_LEFT = (
    update(Mailbox.__table__)  # type: ignore[arg-type]
    .where(_MAILBOXES.office_id == bindparam("office"), _MAILBOXES.state == MailboxState.ACTIVE)
    .values(state=MailboxState.HANDED_OVER, office_id=None, handed_over_on=bindparam("day"), changed_at=bindparam("on"))
    .returning(_MAILBOXES.id)
)


def leave_mailbox(session: Session, office: OfficeId, *, on: date, by: Actor, at: datetime) -> None:
    """Take an office's mailbox from its holder if the office ends on that day or before. A step.

    An end that lies ahead takes it then: `reader_of` looks at the day, and `hand_over_due` writes it down.
    """
    # THREAT: who left an office goes on reading its mail: notices, links, names of those who come after him.
    # DEFENCE: the state changes with the end of the office, in one transaction, and the reader is asked for by day.
    # TEST: tests/pki/registration/test_mailboxes.py::test_the_old_holder_loses_it_with_his_office
    if on > civil_day(at):
        return
    left = session.connection().execute(_LEFT, {"office": office, "day": on, "on": at})
    for mailbox in left.scalars().all():
        facts = {"office": office, "on": on}
        record(session, kind="mailbox.handed-over", subject=f"mailbox:{mailbox}", by=by, at=at, facts=facts)


def hand_over_due(records: Records, *, at: datetime) -> int:
    """Hand over the mailboxes of offices whose recorded end has come; return how many. Safe to run twice."""
    today = civil_day(at)
    with records.writing() as session:
        due = session.execute(
            select(Mailbox.office_id, OfficeEnd.ends_on)
            .join(OfficeEnd, (OfficeEnd.office_id == Mailbox.office_id) & OfficeEnd.superseded_at.is_(None))
            .where(Mailbox.state == MailboxState.ACTIVE, OfficeEnd.ends_on <= today)
        ).all()
        for row in due:
            leave_mailbox(session, OfficeId(row.office_id), on=row.ends_on, by=_SWEEP, at=at)
    return len(due)
