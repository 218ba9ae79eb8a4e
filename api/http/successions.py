"""Agreements that take over from those that end: tried, proposed, applied by another officer."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.auth.permissions import CentralOfficer, HouseHere, now
from pki.quota.grants.successions import apply_succession, propose_succession, simulate_succession
from pki.records import Records

from .agreements import MOST, Count
from .censuses import DigestIn, EffectOut, ProposalOut
from .once import OnceOnly
from .schema import In

router = APIRouter(prefix="/v1", tags=["quota"])


class SuccessionIn(In):
    """Who takes over, from which day on, and how many unused purchases go along."""

    successor: UUID
    purchases_carried: Count = 0
    in_effect: date


@router.get("/agreements/{agreement}/succession-effect", operation_id="simulateSuccession")
def get_effect(
    agreement: UUID,
    successor: Annotated[UUID, Query()],
    officer: CentralOfficer,
    house: HouseHere,
    purchases_carried: Annotated[int, Query(ge=0, le=MOST)] = 0,
) -> EffectOut:
    """Try what the bodies would get by the successor's tiers and census. Nothing is written."""
    del officer
    with house.records.reading() as session:
        found = simulate_succession(session, agreement, successor, purchases_carried=purchases_carried)
    return EffectOut.of(found)


@router.post(
    "/agreements/{agreement}/successions",
    status_code=201,
    operation_id="proposeSuccession",
    response_model=ProposalOut,
)
def post_proposal(agreement: UUID, body: SuccessionIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Propose that another agreement takes over; another officer applies it."""

    def act(records: Records) -> ProposalOut:
        proposal = propose_succession(
            records,
            agreement=agreement,
            successor=body.successor,
            purchases_carried=body.purchases_carried,
            in_effect=body.in_effect,
            by=officer.actor,
            at=now(),
        )
        effect = EffectOut.of(proposal.effect)
        return ProposalOut(id=proposal.id, digest=proposal.digest, in_effect=proposal.in_effect, effect=effect)

    return once.atomically(act)


@router.post(
    "/succession-proposals/{proposal}/approval",
    status_code=201,
    operation_id="applySuccession",
    response_model=EffectOut,
)
def post_approval(proposal: UUID, body: DigestIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Take over as it was looked at. Another officer than the one who proposed it."""

    def act(records: Records) -> EffectOut:
        done = apply_succession(records, proposal=proposal, digest=body.digest, by=officer.actor, at=now())
        return EffectOut.of(done)

    return once.atomically(act)
