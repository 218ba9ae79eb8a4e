"""Dated offices: recorded, ended, corrected by a record that takes the place of the former."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Date, Select, bindparam, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.records import HolderId, OfficeId, Records, civil_day
from pki.registration.errors import (
    BodyUnknown,
    EndBeforeStart,
    FunctionNotInBody,
    HolderInOffice,
    HolderUnknown,
    OfficeOccupied,
    OfficeUnknown,
    RankRefused,
)
from pki.registration.kinds import (
    ELECTED_FUNCTIONS,
    FUNCTIONS_OF,
    MECHOUAR_COMMUNES,
    SINGLE_FUNCTIONS,
    OfficeFunction,
)
from pki.registration.mailboxes.handing_over import leave_mailbox
from pki.registration.retroactivity import STRICT, Retroactivity
from pki.registration.tables import Body, Holder, Office, OfficeEnd, OpenOffice, OpenRank

_PACHAS = frozenset({OfficeFunction.PACHA, OfficeFunction.PACHA_ASSISTANT})

# Spelled once: every office needs them.
_RECORDED = insert(Office.__table__)  # type: ignore[arg-type]
_LOCKED_BODY = select(Body).where(Body.code == bindparam("code")).with_for_update(key_share=True)
_LOCKED_HOLDER = select(Holder.id).where(Holder.id == bindparam("holder")).with_for_update(key_share=True)
_STANDING = (
    select(Office.starts_on, Office.function, Office.rank, Office.holder_id, Body.code)
    .join(Body, Body.id == Office.body_id)
    .where(Office.id == bindparam("office"), Office.superseded_at.is_(None))
)
_END_OF = select(OfficeEnd.ends_on).where(OfficeEnd.office_id == bindparam("office"), OfficeEnd.superseded_at.is_(None))
_ENDED = insert(OfficeEnd.__table__)  # type: ignore[arg-type]
_END_SUPERSEDED = (
    update(OfficeEnd)
    .where(OfficeEnd.office_id == bindparam("office"), OfficeEnd.superseded_at.is_(None))
    .values(superseded_at=bindparam("on"))
    .execution_options(synchronize_session=False)
)
_LEFT = tuple(
    delete(slot.__table__).where(slot.__table__.c.office_id == bindparam("office"))  # type: ignore[arg-type]
    for slot in (OpenOffice, OpenRank)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeRecording:
    """An office to be recorded, in effect from the civil day `starts_on` (inside), by that deed."""

    holder: HolderId
    body_code: str
    function: OfficeFunction
    rank: int | None = None
    starts_on: date
    deed: str
    supersedes: OfficeId | None = None
    """A record of the same holder in the same body that was wrong; this one takes its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeEnding:
    """An end to be recorded: `ends_on` is the first civil day no longer in office."""

    office: OfficeId
    ends_on: date
    reason: str
    deed: str


def record_office(
    records: Records,
    *,
    holder: HolderId,
    body_code: str,
    function: OfficeFunction,
    rank: int | None = None,
    starts_on: date,
    deed: str,
    supersedes: OfficeId | None = None,
    retroactivity: Retroactivity = STRICT,
    by: Actor,
    at: datetime,
) -> OfficeId:
    """Record an office in effect from the civil day `starts_on` (inside), by that deed.

    :param supersedes: a record of the same holder in the same body that was wrong; this one takes its place.
    :raise FunctionNotInBody: that kind of body has no such function.
    :raise RankRefused: a vice-president without rank, or a rank for another.
    :raise OfficeOccupied: a president, governor, pacha, or vice-president of that rank, while there is another.
    :raise HolderInOffice: he sits in the bureau of a council in that time already.
    :raise SecondOfficerNeeded: it reaches back into a register that was declared complete, or corrects a record.
    """
    recording = OfficeRecording(
        holder=holder,
        body_code=body_code,
        function=function,
        rank=rank,
        starts_on=starts_on,
        deed=deed,
        supersedes=supersedes,
    )
    with records.writing() as session:
        body = locked_body(session, body_code)
        retroactivity.refuse_office(session, body.id, starts_on, corrects=supersedes is not None, at=at)
        if supersedes is not None:
            # What is taken back reaches back as far as it had begun, whatever day takes its place.
            own = (Office.id == supersedes) & (Office.holder_id == holder) & (Office.body_id == body.id)
            former = session.scalar(select(Office.starts_on).where(own, Office.superseded_at.is_(None)))
            if former is None:
                raise OfficeUnknown(supersedes)
            retroactivity.refuse(former, at=at)
        return _write(session, body, recording, by=by, at=at)


def write_office(session: Session, recording: OfficeRecording, *, by: Actor, at: datetime) -> OfficeId:
    """Record an office; whether it reaches back is not asked. A step.

    :raise FunctionNotInBody: and the other refusals of `record_office`.
    """
    return _write(session, locked_body(session, recording.body_code), recording, by=by, at=at)


def _write(session: Session, body: Body, recording: OfficeRecording, *, by: Actor, at: datetime) -> OfficeId:
    function, starts_on = recording.function, recording.starts_on
    if session.scalar(_LOCKED_HOLDER, {"holder": recording.holder}) is None:
        raise HolderUnknown(recording.holder)
    _refuse_misfit(body, function, recording.rank)
    if recording.supersedes is not None:
        _supersede(session, recording.supersedes, holder=recording.holder, body=body.id, at=at)
        leave_mailbox(session, recording.supersedes, on=civil_day(at), by=by, at=at)
    office = OfficeId(uuid4())
    place = _Place(body_id=body.id, body_code=body.code, function=function, rank=recording.rank)
    if place.single:
        _refuse_overlap(session, place, starts_on=starts_on, ends_on=None, apart=office)
    if function in ELECTED_FUNCTIONS:
        _refuse_two_bureaus(session, recording.holder, starts_on=starts_on, ends_on=None, apart=office)
    row = {
        "id": office,
        "holder_id": recording.holder,
        "body_id": body.id,
        "function": function,
        "rank": recording.rank,
        "starts_on": starts_on,
        "deed": recording.deed,
        "recorded_at": at,
        "recorded_by": str(by),
    }
    session.connection().execute(_RECORDED, row)
    if place.single:
        _take_slot(session, place, office)
    facts = {"holder": recording.holder, "body": body.code, "function": function, "rank": recording.rank}
    facts |= {"starts_on": starts_on, "deed": recording.deed, "supersedes": recording.supersedes}
    record(session, kind="office.recorded", subject=f"office:{office}", by=by, at=at, facts=facts)
    return office


def end_office(
    records: Records,
    *,
    office: OfficeId,
    ends_on: date,
    reason: str,
    deed: str,
    retroactivity: Retroactivity = STRICT,
    by: Actor,
    at: datetime,
) -> None:
    """Record that `ends_on` is the first civil day no longer in office. A later record takes an earlier one's place.

    :raise OfficeUnknown: no current record of that office.
    :raise EndBeforeStart: `ends_on` lies before the office's first day.
    :raise OfficeOccupied: a corrected end that reaches into a successor's time.
    :raise SecondOfficerNeeded: `ends_on`, or the end that it corrects, lies before today.
    """
    with records.writing() as session:
        ending = OfficeEnding(office=office, ends_on=ends_on, reason=reason, deed=deed)
        end_in_time(session, ending, retroactivity=retroactivity, by=by, at=at)


def end_in_time(
    session: Session, ending: OfficeEnding, *, retroactivity: Retroactivity, by: Actor, at: datetime
) -> None:
    """As `end_office`; a step of the caller's transaction."""
    for day in (ending.ends_on, current_end(session, ending.office)):
        if day is not None:
            retroactivity.refuse(day, at=at)
    write_end(session, ending, by=by, at=at)


def write_end(session: Session, ending: OfficeEnding, *, by: Actor, at: datetime) -> None:
    """Record the end of an office; whether it reaches back is not asked. A step.

    :raise OfficeUnknown: and the other refusals of `end_office`.
    """
    office, ends_on = ending.office, ending.ends_on
    found = session.execute(_STANDING, {"office": office}).one_or_none()
    if found is None:
        raise OfficeUnknown(office)
    body = locked_body(session, found.code)
    if ends_on < found.starts_on:
        raise EndBeforeStart(found.starts_on, ends_on)
    place = _Place(body_id=body.id, body_code=body.code, function=found.function, rank=found.rank)
    if place.single:
        _refuse_overlap(session, place, starts_on=found.starts_on, ends_on=ends_on, apart=office)
    if found.function in ELECTED_FUNCTIONS:
        session.execute(_LOCKED_HOLDER, {"holder": found.holder_id})
        holder = HolderId(found.holder_id)
        _refuse_two_bureaus(session, holder, starts_on=found.starts_on, ends_on=ends_on, apart=office)
    session.execute(_END_SUPERSEDED, {"office": office, "on": at})
    row = {
        "id": uuid4(),
        "office_id": office,
        "ends_on": ends_on,
        "reason": ending.reason,
        "deed": ending.deed,
        "recorded_at": at,
        "recorded_by": str(by),
    }
    session.connection().execute(_ENDED, row)
    _leave_slot(session, office)
    leave_mailbox(session, office, on=ends_on, by=by, at=at)
    facts = {"ends_on": ends_on, "reason": ending.reason, "deed": ending.deed}
    record(session, kind="office.ended", subject=f"office:{office}", by=by, at=at, facts=facts)


def current_end(session: Session, office: OfficeId) -> date | None:
    """The end on record of an office: the first civil day no longer in it."""
    return session.scalar(_END_OF, {"office": office})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """An office as a seat that one person holds at a time."""

    body_id: UUID
    body_code: str
    function: OfficeFunction
    rank: int | None

    @property
    def single(self) -> bool:
        return self.function in SINGLE_FUNCTIONS or self.rank is not None

    @property
    def name(self) -> str:
        return self.function.value if self.rank is None else f"{self.function.value} of rank {self.rank}"


def locked_body(session: Session, code: str) -> Body:
    """The body; rival acts on its offices wait for this transaction (on SQLite they do anyway)."""
    body = session.scalars(_LOCKED_BODY, {"code": code}).one_or_none()
    if body is None:
        raise BodyUnknown(code)
    return body


def _refuse_misfit(body: Body, function: OfficeFunction, rank: int | None) -> None:
    elsewhere = function in _PACHAS and body.code not in MECHOUAR_COMMUNES
    if function not in FUNCTIONS_OF[body.kind] or elsewhere:
        raise FunctionNotInBody(function.value, body.code)
    if (function is OfficeFunction.VICE_PRESIDENT) != (rank is not None) or (rank is not None and rank < 1):
        raise RankRefused(function.value)


def _supersede(session: Session, office: OfficeId, *, holder: HolderId, body: UUID, at: datetime) -> None:
    done = session.execute(
        update(Office)
        .where(Office.id == office, Office.holder_id == holder, Office.body_id == body)
        .where(Office.superseded_at.is_(None))
        .values(superseded_at=at)
        .returning(Office.id)
    ).scalar_one_or_none()
    if done is None:
        raise OfficeUnknown(office)
    _leave_slot(session, office)


_CURRENT_END = (OfficeEnd.office_id == Office.id) & OfficeEnd.superseded_at.is_(None)


_APART = Office.superseded_at.is_(None) & (Office.id != bindparam("apart"))
_START, _END = bindparam("starts_on", type_=Date()), bindparam("ends_on", type_=Date())


def _on_a_day_of(*, open_ended: bool) -> ColumnElement[bool]:
    """An office that is held on one of the days [starts_on, ends_on)."""
    # An office that ended the day it began was held on no day at all.
    there = or_(OfficeEnd.ends_on.is_(None), (OfficeEnd.ends_on > _START) & (OfficeEnd.ends_on > Office.starts_on))
    return there if open_ended else there & (Office.starts_on < _END)


@cache
def _rivals(*, ranked: bool, open_ended: bool) -> Select[UUID]:
    return (
        select(Office.id)
        .outerjoin(OfficeEnd, _CURRENT_END)
        .where(Office.body_id == bindparam("body"), Office.function == bindparam("function"))
        .where(Office.rank == bindparam("rank") if ranked else Office.rank.is_(None))
        .where(_APART, _on_a_day_of(open_ended=open_ended))
        .limit(1)
    )


@cache
def _bureaus(*, open_ended: bool) -> Select[UUID, OfficeFunction, str]:
    return (
        select(Office.id, Office.function, Body.code)
        .join(Body, Body.id == Office.body_id)
        .outerjoin(OfficeEnd, _CURRENT_END)
        .where(Office.holder_id == bindparam("holder"), Office.function.in_(ELECTED_FUNCTIONS))
        .where(_APART, _on_a_day_of(open_ended=open_ended))
        .limit(1)
    )


def _refuse_overlap(session: Session, place: _Place, *, starts_on: date, ends_on: date | None, apart: UUID) -> None:
    """Refuse [starts_on, ends_on) if somebody else is in that office on one of its days."""
    days = {"starts_on": starts_on} | ({} if ends_on is None else {"ends_on": ends_on})
    office = {"body": place.body_id, "function": place.function, "apart": apart}
    office |= {} if place.rank is None else {"rank": place.rank}
    rival = session.scalar(_rivals(ranked=place.rank is not None, open_ended=ends_on is None), office | days)
    if rival is not None and ends_on != starts_on:
        raise OfficeOccupied(body_code=place.body_code, function=place.name, occupant=OfficeId(rival))


def _refuse_two_bureaus(
    session: Session, holder: HolderId, *, starts_on: date, ends_on: date | None, apart: UUID
) -> None:
    """Refuse [starts_on, ends_on) if the holder sits in a bureau, this or another, on one of its days."""
    said = {"holder": holder, "apart": apart, "starts_on": starts_on}
    said |= {} if ends_on is None else {"ends_on": ends_on}
    other = session.execute(_bureaus(open_ended=ends_on is None), said).first()
    if other is not None and ends_on != starts_on:
        raise HolderInOffice(body_code=other.code, function=other.function.value, office=OfficeId(other.id))


def _take_slot(session: Session, place: _Place, office: OfficeId) -> None:
    # THREAT: two presidents of one commune, recorded at the same time by two officers, both with a key.
    # DEFENCE: one row per body and function (or rank); the primary key decides, whatever the two transactions saw.
    # TEST: tests/pki/registration/test_offices.py::test_two_presidents_at_once
    slot: type[OpenOffice | OpenRank] = OpenOffice if place.rank is None else OpenRank
    own = {"function": place.function} if place.rank is None else {"rank": place.rank}
    take = insert_into(session, slot).on_conflict_do_nothing().returning(slot.office_id)
    row = {"body_id": place.body_id, "office_id": office, **own}
    if session.connection().execute(take, row).scalar_one_or_none() is None:
        occupant = session.scalars(select(slot.office_id).filter_by(body_id=place.body_id, **own)).one()
        raise OfficeOccupied(body_code=place.body_code, function=place.name, occupant=OfficeId(occupant))


def _leave_slot(session: Session, office: OfficeId) -> None:
    for leave in _LEFT:
        session.connection().execute(leave, {"office": office})
