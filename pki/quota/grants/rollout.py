"""What a tier table would grant the whole country, before anything is signed: a pure read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.quota.agreements import Tier, refuse_ambiguous
from pki.quota.grants.errors import CensusUnknown
from pki.quota.kinds import Basis, TierKind
from pki.quota.tiers import TIER_OF, Tiers
from pki.registration.census import counts_of
from pki.registration.errors import ImportRefused
from pki.registration.imported import Line, read_lines
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body, Census

COLUMNS = ("kind", "population_from", "population_below", "keys", "basis")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionRollout:
    """A region, if every body in it were opened."""

    region_code: str
    bodies: int
    seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """The whole country, if every body were opened."""

    census: str
    bodies: dict[str, int]
    """By kind."""
    seats: dict[str, int]
    """By kind."""
    regions: tuple[RegionRollout, ...]
    not_counted: tuple[str, ...]
    """Codes of bodies that the census does not count: nothing can be granted to them."""

    @property
    def all_seats(self) -> int:
        """Of every kind."""
        return sum(self.seats.values())


def parse_tiers(content: bytes | str) -> tuple[Tier, ...]:
    """Read a tier table as CSV, columns `kind`, `population_from`, `population_below` (empty: none), `keys`, `basis`.

    :raise ImportRefused: a line that is none; a tier table is good as a whole or not at all.
    :raise TierTableRefused: for some population it has no answer, or two.
    """
    tiers = tuple(_tier(line) for line in read_lines(content, needed=COLUMNS, known=COLUMNS))
    refuse_ambiguous(tiers)
    return tiers


def simulate_rollout(session: Session, tiers: Sequence[Tier], census: str) -> Rollout:
    """What the table would grant by the census if every body were opened. Nothing is written.

    :raise CensusUnknown: no census of that name.
    """
    if session.scalar(select(Census.label).where(Census.label == census)) is None:
        raise CensusUnknown(census)
    table, people = Tiers(tiers), counts_of(session, census)
    bodies, seats = Counter[str](), Counter[str]()
    by_region: dict[str, list[int]] = {}
    not_counted = []
    asked = select(Body.id, Body.code, Body.kind, Body.region_code).where(Body.kind.in_(list(TIER_OF)))
    for body in session.execute(asked.order_by(Body.code)):
        if body.kind not in table.kinds:
            continue
        if body.id not in people and body.kind is not BodyKind.SERVICE:
            not_counted.append(body.code)
            continue
        keys = table.keys(body.kind, people.get(body.id, 0))
        bodies[body.kind.value] += 1
        seats[body.kind.value] += keys
        by_region.setdefault(body.region_code or "", []).append(keys)
    regions = tuple(
        RegionRollout(region_code=code, bodies=len(keys), seats=sum(keys)) for code, keys in sorted(by_region.items())
    )
    return Rollout(
        census=census, bodies=dict(bodies), seats=dict(seats), regions=regions, not_counted=tuple(not_counted)
    )


def _tier(line: Line) -> Tier:
    values = line.values
    try:
        return Tier(
            kind=TierKind(values["kind"]).value,
            population_from=_count(values["population_from"]),
            population_below=_count(values["population_below"]) if values["population_below"] else None,
            keys=_count(values["keys"]),
            basis=Basis(values["basis"]).value,
        )
    except ValueError as error:
        raise ImportRefused("it is not a tier", line.number) from error


def _count(said: str) -> int:
    if not (said.isascii() and said.isdigit() and len(said) <= 9):  # noqa: PLR2004
        raise ValueError(said)
    return int(said)
