"""What another census, another tier table or another agreement would change, before it is applied: a pure read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pki.quota.errors import TierTableRefused
from pki.quota.grants.consent import digest_of
from pki.quota.grants.errors import CensusInForce, CensusUnknown
from pki.quota.tables import AgreementBook, Allowance
from pki.quota.tiers import TIER_OF, Tiers, censuses_of, populations, tiers_of
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body, Census, CensusCount


@dataclass(frozen=True, slots=True, kw_only=True)
class TierChange:
    """A body that changes tier."""

    body: UUID
    body_code: str
    name_fr: str
    kind: BodyKind
    region_code: str | None
    population_before: int
    population_after: int
    keys_before: int
    keys_after: int
    granted_before: int | None
    """None: it is not open under the agreement yet; nothing is moved, it will open with its new tier."""
    granted_after: int | None
    """Extras and transfers stay; never below none."""
    in_use: int

    @property
    def excess_after(self) -> int:
        """How many more would be in use than granted."""
        return max(0, self.in_use - self.granted_after) if self.granted_after is not None else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionEffect:
    """Keys of a region's bodies by the tiers, opened or not."""

    region_code: str
    bodies_changed: int
    keys_before: int
    keys_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TierEffect:
    """What a change of an agreement's census, of its tiers, or of both would do to what it grants."""

    agreement: UUID
    """Whose allowances change."""
    census: str
    """The one in force afterwards."""
    domain: str
    """What kind of change it is, in the digest."""
    proposed: Mapping[str, object]
    """What would be changed, in the digest."""
    changes: tuple[TierChange, ...]
    """By code."""
    keys_before: int
    keys_after: int
    """By the tiers, over every body that was counted, opened or not."""
    granted_before: int
    granted_after: int
    """Under the agreement, with extras and transfers."""
    seats_ceiling: int | None
    """What the agreement that grants them afterwards still covers, these not counted."""
    regions: tuple[RegionEffect, ...]
    not_counted: tuple[str, ...]
    """Codes of bodies that the census leaves out: each keeps its former count."""

    @property
    def below_use(self) -> tuple[TierChange, ...]:
        """Those whose allowance would fall below what is in use."""
        return tuple(change for change in self.changes if change.excess_after)

    @property
    def above_ceiling(self) -> int:
        """How many seats more than the agreement covers; with any, it cannot be applied."""
        return 0 if self.seats_ceiling is None else max(0, self.granted_after - self.seats_ceiling)

    def digest(self, *, in_effect: date) -> str:
        """SHA-256 (hex) of every change that would be made, from that day on. What is in use is not in it."""
        facts: dict[str, object] = {"agreement": self.agreement, **self.proposed, "in_effect": in_effect}
        facts["changes"] = [
            {
                "body": change.body_code,
                "population": [change.population_before, change.population_after],
                "keys": [change.keys_before, change.keys_after],
                "granted": [change.granted_before, change.granted_after],
            }
            for change in self.changes
        ]
        return digest_of(self.domain, facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedOnFile:
    """A census that nobody recorded: by body id."""

    label: str
    counts: Mapping[UUID, int]


class _Body(NamedTuple):
    id: UUID
    code: str
    name_fr: str
    kind: BodyKind
    region_code: str | None
    granted: int | None
    in_use: int


def simulate_census(session: Session, agreement: UUID, census: str | CountedOnFile) -> TierEffect:
    """Which bodies would change tier under the agreement if it counted by the census. Nothing is written.

    :raise AgreementUnknown: no such agreement.
    :raise CensusUnknown: no census of that name is on record.
    :raise CensusInForce: the agreement counts by it already.
    """
    former = censuses_of(session, agreement)
    label = census if isinstance(census, str) else census.label
    before = populations(session, former)
    if isinstance(census, str):
        if census == former[-1]:
            raise CensusInForce(census)
        if session.scalar(select(Census.label).where(Census.label == census)) is None:
            raise CensusUnknown(census)
        rows = session.execute(select(CensusCount.body_id, CensusCount.population).where(CensusCount.census == census))
        counts: Mapping[UUID, int] = {row.body_id: row.population for row in rows}
    else:
        counts = census.counts
    tiers = tiers_of(session, agreement)
    return effect_of(
        session,
        agreement,
        label,
        before=Counting(tiers=tiers, people=before),
        after=Counting(tiers=tiers, people={**before, **counts}),
        domain="khatam-census-v1",
        proposed={"census": label},
        counted=counts.keys(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """By what keys are counted: a tier table, and inhabitants by body."""

    tiers: Tiers
    people: Mapping[UUID, int]

    def keys(self, kind: BodyKind, people: int | None) -> int:
        """Keys of a body of so many (None: nobody counted them); none if the table does not speak of its kind.

        :raise TierTableRefused: it has no answer, or two.
        """
        return self.tiers.keys(kind, people or 0) if kind in self.tiers.kinds else 0

    def counts(self, kind: BodyKind, body: UUID) -> bool:
        """Whether it says anything of the body: a service has no inhabitants."""
        return kind in self.tiers.kinds and (kind is BodyKind.SERVICE or body in self.people)


def effect_of(
    session: Session,
    agreement: UUID,
    census: str,
    *,
    before: Counting,
    after: Counting,
    domain: str,
    proposed: Mapping[str, object],
    counted: Collection[UUID] | None = None,
    book: UUID | None = None,
) -> TierEffect:
    """What the agreement's bodies get by one counting and by another. Nothing is written.

    :param counted: bodies that the census itself counts; None: whatever is in force.
    :param book: the agreement whose ceiling holds afterwards; default: the same.
    :raise TierTableRefused: the tiers afterwards say nothing of a kind that has been granted seats.
    """
    changes, regions, named = [], defaultdict[str, list[tuple[int, int]]](list), []
    for body in _bodies(session, agreement):
        if not (before.counts(body.kind, body.id) or after.counts(body.kind, body.id)):
            continue
        if body.granted is not None and body.kind not in after.tiers.kinds:
            raise TierTableRefused(body.kind.value, after.people.get(body.id, 0))
        named.append(body)
        keys = _keys(body, before, after)
        regions[body.region_code or ""].append(keys)
        if keys[0] != keys[1]:
            changes.append(_change(body, keys, before, after))
    figures = session.get_one(AgreementBook, agreement, populate_existing=True)
    covering = figures if book is None else session.get_one(AgreementBook, book, populate_existing=True)
    moved = sum((each.granted_after or 0) - (each.granted_before or 0) for each in changes)
    by_region = [_region(code, keys) for code, keys in sorted(regions.items())]
    return TierEffect(
        agreement=agreement,
        census=census,
        domain=domain,
        proposed=proposed,
        changes=tuple(changes),
        keys_before=sum(region.keys_before for region in by_region),
        keys_after=sum(region.keys_after for region in by_region),
        granted_before=figures.seats_granted,
        granted_after=figures.seats_granted + moved,
        seats_ceiling=_covered(figures, covering),
        regions=tuple(by_region),
        not_counted=() if counted is None else _left_out(named, counted),
    )


def _covered(former: AgreementBook, covering: AgreementBook) -> int | None:
    if covering is former or covering.seats_ceiling is None:
        return covering.seats_ceiling
    return covering.seats_ceiling - covering.seats_granted


def _left_out(bodies: Sequence[_Body], counted: Collection[UUID]) -> tuple[str, ...]:
    return tuple(body.code for body in bodies if body.kind is not BodyKind.SERVICE and body.id not in counted)


def _keys(body: _Body, before: Counting, after: Counting) -> tuple[int, int]:
    people, now = before.people.get(body.id), after.people.get(body.id)
    keys = before.keys(body.kind, people)
    if before.tiers is after.tiers and people == now:
        return keys, keys
    return keys, after.keys(body.kind, now)


def _change(body: _Body, keys: tuple[int, int], before: Counting, after: Counting) -> TierChange:
    return TierChange(
        body=body.id,
        body_code=body.code,
        name_fr=body.name_fr,
        kind=body.kind,
        region_code=body.region_code,
        population_before=before.people.get(body.id, 0),
        population_after=after.people.get(body.id, 0),
        keys_before=keys[0],
        keys_after=keys[1],
        granted_before=body.granted,
        granted_after=None if body.granted is None else max(0, body.granted + keys[1] - keys[0]),
        in_use=body.in_use,
    )


def _region(code: str, keys: Sequence[tuple[int, int]]) -> RegionEffect:
    return RegionEffect(
        region_code=code,
        bodies_changed=sum(before != after for before, after in keys),
        keys_before=sum(before for before, _ in keys),
        keys_after=sum(after for _, after in keys),
    )


def _bodies(session: Session, agreement: UUID) -> list[_Body]:
    mine = (Allowance.body_id == Body.id) & (Allowance.agreement_id == agreement)
    rows = session.execute(
        select(
            Body.id, Body.code, Body.name_fr, Body.kind, Body.region_code,
            Allowance.granted, func.coalesce(Allowance.reserved + Allowance.live, 0),
        )
        .outerjoin(Allowance, mine)
        .where(Body.kind.in_(list(TIER_OF)))
        .order_by(Body.code)
    )  # fmt: skip
    return [_Body(*row) for row in rows]
