"""Agreements, their tiers and amendments, and what they get back."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from api.auth.permissions import CentralOfficer, HouseHere, now
from pki.quota.agreements import Tier, sign_agreement
from pki.quota.errors import AgreementUnknown
from pki.quota.grants.agreed import Agreed, Amendment, agreements
from pki.quota.grants.purchases import amend_agreement, give_back_purchase
from pki.quota.kinds import Basis, Limits, TierKind
from pki.records import OrderId, Records

from .once import OnceOnly
from .schema import IdOut, In, Line, Out, Zulu

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


class TierOut(Out):
    """A row of a tier table, published or assumed."""

    kind: str
    population_from: int
    population_below: int | None
    keys: int
    basis: str

    @classmethod
    def of(cls, tier: Tier) -> TierOut:
        """As it is answered."""
        return cls.model_validate(tier, from_attributes=True)


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


class AmendmentOut(Out):
    """A change of an agreement's figures; a ceiling of null leaves it as it was."""

    id: UUID
    number: str
    seats_ceiling: int | None
    purchases_added: int
    reason: str
    in_effect: date
    recorded_at: Zulu
    recorded_by: str

    @classmethod
    def of(cls, amendment: Amendment) -> AmendmentOut:
        """As it is answered."""
        return cls.model_validate(amendment, from_attributes=True)


class AgreementOut(Out):
    """An agreement with its figures of now; a ceiling of null is none, the last census counts."""

    id: UUID
    supplier: str
    number: str
    in_effect_from: date
    limits: Limits
    limits_basis: Basis
    censuses: list[str]
    seats_ceiling: int | None
    seats_granted: int
    purchases_granted: int
    purchases_used: int
    amendments: list[AmendmentOut]
    successor: UUID | None
    recorded_at: Zulu
    recorded_by: str

    @classmethod
    def of(cls, agreed: Agreed) -> AgreementOut:
        """As it is answered."""
        return cls.model_validate(agreed, from_attributes=True)


class AgreementsOut(Out):
    """By number."""

    items: list[AgreementOut]


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


@router.get("/agreements", operation_id="listAgreements")
def get_agreements(officer: CentralOfficer, house: HouseHere) -> AgreementsOut:
    """Every agreement with its figures."""
    del officer
    with house.records.reading() as session:
        return AgreementsOut(items=[AgreementOut.of(each) for each in agreements(session)])


@router.get("/agreements/{agreement}", operation_id="getAgreement")
def get_agreement(agreement: UUID, officer: CentralOfficer, house: HouseHere) -> AgreementOut:
    """One agreement with its figures."""
    del officer
    with house.records.reading() as session:
        found = agreements(session, agreement=agreement)
    if not found:
        raise AgreementUnknown(agreement)
    return AgreementOut.of(found[0])


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
