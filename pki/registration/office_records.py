"""Every record of a body's offices, with both times: in effect, and on record. What stood when: `powers.history`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.records import HolderId, OfficeId
from pki.registration.kinds import OfficeFunction
from pki.registration.tables import Body, Holder, Office, OfficeEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRecord:
    """One record of an office's end; `ends_on` is the first civil day no longer in it."""

    ends_on: date
    reason: str
    deed: str
    recorded_at: datetime
    recorded_by: str
    superseded_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeRecord:
    """One record of an office, and every end that was ever recorded of it, the earliest record first."""

    office: OfficeId
    holder: HolderId
    name_latin: str
    name_ar: str
    function: OfficeFunction
    rank: int | None
    starts_on: date
    deed: str
    recorded_at: datetime
    recorded_by: str
    superseded_at: datetime | None
    """When another record took the place of this one."""
    ends: tuple[EndRecord, ...]


def office_records(session: Session, *, body_code: str, after: UUID | None, limit: int) -> list[OfficeRecord]:
    """The records of one body, ended and superseded ones too, by id; at most `limit`, above `after`."""
    asked = (
        select(Office, Holder.name_latin, Holder.name_ar)
        .join(Body, Body.id == Office.body_id)
        .join(Holder, Holder.id == Office.holder_id)
        .where(Body.code == body_code)
        .order_by(Office.id)
        .limit(limit)
    )
    if after is not None:
        asked = asked.where(Office.id > after)
    found = session.execute(asked).all()
    ends: dict[UUID, list[EndRecord]] = {office.id: [] for office, _, _ in found}
    recorded = select(OfficeEnd).where(OfficeEnd.office_id.in_(ends)).order_by(OfficeEnd.recorded_at, OfficeEnd.id)
    for end in session.scalars(recorded):
        ends[end.office_id].append(
            EndRecord(
                ends_on=end.ends_on,
                reason=end.reason,
                deed=end.deed,
                recorded_at=end.recorded_at,
                recorded_by=end.recorded_by,
                superseded_at=end.superseded_at,
            )
        )
    return [
        OfficeRecord(
            office=OfficeId(office.id),
            holder=HolderId(office.holder_id),
            name_latin=latin,
            name_ar=arabic,
            function=office.function,
            rank=office.rank,
            starts_on=office.starts_on,
            deed=office.deed,
            recorded_at=office.recorded_at,
            recorded_by=office.recorded_by,
            superseded_at=office.superseded_at,
            ends=tuple(ends[office.id]),
        )
        for office, latin, arabic in found
    ]
