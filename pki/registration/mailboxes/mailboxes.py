"""Acts on mailboxes: asked for, created by the supplier, activated for the holder of the office, closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.records import HolderId, OfficeId, Records
from pki.registration.contacts import accept_email
from pki.registration.errors import (
    FunctionNotInBody,
    MailboxExists,
    MailboxStateRefused,
    MailboxUnknown,
    OfficeUnknown,
)
from pki.registration.kinds import FUNCTIONS_OF, OfficeFunction
from pki.registration.mailboxes.tables import Mailbox, MailboxState
from pki.registration.offices import locked_body
from pki.registration.standing import office_in_effect
from pki.registration.tables import Body, Office

_FROM: Mapping[MailboxState, frozenset[MailboxState]] = {
    MailboxState.CREATED: frozenset({MailboxState.ASKED}),
    MailboxState.ACTIVE: frozenset({MailboxState.CREATED, MailboxState.HANDED_OVER}),
    MailboxState.CLOSED: frozenset(MailboxState) - {MailboxState.CLOSED},
}


def ask_mailbox(
    records: Records, *, body_code: str, function: OfficeFunction, rank: int = 0, by: Actor, at: datetime
) -> UUID:
    """Ask the supplier for the mailbox of an office.

    :raise FunctionNotInBody: that kind of body has no such function.
    :raise MailboxExists: the office has one.
    """
    with records.writing() as session:
        body = locked_body(session, body_code)
        ranked = function is OfficeFunction.VICE_PRESIDENT
        if function not in FUNCTIONS_OF[body.kind] or ranked != (rank > 0):
            raise FunctionNotInBody(function.value, body_code)
        mailbox = session.execute(
            insert_into(session, Mailbox)
            .values(
                id=uuid4(),
                body_id=body.id,
                function=function,
                rank=rank,
                state=MailboxState.ASKED,
                asked_at=at,
                changed_at=at,
            )
            .on_conflict_do_nothing()
            .returning(Mailbox.id)
        ).scalar_one_or_none()
        if mailbox is None:
            raise MailboxExists(body_code, function.value)
        facts = {"body": body_code, "function": function, "rank": rank}
        record(session, kind="mailbox.asked", subject=f"mailbox:{mailbox}", by=by, at=at, facts=facts)
    return mailbox


def create_mailbox(records: Records, *, mailbox: UUID, address: str, by: Actor, at: datetime) -> None:
    """Record the address that the supplier made.

    :raise ContactRefused: not an address.
    :raise MailboxExists: another mailbox has the address.
    :raise MailboxStateRefused: it was not asked for, or is created already.
    """
    accepted = accept_email(address)
    with records.writing() as session:
        taken = session.scalar(select(Mailbox.id).where(Mailbox.address == accepted, Mailbox.id != mailbox))
        if taken is not None:
            raise MailboxExists(accepted, "address")
        _advance(session, mailbox, MailboxState.CREATED, at=at, address=accepted)
        facts = {"address": accepted}
        record(session, kind="mailbox.created", subject=f"mailbox:{mailbox}", by=by, at=at, facts=facts)


def activate_mailbox(records: Records, *, mailbox: UUID, office: OfficeId, by: Actor, at: datetime) -> None:
    """Record that the holder of the office, and nobody else, reads the mailbox from now on.

    :raise OfficeUnknown: no office of that body, function and rank is in effect under that id.
    :raise MailboxStateRefused: not created, or read by somebody.
    """
    with records.writing() as session:
        row = _mailbox(session, mailbox)
        found = session.scalar(select(Office).where(Office.id == office))
        fits = found is not None and (found.body_id, found.function, found.rank or 0) == (
            row.body_id,
            row.function,
            row.rank,
        )
        if found is None or not fits:
            raise OfficeUnknown(office)
        if office_in_effect(session, holder=HolderId(found.holder_id), office=office, at=at) is None:
            raise OfficeUnknown(office)
        _advance(session, mailbox, MailboxState.ACTIVE, at=at, office_id=office, handed_over_on=None)
        facts = {"office": office}
        record(session, kind="mailbox.activated", subject=f"mailbox:{mailbox}", by=by, at=at, facts=facts)


def close_mailbox(records: Records, *, mailbox: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Record that the supplier closed it. Its address is not given again.

    :raise MailboxStateRefused: it is closed.
    """
    with records.writing() as session:
        _advance(session, mailbox, MailboxState.CLOSED, at=at, office_id=None)
        facts = {"reason": reason}
        record(session, kind="mailbox.closed", subject=f"mailbox:{mailbox}", by=by, at=at, facts=facts)


def reader_of(session: Session, mailbox: UUID, *, at: datetime) -> HolderId | None:
    """Who reads the mailbox on that day: the holder of its office, if it is active for him and he is in office."""
    row = _mailbox(session, mailbox)
    if row.state is not MailboxState.ACTIVE or row.office_id is None:
        return None
    holder = HolderId(session.scalars(select(Office.holder_id).where(Office.id == row.office_id)).one())
    standing = office_in_effect(session, holder=holder, office=OfficeId(row.office_id), at=at)
    return None if standing is None else holder


def body_of_mailbox(session: Session, mailbox: UUID) -> str:
    """The code of the body whose office it belongs to.

    :raise MailboxUnknown: there is none of that id.
    """
    return session.scalars(select(Body.code).where(Body.id == _mailbox(session, mailbox).body_id)).one()


def _mailbox(session: Session, mailbox: UUID) -> Mailbox:
    row = session.scalar(select(Mailbox).where(Mailbox.id == mailbox).execution_options(populate_existing=True))
    if row is None:
        raise MailboxUnknown(mailbox)
    return row


def _advance(session: Session, mailbox: UUID, to: MailboxState, *, at: datetime, **values: object) -> None:
    done = session.execute(
        update(Mailbox)
        .where(Mailbox.id == mailbox, Mailbox.state.in_(_FROM[to]))
        .values(state=to, changed_at=at, **values)
        .returning(Mailbox.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if done is None:
        raise MailboxStateRefused(mailbox, _mailbox(session, mailbox).state.value, to.value)
