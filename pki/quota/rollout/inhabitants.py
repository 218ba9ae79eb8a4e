"""How many inhabitants count: those of the territory's own census, until a later one was applied to an agreement."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.quota.grants.tables import CensusApplication
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.tables import Body, CensusCount


def counted_later(session: Session, *, within: Extent = EVERYWHERE) -> dict[UUID, int]:
    """Inhabitants of bodies inside the extent by the censuses applied since, each by the last that counts it.

    A body that none of them counts is left out: `Body.population` stands. One statement while none was applied.
    """
    applied = session.scalars(
        select(CensusApplication.census)
        .where(CensusApplication.applied_at.is_not(None))
        .order_by(CensusApplication.applied_at, CensusApplication.id)
    ).all()
    if not applied:
        return {}
    rows = session.execute(
        select(CensusCount.census, CensusCount.body_id, CensusCount.population)
        .join(Body, Body.id == CensusCount.body_id)
        .where(CensusCount.census.in_(applied), within.bodies())
    ).all()
    place = {census: number for number, census in enumerate(applied)}
    return {row.body_id: row.population for row in sorted(rows, key=lambda row: place[row.census])}
