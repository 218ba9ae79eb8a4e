"""The device inventory: batches received, devices and their chains, stock, what an officer records of devices."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field, StringConstraints

from api.auth.permissions import CentralOfficer, CommuneOrAbove, HouseHere, ProvincialOrAbove, now
from api.auth.territory import require_store
from api.problems import Malformed
from pki.quota.devices.batches import DeliveryNote, receive_batch
from pki.quota.devices.exports import CHAIN, DEVICES, STOCK, chain_rows, device_rows, stock_rows
from pki.quota.devices.kinds import Condition, Custody, CustodyStep, DeviceState
from pki.quota.devices.reading import Stock, batches, chain_of, devices, devices_named, stock
from pki.quota.devices.serials import MOST, read_serials, serials_between, typed_serials
from pki.quota.devices.stores import CENTRE
from pki.quota.devices.unlisted import unlisted_devices
from pki.quota.devices.upkeep import record_step
from pki.quota.kinds import OrderState, Road
from pki.records import Records

from .censuses import Csv, RefusedLineOut
from .once import OnceOnly
from .schema import ONE_LINE, Code, In, Line, Out, Page, Zulu

router = APIRouter(prefix="/v1", tags=["devices"])
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=ONE_LINE)]
Named = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=ONE_LINE)]
Serial = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
OneSerial = Annotated[str, StringConstraints(max_length=200, pattern=ONE_LINE)]
Serials = Annotated[list[OneSerial], Field(min_length=1, max_length=MOST)]
Typed = Annotated[list[Annotated[str, StringConstraints(max_length=200)]], Field(min_length=1, max_length=MOST)]
"""Each is judged by itself: the good ones are kept."""
Recorded = Literal[
    CustodyStep.TAKE_BACK,
    CustodyStep.INITIALISE,
    CustodyStep.FAIL,
    CustodyStep.LOSE,
    CustodyStep.FIND,
    CustodyStep.TO_SUPPLIER,
    CustodyStep.FROM_SUPPLIER,
    CustodyStep.DESTROY,
]


class RangeIn(In):
    """Serials that end in digits and differ in those alone; both ends are inside."""

    first: Serial
    last: Serial


class BatchIn(In):
    """A delivery note and its serials, typed or as a CSV file with the column `serial`."""

    supplier: Named
    note: Short
    manufacturer: Short
    model: Short
    announced: Annotated[int, Field(ge=1, le=1_000_000)]
    received_on: date
    agreement: UUID | None = None
    store: Code = CENTRE
    serials: Typed | None = None
    csv: Csv | None = None


class BatchReceivedOut(Out):
    """What became of the list; `difference` is recorded less announced."""

    id: UUID
    new: int
    known: int
    recorded: int
    announced: int
    difference: int
    tied: int
    refused: list[RefusedLineOut]


class BatchOut(Out):
    """A batch on record."""

    id: UUID
    supplier: str
    note: str
    manufacturer: str
    model: str
    store: str
    received_on: date
    announced: int
    recorded: int
    difference: int


class BatchesOut(Out):
    """Batches, the latest first."""

    items: list[BatchOut]


class DeviceOut(Out):
    """One device: in whose figures it counts, and how it stands."""

    id: UUID
    manufacturer: str
    model: str
    serial: str
    store: str
    state: DeviceState
    holder: UUID | None
    order: UUID | None
    promised: UUID | None
    handover: int | None
    since: date
    note: str


class DevicesOut(Out):
    """Devices, by id."""

    items: list[DeviceOut]


class LinkOut(Out):
    """One link of a chain."""

    number: int
    step: CustodyStep
    custody: Custody
    condition: Condition
    store: str
    holder: UUID | None
    order: UUID | None
    promised: UUID | None
    handover: int | None
    reason: str
    in_effect: date
    recorded: Zulu
    recorded_by: str


class ChainOut(DeviceOut):
    """A device and everything that happened to it, the oldest first."""

    chain: list[LinkOut]


class ChainsOut(Out):
    """The device of a serial; more than one when several manufacturers have it."""

    items: list[ChainOut]


class StockOut(Out):
    """Devices that count in one store's figures, by state."""

    store: str
    region: str | None
    province: str | None
    states: dict[DeviceState, int]
    total: int

    @classmethod
    def of(cls, found: Stock) -> StockOut:
        """As it is answered."""
        return cls(
            store=found.store,
            region=found.region_code,
            province=found.province_code,
            states=dict(found.states),
            total=found.total,
        )


class StocksOut(Out):
    """Every store of the officer's territory, and their sum."""

    items: list[StockOut]
    states: dict[DeviceState, int]
    total: int


class UnlistedOut(Out):
    """A key in a holder's hands, and the serial of its device, which the inventory does not have."""

    order: UUID
    body: str
    road: Road
    state: OrderState
    serial: str


class UnlistedsOut(Out):
    """Such keys, by order."""

    items: list[UnlistedOut]


class StepIn(In):
    """What happened to devices of a store; `into` is where they lie now, if they came in."""

    step: Recorded
    store: Code
    serials: Serials | None = None
    range: RangeIn | None = None
    manufacturer: Short | None = None
    into: Code | None = None
    on: date
    reason: Line


class StepOut(Out):
    """How many devices it was recorded for."""

    devices: int


@router.post("/device-batches", status_code=201, operation_id="receiveDevices", response_model=BatchReceivedOut)
def post_batch(body: BatchIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Take the devices of a delivery note into stock: good serials are kept, the others named beside their line."""
    if (body.serials is None) == (body.csv is None):
        raise Malformed("Either serials or csv is needed.", "/serials")
    listed, unread = typed_serials(body.serials) if body.serials is not None else read_serials(body.csv or "")
    note = DeliveryNote(
        supplier=body.supplier,
        number=body.note,
        manufacturer=body.manufacturer,
        model=body.model,
        announced=body.announced,
        received_on=body.received_on,
        agreement=body.agreement,
        store=body.store,
    )

    def act(records: Records) -> BatchReceivedOut:
        done = receive_batch(records, note=note, serials=listed, by=officer.actor, at=now())
        refused = sorted([*unread, *done.refused], key=lambda each: each.number)
        return BatchReceivedOut(
            id=done.id,
            new=done.new,
            known=done.known,
            recorded=done.recorded,
            announced=done.announced,
            difference=done.difference,
            tied=done.tied,
            refused=[RefusedLineOut.of(each) for each in refused],
        )

    return once.atomically(act)


@router.get("/device-batches", operation_id="listDeviceBatches")
def get_batches(officer: CommuneOrAbove, house: HouseHere, limit: Page = 200) -> BatchesOut:
    """Batches received in the officer's territory, and whether their notes agree."""
    with house.records.reading() as session:
        found = batches(session, within=officer.extent, limit=limit)
    return BatchesOut(items=[BatchOut(**asdict(each), difference=each.difference) for each in found])


@router.get("/devices", operation_id="listDevices")
def get_devices(
    *,
    officer: CommuneOrAbove,
    house: HouseHere,
    store: Annotated[Code | None, Query()] = None,
    state: Annotated[DeviceState | None, Query()] = None,
    after: Annotated[UUID | None, Query()] = None,
    limit: Page = 200,
) -> DevicesOut:
    """The devices of the officer's territory, by id; `after` is the last id of the page before."""
    with house.records.reading() as session:
        found = devices(session, within=officer.extent, store=store, state=state, after=after, limit=limit)
    return DevicesOut(items=[DeviceOut(**asdict(each)) for each in found])


@router.get("/devices.csv", operation_id="exportDevices", response_class=Response)
def get_devices_file(officer: CommuneOrAbove, house: HouseHere) -> Response:
    """The same as CSV, all of them."""
    with house.records.reading() as session:
        return csv_file("devices.csv", DEVICES, device_rows(session, within=officer.extent))


@router.get("/devices/{serial}", operation_id="getDevice")
def get_device(serial: Serial, officer: CommuneOrAbove, house: HouseHere) -> ChainsOut:
    """A device by its serial, with its chain of custody."""
    with house.records.reading() as session:
        items = [
            ChainOut(**asdict(each), chain=[LinkOut(**asdict(link)) for link in chain_of(session, each.id)])
            for each in devices_named(session, serial, within=officer.extent)
        ]
    return ChainsOut(items=items)


@router.get("/devices/{serial}/chain.csv", operation_id="exportDeviceChain", response_class=Response)
def get_chain_file(serial: Serial, officer: CommuneOrAbove, house: HouseHere) -> Response:
    """The chain as CSV."""
    with house.records.reading() as session:
        return csv_file("chain.csv", CHAIN, chain_rows(session, serial, within=officer.extent))


@router.get("/device-stock", operation_id="countDevices")
def get_stock(officer: CommuneOrAbove, house: HouseHere) -> StocksOut:
    """How many devices stand where: each store of the officer's territory, by state, and their sum."""
    with house.records.reading() as session:
        found = stock(session, within=officer.extent)
    states = {state: sum(each.states[state] for each in found) for state in DeviceState}
    return StocksOut(items=[StockOut.of(each) for each in found], states=states, total=sum(states.values()))


@router.get("/device-stock.csv", operation_id="exportDeviceStock", response_class=Response)
def get_stock_file(officer: CommuneOrAbove, house: HouseHere) -> Response:
    """The same as CSV."""
    with house.records.reading() as session:
        return csv_file("device-stock.csv", STOCK, stock_rows(session, within=officer.extent))


@router.get("/unlisted-devices", operation_id="listUnlistedDevices")
def get_unlisted(
    officer: CommuneOrAbove, house: HouseHere, after: Annotated[UUID | None, Query()] = None, limit: Page = 200
) -> UnlistedsOut:
    """Keys in holders' hands whose device is not in the inventory; `after` is the last order of the page before."""
    with house.records.reading() as session:
        found = unlisted_devices(session, within=officer.extent, after=after, limit=limit)
    return UnlistedsOut(
        items=[
            UnlistedOut(order=each.order, body=each.body_code, road=each.road, state=each.state, serial=each.serial)
            for each in found
        ]
    )


@router.post("/device-steps", status_code=201, operation_id="recordDeviceStep", response_model=StepOut)
def post_step(body: StepIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Record that devices were taken back, erased, found defective, lost, found, exchanged or destroyed."""
    require_store(house.records, officer, body.store)
    if body.into is not None:
        require_store(house.records, officer, body.into)
        if body.step not in (CustodyStep.TAKE_BACK, CustodyStep.FIND, CustodyStep.FROM_SUPPLIER):
            raise Malformed("Nothing comes in by this step.", "/into")
    serials = which(body.serials, body.range)

    def act(records: Records) -> StepOut:
        done = record_step(
            records,
            step=body.step,
            store=body.store,
            serials=serials,
            manufacturer=body.manufacturer,
            into=body.into,
            reason=body.reason,
            on=body.on,
            by=officer.actor,
            at=now(),
        )
        return StepOut(devices=done)

    return once.atomically(act)


def which(serials: list[str] | None, between: RangeIn | None) -> list[str]:
    """The serials of a body that gives a list or a range.

    :raise Malformed: neither, or both.
    """
    if (serials is None) == (between is None):
        raise Malformed("Either serials or range is needed.", "/serials")
    return serials if between is None else serials_between(between.first, between.last)  # type: ignore[return-value]


def csv_file(name: str, header: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> Response:
    """Rows as a CSV file (UTF-8, LF, header first)."""
    spelled = io.StringIO()
    writer = csv.writer(spelled, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(spelled.getvalue(), headers=headers, media_type="text/csv; charset=utf-8")
