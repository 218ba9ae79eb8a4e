"""Another tier table for an agreement: what it would change, proposed, and applied as it was looked at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.canonical import canonical_json
from pki.quota.agreements import Tier, refuse_ambiguous
from pki.quota.grants.consent import require_digest
from pki.quota.grants.effects import Counting, TierEffect, effect_of
from pki.quota.grants.errors import TiersInForce
from pki.quota.grants.proposed import mark_applied, move_grants, put_forward, waiting
from pki.quota.grants.tables import TierAmendment
from pki.quota.kinds import Basis, TierKind
from pki.quota.tables import TierRow
from pki.quota.tiers import Tiers, censuses_of, populations, tiers_of
from pki.quota.waves import lock_agreements
from pki.records import Records, again_after_deadlock

_KIND = "tier table"


@dataclass(frozen=True, slots=True, kw_only=True)
class TiersProposal:
    """A tier table proposed to an agreement."""

    id: UUID
    agreement: UUID
    number: str
    in_effect: date
    digest: str
    effect: TierEffect


def simulate_tiers(session: Session, agreement: UUID, tiers: Sequence[Tier]) -> TierEffect:
    """Which bodies would get other keys under the agreement by that table. Nothing is written.

    :raise AgreementUnknown: no such agreement.
    :raise TierTableRefused: for some population it has no answer, or two, or none for a kind that was granted seats.
    :raise TiersInForce: it is the table in force.
    """
    refuse_ambiguous(tiers)
    censuses, current = censuses_of(session, agreement), tiers_of(session, agreement)
    spelled = _spelled(tiers)
    if spelled == _spelled(current.table):
        raise TiersInForce
    people = populations(session, censuses)
    return effect_of(
        session,
        agreement,
        censuses[-1],
        before=Counting(tiers=current, people=people),
        after=Counting(tiers=Tiers(tiers), people=people),
        domain="khatam-tiers-v1",
        proposed={"census": censuses[-1], "tiers": spelled},
    )


def propose_tiers(
    records: Records,
    *,
    agreement: UUID,
    number: str,
    tiers: Sequence[Tier],
    in_effect: date,
    by: Actor,
    at: datetime,
) -> TiersProposal:
    """Propose that the agreement grants by another table from that day on; another officer applies it.

    :param number: of the amendment that brings it.
    :raise TierTableRefused: and the other refusals of `simulate_tiers`.
    """
    with records.writing() as session:
        lock_agreements(session, agreement)
        effect = simulate_tiers(session, agreement, tiers)
        digest = effect.digest(in_effect=in_effect)
        content = canonical_json({"tiers": _spelled(tiers)}).decode()
        values = {"number": number, "tiers": content, "in_effect": in_effect}
        proposal = put_forward(session, TierAmendment, agreement=agreement, values=values, digest=digest, by=by, at=at)
        facts: dict[str, object] = {"agreement": agreement, "number": number, "in_effect": in_effect}
        facts |= {"tiers": _spelled(tiers), "digest": digest, "changes": len(effect.changes)}
        record(session, kind="tiers.proposed", subject=f"tier-amendment:{proposal}", by=by, at=at, facts=facts)
    return TiersProposal(
        id=proposal, agreement=agreement, number=number, in_effect=in_effect, digest=digest, effect=effect
    )


@again_after_deadlock
def apply_tiers(records: Records, *, proposal: UUID, digest: str, by: Actor, at: datetime) -> TierEffect:
    """Move every allowance as simulated; waves opened later are granted by the new table.

    :raise OwnProposal: `by` proposed it.
    :raise ProposalDecided: it was applied before, or superseded.
    :raise NotDueYet: the day from which it is in effect has not come.
    :raise ProposalChanged: its effect is no longer the one that the digest names.
    :raise SeatCeilingReached: the agreement covers fewer seats than there would be.
    """
    with records.writing() as session:
        found = waiting(session, TierAmendment, _KIND, proposal, digest=digest, by=by, at=at)
        lock_agreements(session, found.agreement_id)
        tiers = [Tier(**each) for each in json.loads(found.tiers)["tiers"]]
        effect = simulate_tiers(session, found.agreement_id, tiers)
        require_digest(_KIND, given=digest, current=effect.digest(in_effect=found.in_effect))
        mark_applied(session, TierAmendment, proposal, by=by, at=at)
        of = {"agreement_id": found.agreement_id, "amendment_id": proposal, "in_effect_from": found.in_effect}
        rows = [{"id": uuid4(), **of, **_values(tier)} for tier in tiers]
        session.execute(insert(TierRow), rows)
        origin = f"tier-amendment:{proposal}"
        move_grants(session, effect, kind=_KIND, origin=origin, cause="tiers.amended", in_effect=found.in_effect, at=at)
        facts: dict[str, object] = {"digest": digest, "number": found.number, "changes": len(effect.changes)}
        facts |= {"granted_before": effect.granted_before, "granted_after": effect.granted_after}
        record(session, kind="tiers.amended", subject=origin, by=by, at=at, facts=facts)
        return effect


def _values(tier: Tier) -> dict[str, object]:
    return asdict(tier) | {"kind": TierKind(tier.kind), "basis": Basis(tier.basis)}


def _spelled(tiers: Sequence[Tier]) -> list[dict[str, object]]:
    return [asdict(tier) for tier in sorted(tiers, key=lambda tier: (tier.kind, tier.population_from))]
