"""Changes of what an agreement grants that another officer has yet to apply, with what each would do now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.quota.agreements import Tier
from pki.quota.errors import QuotaError
from pki.quota.grants.agreed import by_kind
from pki.quota.grants.amended_tiers import simulate_tiers
from pki.quota.grants.effects import TierEffect, simulate_census
from pki.quota.grants.successions import simulate_succession
from pki.quota.grants.tables import AgreementSuccession, CensusApplication, TierAmendment
from pki.quota.kinds import ProposalKind
from pki.quota.tiers import censuses_of

Change = CensusApplication | TierAmendment | AgreementSuccession
_TABLES: dict[ProposalKind, type[Change]] = {
    ProposalKind.CENSUS: CensusApplication,
    ProposalKind.TIERS: TierAmendment,
    ProposalKind.SUCCESSION: AgreementSuccession,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A change that was proposed and waits."""

    id: UUID
    kind: ProposalKind
    what: str
    """The census, the number of the amendment, or the id of the successor."""
    tiers: tuple[Tier, ...]
    """Of a tier table; else none."""
    purchases_carried: int
    """Of a succession; else none."""
    in_effect: date
    digest: str
    """SHA-256, hex: what an approval names."""
    proposed_at: datetime
    proposed_by: str
    effect: TierEffect | None
    """What it would do now; None: it is refused by now."""

    @property
    def holds(self) -> bool:
        """Whether it would still do what was proposed; else it is to be proposed anew."""
        return self.effect is not None and self.effect.digest(in_effect=self.in_effect) == self.digest


def undecided(session: Session, agreement: UUID) -> list[Undecided]:
    """What waits for the agreement: a census, a tier table, a successor; one of each at most.

    :raise AgreementUnknown: no such agreement.
    """
    censuses_of(session, agreement)
    found = []
    for kind, table in _TABLES.items():
        waits = (table.agreement_id == agreement) & table.applied_at.is_(None) & table.superseded_at.is_(None)
        rows: Sequence[Change] = session.scalars(
            select(table).where(waits).execution_options(populate_existing=True)
        ).all()  # type: ignore[assignment]
        found += [_undecided(session, kind, row) for row in rows]
    return found


def _undecided(session: Session, kind: ProposalKind, row: Change) -> Undecided:
    tiers = by_kind(Tier(**each) for each in json.loads(row.tiers)["tiers"]) if isinstance(row, TierAmendment) else ()
    what, carried = _what(row)
    try:
        effect = _effect(session, row, tiers)
    except QuotaError:
        effect = None
    return Undecided(
        id=row.id,
        kind=kind,
        what=what,
        tiers=tiers,
        purchases_carried=carried,
        in_effect=row.in_effect,
        digest=row.digest,
        proposed_at=row.proposed_at,
        proposed_by=row.proposed_by,
        effect=effect,
    )


def _what(row: Change) -> tuple[str, int]:
    match row:
        case CensusApplication():
            return row.census, 0
        case TierAmendment():
            return row.number, 0
        case AgreementSuccession():
            return str(row.successor_id), row.purchases_carried


def _effect(session: Session, row: Change, tiers: tuple[Tier, ...]) -> TierEffect:
    match row:
        case CensusApplication():
            return simulate_census(session, row.agreement_id, row.census)
        case TierAmendment():
            return simulate_tiers(session, row.agreement_id, tiers)
        case AgreementSuccession():
            carried = row.purchases_carried
            return simulate_succession(session, row.agreement_id, row.successor_id, purchases_carried=carried)
