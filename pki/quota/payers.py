"""Who pays for the key of an office: the office, the payer and what it is granted, in one look. A step only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Date, String, Uuid, bindparam, or_, select
from sqlalchemy.orm import Session

from pki.quota.errors import OfficeNotCurrent, PayerRefused, WaveNotOpen
from pki.quota.tables import Allowance
from pki.records import HolderId, OfficeId, civil_day
from pki.registration.errors import BodyUnknown
from pki.registration.tables import Body, Office, OfficeEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Whose seat an order takes."""

    body_id: UUID
    """Of the office."""
    body_code: str
    payer_id: UUID
    agreement_id: UUID


def payer_of(session: Session, *, holder: HolderId, office: OfficeId, payer_code: str, at: datetime) -> Payer:
    """The office's own body or its province, whichever `payer_code` names, with the agreement that grants its seats.

    :raise OfficeNotCurrent: not this holder's office, or not in effect on the civil day of `at`.
    :raise BodyUnknown: no such payer.
    :raise PayerRefused: another body.
    :raise WaveNotOpen: it has no seats on that day.
    """
    day = civil_day(at)
    found = (
        session.connection()
        .execute(_PAYER, {"office": office, "holder": holder, "day": day, "payer": payer_code})
        .one_or_none()
    )
    if found is None:
        raise OfficeNotCurrent(office, holder)
    if found.payer_id is None:
        raise BodyUnknown(payer_code)
    if payer_code not in {found.code, found.province_code}:
        raise PayerRefused(payer_code)
    if found.opens_on is None or found.opens_on > day:
        raise WaveNotOpen(payer_code, found.opens_on)
    return Payer(body_id=found.body_id, body_code=found.code, payer_id=found.payer_id, agreement_id=found.agreement_id)


_office, _end, _body, _seats = Office.__table__, OfficeEnd.__table__, Body.__table__, Allowance.__table__
_paying = _body.alias("paying")
_day = bindparam("day", type_=Date())
# Made once, on the tables themselves: every order asks it.
_PAYER = (
    select(
        _body.c.id.label("body_id"),
        _body.c.code,
        _body.c.province_code,
        _paying.c.id.label("payer_id"),
        _seats.c.agreement_id,
        _seats.c.opens_on,
    )
    .select_from(
        _office.join(_body, _body.c.id == _office.c.body_id)
        .outerjoin(_end, (_end.c.office_id == _office.c.id) & _end.c.superseded_at.is_(None))
        .outerjoin(_paying, _paying.c.code == bindparam("payer", type_=String()))
        .outerjoin(_seats, _seats.c.body_id == _paying.c.id)
    )
    .where(
        _office.c.id == bindparam("office", type_=Uuid()),
        _office.c.holder_id == bindparam("holder", type_=Uuid()),
        _office.c.superseded_at.is_(None),
        _office.c.starts_on <= _day,
        or_(_end.c.ends_on.is_(None), _end.c.ends_on > _day),
    )
)
