"""Who pays for the key of an office: the office, the payer and what it is granted, in one look. Steps only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Date, String, Uuid, bindparam, or_, select, text
from sqlalchemy.orm import Session

from pki.quota.errors import OfficeNotCurrent, PayerRefused, WaveNotOpen
from pki.quota.tables import Allowance, KeyOrder
from pki.records import HolderId, OfficeId, civil_day
from pki.registration.errors import BodyUnknown
from pki.registration.tables import Body, Office, OfficeEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Whose seat an order takes."""

    body_id: UUID
    """Of the office."""
    payer_id: UUID
    agreement_id: UUID


def insert_paid(session: Session, values: Mapping[str, object], *, payer_code: str, at: datetime) -> Payer | None:
    """Insert an order of the office's own body or its province, whichever `payer_code` names: one statement.

    :param values: of the order's row, but for body, payer and agreement.
    :return: None: nothing was inserted. `refuse_payer` says why, or the holder has an order under way.
    """
    said = {**values, "day": civil_day(at), "payer": payer_code}
    found = session.connection().execute(_INSERTED, said).one_or_none()
    if found is None:
        return None
    return Payer(body_id=found.body_id, payer_id=found.payer_body_id, agreement_id=found.agreement_id)


def refuse_payer(session: Session, *, holder: HolderId, office: OfficeId, payer_code: str, at: datetime) -> None:
    """Say why nobody pays, if that is so.

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


_office, _end, _body, _seats = Office.__table__, OfficeEnd.__table__, Body.__table__, Allowance.__table__
_paying = _body.alias("paying")
_day = bindparam("day", type_=Date())
_PAYER = (
    select(_body.c.code, _body.c.province_code, _paying.c.id.label("payer_id"), _seats.c.opens_on)
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
_ORDER = KeyOrder.__table__.c
_GIVEN = ("id", "road", "device_serial", "state", "seat", "requested_at", "requested_by")
# Both engines read it alike. What an order must rest on is asked by the statement that makes it.
_INSERTED = (
    text(
        """
        INSERT INTO key_order (id, road, device_serial, state, seat, requested_at, requested_by,
                               holder_id, office_id, body_id, payer_body_id, agreement_id)
        SELECT :id, :road, :device_serial, :state, :seat, :requested_at, :requested_by,
               office.holder_id, office.id, body.id, payer.id, allowance.agreement_id
        FROM office
        JOIN body ON body.id = office.body_id
        JOIN body AS payer ON payer.code = :payer AND payer.code IN (body.code, body.province_code)
        JOIN allowance ON allowance.body_id = payer.id AND allowance.opens_on <= :day
        LEFT JOIN office_end ON office_end.office_id = office.id AND office_end.superseded_at IS NULL
        WHERE office.id = :office AND office.holder_id = :holder AND office.superseded_at IS NULL
          AND office.starts_on <= :day AND (office_end.ends_on IS NULL OR office_end.ends_on > :day)
        ON CONFLICT DO NOTHING
        RETURNING body_id, payer_body_id, agreement_id
        """
    )
    .bindparams(
        *(bindparam(name, type_=_ORDER[name].type) for name in _GIVEN),
        *(bindparam(name, type_=Uuid()) for name in ("office", "holder")),
        bindparam("payer", type_=String()),
        _day,
    )
    .columns(body_id=Uuid(), payer_body_id=Uuid(), agreement_id=Uuid())
)
