"""What a body of a kind and of so many inhabitants gets, by an agreement's tiers and by the census in force for it."""

from __future__ import annotations

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

    def __init__(self, rows: Sequence[TierRow]) -> None:
        self._rows = rows
        self.table = tuple(_tier(row) for row in rows)
        """The rows, as they were agreed."""
        self.kinds = frozenset(kind for kind, tier in TIER_OF.items() if any(row.kind is tier for row in rows))
        """Kinds of body that it speaks of; others are granted nothing."""

    def keys(self, kind: BodyKind, population: int) -> int:
        """Keys for a body.

        :raise TierTableRefused: it has no answer, or two.
        """
        found = [
            row.keys
            for row in self._rows
            if row.kind is TIER_OF[kind]
            and row.population_from <= population
            and (row.population_below is None or population < row.population_below)
        ]
        if len(found) != 1:
            raise TierTableRefused(kind.value, population)
        return found[0]


def _tier(row: TierRow) -> Tier:
    return Tier(
        kind=row.kind.value,
        population_from=row.population_from,
        population_below=row.population_below,
        keys=row.keys,
        basis=row.basis.value,
    )


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
    return Tiers(session.scalars(select(TierRow).where(TierRow.agreement_id == agreement, mine)).all())


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
    counted: dict[str, dict[UUID, int]] = {census: {} for census in censuses}
    for census, body, people in session.execute(asked):
        if bodies is None or body in bodies:
            counted[census][body] = people
    found: dict[UUID, int] = {}
    for census in censuses:
        found |= counted[census]
    return found
