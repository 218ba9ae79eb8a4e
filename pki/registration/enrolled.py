"""Enrolled people as officers see them: names, the national id masked. The full one: `holders.reveal_national_id`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session

from pki.records import HolderId, OfficeId
from pki.registration.errors import HolderUnknown
from pki.registration.extent import Extent
from pki.registration.kinds import OfficeFunction
from pki.registration.protection import ProtectedNumber, ProtectedNumbers
from pki.registration.tables import Body, Holder, Office, OfficeEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderLine:
    """A person in a list."""

    id: HolderId
    name_latin: str
    name_ar: str
    cin_masked: str
    enrolled_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOffice:
    """An office that he holds, held or will hold, as it stands on record."""

    office: OfficeId
    body: str
    function: OfficeFunction
    rank: int | None
    starts_on: date
    ends_on: date | None
    """The first civil day no longer in it, if one is recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderSheet:
    """A person with his own contacts, which serve recovery, and his offices inside the extent that was asked for.

    None for both contacts also where they are not shown: see `keeps`.
    """

    line: HolderLine
    email: str | None
    phone: str | None
    offices: tuple[HeldOffice, ...]


def holders(
    session: Session, protection: ProtectedNumbers, *, within: Extent, after: UUID | None, limit: int
) -> list[HolderLine]:
    """People with an office on record inside the extent, ended ones too, by id; at most `limit`, above `after`.

    Who has no office yet belongs to no territory: he is seen from the whole country alone.
    :raise NationalIdUnreadable: other keys than they were written under.
    """
    asked = select(Holder).where(sees(within)).order_by(Holder.id).limit(limit)
    if after is not None:
        asked = asked.where(Holder.id > after)
    return [_line(row, protection) for row in session.scalars(asked)]


def holder_sheet(
    session: Session, protection: ProtectedNumbers, *, holder: HolderId, within: Extent, on: date
) -> HolderSheet:
    """One person, wherever he is; whether he may be looked at is the door's question.

    :param on: the civil day on which the extent must keep his file for his contacts to be shown (`keeps`).

    :raise HolderUnknown: no such holder.
    :raise NationalIdUnreadable: other keys than it was written under.
    """
    row = session.get(Holder, holder)
    if row is None:
        raise HolderUnknown(holder)
    asked = (
        select(Office, Body.code, OfficeEnd.ends_on)
        .join(Body, Body.id == Office.body_id)
        .outerjoin(OfficeEnd, (OfficeEnd.office_id == Office.id) & OfficeEnd.superseded_at.is_(None))
        .where(Office.holder_id == holder, Office.superseded_at.is_(None), within.bodies())
        .order_by(Office.starts_on, Office.id)
    )
    held = (
        HeldOffice(
            office=OfficeId(office.id),
            body=code,
            function=office.function,
            rank=office.rank,
            starts_on=office.starts_on,
            ends_on=ends_on,
        )
        for office, code, ends_on in session.execute(asked)
    )
    kept = session.scalar(select(Holder.id).where(Holder.id == holder, keeps(within, on=on))) is not None
    return HolderSheet(
        line=_line(row, protection),
        email=row.email if kept else None,
        phone=row.phone if kept else None,
        offices=tuple(held),
    )


def sees(within: Extent) -> ColumnElement[bool]:
    """The condition that a row of `Holder` is seen from the extent."""
    if within.everywhere:
        return within.bodies()
    return Holder.id.in_(_holders_of(within))


def keeps(within: Extent, *, on: date) -> ColumnElement[bool]:
    """The condition that a row of `Holder` is the extent's own: he has offices, all of them there.

    Those that are not over on that civil day, also those to begin. Of whoever has none, the whole country's alone.
    """
    if within.everywhere:
        return within.bodies()
    over = exists().where(OfficeEnd.office_id == Office.id, OfficeEnd.superseded_at.is_(None), OfficeEnd.ends_on <= on)
    his = exists().where(Office.holder_id == Holder.id, Office.superseded_at.is_(None), ~over).correlate(Holder)
    # A body of no province lies outside every one: NOT IN says so, where comparing its NULL would not.
    inside = Office.body_id.in_(select(Body.id).where(within.bodies()))
    return his.where(inside) & ~his.where(~inside)


def _holders_of(within: Extent) -> Select[UUID]:
    # A record that another replaced was wrong: it opens nobody's file.
    return (
        select(Office.holder_id)
        .join(Body, Body.id == Office.body_id)
        .where(Office.superseded_at.is_(None), within.bodies())
    )


def _line(row: Holder, protection: ProtectedNumbers) -> HolderLine:
    number = protection.reveal(ProtectedNumber(encrypted=row.cin_encrypted, keyed_hash=row.cin_hash))
    return HolderLine(
        id=HolderId(row.id),
        name_latin=row.name_latin,
        name_ar=row.name_ar,
        cin_masked=protection.masked(number),
        enrolled_at=row.enrolled_at,
    )
