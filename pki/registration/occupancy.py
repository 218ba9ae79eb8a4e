"""Who sits where, and when: an office is held by one person at a time, and one person sits in one bureau. Steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, bindparam, delete, or_, select
from sqlalchemy.orm import Session

from pki.journal.inserting import insert_into
from pki.records import HolderId, OfficeId
from pki.registration.errors import FunctionNotInBody, HolderInOffice, OfficeOccupied, RankRefused
from pki.registration.kinds import (
    ELECTED_FUNCTIONS,
    FUNCTIONS_OF,
    MECHOUAR_COMMUNES,
    SINGLE_FUNCTIONS,
    OfficeFunction,
)
from pki.registration.tables import Body, Office, OfficeEnd, OpenOffice, OpenRank

_PACHAS = frozenset({OfficeFunction.PACHA, OfficeFunction.PACHA_ASSISTANT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An office as a seat that one person holds at a time."""

    body_id: UUID
    body_code: str
    function: OfficeFunction
    rank: int | None

    @property
    def single(self) -> bool:
        """Whether one person at a time has it: a body has one president, and many members of its committees."""
        return self.function in SINGLE_FUNCTIONS or self.rank is not None

    @property
    def name(self) -> str:
        """As refusals name it."""
        return self.function.value if self.rank is None else f"{self.function.value} of rank {self.rank}"


def refuse_misfit(body: Body, function: OfficeFunction, rank: int | None) -> None:
    """:raise FunctionNotInBody: that kind of body has no such function. `RankRefused`: a rank that is none."""
    elsewhere = function in _PACHAS and body.code not in MECHOUAR_COMMUNES
    if function not in FUNCTIONS_OF[body.kind] or elsewhere:
        raise FunctionNotInBody(function.value, body.code)
    if (function is OfficeFunction.VICE_PRESIDENT) != (rank is not None) or (rank is not None and rank < 1):
        raise RankRefused(function.value)


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


def refuse_overlap(session: Session, place: Place, *, starts_on: date, ends_on: date | None, apart: UUID) -> None:
    """Refuse [starts_on, ends_on) if somebody else is in that office on one of its days."""
    days = {"starts_on": starts_on} | ({} if ends_on is None else {"ends_on": ends_on})
    office = {"body": place.body_id, "function": place.function, "apart": apart}
    office |= {} if place.rank is None else {"rank": place.rank}
    rival = session.scalar(_rivals(ranked=place.rank is not None, open_ended=ends_on is None), office | days)
    if rival is not None and ends_on != starts_on:
        raise OfficeOccupied(body_code=place.body_code, function=place.name, occupant=OfficeId(rival))


def refuse_two_bureaus(
    session: Session, holder: HolderId, *, starts_on: date, ends_on: date | None, apart: UUID
) -> None:
    """Refuse [starts_on, ends_on) if the holder sits in a bureau, this or another, on one of its days."""
    said = {"holder": holder, "apart": apart, "starts_on": starts_on}
    said |= {} if ends_on is None else {"ends_on": ends_on}
    other = session.execute(_bureaus(open_ended=ends_on is None), said).first()
    if other is not None and ends_on != starts_on:
        raise HolderInOffice(body_code=other.code, function=other.function.value, office=OfficeId(other.id))


def take_slot(session: Session, place: Place, office: OfficeId) -> None:
    """The office is the one that stands open in its place, until it ends.

    :raise OfficeOccupied: another does.
    """
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


_LEFT = tuple(
    delete(slot.__table__).where(slot.__table__.c.office_id == bindparam("office"))  # type: ignore[arg-type]
    for slot in (OpenOffice, OpenRank)
)


def leave_slot(session: Session, office: OfficeId) -> None:
    """Its place is open for the next."""
    for leave in _LEFT:
        session.connection().execute(leave, {"office": office})
