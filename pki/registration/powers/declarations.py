"""What the register declares of itself: that no office, or no delegation and finding, of a body is missing from it.

A declaration makes an absence an answer, no, for every signature from its day on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.records import Records
from pki.registration.bodies import body_id
from pki.registration.errors import DeclarationUnknown
from pki.registration.powers.kinds import Declared
from pki.registration.powers.tables import PowersDeclaration
from pki.registration.retroactivity import STRICT
from pki.registration.tables import Body, RegisterDeclaration

_TABLES: Mapping[Declared, type[RegisterDeclaration | PowersDeclaration]] = {
    Declared.OFFICES: RegisterDeclaration,
    Declared.POWERS: PowersDeclaration,
}
_EVENTS = {Declared.OFFICES: "register", Declared.POWERS: "powers"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationRecording:
    """A declaration to be recorded: from the civil day `complete_from` on (inside) nothing is missing."""

    declared: Declared
    body_code: str
    complete_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationWithdrawal:
    """A declaration that was a mistake, to be taken back."""

    declared: Declared
    declaration: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDeclaration:
    """A declaration that stands on record."""

    id: UUID
    declared: Declared
    body_code: str
    complete_from: date
    recorded_at: datetime


def declare_register_complete(
    records: Records, *, body_code: str, complete_from: date, by: Actor, at: datetime
) -> UUID:
    """Declare that from this civil day on no office of the body is missing from the register. Return its id.

    From then on the absence of an office is an answer: no. An earlier declaration with a later day stays.

    :raise BodyUnknown: no such body.
    :raise SecondOfficerNeeded: the day lies before today.
    """
    act = DeclarationRecording(declared=Declared.OFFICES, body_code=body_code, complete_from=complete_from)
    return _declare_alone(records, act, by=by, at=at)


def declare_powers_complete(records: Records, *, body_code: str, complete_from: date, by: Actor, at: datetime) -> UUID:
    """Declare that from this civil day on no delegation and no finding of the body is missing. Return its id.

    From then on their absence is an answer, no, where the register of offices is declared complete as well.

    :raise BodyUnknown: no such body.
    :raise SecondOfficerNeeded: the day lies before today.
    """
    act = DeclarationRecording(declared=Declared.POWERS, body_code=body_code, complete_from=complete_from)
    return _declare_alone(records, act, by=by, at=at)


def _declare_alone(records: Records, act: DeclarationRecording, *, by: Actor, at: datetime) -> UUID:
    # THREAT: one officer declares a register complete from years ago, and the licences of every signer who is missing
    #   from it are NOT_AUTHENTIC at a stroke.
    # DEFENCE: a day before today takes two officers, over the list of what was signed for the body since; and two may
    #   take a declaration back.
    # TEST: tests/pki/registration/test_declarations.py::test_a_past_day_takes_two_officers
    STRICT.refuse(act.complete_from, at=at)
    with records.writing() as session:
        return write_declaration(session, act, by=by, at=at)


def write_declaration(
    session: Session, act: DeclarationRecording, *, by: Actor, confirmed_by: Actor | None = None, at: datetime
) -> UUID:
    """Record a declaration; whether it reaches back is not asked. A step. Return its id.

    :raise BodyUnknown: no such body.
    """
    declaration, confirmed = uuid4(), None if confirmed_by is None else str(confirmed_by)
    session.execute(
        insert(_TABLES[act.declared]).values(
            id=declaration,
            body_id=body_id(session, act.body_code),
            complete_from=act.complete_from,
            recorded_at=at,
            recorded_by=str(by),
            confirmed_by=confirmed,
        )
    )
    facts = {"declaration": declaration, "complete_from": act.complete_from, "confirmed_by": confirmed}
    kind = f"{_EVENTS[act.declared]}.declared-complete"
    record(session, kind=kind, subject=f"body:{act.body_code}", by=by, at=at, facts=facts)
    return declaration


def withdraw_declaration(session: Session, act: DeclarationWithdrawal, *, by: Actor, at: datetime) -> None:
    """Take a declaration back: from now on it answers nothing. Two officers decide it (`proposals`). A step.

    :raise DeclarationUnknown: none of that id stands.
    """
    found = current_declaration(session, act.declared, act.declaration)
    table = _TABLES[act.declared]
    done = session.execute(
        update(table)
        .where(table.id == act.declaration, table.withdrawn_at.is_(None))
        .values(withdrawn_at=at)
        .returning(table.id)
    ).scalar_one_or_none()
    if done is None:
        raise DeclarationUnknown(act.declaration)
    facts = {"declaration": act.declaration, "complete_from": found.complete_from, "reason": act.reason}
    kind = f"{_EVENTS[act.declared]}.declaration-withdrawn"
    record(session, kind=kind, subject=f"body:{found.body_code}", by=by, at=at, facts=facts)


def current_declaration(session: Session, declared: Declared, declaration: UUID) -> RecordedDeclaration:
    """The declaration of that id that stands.

    :raise DeclarationUnknown: there is none, or it was withdrawn.
    """
    found = _standing(session, declared, _TABLES[declared].id == declaration)
    if not found:
        raise DeclarationUnknown(declaration)
    return found[0]


def declarations_of(session: Session, *, body_code: str) -> list[RecordedDeclaration]:
    """The declarations of a body that stand: of offices first, each by its day."""
    return [found for declared in Declared for found in _standing(session, declared, Body.code == body_code)]


def _standing(session: Session, declared: Declared, which: ColumnElement[bool]) -> list[RecordedDeclaration]:
    table = _TABLES[declared]
    rows = session.execute(
        select(table.id, Body.code, table.complete_from, table.recorded_at)
        .join(Body, Body.id == table.body_id)
        .where(which, table.withdrawn_at.is_(None))
        .order_by(table.complete_from, table.recorded_at)
    )
    return [
        RecordedDeclaration(
            id=row.id,
            declared=declared,
            body_code=row.code,
            complete_from=row.complete_from,
            recorded_at=row.recorded_at,
        )
        for row in rows
    ]
