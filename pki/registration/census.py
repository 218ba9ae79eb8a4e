"""Censuses: how many inhabitants each counted in each body. A figure once recorded stays as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.records import Records
from pki.registration.imported import RefusedLine, read_lines
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body, Census, CensusCount

MOST = 1_000_000_000
COUNTED = (BodyKind.COMMUNE, BodyKind.ARRONDISSEMENT, BodyKind.PROVINCE)
"""Kinds of body whose inhabitants are counted."""
_TOO_LATE = "its seats are granted by this census without it: record the figure under a census of another name"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedBody:
    """One line of a census."""

    line: int
    code: str
    population: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CensusRecorded:
    """What a census brought."""

    census: str
    added: int
    unchanged: int
    refused: tuple[RefusedLine, ...]
    missing: tuple[str, ...]
    """Codes of bodies that it does not count: each keeps its former count."""


def parse_census(content: bytes | str) -> tuple[list[CountedBody], list[RefusedLine]]:
    """Read a CSV file with the columns `code` and `population`; others are refused.

    :raise ImportRefused: the file as a whole cannot be read.
    """
    counted, refused, seen = [], [], dict[str, str]()
    for line in read_lines(content, needed=("code", "population"), known=("code", "population", "name_fr", "name_ar")):
        code, said = line.values["code"], line.values["population"]
        if seen.setdefault(code, said) != said:
            refused.append(RefusedLine(number=line.number, value=code, reason="it stands in an earlier line otherwise"))
        elif not (said.isascii() and said.isdigit() and len(said) <= len(str(MOST)) and int(said) <= MOST):
            refused.append(RefusedLine(number=line.number, value=said[:40], reason="not a number of inhabitants"))
        else:
            counted.append(CountedBody(line=line.number, code=code, population=int(said)))
    return counted, refused


def _open(_session: Session, _census: str, /) -> Collection[UUID]:
    return ()


def record_census(
    records: Records,
    rows: Sequence[CountedBody],
    *,
    census: str,
    closed: Callable[[Session, str], Collection[UUID]] = _open,
    by: Actor,
    at: datetime,
) -> CensusRecorded:
    """Record what a census counted. A province whose communes were all counted gets their sum if it has no line.

    Nothing is granted by it: see `pki.quota.grants.census`. Running it again adds what is missing, no more.

    :param closed: bodies of which a figure of that census would come too late (`granted_by_census`); default: none.
    """
    with records.writing() as session:
        add_census(session, census, by=by, at=at)
        known = counts_of(session, census)
        taken = take_lines(session, rows, known=known, closed=closed(session, census))
        add_counts(session, census, taken.counts)
        if taken.counts:
            facts = {"added": len(taken.counts), "refused": len(taken.refused), "missing": len(taken.missing)}
            record(session, kind="census.recorded", subject=f"census:{census}", by=by, at=at, facts=facts)
    return CensusRecorded(
        census=census,
        added=len(taken.counts),
        unchanged=taken.unchanged,
        refused=taken.refused,
        missing=taken.missing,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenLines:
    """The lines of a census as counts of bodies on record."""

    counts: Mapping[UUID, int]
    """By body; what is known already is not among them."""
    unchanged: int
    refused: tuple[RefusedLine, ...]
    missing: tuple[str, ...]


def take_lines(
    session: Session, rows: Sequence[CountedBody], *, known: Mapping[UUID, int], closed: Collection[UUID] = ()
) -> TakenLines:
    """Find the body of each line, and the sum of each province whose communes were all counted. A pure read.

    :param known: what the census counted before.
    :param closed: bodies that no figure is added for.
    """
    bodies = _bodies(session)
    taken, refused, unchanged = dict[UUID, int](), list[RefusedLine](), 0
    for row in rows:
        body = bodies.get(row.code)
        reason = _reason_against(body, row, known, taken)
        if body is None or reason:
            refused.append(RefusedLine(number=row.line, value=row.code[:40], reason=reason or ""))
        elif body.id in known:
            unchanged += 1
        elif body.id in closed:
            # THREAT: a figure added to a census in force says that a body has another tier than its seats came by,
            #   and the next census takes a seat from it, or gives it one.
            # DEFENCE: what was granted by a census is counted by it as it was then; a correction has its own name.
            # TEST: tests/pki/quota/grants/test_census.py::test_no_figure_is_slipped_under_what_is_granted
            refused.append(RefusedLine(number=row.line, value=row.code, reason=_TOO_LATE))
        else:
            taken[body.id] = row.population
    everything = {**known, **taken}
    sums = _province_sums(bodies, everything)
    taken |= {body: people for body, people in sums.items() if body not in everything and body not in closed}
    missing = tuple(code for code, body in bodies.items() if body.id not in known and body.id not in taken)
    return TakenLines(counts=taken, unchanged=unchanged, refused=tuple(refused), missing=missing)


def censuses(session: Session) -> tuple[str, ...]:
    """The labels on record."""
    return tuple(session.scalars(select(Census.label).order_by(Census.label)))


def counts_of(session: Session, census: str) -> dict[UUID, int]:
    """What a census counted, by body."""
    rows = session.execute(select(CensusCount.body_id, CensusCount.population).where(CensusCount.census == census))
    return {row.body_id: row.population for row in rows}


def add_counts(session: Session, census: str, counted: Mapping[UUID, int]) -> None:
    """Insert counts that are not on record. A step; the census is."""
    if counted:
        session.execute(
            insert(CensusCount),
            [{"census": census, "body_id": body, "population": people} for body, people in counted.items()],
        )


def add_census(session: Session, census: str, *, by: Actor, at: datetime) -> None:
    """Put the census on record if it is not; rival acts on it wait. A step."""
    session.execute(
        insert_into(session, Census)
        .values(label=census, recorded_at=at, recorded_by=str(by))
        .on_conflict_do_nothing(index_elements=["label"])
    )
    # Whoever records the same census at the same time waits here, and then sees what was added.
    session.execute(select(Census.label).where(Census.label == census).with_for_update())


def _bodies(session: Session) -> dict[str, Body]:
    found = session.scalars(select(Body).where(Body.kind.in_(COUNTED)).order_by(Body.code))
    return {body.code: body for body in found}


def _reason_against(body: Body | None, row: CountedBody, *counted: Mapping[UUID, int]) -> str | None:
    if body is None:
        return "no commune, arrondissement or province has this code"
    if any(each.get(body.id, row.population) != row.population for each in counted):
        return "another figure of this census is on record: record a correction under a name of its own"
    return None


def _province_sums(bodies: Mapping[str, Body], counted: Mapping[UUID, int]) -> dict[UUID, int]:
    people: defaultdict[str, list[int | None]] = defaultdict(list)
    for body in bodies.values():
        if body.kind is BodyKind.COMMUNE and body.province_code is not None:
            people[body.province_code].append(counted.get(body.id))
    whole = {code: [one for one in each if one is not None] for code, each in people.items() if None not in each}
    return {bodies[code].id: sum(each) for code, each in whole.items() if code in bodies}
