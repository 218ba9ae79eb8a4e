"""Tier tables that amend an agreement's: tried, proposed, applied by another officer."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from api.auth.permissions import CentralOfficer, CommuneOrAbove, HouseHere, now
from pki.quota.grants.agreed import tier_table
from pki.quota.grants.amended_tiers import apply_tiers, propose_tiers, simulate_tiers
from pki.records import Records

from .agreements import TierIn, TierOut
from .censuses import DigestIn, EffectOut, ProposalOut
from .once import OnceOnly
from .schema import In, Line, Out

router = APIRouter(prefix="/v1", tags=["quota"])
Table = Annotated[list[TierIn], Field(min_length=1, max_length=100)]


class TableIn(In):
    """A tier table to be tried."""

    tiers: Table


class TableProposalIn(TableIn):
    """A tier table that the amendment of that number brings, from a day on."""

    number: Annotated[Line, Field(max_length=100)]
    in_effect: date


class TableOut(Out):
    """The rows by which an agreement grants, and the number of the amendment that brought them; null: as signed."""

    amendment: str | None
    in_effect_from: date
    items: list[TierOut]


@router.get("/agreements/{agreement}/tier-table", operation_id="getTierTable")
def get_table(agreement: UUID, officer: CommuneOrAbove, house: HouseHere) -> TableOut:
    """The tier table in force."""
    del officer
    with house.records.reading() as session:
        found = tier_table(session, agreement)
    items = [TierOut.of(tier) for tier in found.tiers]
    return TableOut(amendment=found.amendment, in_effect_from=found.in_effect_from, items=items)


@router.post("/agreements/{agreement}/tier-table-effect", operation_id="simulateTiers")
def post_effect(agreement: UUID, body: TableIn, officer: CentralOfficer, house: HouseHere) -> EffectOut:
    """Try a tier table against an agreement. Nothing is written."""
    del officer
    with house.records.reading() as session:
        return EffectOut.of(simulate_tiers(session, agreement, [tier.value() for tier in body.tiers]))


@router.post(
    "/agreements/{agreement}/tier-tables", status_code=201, operation_id="proposeTiers", response_model=ProposalOut
)
def post_proposal(agreement: UUID, body: TableProposalIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Propose that an agreement grants by another table; another officer applies it."""

    def act(records: Records) -> ProposalOut:
        proposal = propose_tiers(
            records,
            agreement=agreement,
            number=body.number,
            tiers=[tier.value() for tier in body.tiers],
            in_effect=body.in_effect,
            by=officer.actor,
            at=now(),
        )
        effect = EffectOut.of(proposal.effect)
        return ProposalOut(id=proposal.id, digest=proposal.digest, in_effect=proposal.in_effect, effect=effect)

    return once.atomically(act)


@router.post(
    "/tier-proposals/{proposal}/approval", status_code=201, operation_id="applyTiers", response_model=EffectOut
)
def post_approval(proposal: UUID, body: DigestIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Apply what was looked at. Another officer than the one who proposed it."""

    def act(records: Records) -> EffectOut:
        return EffectOut.of(apply_tiers(records, proposal=proposal, digest=body.digest, by=officer.actor, at=now()))

    return once.atomically(act)
