"""Training: programmes made by a region, sessions held by its provinces, who attended; keys handed to the untrained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import exists, false, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pki.journal.acts import Actor
from pki.quota.kinds import OrderState
from pki.quota.rollout.errors import (
    PersonRefused,
    RolloutDatesRefused,
    RolloutRecordUnknown,
    RolloutTerritoryUnknown,
)
from pki.quota.rollout.kinds import CommitteeLevel, RolloutKind
from pki.quota.rollout.recording import insert_record, person, refuse_future, require_current
from pki.quota.rollout.tables import Attendance, Programme, TrainingSession
from pki.quota.tables import KeyOrder
from pki.records import HolderId, OrderId, Records
from pki.registration.bodies import body_id
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.tables import Body, Holder, Province, Region

IN_HAND = (OrderState.DELIVERED, OrderState.ACTIVE)
"""The holder has the key and it is not stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UntrainedHolder:
    """A person who has a key in hand and attended no session."""

    order: OrderId
    state: OrderState
    body_code: str
    holder: HolderId
    name_latin: str
    name_ar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """A session as it is read."""

    id: UUID
    programme: UUID
    title: str
    region_code: str
    province_code: str
    place: str
    held_on: date
    attended: int


def plan_programme(
    records: Records,
    *,
    region_code: str,
    title: str,
    audience: str,
    starts_on: date,
    deed: str,
    by: Actor,
    at: datetime,
) -> UUID:
    """Record a region's training programme.

    :raise RolloutTerritoryUnknown: no such region.
    """
    with records.writing() as session:
        if session.scalar(select(Region.code).where(Region.code == region_code)) is None:
            raise RolloutTerritoryUnknown(CommitteeLevel.REGIONAL.value, region_code)
        values = {"region_code": region_code, "title": title, "audience": audience, "starts_on": starts_on}
        return insert_record(session, RolloutKind.PROGRAMME, values | {"deed": deed}, by=by, at=at)


def record_session(
    records: Records, *, programme: UUID, province_code: str, place: str, held_on: date, by: Actor, at: datetime
) -> UUID:
    """Record a session of the programme in a province of its region; it may be to come.

    :raise RolloutRecordUnknown: no such programme.
    :raise RolloutTerritoryUnknown: no such province, or of another region.
    :raise RolloutDatesRefused: before the programme starts.
    """
    with records.writing() as session:
        require_current(session, RolloutKind.PROGRAMME, programme)
        made = session.execute(
            select(Programme.region_code, Programme.starts_on).where(Programme.id == programme)
        ).one()
        if session.scalar(select(Province.region_code).where(Province.code == province_code)) != made.region_code:
            raise RolloutTerritoryUnknown(CommitteeLevel.LOCAL.value, province_code)
        if held_on < made.starts_on:
            raise RolloutDatesRefused(f"the programme starts on {made.starts_on}")
        values = {"programme_id": programme, "province_code": province_code, "place": place, "held_on": held_on}
        return insert_record(session, RolloutKind.SESSION, values, by=by, at=at)


def record_attendance(
    records: Records,
    *,
    session_id: UUID,
    body_code: str,
    holder: HolderId | None = None,
    name: str | None = None,
    by: Actor,
    at: datetime,
) -> UUID:
    """Record that a person attended a session that was held, for a body of the session's province.

    :raise RolloutRecordUnknown: no such session.
    :raise PersonRefused: not exactly one of holder and name, or he is down for the session already.
    :raise RolloutTerritoryUnknown: a body of another province.
    :raise BodyUnknown: no such body.
    :raise RolloutDatesRefused: the session is to come.
    """
    try:
        with records.writing() as session:
            require_current(session, RolloutKind.SESSION, session_id)
            held = session.execute(
                select(TrainingSession.province_code, TrainingSession.held_on).where(TrainingSession.id == session_id)
            ).one()
            refuse_future(held.held_on, at=at)
            body = body_id(session, body_code)
            if session.scalar(select(Body.province_code).where(Body.id == body)) != held.province_code:
                raise RolloutTerritoryUnknown(CommitteeLevel.LOCAL.value, body_code)
            values = person(session, holder, name) | {"session_id": session_id, "body_id": body}
            return insert_record(session, RolloutKind.ATTENDANCE, values, by=by, at=at)
    except IntegrityError as error:
        raise PersonRefused("he is down for this session already") from error


def session_territory(session: Session, session_id: UUID) -> str:
    """The province of a session in force.

    :raise RolloutRecordUnknown: no such session.
    """
    found = session.scalar(
        select(TrainingSession.province_code).where(
            TrainingSession.id == session_id, TrainingSession.superseded_at.is_(None)
        )
    )
    if found is None:
        raise RolloutRecordUnknown(RolloutKind.SESSION.value, session_id)
    return found


def programme_region(session: Session, programme: UUID) -> str:
    """The region of a programme in force.

    :raise RolloutRecordUnknown: no such programme.
    """
    found = session.scalar(
        select(Programme.region_code).where(Programme.id == programme, Programme.superseded_at.is_(None))
    )
    if found is None:
        raise RolloutRecordUnknown(RolloutKind.PROGRAMME.value, programme)
    return found


def untrained_holders(session: Session, *, within: Extent = EVERYWHERE, on: date) -> list[UntrainedHolder]:
    """Keys in hand whose holders attended no session held by that civil day, by body and order."""
    trained = exists().where(
        Attendance.holder_id == KeyOrder.holder_id,
        Attendance.superseded_at.is_(None),
        TrainingSession.id == Attendance.session_id,
        TrainingSession.superseded_at.is_(None),
        TrainingSession.held_on <= on,
    )
    asked = (
        select(KeyOrder.id, KeyOrder.state, Body.code, Holder.id, Holder.name_latin, Holder.name_ar)
        .join(Body, Body.id == KeyOrder.body_id)
        .join(Holder, Holder.id == KeyOrder.holder_id)
        .where(KeyOrder.state.in_(IN_HAND), within.bodies(), ~trained)
        .order_by(Body.code, KeyOrder.id)
    )
    return [
        UntrainedHolder(
            order=OrderId(order),
            state=state,
            body_code=code,
            holder=HolderId(holder),
            name_latin=name_latin,
            name_ar=name_ar,
        )
        for order, state, code, holder, name_latin, name_ar in session.execute(asked)
    ]


def sessions(session: Session, *, within: Extent = EVERYWHERE) -> list[SessionLine]:
    """Sessions on record whose province lies inside the extent, by day, each with how many attended."""
    attended = (
        select(Attendance.session_id, func.count().label("number"))
        .where(Attendance.superseded_at.is_(None))
        .group_by(Attendance.session_id)
        .subquery()
    )
    asked = (
        select(TrainingSession, Programme.title, Programme.region_code, attended.c.number)
        .join(Programme, Programme.id == TrainingSession.programme_id)
        .outerjoin(attended, attended.c.session_id == TrainingSession.id)
        .where(TrainingSession.superseded_at.is_(None))
        .order_by(TrainingSession.held_on, TrainingSession.id)
    )
    if within.region_code is not None:
        asked = asked.where(Programme.region_code == within.region_code)
    elif within.province_code is not None:
        asked = asked.where(TrainingSession.province_code == within.province_code)
    elif not within.everywhere:
        asked = asked.where(false())
    return [
        SessionLine(
            id=each.id,
            programme=each.programme_id,
            title=title,
            region_code=region,
            province_code=each.province_code,
            place=each.place,
            held_on=each.held_on,
            attended=number or 0,
        )
        for each, title, region, number in session.execute(asked)
    ]
