"""Agreements, waves, allowances, the ledger."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.auth.errors import NotPermitted
from api.auth.officers import Officer
from api.auth.permissions import CentralOfficer, HouseHere, ProvincialOfficer, now
from api.auth.territory import require_body, require_order
from pki.quota.agreements import Tier, sign_agreement
from pki.quota.reading import allowances, ledger
from pki.quota.waves import open_wave
from pki.records import Records

from .once import OnceOnly
from .schema import Code, In, Line, Out, Zulu

router = APIRouter(prefix="/v1", tags=["quota"])
MOST = 1_000_000_000
"""No count here comes near it, and every database can store it."""


class TierIn(In):
    """Keys by population; the upper bound is not inside, null is none."""

    kind: Literal["commune", "province"]
    population_from: Annotated[int, Field(ge=0, le=MOST)]
    population_below: Annotated[int, Field(ge=1, le=MOST)] | None
    keys: Annotated[int, Field(ge=0, le=1000)]
    basis: Literal["published", "assumed"]

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
    seats: Annotated[int, Field(ge=0, le=MOST)] | None = None
    purchases: Annotated[int, Field(ge=0, le=MOST)]
    in_effect_from: date
    tiers: Annotated[list[TierIn], Field(min_length=1, max_length=100)]


class IdOut(Out):
    """The id of what was recorded."""

    id: UUID


class WaveIn(In):
    """A wave of regions."""

    agreement: UUID
    label: Line
    region_codes: Annotated[list[Code], Field(min_length=1, max_length=12)]
    opens_on: date


class WaveOut(Out):
    """What the wave opened."""

    id: UUID
    communes: int
    commune_seats: int
    provinces: int
    province_seats: int


class AllowanceOut(Out):
    """One body's seats."""

    body: str
    name_fr: str
    granted: int
    reserved: int
    live: int


class AllowancesOut(Out):
    """Allowances, by body."""

    items: list[AllowanceOut]


class EntryOut(Out):
    """One entry of the ledger."""

    entry: int
    book: str
    account: str
    body: str | None
    change: int
    cause: str
    order: UUID | None
    in_effect: date
    recorded: Zulu


class LedgerOut(Out):
    """Entries, oldest first."""

    items: list[EntryOut]


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
            by=officer.actor,
            at=now(),
        )
        return IdOut(id=agreement)

    return once.atomically(act)


@router.post("/waves", status_code=201, operation_id="openWave", response_model=WaveOut)
def post_wave(body: WaveIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Open a wave: every commune and province of its regions gets its seats."""

    def act(records: Records) -> WaveOut:
        opened = open_wave(
            records,
            agreement=body.agreement,
            label=body.label,
            region_codes=body.region_codes,
            opens_on=body.opens_on,
            by=officer.actor,
            at=now(),
        )
        return WaveOut(
            id=opened.id,
            communes=opened.communes,
            commune_seats=opened.commune_seats,
            provinces=opened.provinces,
            province_seats=opened.province_seats,
        )

    return once.atomically(act)


@router.get("/allowances", operation_id="listAllowances")
def get_allowances(
    officer: ProvincialOfficer, house: HouseHere, body: Annotated[Code | None, Query()] = None
) -> AllowancesOut:
    """Seats granted, reserved and live, of every body or of one."""
    _within(house.records, officer, body)
    with house.records.reading() as session:
        found = allowances(session, body_code=body)
    return AllowancesOut(
        items=[
            AllowanceOut(
                body=each.body_code,
                name_fr=each.name_fr,
                granted=each.granted,
                reserved=each.reserved,
                live=each.live,
            )
            for each in found
        ]
    )


@router.get("/ledger", operation_id="listLedger")
def get_ledger(
    officer: ProvincialOfficer,
    house: HouseHere,
    body: Annotated[Code | None, Query()] = None,
    order: Annotated[UUID | None, Query()] = None,
) -> LedgerOut:
    """Every movement of seats and purchases, entry by entry."""
    if order is not None:
        require_order(house.records, officer, order)
    else:
        _within(house.records, officer, body)
    with house.records.reading() as session:
        found = ledger(session, body_code=body, order=order)
    return LedgerOut(
        items=[
            EntryOut(
                entry=each.entry,
                book=each.book,
                account=each.account,
                body=each.body_code,
                change=each.change,
                cause=each.cause,
                order=each.order,
                in_effect=each.in_effect,
                recorded=each.recorded,
            )
            for each in found
        ]
    )


def _within(records: Records, officer: Officer, body: str | None) -> None:
    if officer.province_code is not None:
        if body is None:
            raise NotPermitted("a central officer, or one body of the province")
        require_body(records, officer, body)
