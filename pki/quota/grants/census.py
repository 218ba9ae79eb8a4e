"""A census applied to an agreement: what was simulated, looked at and approved, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.quota.books import granted_by, write_movements
from pki.quota.grants.consent import require_digest, require_other
from pki.quota.grants.effects import CensusEffect, simulate_census
from pki.quota.grants.errors import ProposalChanged, ProposalDecided, ProposalUnknown
from pki.quota.grants.tables import CensusApplication
from pki.quota.seats import change_granted
from pki.quota.tables import AgreementBook, Allowance
from pki.quota.waves import raise_seats_granted
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
    effect: CensusEffect


def propose_census(
    records: Records, *, agreement: UUID, census: str, in_effect: date, by: Actor, at: datetime
) -> CensusProposal:
    """Propose that the agreement counts by the census from that day on; another officer applies it.

    A former proposal for the agreement that nobody applied is superseded.

    :raise CensusUnknown: no such census; AgreementUnknown alike.
    :raise CensusInForce: the agreement counts by it already.
    """
    proposal = uuid4()
    with records.writing() as session:
        _locked_agreement(session, agreement)
        effect = simulate_census(session, agreement, census)
        digest = effect.digest(in_effect=in_effect)
        session.execute(
            update(CensusApplication)
            .where(
                CensusApplication.agreement_id == agreement,
                CensusApplication.applied_at.is_(None),
                CensusApplication.superseded_at.is_(None),
            )
            .values(superseded_at=at)
            .execution_options(synchronize_session=False)
        )
        session.execute(
            insert(CensusApplication).values(
                id=proposal,
                agreement_id=agreement,
                census=census,
                in_effect=in_effect,
                digest=digest,
                proposed_at=at,
                proposed_by=str(by),
            )
        )
        facts: dict[str, object] = {"agreement": agreement, "census": census, "in_effect": in_effect}
        facts |= {"digest": digest, "changes": len(effect.changes)}
        record(session, kind="census.proposed", subject=f"census-application:{proposal}", by=by, at=at, facts=facts)
    return CensusProposal(
        id=proposal, agreement=agreement, census=census, in_effect=in_effect, digest=digest, effect=effect
    )


@again_after_deadlock
def apply_census(records: Records, *, proposal: UUID, digest: str, by: Actor, at: datetime) -> CensusEffect:
    """Move every allowance as simulated. A body left with more in use than granted keeps what it has.

    :raise OwnProposal: `by` proposed it.
    :raise ProposalDecided: it was applied before, or superseded.
    :raise ProposalChanged: its effect is no longer the one that the digest names.
    :raise SeatCeilingReached: the agreement covers fewer seats than there would be.
    """
    with records.writing() as session:
        found = _waiting(session, proposal)
        require_other(_KIND, proposal, by=by, apart=(found.proposed_by,))
        require_digest(_KIND, given=digest, current=found.digest)
        _locked_agreement(session, found.agreement_id)
        effect = simulate_census(session, found.agreement_id, found.census)
        # THREAT: between the look and the approval an extra or another count changes what the census would do.
        # DEFENCE: the effect is computed again under the agreement's lock, and each allowance must still be as it was.
        # TEST: tests/pki/quota/grants/test_census.py::test_what_was_simulated_is_what_is_applied
        require_digest(_KIND, given=digest, current=effect.digest(in_effect=found.in_effect))
        session.execute(
            update(CensusApplication)
            .where(CensusApplication.id == proposal)
            .values(applied_at=at, applied_by=str(by))
            .execution_options(synchronize_session=False)
        )
        _move(session, effect, proposal=proposal, in_effect=found.in_effect, at=at)
        facts: dict[str, object] = {"digest": digest, "changes": len(effect.changes)}
        facts |= {"granted_before": effect.granted_before, "granted_after": effect.granted_after}
        record(session, kind="census.applied", subject=f"census-application:{proposal}", by=by, at=at, facts=facts)
        return effect


def _move(session: Session, effect: CensusEffect, *, proposal: UUID, in_effect: date, at: datetime) -> None:
    raise_seats_granted(session, effect.agreement, effect.granted_after - effect.granted_before)
    movements = []
    for each in sorted(effect.changes, key=lambda change: change.body):
        if each.granted_before is None or each.granted_after is None or each.granted_after == each.granted_before:
            continue
        held = session.scalar(select(Allowance.granted).where(Allowance.body_id == each.body).with_for_update())
        change = each.granted_after - each.granted_before
        if held != each.granted_before or not change_granted(session, body_id=each.body, change=change):
            raise ProposalChanged(_KIND, "")
        movements.append(
            granted_by(
                body_id=each.body, agreement_id=effect.agreement, change=change, origin=f"census-application:{proposal}"
            )
        )
    if movements:
        write_movements(session, movements, cause="census.applied", in_effect=in_effect, at=at)


def _locked_agreement(session: Session, agreement: UUID) -> None:
    session.execute(select(AgreementBook.agreement_id).where(AgreementBook.agreement_id == agreement).with_for_update())


def _waiting(session: Session, proposal: UUID) -> CensusApplication:
    found = session.scalars(
        select(CensusApplication)
        .where(CensusApplication.id == proposal)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise ProposalUnknown(_KIND, proposal)
    if found.applied_at is not None or found.superseded_at is not None:
        raise ProposalDecided(_KIND, proposal)
    return found
