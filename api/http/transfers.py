"""Transfers of seats between bodies: proposed, consented to, approved, ended."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.auth.errors import NotPermitted
from api.auth.four_eyes import require_second
from api.auth.officers import Officer
from api.auth.permissions import CommuneOrAbove, HouseHere, ProvincialOrAbove, now
from api.auth.territory import narrowed, require_body
from pki.quota.grants.transfers import (
    Transfer,
    approve_transfer,
    consent_to_transfer,
    end_transfer,
    propose_transfer,
    transfer_of,
    transfers,
)
from pki.quota.kinds import TransferSide
from pki.records import Records

from .once import OnceOnly
from .schema import Code, In, Line, Out, Page, Sha256, Zulu

router = APIRouter(prefix="/v1", tags=["quota"])


class TransferIn(In):
    """Seats that one body gives another; `side` is the body for which the officer speaks."""

    giver: Code
    receiver: Code
    seats: Annotated[int, Field(ge=1, le=1000)]
    reason: Line
    side: TransferSide


class DigestIn(In):
    """What is agreed to."""

    digest: Sha256


class EndIn(In):
    """Why it is refused or withdrawn."""

    reason: Line


class TransferOut(Out):
    """A transfer as it stands."""

    id: UUID
    giver: str
    receiver: str
    seats: int
    reason: str
    digest: str
    side: TransferSide
    needs_approval: bool
    proposed_at: Zulu
    proposed_by: str
    consented_at: Zulu | None
    consented_by: str | None
    approved_at: Zulu | None
    approved_by: str | None
    moved_at: Zulu | None
    ended_at: Zulu | None
    ended_by: str | None
    end_reason: str | None

    @classmethod
    def of(cls, transfer: Transfer) -> TransferOut:
        """As it is answered."""
        return cls(
            id=transfer.id,
            giver=transfer.giver_code,
            receiver=transfer.receiver_code,
            seats=transfer.seats,
            reason=transfer.reason,
            digest=transfer.digest,
            side=transfer.proposed_side,
            needs_approval=transfer.needs_approval,
            proposed_at=transfer.proposed_at,
            proposed_by=transfer.proposed_by,
            consented_at=transfer.consented_at,
            consented_by=transfer.consented_by,
            approved_at=transfer.approved_at,
            approved_by=transfer.approved_by,
            moved_at=transfer.moved_at,
            ended_at=transfer.ended_at,
            ended_by=transfer.ended_by,
            end_reason=transfer.end_reason,
        )


class TransfersOut(Out):
    """Oldest first."""

    items: list[TransferOut]


@router.post("/transfers", status_code=201, operation_id="proposeTransfer", response_model=TransferOut)
def post_transfer(body: TransferIn, officer: CommuneOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Offer another body seats, or ask it for some."""
    require_body(house.records, officer, body.giver if body.side is TransferSide.GIVER else body.receiver)

    def act(records: Records) -> TransferOut:
        transfer = propose_transfer(
            records,
            house.quota_policy,
            giver_code=body.giver,
            receiver_code=body.receiver,
            seats=body.seats,
            reason=body.reason,
            side=body.side,
            by=officer.actor,
            at=now(),
        )
        return TransferOut.of(transfer)

    return once.atomically(act)


@router.get("/transfers", operation_id="listTransfers")
def get_transfers(
    officer: CommuneOrAbove,
    house: HouseHere,
    body: Annotated[Code | None, Query()] = None,
    after: Annotated[UUID | None, Query()] = None,
    limit: Page = 200,
) -> TransfersOut:
    """Transfers with a side in the officer's territory, or in one body of it.

    Oldest first; `after` is the last id of the page before. One recorded just then may come to stand on a page already
    answered: read anew from the beginning.
    """
    within = narrowed(house.records, officer, body)
    if after is not None:
        _require_a_side(house.records, officer, _transfer(house.records, after))
    with house.records.reading() as session:
        found = transfers(session, within=within, after=after, limit=limit)
    return TransfersOut(items=[TransferOut.of(each) for each in found])


@router.post(
    "/transfers/{transfer}/consent", status_code=201, operation_id="consentToTransfer", response_model=TransferOut
)
def post_consent(transfer: UUID, body: DigestIn, officer: CommuneOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Agree for the side that did not propose it: another officer, of the first one's level or above."""
    found = _transfer(house.records, transfer)
    require_body(house.records, officer, found.consenting_code)
    require_second(house.records, officer, first=found.proposed_by)

    def act(records: Records) -> TransferOut:
        return TransferOut.of(
            consent_to_transfer(records, transfer=transfer, digest=body.digest, by=officer.actor, at=now())
        )

    return once.atomically(act)


@router.post(
    "/transfers/{transfer}/approval", status_code=201, operation_id="approveTransfer", response_model=TransferOut
)
def post_approval(
    transfer: UUID, body: DigestIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Agree as an officer above both bodies: both lie in his territory."""
    found = _transfer(house.records, transfer)
    for code in (found.giver_code, found.receiver_code):
        require_body(house.records, officer, code)
    require_second(house.records, officer, first=found.proposed_by)

    def act(records: Records) -> TransferOut:
        return TransferOut.of(
            approve_transfer(records, transfer=transfer, digest=body.digest, by=officer.actor, at=now())
        )

    return once.atomically(act)


@router.post("/transfers/{transfer}/end", status_code=201, operation_id="endTransfer", response_model=TransferOut)
def post_end(transfer: UUID, body: EndIn, officer: CommuneOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Refuse it or withdraw it, for either side."""
    _require_a_side(house.records, officer, _transfer(house.records, transfer))

    def act(records: Records) -> TransferOut:
        return TransferOut.of(end_transfer(records, transfer=transfer, reason=body.reason, by=officer.actor, at=now()))

    return once.atomically(act)


def _transfer(records: Records, transfer: UUID) -> Transfer:
    with records.reading() as session:
        return transfer_of(session, transfer)


def _require_a_side(records: Records, officer: Officer, transfer: Transfer) -> None:
    try:
        require_body(records, officer, transfer.giver_code)
    except NotPermitted:
        require_body(records, officer, transfer.receiver_code)
