"""An office as it stands on a day: for those who need the office itself and not the right to sign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Date, bindparam, or_, select
from sqlalchemy.orm import Session

from pki.records import HolderId, OfficeId, civil_day
from pki.registration.kinds import OfficeFunction
from pki.registration.tables import Body, Office, OfficeEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingOffice:
    """An office in effect."""

    office: OfficeId
    function: OfficeFunction
    body_id: UUID
    body_code: str
    province_code: str | None


_DAY = bindparam("day", type_=Date())
# Spelled once: every step of an order asks it.
_IN_EFFECT = (
    select(Office.function, Body.id, Body.code, Body.province_code)
    .join(Body, Body.id == Office.body_id)
    .outerjoin(OfficeEnd, (OfficeEnd.office_id == Office.id) & OfficeEnd.superseded_at.is_(None))
    .where(
        Office.id == bindparam("office"),
        Office.holder_id == bindparam("holder"),
        Office.superseded_at.is_(None),
        Office.starts_on <= _DAY,
        or_(OfficeEnd.ends_on.is_(None), OfficeEnd.ends_on > _DAY),
    )
)


def office_in_effect(session: Session, *, holder: HolderId, office: OfficeId, at: datetime) -> StandingOffice | None:
    """The holder's office if it is in effect on the civil day of `at`, else None."""
    said = {"office": office, "holder": holder, "day": civil_day(at)}
    row = session.execute(_IN_EFFECT, said).one_or_none()
    if row is None:
        return None
    return StandingOffice(
        office=office,
        function=row.function,
        body_id=row.id,
        body_code=row.code,
        province_code=row.province_code,
    )


_NOT_OVER = (
    select(Office.id)
    .outerjoin(OfficeEnd, (OfficeEnd.office_id == Office.id) & OfficeEnd.superseded_at.is_(None))
    .where(
        Office.holder_id == bindparam("holder"),
        Office.body_id == bindparam("body"),
        Office.superseded_at.is_(None),
        or_(OfficeEnd.ends_on.is_(None), OfficeEnd.ends_on > _DAY),
    )
)


def offices_not_over(session: Session, *, holder: HolderId, body_id: UUID, at: datetime) -> set[OfficeId]:
    """The holder's offices in a body that are not over on the civil day of `at`, also those that are to begin."""
    said = {"holder": holder, "body": body_id, "day": civil_day(at)}
    return {OfficeId(office) for office in session.scalars(_NOT_OVER, said)}
