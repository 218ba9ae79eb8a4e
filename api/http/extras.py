"""Extra seats: asked for, approved, refused."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.auth.errors import NotPermitted
from api.auth.four_eyes import require_second
from api.auth.officers import Officer
from api.auth.permissions import CommuneOrAbove, HouseHere, ProvincialOrAbove, now
from api.auth.tables import OfficerRole
from api.auth.territory import narrowed, require_body
from api.wiring import House
from pki.quota.grants.extras import Extra, approve_extra, extra_of, extras, refuse_extra, request_extra
from pki.quota.kinds import Decision
from pki.records import Records

from .once import OnceOnly
from .schema import Code, In, Line, Out, Page, Sha256, Zulu

router = APIRouter(prefix="/v1", tags=["quota"])


class ExtraIn(In):
    """Seats that a body needs beyond its tier."""

    body: Code
    seats: Annotated[int, Field(ge=1, le=1000)]
    reason: Line


class ApprovalIn(In):
    """What is approved, by its digest, and why."""

    digest: Sha256
    reason: Line


class RefusalIn(In):
    """Why it is refused."""

    reason: Line


class ExtraOut(Out):
    """What was asked for and what became of it: who, when, why."""

    id: UUID
    body: str
    agreement: UUID
    seats: int
    reason: str
    digest: str
    requested_at: Zulu
    requested_by: str
    decision: Decision | None
    decided_at: Zulu | None
    decided_by: str | None
    decision_reason: str | None

    @classmethod
    def of(cls, extra: Extra) -> ExtraOut:
        """As it is answered."""
        return cls(
            id=extra.id,
            body=extra.body_code,
            agreement=extra.agreement,
            seats=extra.seats,
            reason=extra.reason,
            digest=extra.digest,
            requested_at=extra.requested_at,
            requested_by=extra.requested_by,
            decision=extra.decision,
            decided_at=extra.decided_at,
            decided_by=extra.decided_by,
            decision_reason=extra.decision_reason,
        )


class ExtrasOut(Out):
    """Oldest first."""

    items: list[ExtraOut]


@router.post("/extras", status_code=201, operation_id="requestExtra", response_model=ExtraOut)
def post_extra(body: ExtraIn, officer: CommuneOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Ask for extra seats."""
    require_body(house.records, officer, body.body)

    def act(records: Records) -> ExtraOut:
        return ExtraOut.of(
            request_extra(
                records, body_code=body.body, seats=body.seats, reason=body.reason, by=officer.actor, at=now()
            )
        )

    return once.atomically(act)


@router.get("/extras", operation_id="listExtras")
def get_extras(
    *,
    officer: CommuneOrAbove,
    house: HouseHere,
    body: Annotated[Code | None, Query()] = None,
    waiting: Annotated[bool, Query()] = False,
    after: Annotated[UUID | None, Query()] = None,
    limit: Page = 200,
) -> ExtrasOut:
    """Extra seats asked for in the officer's territory, or by one body of it; decided or not.

    Oldest first; `after` is the last id of the page before. One recorded just then may come to stand on a page already
    answered: read anew from the beginning.
    """
    within = narrowed(house.records, officer, body)
    with house.records.reading() as session:
        if after is not None:
            require_body(house.records, officer, extra_of(session, after).body_code)
        found = extras(session, within=within, waiting=waiting, after=after, limit=limit)
    return ExtrasOut(items=[ExtraOut.of(each) for each in found])


@router.post("/extras/{extra}/approval", status_code=201, operation_id="approveExtra", response_model=ExtraOut)
def post_approval(
    extra: UUID, body: ApprovalIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Grant them. Another officer than the one who asked, of his level or above; many seats: a central one."""
    _require_decider(house, officer, extra)
    alone = None if officer.reaches(OfficerRole.CENTRAL) else house.quota_policy

    def act(records: Records) -> ExtraOut:
        done = approve_extra(
            records, extra=extra, digest=body.digest, reason=body.reason, alone=alone, by=officer.actor, at=now()
        )
        return ExtraOut.of(done)

    return once.atomically(act)


@router.post("/extras/{extra}/refusal", status_code=201, operation_id="refuseExtra", response_model=ExtraOut)
def post_refusal(
    extra: UUID, body: RefusalIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Refuse them. Another officer than the one who asked, of his level or above; many seats: a central one."""
    _require_decider(house, officer, extra)

    def act(records: Records) -> ExtraOut:
        return ExtraOut.of(refuse_extra(records, extra=extra, reason=body.reason, by=officer.actor, at=now()))

    return once.atomically(act)


def _require_decider(house: House, officer: Officer, extra: UUID) -> None:
    """Hold who decides to his territory and to four eyes; above body and agreement stands the centre alone."""
    with house.records.reading() as session:
        asked = extra_of(session, extra)
    require_body(house.records, officer, asked.body_code)
    if house.quota_policy.needs_above(asked.seats) and not officer.reaches(OfficerRole.CENTRAL):
        raise NotPermitted("a central officer, for so many seats")
    require_second(house.records, officer, first=asked.requested_by)
