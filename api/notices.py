"""Who is told what: notices to offices, handed over in the transaction of the act that they tell of."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.records import OfficeId, Records
from pki.registration.mailboxes.notices import Mailer, NoticeKind, notify_office
from pki.registration.powers.tables import Delegation
from pki.registration.tables import Body, Office


def tell_mailbox_active(records: Records, mailer: Mailer, *, office: OfficeId, at: datetime) -> None:
    """Tell the holder of an office that its mailbox is his while he is in it."""
    with records.writing() as session:
        facts = {"body": _body(session, office)}
        notify_office(session, mailer, office=office, kind=NoticeKind.MAILBOX_ACTIVE, facts=facts, at=at)


def tell_office_ends(records: Records, mailer: Mailer, *, office: OfficeId, ends_on: date, at: datetime) -> None:
    """Tell the holder of an office that its end is on record, while he is still in it."""
    with records.writing() as session:
        facts = {"body": _body(session, office), "ends_on": ends_on.isoformat()}
        notify_office(session, mailer, office=office, kind=NoticeKind.OFFICE_ENDS, facts=facts, at=at)


def tell_delegation(records: Records, mailer: Mailer, *, delegation: UUID, at: datetime) -> None:
    """Tell both offices of a delegation that it is on record; nothing, if that id is not a delegation's."""
    with records.writing() as session:
        row = session.get(Delegation, delegation)
        if row is None:
            return
        for office in (OfficeId(row.from_office_id), OfficeId(row.to_office_id)):
            facts = {"number": row.number, "body": _body(session, office), "starts_on": row.starts_on.isoformat()}
            notify_office(session, mailer, office=office, kind=NoticeKind.DELEGATION_GIVEN, facts=facts, at=at)


def tell_delegation_ends(records: Records, mailer: Mailer, *, delegation: UUID, ends_on: date, at: datetime) -> None:
    """Tell whoever signs on a delegation that it is revoked."""
    with records.writing() as session:
        row = session.get_one(Delegation, delegation)
        office = OfficeId(row.to_office_id)
        facts = {"number": row.number, "body": _body(session, office), "ends_on": ends_on.isoformat()}
        notify_office(session, mailer, office=office, kind=NoticeKind.DELEGATION_ENDED, facts=facts, at=at)


def _body(session: Session, office: OfficeId) -> str:
    row = session.execute(
        select(Body.name_ar, Body.name_fr).join(Office, Office.body_id == Body.id).where(Office.id == office)
    ).one()
    return f"{row.name_fr} / {row.name_ar}"
