"""What a census would change, before it is applied: a pure read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

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
class CensusEffect:
    """What a census would change under an agreement."""

    agreement: UUID
    census: str
    changes: tuple[TierChange, ...]
    """By code."""
    keys_before: int
    keys_after: int
    """By the tiers, over every body that was counted, opened or not."""
    granted_before: int
    granted_after: int
    """Under the agreement, with extras and transfers."""
    seats_ceiling: int | None
    regions: tuple[RegionEffect, ...]
    not_counted: tuple[str, ...]
    """Codes of bodies that this census leaves out: each keeps its former count."""

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
        facts: dict[str, object] = {"agreement": self.agreement, "census": self.census, "in_effect": in_effect}
        facts["changes"] = [
            {
                "body": change.body_code,
                "population": [change.population_before, change.population_after],
                "keys": [change.keys_before, change.keys_after],
                "granted": [change.granted_before, change.granted_after],
            }
            for change in self.changes
        ]
        return digest_of("khatam-census-v1", facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedOnFile:
    """A census that nobody recorded: by body id."""

    label: str
    counts: Mapping[UUID, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    id: UUID
    code: str
    name_fr: str
    kind: BodyKind
    region_code: str | None
    granted: int | None
    in_use: int


def simulate_census(session: Session, agreement: UUID, census: str | CountedOnFile) -> CensusEffect:
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
    return _effect(session, agreement, label, before=before, counts=counts)


def _effect(
    session: Session, agreement: UUID, label: str, *, before: Mapping[UUID, int], counts: Mapping[UUID, int]
) -> CensusEffect:
    tiers = tiers_of(session, agreement)
    bodies = [body for body in _bodies(session, agreement) if body.kind in tiers.kinds]
    counted = [body for body in bodies if body.id in before or body.id in counts]
    changes, regions = [], defaultdict[str, list[tuple[int, int]]](list)
    for body in counted:
        change = _change(body, tiers, before=before.get(body.id, 0), after=counts.get(body.id, before.get(body.id, 0)))
        regions[body.region_code or ""].append((change.keys_before, change.keys_after))
        if change.keys_before != change.keys_after:
            changes.append(change)
    book = session.get_one(AgreementBook, agreement, populate_existing=True)
    moved = sum((each.granted_after or 0) - (each.granted_before or 0) for each in changes)
    by_region = [_region(code, keys) for code, keys in sorted(regions.items())]
    return CensusEffect(
        agreement=agreement,
        census=label,
        changes=tuple(changes),
        keys_before=sum(region.keys_before for region in by_region),
        keys_after=sum(region.keys_after for region in by_region),
        granted_before=book.seats_granted,
        granted_after=book.seats_granted + moved,
        seats_ceiling=book.seats_ceiling,
        regions=tuple(by_region),
        not_counted=tuple(body.code for body in counted if body.id not in counts),
    )


def _change(body: _Body, tiers: Tiers, *, before: int, after: int) -> TierChange:
    keys = tiers.keys(body.kind, before), tiers.keys(body.kind, after)
    return TierChange(
        body=body.id,
        body_code=body.code,
        name_fr=body.name_fr,
        kind=body.kind,
        region_code=body.region_code,
        population_before=before,
        population_after=after,
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
            Allowance.granted, Allowance.reserved + Allowance.live,
        )
        .outerjoin(Allowance, mine)
        .where(Body.kind.in_([kind for kind in TIER_OF if kind is not BodyKind.SERVICE]))
        .order_by(Body.code)
    )  # fmt: skip
    return [
        _Body(id=one, code=code, name_fr=name, kind=kind, region_code=region, granted=granted, in_use=used or 0)
        for one, code, name, kind, region, granted, used in rows
    ]
