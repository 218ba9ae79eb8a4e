"""Agreements, their tiers and amendments, and what they get back."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from api.auth.permissions import CentralOfficer, now
from pki.quota.agreements import Tier, sign_agreement
from pki.quota.grants.purchases import amend_agreement, give_back_purchase
from pki.quota.kinds import Basis, Limits, TierKind
from pki.records import OrderId, Records

from .once import OnceOnly
from .schema import IdOut, In, Line, Out

router = APIRouter(prefix="/v1", tags=["quota"])
MOST = 1_000_000_000
"""No count here comes near it, and every database can store it."""
Count = Annotated[int, Field(ge=0, le=MOST)]


class TierIn(In):
    """Keys by population; the upper bound is not inside, null is none. Services have no inhabitants: theirs is 0."""

    kind: TierKind
    population_from: Count
    population_below: Annotated[int, Field(ge=1, le=MOST)] | None
    keys: Annotated[int, Field(ge=0, le=1000)]
    basis: Basis

    def value(self) -> Tier:
        """As the room takes it."""
        return Tier(
            kind=self.kind,
            population_from=self.population_from,
            population_below=self.population_below,
            keys=self.keys,
            basis=self.basis,
        )


class AgreementIn(In):
    """An agreement with a supplier of certificates."""

    supplier: Line
    number: Line
    census: Line
    seats: Count | None = None
    purchases: Count
    limits: Limits = Limits.SEATS
    """Which of the two books the published figure limits."""
    limits_basis: Basis = Basis.ASSUMED
    in_effect_from: date
    tiers: Annotated[list[TierIn], Field(min_length=1, max_length=100)]


class AmendmentIn(In):
    """A change of an agreement's figures: another ceiling of seats, purchases added, or both."""

    number: Annotated[Line, Field(max_length=100)]
    seats_ceiling: Count | None = None
    purchases_added: Count = 0
    reason: Line
    in_effect: date


class MistakeIn(In):
    """What the authority did wrong."""

    reason: Line


class GivenBackOut(Out):
    """The order whose purchase was given back."""

    order: UUID


@router.post("/agreements", status_code=201, operation_id="signAgreement", response_model=IdOut)
def post_agreement(body: AgreementIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Record a signed agreement with its tier table."""

    def act(records: Records) -> IdOut:
        agreement = sign_agreement(
            records,
            supplier=body.supplier,
            number=body.number,
            census=body.census,
            seats=body.seats,
            purchases=body.purchases,
            tiers=[tier.value() for tier in body.tiers],
            in_effect_from=body.in_effect_from,
            limits=body.limits,
            limits_basis=body.limits_basis,
            by=officer.actor,
            at=now(),
        )
        return IdOut(id=agreement)

    return once.atomically(act)


@router.post("/agreements/{agreement}/amendments", status_code=201, operation_id="amendAgreement", response_model=IdOut)
def post_amendment(agreement: UUID, body: AmendmentIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Amend an agreement: never below what it has granted."""

    def act(records: Records) -> IdOut:
        amendment = amend_agreement(
            records,
            agreement=agreement,
            number=body.number,
            seats_ceiling=body.seats_ceiling,
            purchases_added=body.purchases_added,
            reason=body.reason,
            in_effect=body.in_effect,
            by=officer.actor,
            at=now(),
        )
        return IdOut(id=amendment)

    return once.atomically(act)


@router.post(
    "/key-orders/{order}/purchase-return", status_code=201, operation_id="giveBackPurchase", response_model=GivenBackOut
)
def post_purchase_return(order: UUID, body: MistakeIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Give the purchase of a stopped key back to the agreement: the authority made a mistake."""

    def act(records: Records) -> GivenBackOut:
        give_back_purchase(records, order=OrderId(order), reason=body.reason, by=officer.actor, at=now())
        return GivenBackOut(order=order)

    return once.atomically(act)
