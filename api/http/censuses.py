"""Censuses: recorded, tried against an agreement, applied to it."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field, StringConstraints

from api.auth.permissions import CentralOfficer, CommuneOrAbove, HouseHere, now
from pki.quota.grants.census import apply_census, granted_by_census, propose_census
from pki.quota.grants.effects import TierChange, TierEffect, simulate_census
from pki.records import Records
from pki.registration.census import censuses, parse_census, record_census
from pki.registration.imported import RefusedLine

from .once import OnceOnly
from .schema import SOME_LINES, In, Line, Out, Sha256

router = APIRouter(prefix="/v1", tags=["quota"])
Label = Annotated[Line, Field(max_length=40)]
Csv = Annotated[str, StringConstraints(min_length=1, max_length=1_000_000, pattern=SOME_LINES)]


class CensusIn(In):
    """A census as a CSV file with the columns `code` and `population`."""

    census: Label
    csv: Csv


class ProposalIn(In):
    """A census that an agreement is to count by, from a day on."""

    census: Label
    in_effect: date


class DigestIn(In):
    """The effect that was looked at."""

    digest: Sha256


class RefusedLineOut(Out):
    """A line of the file that was not taken over."""

    line: int
    value: str
    reason: str

    @classmethod
    def of(cls, refused: RefusedLine) -> RefusedLineOut:
        """As it is answered."""
        return cls(line=refused.number, value=refused.value, reason=refused.reason)


class CensusOut(Out):
    """What the file brought; good lines are kept, missing bodies keep their former count."""

    census: str
    added: int
    unchanged: int
    refused: list[RefusedLineOut]
    missing: list[str]


class CensusesOut(Out):
    """The censuses on record."""

    items: list[str]


class ChangeOut(Out):
    """A body that changes tier; what is granted is null while it is not open."""

    body: str
    name_fr: str
    kind: str
    region: str | None
    population_before: int
    population_after: int
    keys_before: int
    keys_after: int
    granted_before: int | None
    granted_after: int | None
    in_use: int
    excess_after: int

    @classmethod
    def of(cls, change: TierChange) -> ChangeOut:
        """As it is answered."""
        return cls(
            body=change.body_code,
            name_fr=change.name_fr,
            kind=change.kind.value,
            region=change.region_code,
            population_before=change.population_before,
            population_after=change.population_after,
            keys_before=change.keys_before,
            keys_after=change.keys_after,
            granted_before=change.granted_before,
            granted_after=change.granted_after,
            in_use=change.in_use,
            excess_after=change.excess_after,
        )


class RegionOut(Out):
    """Keys of a region's bodies by the tiers."""

    region: str
    bodies_changed: int
    keys_before: int
    keys_after: int


class EffectOut(Out):
    """What a census would change, or changed."""

    census: str
    keys_before: int
    keys_after: int
    granted_before: int
    granted_after: int
    above_ceiling: int
    changes: list[ChangeOut]
    below_use: list[str]
    regions: list[RegionOut]
    not_counted: list[str]

    @classmethod
    def of(cls, effect: TierEffect) -> EffectOut:
        """As it is answered."""
        return cls(
            census=effect.census,
            keys_before=effect.keys_before,
            keys_after=effect.keys_after,
            granted_before=effect.granted_before,
            granted_after=effect.granted_after,
            above_ceiling=effect.above_ceiling,
            changes=[ChangeOut.of(change) for change in effect.changes],
            below_use=[change.body_code for change in effect.below_use],
            regions=[
                RegionOut(
                    region=region.region_code,
                    bodies_changed=region.bodies_changed,
                    keys_before=region.keys_before,
                    keys_after=region.keys_after,
                )
                for region in effect.regions
            ],
            not_counted=list(effect.not_counted),
        )


class ProposalOut(Out):
    """What waits for another officer's approval, by its digest."""

    id: UUID
    digest: str
    in_effect: date
    effect: EffectOut


@router.post("/censuses", status_code=201, operation_id="recordCensus", response_model=CensusOut)
def post_census(body: CensusIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Record a census. Nothing is granted by it."""
    counted, unread = parse_census(body.csv)

    def act(records: Records) -> CensusOut:
        done = record_census(records, counted, census=body.census, closed=granted_by_census, by=officer.actor, at=now())
        refused = sorted([*unread, *done.refused], key=lambda each: each.number)
        return CensusOut(
            census=done.census,
            added=done.added,
            unchanged=done.unchanged,
            refused=[RefusedLineOut.of(each) for each in refused],
            missing=list(done.missing),
        )

    return once.atomically(act)


@router.get("/censuses", operation_id="listCensuses")
def get_censuses(officer: CommuneOrAbove, house: HouseHere) -> CensusesOut:
    """The censuses on record."""
    del officer
    with house.records.reading() as session:
        return CensusesOut(items=list(censuses(session)))


@router.get("/agreements/{agreement}/census-effect", operation_id="simulateCensus")
def get_effect(
    agreement: UUID, census: Annotated[Label, Query()], officer: CentralOfficer, house: HouseHere
) -> EffectOut:
    """Try a census against an agreement. Nothing is written."""
    del officer
    with house.records.reading() as session:
        return EffectOut.of(simulate_census(session, agreement, census))


@router.post(
    "/agreements/{agreement}/censuses", status_code=201, operation_id="proposeCensus", response_model=ProposalOut
)
def post_proposal(agreement: UUID, body: ProposalIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Propose that an agreement counts by a census; another officer applies it."""

    def act(records: Records) -> ProposalOut:
        proposal = propose_census(
            records, agreement=agreement, census=body.census, in_effect=body.in_effect, by=officer.actor, at=now()
        )
        effect = EffectOut.of(proposal.effect)
        return ProposalOut(id=proposal.id, digest=proposal.digest, in_effect=proposal.in_effect, effect=effect)

    return once.atomically(act)


@router.post(
    "/census-proposals/{proposal}/approval", status_code=201, operation_id="applyCensus", response_model=EffectOut
)
def post_approval(proposal: UUID, body: DigestIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Apply what was looked at. Another officer than the one who proposed it."""

    def act(records: Records) -> EffectOut:
        return EffectOut.of(apply_census(records, proposal=proposal, digest=body.digest, by=officer.actor, at=now()))

    return once.atomically(act)
