"""What was proposed to an agreement and waits for another officer: to be looked at before it is approved."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import APIRouter

from api.auth.permissions import CentralOfficer, HouseHere
from pki.quota.grants.undecided import Undecided, undecided
from pki.quota.kinds import ProposalKind

from .agreements import TierOut
from .censuses import EffectOut
from .schema import Out, Zulu

router = APIRouter(prefix="/v1", tags=["quota"])


class UndecidedOut(Out):
    """A proposal by its digest, and what it would do now; `what` is its census, amendment or successor.

    One that no longer holds would do something else by now, or is refused (no effect): it is to be proposed anew.
    """

    id: UUID
    kind: ProposalKind
    what: str
    tiers: list[TierOut]
    purchases_carried: int
    in_effect: date
    digest: str
    proposed_at: Zulu
    proposed_by: str
    holds: bool
    effect: EffectOut | None

    @classmethod
    def of(cls, found: Undecided) -> UndecidedOut:
        """As it is answered."""
        return cls(
            id=found.id,
            kind=found.kind,
            what=found.what,
            tiers=[TierOut.of(tier) for tier in found.tiers],
            purchases_carried=found.purchases_carried,
            in_effect=found.in_effect,
            digest=found.digest,
            proposed_at=found.proposed_at,
            proposed_by=found.proposed_by,
            holds=found.holds,
            effect=None if found.effect is None else EffectOut.of(found.effect),
        )


class UndecidedListOut(Out):
    """One of each kind at most."""

    items: list[UndecidedOut]


@router.get("/agreements/{agreement}/proposals", operation_id="listAgreementProposals")
def get_proposals(agreement: UUID, officer: CentralOfficer, house: HouseHere) -> UndecidedListOut:
    """The census, tier table and succession that wait for another officer's approval."""
    del officer
    with house.records.reading() as session:
        return UndecidedListOut(items=[UndecidedOut.of(each) for each in undecided(session, agreement)])
