"""The sweep: alerts open and close as conditions begin and end. Safe to run at any time, twice, and by many at once.

A condition that begins and ends between two sweeps is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.quota.alerts.conditions import Condition, KeyUses, conditions
from pki.quota.alerts.kinds import KINDS_OF, STEPS, AlertKind, Family
from pki.quota.alerts.tables import Alert, AlertSweep
from pki.records import Records, again_after_deadlock, civil_day

_ALERTS = cast("Table", Alert.__table__)
_AT_ONCE = 500
_Key = tuple[AlertKind, UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep changed."""

    opened: int
    closed: int


def sweep_alerts(records: Records, uses: KeyUses, *, by: Actor, at: datetime) -> Swept:
    """Compare every family's conditions at `at` with its open alerts; each family is a transaction of its own.

    Cut between two of them, the next sweep does the rest. A sweep of an earlier instant than the last changes nothing.
    """
    done = [sweep_family(records, family, uses, by=by, at=at) for family in Family]
    return Swept(opened=sum(each.opened for each in done), closed=sum(each.closed for each in done))


@again_after_deadlock
def sweep_family(records: Records, family: Family, uses: KeyUses, *, by: Actor, at: datetime) -> Swept:
    """One family's transaction. The number of statements does not grow with the country.

    Whoever else writes waits only for a sweep that has something to write: it looks first, and then under its lock.
    """
    with records.reading() as session:
        quiet = _compared(session, family, uses, at=at).nothing
    with records.writing() as session:
        if not _locked(session, family, at) or quiet:
            return Swept(opened=0, closed=0)
        seen = _compared(session, family, uses, at=at)
        opened = _open_alerts(session, family, seen.begun, at=at)
        _close(session, seen.over, at=at)
        _set(session, "detail", seen.changed)
        if seen.begun or seen.over:
            _rank(session, _open(session, family))
            facts = {"opened": sorted(map(str, opened)), "closed": sorted(map(str, seen.over))}
            record(session, kind="alerts.swept", subject=f"alerts:{family.value}", by=by, at=at, facts=facts)
    return Swept(opened=len(opened), closed=len(seen.over))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """What holds beside what is open."""

    begun: Sequence[Condition]
    over: Sequence[UUID]
    changed: Sequence[Mapping[str, object]]
    """Details of conditions that go on."""

    @property
    def nothing(self) -> bool:
        return not (self.begun or self.over or self.changed)


def _compared(session: Session, family: Family, uses: KeyUses, *, at: datetime) -> _Compared:
    found = {(each.kind, each.subject_id): each for each in conditions(session, family, uses, at=at)}
    known = _open(session, family)
    return _Compared(
        begun=[found[key] for key in found.keys() - known.keys()],
        over=[known[key].id for key in known.keys() - found.keys()],
        changed=[
            {"alert": known[key].id, "said": found[key].detail}
            for key in found.keys() & known.keys()
            if found[key].detail != known[key].detail
        ],
    )


def _locked(session: Session, family: Family, at: datetime) -> bool:
    """The family is this transaction's to sweep, until its end; not if a later instant was swept before."""
    # THREAT: two sweeps at once tell one crossing twice, or one that looked earlier opens what another has closed.
    # DEFENCE: a row of the family is locked first, all is read under it, and a unique index allows one open alert.
    # TEST: tests/pki/quota/alerts/test_sweeping.py::test_a_hundred_sweeps_at_once_open_one
    session.execute(insert_into(session, AlertSweep).values(family=family, swept_at=at).on_conflict_do_nothing())
    mine = session.execute(
        update(AlertSweep)
        .where(AlertSweep.family == family, AlertSweep.swept_at <= at)
        .values(swept_at=at)
        .returning(AlertSweep.family)
        .execution_options(synchronize_session=False)
    )
    return mine.scalar_one_or_none() is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    id: UUID
    detail: str
    superseded_by: UUID | None


def _open(session: Session, family: Family) -> dict[_Key, _Known]:
    rows = session.execute(
        select(Alert.kind, Alert.subject_id, Alert.id, Alert.detail, Alert.superseded_by).where(
            Alert.kind.in_(KINDS_OF[family]), Alert.closed_at.is_(None)
        )
    )
    return {
        (row.kind, row.subject_id): _Known(id=row.id, detail=row.detail, superseded_by=row.superseded_by)
        for row in rows
    }


def _open_alerts(session: Session, family: Family, begun: Sequence[Condition], *, at: datetime) -> list[UUID]:
    if not begun:
        return []
    asleep = _asleep(session, family, civil_day(at))
    rows = [
        {
            "id": uuid4(),
            "kind": each.kind,
            "subject_id": each.subject_id,
            "body_id": each.body_id,
            "order_id": each.order_id,
            "office_id": each.office_id,
            "detail": each.detail,
            "opened_at": at,
            "snoozed_until": asleep.get((each.kind, each.subject_id)),
        }
        for each in begun
    ]
    session.connection().execute(insert_into(session, Alert).on_conflict_do_nothing(), rows)
    return [cast("UUID", row["id"]) for row in rows]


def _asleep(session: Session, family: Family, today: date) -> Mapping[_Key, date]:
    """Subjects whose earlier alert of the same kind an officer put to sleep beyond today: a new crossing sleeps on."""
    rows = session.execute(
        select(Alert.kind, Alert.subject_id, func.max(Alert.snoozed_until))
        .where(Alert.kind.in_(KINDS_OF[family]), Alert.snoozed_until > today)
        .group_by(Alert.kind, Alert.subject_id)
    )
    return {(kind, subject): until for kind, subject, until in rows if until is not None}


def _close(session: Session, over: Sequence[UUID], *, at: datetime) -> None:
    for first in range(0, len(over), _AT_ONCE):
        session.execute(
            update(Alert)
            .where(Alert.id.in_(over[first : first + _AT_ONCE]), Alert.closed_at.is_(None))
            .values(closed_at=at)
            .execution_options(synchronize_session=False)
        )


def _rank(session: Session, known: Mapping[_Key, _Known]) -> None:
    """Each weaker alert names the stronger one of its subject, as long as that is open."""
    changed = []
    for (kind, subject), each in known.items():
        stronger = known.get((STEPS[kind], subject)) if kind in STEPS else None
        above = None if stronger is None else stronger.id
        if above != each.superseded_by:
            changed.append({"alert": each.id, "said": above})
    _set(session, "superseded_by", changed)


def _set(session: Session, column: str, changed: Sequence[Mapping[str, object]]) -> None:
    if changed:
        said = update(_ALERTS).where(_ALERTS.c.id == bindparam("alert")).values({column: bindparam("said")})
        session.connection().execute(said, changed)
