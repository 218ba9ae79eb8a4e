"""A census applied to an agreement: what was simulated, looked at and approved, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.quota.grants.consent import require_digest
from pki.quota.grants.effects import TierEffect, simulate_census
from pki.quota.grants.proposed import mark_applied, move_grants, put_forward, waiting
from pki.quota.grants.tables import CensusApplication
from pki.quota.tables import Agreement, Allowance
from pki.quota.tiers import censuses_of
from pki.quota.waves import lock_agreements
from pki.records import Records, again_after_deadlock

_KIND = "census"


@dataclass(frozen=True, slots=True, kw_only=True)
class CensusProposal:
    """A census proposed to an agreement."""

    id: UUID
    agreement: UUID
    census: str
    in_effect: date
    digest: str
    """SHA-256, hex, of its effect: what an approval names."""
    effect: TierEffect


def propose_census(
    records: Records, *, agreement: UUID, census: str, in_effect: date, by: Actor, at: datetime
) -> CensusProposal:
    """Propose that the agreement counts by the census from that day on; another officer applies it.

    A former proposal for the agreement that nobody applied is superseded.

    :raise CensusUnknown: no such census; AgreementUnknown alike.
    :raise CensusInForce: the agreement counts by it already.
    """
    with records.writing() as session:
        lock_agreements(session, agreement)
        effect = simulate_census(session, agreement, census)
        digest = effect.digest(in_effect=in_effect)
        values = {"census": census, "in_effect": in_effect}
        proposal = put_forward(
            session, CensusApplication, agreement=agreement, values=values, digest=digest, by=by, at=at
        )
        facts: dict[str, object] = {"agreement": agreement, "census": census, "in_effect": in_effect}
        facts |= {"digest": digest, "changes": len(effect.changes)}
        record(session, kind="census.proposed", subject=f"census-application:{proposal}", by=by, at=at, facts=facts)
    return CensusProposal(
        id=proposal, agreement=agreement, census=census, in_effect=in_effect, digest=digest, effect=effect
    )


@again_after_deadlock
def apply_census(records: Records, *, proposal: UUID, digest: str, by: Actor, at: datetime) -> TierEffect:
    """Move every allowance as simulated. A body left with more in use than granted keeps what it has.

    :raise OwnProposal: `by` proposed it.
    :raise ProposalDecided: it was applied before, or superseded.
    :raise NotDueYet: the day from which it is in effect has not come.
    :raise ProposalChanged: its effect is no longer the one that the digest names.
    :raise SeatCeilingReached: the agreement covers fewer seats than there would be.
    """
    with records.writing() as session:
        found = waiting(session, CensusApplication, _KIND, proposal, digest=digest, by=by, at=at)
        lock_agreements(session, found.agreement_id)
        effect = simulate_census(session, found.agreement_id, found.census)
        # THREAT: between the look and the approval an extra or another count changes what the census would do.
        # DEFENCE: the effect is computed again under the agreement's lock, and each allowance must still be as it was.
        # TEST: tests/pki/quota/grants/test_census.py::test_what_was_simulated_is_what_is_applied
        require_digest(_KIND, given=digest, current=effect.digest(in_effect=found.in_effect))
        mark_applied(session, CensusApplication, proposal, by=by, at=at)
        origin = f"census-application:{proposal}"
        move_grants(
            session, effect, kind=_KIND, origin=origin, cause="census.applied", in_effect=found.in_effect, at=at
        )
        facts: dict[str, object] = {"digest": digest, "changes": len(effect.changes)}
        facts |= {"granted_before": effect.granted_before, "granted_after": effect.granted_after}
        record(session, kind="census.applied", subject=origin, by=by, at=at, facts=facts)
        return effect


def granted_by_census(session: Session, census: str) -> frozenset[UUID]:
    """Bodies that were granted seats under an agreement that counts by the census, or did.

    A figure that is added to it for one of them would name another tier than its seats came by.
    """
    agreements = [each for each in session.scalars(select(Agreement.id)) if census in censuses_of(session, each)]
    return frozenset(session.scalars(select(Allowance.body_id).where(Allowance.agreement_id.in_(agreements))))
