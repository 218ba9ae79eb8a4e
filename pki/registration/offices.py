"""Dated offices: recorded, ended, corrected by a record that takes the place of the former."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.records import HolderId, OfficeId, Records, civil_day
from pki.registration.errors import (
    BodyUnknown,
    EndBeforeStart,
    HolderUnknown,
    OfficeUnknown,
)
from pki.registration.kinds import (
    ELECTED_FUNCTIONS,
    OfficeFunction,
)
from pki.registration.mailboxes.handing_over import leave_mailbox
from pki.registration.occupancy import Place, leave_slot, refuse_misfit, refuse_overlap, refuse_two_bureaus, take_slot
from pki.registration.powers.carrying import carry_findings
from pki.registration.retroactivity import STRICT, Retroactivity
from pki.registration.tables import Body, Holder, Office, OfficeEnd

# Spelled once: every office needs them.
_RECORDED = insert(Office.__table__)  # type: ignore[arg-type]
_LOCKED_BODY = select(Body).where(Body.code == bindparam("code")).with_for_update(key_share=True)
_LOCKED_HOLDER = select(Holder.id).where(Holder.id == bindparam("holder")).with_for_update(key_share=True)
_STANDING = (
    select(Office.starts_on, Office.function, Office.rank, Office.holder_id, Body.code)
    .join(Body, Body.id == Office.body_id)
    .where(Office.id == bindparam("office"), Office.superseded_at.is_(None))
)
_END_OF = select(OfficeEnd.ends_on, OfficeEnd.reason, OfficeEnd.deed).where(
    OfficeEnd.office_id == bindparam("office"), OfficeEnd.superseded_at.is_(None)
)
_ENDED = insert(OfficeEnd.__table__)  # type: ignore[arg-type]
_END_SUPERSEDED = (
    update(OfficeEnd)
    .where(OfficeEnd.office_id == bindparam("office"), OfficeEnd.superseded_at.is_(None))
    .values(superseded_at=bindparam("on"))
    .execution_options(synchronize_session=False)
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
    """A record of the same holder in the same body that was wrong; this one takes its place. Of the same function, it
    ends when that one ended, and what was found of that office is found of this one."""


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
    :raise EndBeforeStart: the office that it corrects ended before `starts_on`.
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
    refuse_misfit(body, function, recording.rank)
    former = ending = None
    if recording.supersedes is not None:
        former = _supersede(session, recording.supersedes, holder=recording.holder, body=body.id, at=at)
        if former is function:
            ending = session.execute(_END_OF, {"office": recording.supersedes}).one_or_none()
        leave_mailbox(session, recording.supersedes, on=civil_day(at), by=by, at=at)
    office = OfficeId(uuid4())
    place = Place(body_id=body.id, body_code=body.code, function=function, rank=recording.rank)
    ends_on = None if ending is None else ending.ends_on
    if place.single:
        refuse_overlap(session, place, starts_on=starts_on, ends_on=ends_on, apart=office)
    if function in ELECTED_FUNCTIONS:
        refuse_two_bureaus(session, recording.holder, starts_on=starts_on, ends_on=ends_on, apart=office)
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
    if place.single and ending is None:
        take_slot(session, place, office)
    if recording.supersedes is not None and former is function:
        carry_findings(session, former=recording.supersedes, office=office, by=by, at=at)
    facts = {"holder": recording.holder, "body": body.code, "function": function, "rank": recording.rank}
    facts |= {"starts_on": starts_on, "deed": recording.deed, "supersedes": recording.supersedes}
    record(session, kind="office.recorded", subject=f"office:{office}", by=by, at=at, facts=facts)
    if ending is not None:
        # THREAT: the record of an office that is over is corrected, and whoever left it is in office again.
        # DEFENCE: an office ends when it ended, whatever else of it was wrong; its end is corrected by an end.
        # TEST: tests/pki/registration/test_offices.py::test_a_corrected_office_ends_when_it_did
        carried = OfficeEnding(office=office, ends_on=ending.ends_on, reason=ending.reason, deed=ending.deed)
        write_end(session, carried, by=by, at=at)
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
    place = Place(body_id=body.id, body_code=body.code, function=found.function, rank=found.rank)
    if place.single:
        refuse_overlap(session, place, starts_on=found.starts_on, ends_on=ends_on, apart=office)
    if found.function in ELECTED_FUNCTIONS:
        session.execute(_LOCKED_HOLDER, {"holder": found.holder_id})
        holder = HolderId(found.holder_id)
        refuse_two_bureaus(session, holder, starts_on=found.starts_on, ends_on=ends_on, apart=office)
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
    leave_slot(session, office)
    leave_mailbox(session, office, on=ends_on, by=by, at=at)
    facts = {"ends_on": ends_on, "reason": ending.reason, "deed": ending.deed}
    record(session, kind="office.ended", subject=f"office:{office}", by=by, at=at, facts=facts)


def current_end(session: Session, office: OfficeId) -> date | None:
    """The end on record of an office: the first civil day no longer in it."""
    found: date | None = session.scalar(_END_OF, {"office": office})
    return found


def locked_body(session: Session, code: str) -> Body:
    """The body; rival acts on its offices wait for this transaction (on SQLite they do anyway)."""
    body = session.scalars(_LOCKED_BODY, {"code": code}).one_or_none()
    if body is None:
        raise BodyUnknown(code)
    return body


def _supersede(session: Session, office: OfficeId, *, holder: HolderId, body: UUID, at: datetime) -> OfficeFunction:
    """End the record of an office; the function that it said."""
    done = session.execute(
        update(Office)
        .where(Office.id == office, Office.holder_id == holder, Office.body_id == body)
        .where(Office.superseded_at.is_(None))
        .values(superseded_at=at)
        .returning(Office.function)
    ).scalar_one_or_none()
    if done is None:
        raise OfficeUnknown(office)
    leave_slot(session, office)
    return done
