"""Who sits where, as values for those who look: never a national id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from pki.records import HolderId, OfficeId
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.kinds import OfficeFunction
from pki.registration.tables import Body, Holder, Office, OfficeEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """A person in an office."""

    holder: HolderId
    name_latin: str
    name_ar: str
    office: OfficeId
    body: str
    function: OfficeFunction
    rank: int | None
    starts_on: date
    ends_on: date | None
    """The first civil day no longer in it, if one is recorded."""


def people(
    session: Session, *, within: Extent = EVERYWHERE, on: date, after: UUID | None, limit: int
) -> list[PersonLine]:
    """Offices in effect on that civil day in bodies inside the extent, by id; at most `limit`, above `after`."""
    asked = (
        select(Office, Body.code, Holder.name_latin, Holder.name_ar, OfficeEnd.ends_on)
        .join(Body, Body.id == Office.body_id)
        .join(Holder, Holder.id == Office.holder_id)
        .outerjoin(OfficeEnd, (OfficeEnd.office_id == Office.id) & OfficeEnd.superseded_at.is_(None))
        .where(Office.superseded_at.is_(None), Office.starts_on <= on, within.bodies())
        .where(or_(OfficeEnd.ends_on.is_(None), OfficeEnd.ends_on > on))
        .order_by(Office.id)
        .limit(limit)
    )
    if after is not None:
        asked = asked.where(Office.id > after)
    return [
        PersonLine(
            holder=HolderId(office.holder_id),
            name_latin=name_latin,
            name_ar=name_ar,
            office=OfficeId(office.id),
            body=body,
            function=office.function,
            rank=office.rank,
            starts_on=office.starts_on,
            ends_on=ends_on,
        )
        for office, body, name_latin, name_ar, ends_on in session.execute(asked)
    ]
