"""Dated offices: recorded, ended, corrected by a record that takes the place of the former."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.records import HolderId, OfficeId, Records
from pki.registration.errors import (
    BodyUnknown,
    EndBeforeStart,
    FunctionNotInBody,
    HolderUnknown,
    OfficeOccupied,
    OfficeUnknown,
    RankRefused,
)
from pki.registration.kinds import FUNCTIONS_OF, MECHOUAR_COMMUNES, SINGLE_FUNCTIONS, OfficeFunction
from pki.registration.tables import Body, Holder, Office, OfficeEnd, OpenOffice

_PACHAS = frozenset({OfficeFunction.PACHA, OfficeFunction.PACHA_ASSISTANT})


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
    by: Actor,
    at: datetime,
) -> OfficeId:
    """Record an office in effect from the civil day `starts_on` (inside), by that deed.

    :param supersedes: a record of the same holder that was wrong; this one takes its place.
    :raise FunctionNotInBody: that kind of body has no such function.
    :raise RankRefused: a vice-president without rank, or a rank for another.
    :raise OfficeOccupied: a president, governor or pacha while there is another.
    """
    with records.writing() as session:
        body = _locked_body(session, body_code)
        if session.scalar(select(Holder.id).where(Holder.id == holder)) is None:
            raise HolderUnknown(holder)
        _refuse_misfit(body, function, rank)
        if supersedes is not None:
            _supersede(session, supersedes, holder=holder, at=at)
        office = OfficeId(uuid4())
        if function in SINGLE_FUNCTIONS:
            _refuse_overlap(session, body, function, starts_on=starts_on, ends_on=None, apart=office)
        session.execute(
            insert(Office).values(
                id=office,
                holder_id=holder,
                body_id=body.id,
                function=function,
                rank=rank,
                starts_on=starts_on,
                deed=deed,
                recorded_at=at,
                recorded_by=str(by),
            )
        )
        if function in SINGLE_FUNCTIONS:
            _take_slot(session, body, function, office)
        facts = {"holder": holder, "body": body_code, "function": function, "rank": rank, "starts_on": starts_on}
        facts |= {"deed": deed, "supersedes": supersedes}
        record(session, kind="office.recorded", subject=f"office:{office}", by=by, at=at, facts=facts)
    return office


def end_office(
    records: Records, *, office: OfficeId, ends_on: date, reason: str, deed: str, by: Actor, at: datetime
) -> None:
    """Record that `ends_on` is the first civil day no longer in office. A later record takes an earlier one's place.

    :raise OfficeUnknown: no current record of that office.
    :raise EndBeforeStart: `ends_on` lies before the office's first day.
    :raise OfficeOccupied: a corrected end that reaches into a successor's time.
    """
    with records.writing() as session:
        found = session.execute(
            select(Office.starts_on, Office.function, Body.code)
            .join(Body, Body.id == Office.body_id)
            .where(Office.id == office, Office.superseded_at.is_(None))
        ).one_or_none()
        if found is None:
            raise OfficeUnknown(office)
        body = _locked_body(session, found.code)
        if ends_on < found.starts_on:
            raise EndBeforeStart(found.starts_on, ends_on)
        if found.function in SINGLE_FUNCTIONS:
            _refuse_overlap(session, body, found.function, starts_on=found.starts_on, ends_on=ends_on, apart=office)
        session.execute(
            update(OfficeEnd)
            .where(OfficeEnd.office_id == office, OfficeEnd.superseded_at.is_(None))
            .values(superseded_at=at)
        )
        session.execute(
            insert(OfficeEnd).values(
                id=uuid4(),
                office_id=office,
                ends_on=ends_on,
                reason=reason,
                deed=deed,
                recorded_at=at,
                recorded_by=str(by),
            )
        )
        session.execute(delete(OpenOffice).where(OpenOffice.office_id == office))
        facts = {"ends_on": ends_on, "reason": reason, "deed": deed}
        record(session, kind="office.ended", subject=f"office:{office}", by=by, at=at, facts=facts)


def _locked_body(session: Session, code: str) -> Body:
    """The body; rival acts on its offices wait for this transaction (on SQLite they do anyway)."""
    body = session.scalars(select(Body).where(Body.code == code).with_for_update(key_share=True)).one_or_none()
    if body is None:
        raise BodyUnknown(code)
    return body


def _refuse_misfit(body: Body, function: OfficeFunction, rank: int | None) -> None:
    elsewhere = function in _PACHAS and body.code not in MECHOUAR_COMMUNES
    if function not in FUNCTIONS_OF[body.kind] or elsewhere:
        raise FunctionNotInBody(function.value, body.code)
    if (function is OfficeFunction.VICE_PRESIDENT) != (rank is not None) or (rank is not None and rank < 1):
        raise RankRefused(function.value)


def _supersede(session: Session, office: OfficeId, *, holder: HolderId, at: datetime) -> None:
    done = session.execute(
        update(Office)
        .where(Office.id == office, Office.holder_id == holder, Office.superseded_at.is_(None))
        .values(superseded_at=at)
        .returning(Office.id)
    ).scalar_one_or_none()
    if done is None:
        raise OfficeUnknown(office)
    session.execute(delete(OpenOffice).where(OpenOffice.office_id == office))


def _refuse_overlap(
    session: Session,
    body: Body,
    function: OfficeFunction,
    *,
    starts_on: date,
    ends_on: date | None,
    apart: UUID,
) -> None:
    """Refuse [starts_on, ends_on) if somebody else is in that office on one of its days."""
    current_end = (OfficeEnd.office_id == Office.id) & OfficeEnd.superseded_at.is_(None)
    rivals = (
        select(Office.id)
        .outerjoin(OfficeEnd, current_end)
        .where(
            Office.body_id == body.id,
            Office.function == function,
            Office.superseded_at.is_(None),
            Office.id != apart,
            # An office that ended the day it began was held on no day at all.
            or_(OfficeEnd.ends_on.is_(None), (OfficeEnd.ends_on > starts_on) & (OfficeEnd.ends_on > Office.starts_on)),
        )
    )
    if ends_on is not None:
        rivals = rivals.where(Office.starts_on < ends_on)
    rival = session.scalar(rivals.limit(1))
    if rival is not None and ends_on != starts_on:
        raise OfficeOccupied(body_code=body.code, function=function.value, occupant=OfficeId(rival))


def _take_slot(session: Session, body: Body, function: OfficeFunction, office: OfficeId) -> None:
    # THREAT: two presidents of one commune, recorded at the same time by two officers, both with a key.
    # DEFENCE: one row per body and function; the primary key decides, whatever the two transactions saw.
    # TEST: tests/pki/registration/test_offices.py::test_two_presidents_at_once
    taken = session.execute(
        insert_into(session, OpenOffice)
        .values(body_id=body.id, function=function, office_id=office)
        .on_conflict_do_nothing()
        .returning(OpenOffice.office_id)
    ).scalar_one_or_none()
    if taken is None:
        occupant = session.scalars(
            select(OpenOffice.office_id).where(OpenOffice.body_id == body.id, OpenOffice.function == function)
        ).one()
        raise OfficeOccupied(body_code=body.code, function=function.value, occupant=OfficeId(occupant))
