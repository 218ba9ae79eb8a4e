"""What stops a key: a block at once, revocation at the authority, the device's return."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BeforeValidator

from api.auth.permissions import CentralOfficer, HouseHere, ProvincialOrAbove, now
from api.auth.tables import OfficerRole
from api.auth.territory import require_order
from pki.quota.stopping import block_key, return_key, revoke_key
from pki.records import OrderId, Records
from pki.status.tables import RevocationReason

from .once import OnceOnly
from .order_answers import OrderOut, order_out
from .schema import In, Line, Moment, Out, Zulu

router = APIRouter(prefix="/v1/key-orders/{order}", tags=["keys"])


class BlockIn(In):
    """A key reported lost or misused; since when, if known."""

    reason: Line
    lost_since: Moment | None = None


class RevocationIn(In):
    """Why the certificates are revoked."""

    reason: Annotated[RevocationReason, BeforeValidator(lambda said: str(said).replace("_", "-"))]


class ReturnIn(In):
    """Why the device came back."""

    reason: Line


class BlockOut(Out):
    """The key is blocked."""

    blocked_at: Zulu


@router.post("/block", status_code=201, operation_id="blockKey", response_model=BlockOut)
def post_block(*, order: UUID, body: BlockIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Block a key at once. Of one that is blocked, an earlier loss is recorded; a long one by a central officer."""
    require_order(house.records, officer, order)
    alone = None if officer.reaches(OfficerRole.CENTRAL) else house.quota_policy

    def blocked(records: Records) -> BlockOut:
        since = block_key(
            records,
            order=OrderId(order),
            reason=body.reason,
            lost_since=body.lost_since,
            alone=alone,
            by=officer.actor,
            at=now(),
        )
        return BlockOut(blocked_at=since)

    return once.atomically(blocked)


@router.post("/revocation", status_code=201, operation_id="revokeKey", response_model=OrderOut)
def post_revocation(
    *, order: UUID, body: RevocationIn, officer: CentralOfficer, house: HouseHere, once: OnceOnly
) -> Response:
    """Revoke the order's certificates at the authority. Unless compromised, once its signatures have their time-stamps:
    until then the key is blocked.
    """

    def revoked(records: Records) -> OrderOut:
        revoke_key(records, house.settled, order=OrderId(order), reason=body.reason, by=officer.actor, at=now())
        with records.reading() as session:
            return order_out(session, order)

    return once.atomically(revoked)


@router.post("/return", status_code=201, operation_id="returnKey", response_model=OrderOut)
def post_return(
    *, order: UUID, body: ReturnIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """The holder gave his device back, wiped: its seat is free, its certificates end once its signatures allow."""
    require_order(house.records, officer, order)

    def returned(records: Records) -> OrderOut:
        return_key(records, house.settled, order=OrderId(order), reason=body.reason, by=officer.actor, at=now())
        with records.reading() as session:
            return order_out(session, order)

    return once.atomically(returned)
