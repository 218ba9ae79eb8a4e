"""The signing agent: its session by DPoP, the manifest, the bytes of its items, its values."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import StringConstraints

from api.auth.permissions import AgentProof, AgentSession, HouseHere, now
from api.auth.versions import refuse_old_agent
from api.enrolment import note_hello
from hsm.keys import SignatureAlgorithm
from pki.records import ItemId
from pki.tickets import TicketKind, bearer
from signer.ceremonies.manifests import issue_manifest
from signer.ceremonies.receipts import MOST_CHARACTERS, keep_receipt
from signer.ceremonies.sessions import (
    AgentHello,
    close_session,
    heartbeat,
    item_base,
    item_prepared,
    start_session,
)
from signer.ceremonies.values import GivenValue, accept_value

from .schema import Base64, In, Out

router = APIRouter(prefix="/v1/agent", tags=["agent"])
Ticket = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
Nonce = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,86}$")]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.+-]{1,40}$")]
PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
}


class HelloIn(In):
    """What an agent brings besides its proof."""

    ticket: Ticket
    agent_nonce: Nonce
    agent_version: Version


class SessionOut(Out):
    """The agent's token, bound to the key of its proof."""

    access_token: str
    token_type: Literal["DPoP"]
    kind: str
    subject: UUID


class ManifestOut(Out):
    """A manifest as compact JWS."""

    manifest: str


class ValueIn(In):
    """One signature value and the attributes that the agent built itself."""

    attributes: Base64
    value: Base64
    algorithm: SignatureAlgorithm


class KeptOut(Out):
    """The value is acknowledged (`kept`) or already part of the document (`signed`).

    `item` and `attributes_sha256` are its key: an agent forgets a value only when its own key comes back.
    """

    state: str
    sha256: str | None
    item: UUID
    attributes_sha256: str
    reason: str | None
    """Why it was given up after it was kept (`refused`); else null."""


class ReceiptIn(In):
    """A display receipt: compact JWS under the session's own key."""

    receipt: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$", max_length=MOST_CHARACTERS)]


class FarewellIn(In):
    """How the sitting ended on the signer's side."""

    outcome: Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,40}$")]
    detail: Annotated[str, StringConstraints(max_length=300)] = ""


@router.post("/sessions", status_code=201, operation_id="startAgentSession")
def post_session(body: HelloIn, proof: AgentProof, house: HouseHere) -> SessionOut:
    """Redeem a ticket; a second agent's key closes what it was for, with an alarm, while anything can be signed."""
    refuse_old_agent(body.agent_version, house.settings.minimum_agent)
    hello = AgentHello(
        ticket=body.ticket, jkt=proof.jkt, agent_nonce=body.agent_nonce, agent_version=body.agent_version
    )
    started = start_session(house.records, house.desk.policy, hello=hello, at=now())
    if started.kind is TicketKind.ENROLMENT:
        with house.records.writing() as session:
            agent = bearer(session, access_token=started.access_token, jkt=proof.jkt, at=now())
            note_hello(session, agent=agent, agent_nonce=body.agent_nonce)
    return SessionOut(
        access_token=started.access_token,
        token_type="DPoP",  # noqa: S106
        kind=started.kind.value,
        subject=started.subject,
    )


@router.get("/manifest", operation_id="getManifest")
def get_manifest(agent: AgentSession, house: HouseHere) -> ManifestOut:
    """The closed list of what is still to be signed."""
    return ManifestOut(manifest=issue_manifest(house.records, house.desk, agent=agent, at=now()).jws)


@router.get("/items/{item}/base", operation_id="getItemBase", response_class=Response, responses=PDF)
def get_base(item: UUID, agent: AgentSession, house: HouseHere) -> Response:
    """The version that is to be signed."""
    content = item_base(house.records, house.files, agent=agent, item=ItemId(item))
    return Response(content, media_type="application/pdf")


@router.get("/items/{item}/prepared", operation_id="getItemPrepared", response_class=Response, responses=PDF)
def get_prepared(item: UUID, agent: AgentSession, house: HouseHere) -> Response:
    """That version plus one increment with the empty signature."""
    content = item_prepared(house.records, house.files, agent=agent, item=ItemId(item))
    return Response(content, media_type="application/pdf")


@router.post("/items/{item}/value", operation_id="giveValue")
def post_value(item: UUID, body: ValueIn, agent: AgentSession, house: HouseHere) -> KeptOut:
    """One signature value. The first valid one wins; giving it again answers the same."""
    given = GivenValue(item=ItemId(item), attributes=body.attributes, value=body.value, algorithm=body.algorithm)
    accepted = accept_value(house.records, house.desk, agent=agent, given=given, at=now())
    return KeptOut(
        state=accepted.state.value,
        sha256=accepted.sha256,
        item=item,
        attributes_sha256=accepted.attributes_sha256,
        reason=accepted.reason,
    )


@router.post("/receipt", status_code=204, operation_id="giveDisplayReceipt", response_class=Response)
def post_receipt(body: ReceiptIn, agent: AgentSession, house: HouseHere) -> None:
    """What was shown, before the first value. The same again changes nothing."""
    keep_receipt(house.records, agent=agent, receipt=body.receipt, at=now())


@router.post("/heartbeat", status_code=204, operation_id="agentHeartbeat", response_class=Response)
def post_heartbeat(agent: AgentSession, house: HouseHere) -> None:
    """The agent lives: its leases go on."""
    heartbeat(house.records, house.desk.policy, agent=agent, at=now())


@router.post("/close", status_code=204, operation_id="closeAgentSession", response_class=Response)
def post_close(body: FarewellIn, agent: AgentSession, house: HouseHere) -> None:
    """The agent leaves: what it did not sign is free again."""
    close_session(house.records, agent=agent, outcome=body.outcome, detail=body.detail, at=now())
