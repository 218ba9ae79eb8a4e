"""Releases of unlock secrets: asked for by one officer, approved by another, answered once."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from api.auth.permissions import HouseHere, ProvincialOrAbove, now
from api.auth.territory import require_order
from pki.quota.errors import UnlockSecretsMissing
from pki.quota.kinds import UnlockKind
from pki.quota.unlocking import approve_release, request_release
from pki.records import OrderId, Records

from .once import OnceOnly
from .schema import In, Line, Out, Sha256

router = APIRouter(prefix="/v1/key-orders/{order}/unlock-releases", tags=["keys"])


class ReleaseIn(In):
    """Why the device is to be unlocked."""

    reason: Line = "locked"


class ReleaseOut(Out):
    """The request, and the digest that another officer approves."""

    id: UUID
    digest: str


class ReleaseApprovalIn(In):
    """The digest of the request that is approved."""

    digest: Sha256


class SecretOut(Out):
    """One unlock secret, in clear."""

    kind: UnlockKind
    value: Annotated[str, Field(repr=False)]


class SecretsOut(Out):
    """The secrets: this once."""

    secrets: list[SecretOut]


@router.post("", status_code=201, operation_id="requestUnlockRelease", response_model=ReleaseOut)
def post_release(
    *, order: UUID, body: ReleaseIn | None = None, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Ask for the unlock secrets of a device. A request before it is superseded."""
    require_order(house.records, officer, order)
    reason = (body or ReleaseIn()).reason

    def requested(records: Records) -> ReleaseOut:
        release = request_release(records, order=OrderId(order), reason=reason, by=officer.actor, at=now())
        return ReleaseOut(id=release.id, digest=release.digest)

    return once.atomically(requested)


@router.post("/{release}/approval", operation_id="approveUnlockRelease", response_model=SecretsOut)
def post_approval(
    order: UUID, release: UUID, body: ReleaseApprovalIn, officer: ProvincialOrAbove, house: HouseHere
) -> Response:
    """Approve another officer's request: the key is blocked, the secrets are in this answer and nowhere else."""
    require_order(house.records, officer, order)
    if house.release_key is None:
        raise UnlockSecretsMissing(OrderId(order))
    # THREAT: the secrets stay in a stored answer, a cache or a log.
    # DEFENCE: no idempotency store behind this door, no-store, and values that no repr shows; lost is lost.
    # TEST: tests/api/http/test_unlocking.py::test_the_secrets_are_answered_once_and_stored_nowhere
    released = approve_release(
        house.records,
        order=OrderId(order),
        release=release,
        digest=body.digest,
        open_secret=house.release_key.open,
        by=officer.actor,
        at=now(),
    )
    out = SecretsOut(secrets=[SecretOut(kind=each.kind, value=each.value) for each in released])
    return Response(out.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})
