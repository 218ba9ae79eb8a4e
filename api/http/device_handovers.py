"""Hand-overs of devices: sent by one store, received by another; the paper that both sign."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, StringConstraints

from api.auth.permissions import CommuneOrAbove, HouseHere, now
from api.auth.territory import require_handover, require_store
from pki.quota.devices.handovers import Handover, handovers, receive_devices, send_devices
from pki.quota.devices.kinds import CustodyStep
from pki.quota.devices.serials import MOST
from pki.quota.devices.sheets import handover_sheet
from pki.records import Records
from signer.rendering.receipt import render_receipt

from .devices import Named, OneSerial, RangeIn, Serials, Short, which
from .once import OnceOnly
from .schema import ONE_LINE, Code, In, Out, Page, Zulu

router = APIRouter(prefix="/v1/device-handovers", tags=["devices"])
Number = Annotated[int, Path(ge=1, le=2**62)]
Some = Annotated[tuple[OneSerial, ...], Field(max_length=MOST)]
Remark = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=ONE_LINE)]


class HandoverIn(In):
    """Devices that one store sends to another: a list of serials or a range."""

    sender: Code
    receiver: Code
    serials: Serials | None = None
    range: RangeIn | None = None
    manufacturer: Short | None = None
    on: date
    remark: Remark = ""


class ReceiptIn(In):
    """The signed paper's number and who signed it; what is not named arrived."""

    receipt: Short
    received_by: Named
    on: date
    missing: Some = ()
    refused: Some = ()


class ReceiptOut(Out):
    """What came of a hand-over."""

    receipt: str
    received_by: str
    received_on: date
    arrived: int
    missing: int
    refused: int
    recorded_at: Zulu


class HandoverOut(Out):
    """A hand-over; without a receipt it is under way."""

    number: int
    sender: str
    receiver: str
    devices: int
    remark: str
    sent_on: date
    sent_at: Zulu
    receipt: ReceiptOut | None

    @classmethod
    def of(cls, found: Handover) -> HandoverOut:
        """As it is answered."""
        return cls(**asdict(found))


class HandoversOut(Out):
    """Hand-overs, the newest first."""

    items: list[HandoverOut]


class HandedOut(Out):
    """A device of a hand-over: arrived, missing, refused; null: under way, or with its holder before the receipt."""

    manufacturer: str
    model: str
    serial: str
    outcome: CustodyStep | None


class HandoverWholeOut(HandoverOut):
    """A hand-over with its devices."""

    items: list[HandedOut]


@router.post("", status_code=201, operation_id="sendDevices", response_model=HandoverOut)
def post_handover(body: HandoverIn, officer: CommuneOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Send devices of a store of the officer's territory to another store: all of them or none."""
    require_store(house.records, officer, body.sender)
    serials = which(body.serials, body.range)

    def act(records: Records) -> HandoverOut:
        sent = send_devices(
            records,
            sender=body.sender,
            receiver=body.receiver,
            serials=serials,
            manufacturer=body.manufacturer,
            on=body.on,
            remark=body.remark,
            by=officer.actor,
            at=now(),
        )
        return HandoverOut.of(sent)

    return once.atomically(act)


@router.get("", operation_id="listHandovers")
def get_handovers(
    *,
    officer: CommuneOrAbove,
    house: HouseHere,
    under_way: bool = False,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: Page = 200,
) -> HandoversOut:
    """Hand-overs with a side in the officer's territory; `before` is the last number of the page before."""
    with house.records.reading() as session:
        found = handovers(session, within=officer.extent, under_way=under_way, before=before, limit=limit)
    return HandoversOut(items=[HandoverOut.of(each) for each in found])


@router.get("/{number}", operation_id="getHandover")
def get_handover(number: Number, officer: CommuneOrAbove, house: HouseHere) -> HandoverWholeOut:
    """A hand-over and what became of each device."""
    require_handover(house.records, officer, number)
    with house.records.reading() as session:
        sheet = handover_sheet(session, number)
    items = [HandedOut(**asdict(each)) for each in sheet.devices]
    return HandoverWholeOut(**HandoverOut.of(sheet.handover).model_dump(), items=items)


@router.get("/{number}/sheet", operation_id="getHandoverReceipt", response_class=Response)
def get_sheet(number: Number, officer: CommuneOrAbove, house: HouseHere) -> Response:
    """The paper that both sides sign, as PDF."""
    require_handover(house.records, officer, number)
    with house.records.reading() as session:
        sheet = handover_sheet(session, number)
    settings = house.settings
    made = render_receipt(
        sheet, origin=settings.public_url, environment=settings.environment.value, fonts=settings.fonts
    )
    headers = {"Content-Disposition": f'attachment; filename="handover-{number}.pdf"'}
    return Response(made, headers=headers, media_type="application/pdf")


@router.post("/{number}/receipt", status_code=201, operation_id="receiveHandover", response_model=HandoverOut)
def post_receipt(
    number: Number, body: ReceiptIn, officer: CommuneOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Record what arrived at a store of the officer's territory: missing devices are lost, refused ones go back."""
    require_handover(house.records, officer, number, receiving=True)

    def act(records: Records) -> HandoverOut:
        received = receive_devices(
            records,
            number=number,
            receipt=body.receipt,
            received_by=body.received_by,
            on=body.on,
            missing=body.missing,
            refused=body.refused,
            by=officer.actor,
            at=now(),
        )
        return HandoverOut.of(received)

    return once.atomically(act)
