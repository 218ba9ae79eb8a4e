"""Ceremonies: opened by the platform, followed by their status or by server-sent events."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import Field, StringConstraints

from api.auth.ownership import own_ceremony, own_document
from api.auth.permissions import CeremonyPlatform, HouseHere, ProvincialOrAbove, now
from api.auth.territory import require_ceremony
from pki.journal.acts import Event, events_after, events_wait
from pki.records import CeremonyId, HolderId, Records
from signer.ceremonies.ending import LIVE, cancel_ceremony
from signer.ceremonies.opening import OpenedCeremony, open_ceremony
from signer.ceremonies.ports import subject_of
from signer.ceremonies.receipts import receipts_of
from signer.ceremonies.status import ceremony_status
from signer.ceremonies.tables import CeremonyState, ItemState

from .once import OnceOnly
from .schema import In, Out, Reference, Zulu

router = APIRouter(prefix="/v1/ceremonies", tags=["ceremonies"])
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]{1,480}$")]
EVENT_NUMBER = re.compile(r"[0-9]{1,18}")
POLL_SECONDS = 0.25
KEEPALIVE_SECONDS = 15.0
STREAM_SECONDS = 15 * 60.0
"""A stream ends after this long; its reader comes back with Last-Event-ID."""


class CeremonyIn(In):
    """One sitting: who signs which documents."""

    signer: UUID
    documents: Annotated[list[Reference], Field(max_length=1000)]
    return_url: Url | None = None


class OpenedOut(Out):
    """What the page hands to the signer's agent, and where to follow."""

    id: UUID
    agent_url: str
    expires_at: Zulu
    status_url: str

    @classmethod
    def of(cls, opened: OpenedCeremony, origin: str) -> OpenedOut:
        """As it is answered."""
        return cls(
            id=opened.id,
            agent_url=opened.agent_url,
            expires_at=opened.expires_at,
            status_url=f"{origin}/v1/ceremonies/{opened.id}",
        )


class ItemOut(Out):
    """One document of the ceremony."""

    id: UUID
    reference: str
    state: ItemState
    reason: str | None


class CeremonyOut(Out):
    """Where the ceremony stands. The match code appears once an agent shows it too."""

    id: UUID
    state: CeremonyState
    match_code: str | None
    items: list[ItemOut]


class ReceiptOut(Out):
    """One receipt, as the agent sealed it."""

    manifest_sha256: str
    received_at: Zulu
    receipt: str


class ReceiptsOut(Out):
    """The receipts of a ceremony, oldest first."""

    receipts: list[ReceiptOut]


@router.post("", status_code=201, operation_id="openCeremony", response_model=OpenedOut)
def post_ceremony(body: CeremonyIn, client: CeremonyPlatform, house: HouseHere, once: OnceOnly) -> Response:
    """Open a ceremony over a closed list of documents."""
    for reference in body.documents:
        own_document(house.records, client, reference)

    def opened(records: Records) -> OpenedOut:
        ceremony = open_ceremony(
            records,
            house.desk,
            signer=HolderId(body.signer),
            references=body.documents,
            return_url=body.return_url,
            by=client.actor,
            at=now(),
        )
        return OpenedOut.of(ceremony, house.settings.public_url)

    return once.then_stored(opened)


@router.get("/{ceremony}", operation_id="getCeremony")
def get_ceremony(ceremony: UUID, client: CeremonyPlatform, house: HouseHere) -> CeremonyOut:
    """Where the ceremony stands."""
    return _status(house.records, own_ceremony(house.records, client, ceremony))


@router.get("/{ceremony}/receipts", operation_id="getDisplayReceipts")
def get_receipts(ceremony: UUID, officer: ProvincialOrAbove, house: HouseHere) -> ReceiptsOut:
    """What the signer's agent says that it showed: evidence, for officers."""
    require_ceremony(house.records, officer, ceremony)
    with house.records.reading() as session:
        kept = receipts_of(session, ceremony)
    return ReceiptsOut(
        receipts=[
            ReceiptOut(manifest_sha256=each.manifest_sha256, received_at=each.received_at, receipt=each.jws)
            for each in kept
        ]
    )


@router.delete("/{ceremony}", status_code=204, operation_id="cancelCeremony")
def delete_ceremony(ceremony: UUID, client: CeremonyPlatform, house: HouseHere) -> None:
    """Cancel the ceremony; what its signer already signed is finished all the same."""
    number = own_ceremony(house.records, client, ceremony)
    cancel_ceremony(house.records, ceremony=number, by=client.actor, at=now())


@router.get(
    "/{ceremony}/events",
    operation_id="followCeremony",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def get_events(
    *,
    ceremony: UUID,
    request: Request,
    client: CeremonyPlatform,
    house: HouseHere,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """Follow the ceremony: its status after each of its events, from `Last-Event-ID` on."""
    number = await run_in_threadpool(own_ceremony, house.records, client, ceremony)
    after = int(last_event_id) if last_event_id and EVENT_NUMBER.fullmatch(last_event_id) else -1
    return StreamingResponse(_stream(request, house.records, number, after), media_type="text/event-stream")


async def _stream(request: Request, records: Records, ceremony: CeremonyId, after: int) -> AsyncIterator[bytes]:
    started = spoke = time.monotonic()
    while time.monotonic() - started < STREAM_SECONDS and not await request.is_disconnected():
        events, status, more = await run_in_threadpool(_news, records, ceremony, after)
        for event in events:
            data = json.dumps({"kind": event.kind, "ceremony": status.model_dump(mode="json")})
            yield f"id: {event.number}\nevent: {event.kind}\ndata: {data}\n\n".encode()
            after, spoke = event.number, time.monotonic()
        if not events and not more:
            return
        if time.monotonic() - spoke > KEEPALIVE_SECONDS:
            yield b": still here\n\n"
            spoke = time.monotonic()
        await asyncio.sleep(POLL_SECONDS)


def _news(records: Records, ceremony: CeremonyId, after: int) -> tuple[list[Event], CeremonyOut, bool]:
    """What came since, how the ceremony stands, and whether more can come: its last act may not be numbered yet."""
    status = _status(records, ceremony)
    with records.reading() as session:
        waiting = events_wait(session, subject=subject_of(ceremony))
        events = events_after(session, after, subject=subject_of(ceremony), limit=100)
    return events, status, waiting or status.state in LIVE


def _status(records: Records, ceremony: CeremonyId) -> CeremonyOut:
    with records.reading() as session:
        status = ceremony_status(session, ceremony)
    return CeremonyOut(
        id=status.id,
        state=status.state,
        match_code=status.match_code,
        items=[
            ItemOut(id=item.id, reference=item.reference, state=item.state, reason=item.reason) for item in status.items
        ],
    )
