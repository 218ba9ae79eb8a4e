"""What a body of a kind and of so many inhabitants gets, by an agreement's tiers and by the census in force for it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.quota.agreements import Tier
from pki.quota.errors import AgreementUnknown, TierTableRefused
from pki.quota.grants.tables import CensusApplication, TierAmendment
from pki.quota.kinds import TierKind
from pki.quota.tables import Agreement, TierRow
from pki.registration.kinds import BodyKind
from pki.registration.tables import CensusCount

TIER_OF: Mapping[BodyKind, TierKind] = {
    BodyKind.COMMUNE: TierKind.COMMUNE,
    BodyKind.ARRONDISSEMENT: TierKind.ARRONDISSEMENT,
    BodyKind.PROVINCE: TierKind.PROVINCE,
    BodyKind.SERVICE: TierKind.SERVICE,
}
"""Kinds of body that can be granted seats."""


class Tiers:
    """An agreement's tier table."""

    def __init__(self, table: Sequence[Tier]) -> None:
        self.table = tuple(table)
        """The rows, as they were agreed."""
        self.kinds = frozenset(kind for kind, tier in TIER_OF.items() if any(row.kind == tier for row in table))
        """Kinds of body that it speaks of; others are granted nothing."""
        self._answers = {kind: _answers([row for row in table if row.kind == TIER_OF[kind]]) for kind in self.kinds}

    def keys(self, kind: BodyKind, population: int) -> int:
        """Keys for a body.

        :raise TierTableRefused: it has no answer, or two.
        """
        bounds, answers = self._answers.get(kind, _NO_ANSWERS)
        found = answers[bisect_right(bounds, population)]
        if found is None:
            raise TierTableRefused(kind.value, population)
        return found


Answers = tuple[list[int], list[int | None]]
_NO_ANSWERS: Answers = ([], [None])


def _answers(rows: Sequence[Tier]) -> Answers:
    """Every bound in the rows, and the keys below the first, between each two, from the last on; None: none, or two.

    A country is asked for all its bodies: each is one search.
    """
    named = {bound for row in rows for bound in (row.population_from, row.population_below)}
    bounds = sorted(bound for bound in named if bound is not None)
    answers: list[int | None] = [None]
    for start in bounds:
        found = [
            row.keys
            for row in rows
            if row.population_from <= start and (row.population_below is None or start < row.population_below)
        ]
        answers.append(found[0] if len(found) == 1 else None)
    return bounds, answers


def amendment_in_force(session: Session, agreement: UUID) -> UUID | None:
    """The amendment whose tier table counts; None: the table that was signed with the agreement does."""
    return session.scalar(
        select(TierAmendment.id)
        .where(TierAmendment.agreement_id == agreement, TierAmendment.applied_at.is_not(None))
        .order_by(TierAmendment.applied_at.desc(), TierAmendment.id)
        .limit(1)
    )


def tiers_of(session: Session, agreement: UUID) -> Tiers:
    """The tier table in force: that of the last amendment applied, else the one that was signed with the agreement."""
    table = amendment_in_force(session, agreement)
    mine = TierRow.amendment_id.is_(None) if table is None else TierRow.amendment_id == table
    rows = session.execute(
        select(TierRow.kind, TierRow.population_from, TierRow.population_below, TierRow.keys, TierRow.basis).where(
            TierRow.agreement_id == agreement, mine
        )
    )
    return Tiers(
        [
            Tier(kind=kind.value, population_from=low, population_below=below, keys=keys, basis=basis.value)
            for kind, low, below, keys, basis in rows
        ]
    )


def censuses_of(session: Session, agreement: UUID) -> tuple[str, ...]:
    """The agreement's censuses: the one that it was signed by, then those applied to it, in that order.

    :raise AgreementUnknown: no such agreement.
    """
    first = session.scalar(select(Agreement.census).where(Agreement.id == agreement))
    if first is None:
        raise AgreementUnknown(agreement)
    applied = session.scalars(
        select(CensusApplication.census)
        .where(CensusApplication.agreement_id == agreement, CensusApplication.applied_at.is_not(None))
        .order_by(CensusApplication.applied_at, CensusApplication.id)
    )
    return (first, *applied)


def populations(
    session: Session, censuses: Sequence[str], *, bodies: Collection[UUID] | None = None
) -> dict[UUID, int]:
    """Inhabitants by body: each as counted by the last of the censuses that counts it.

    :param bodies: None: every body.
    """
    asked = select(CensusCount.census, CensusCount.body_id, CensusCount.population).where(
        CensusCount.census.in_(censuses)
    )
    rank = {census: place for place, census in enumerate(censuses)}
    rows = sorted(session.execute(asked), key=lambda row: rank[row[0]])
    return {body: people for _, body, people in rows if bodies is None or body in bodies}
