"""The inventory as officers read it: devices, their chains, and how many of them stand where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from pki.quota.devices.errors import DeviceUnknown
from pki.quota.devices.kinds import Condition, Custody, CustodyStep, DeviceState
from pki.quota.devices.positions import ELSEWHERE, ENDED, UNFIT
from pki.quota.devices.serials import serial_key
from pki.quota.devices.stores import kept_within
from pki.quota.devices.tables import Device, DeviceBatch, DeviceCustody, DeviceHandover, DeviceStore
from pki.quota.kinds import OrderState
from pki.quota.tables import KeyOrder
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.tables import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLine:
    """One device."""

    id: UUID
    manufacturer: str
    model: str
    serial: str
    store: str
    """In whose figures it counts: its store; on the way, the receiver; else the last one."""
    state: DeviceState
    holder: UUID | None
    order: UUID | None
    """Whose key it holds, or held when it was lost."""
    promised: UUID | None
    handover: int | None
    since: date
    note: str
    """The delivery note with which it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link of a chain: what happened, and who has the device from then on."""

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
    recorded: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """How many devices count in one store's figures, by state."""

    store: str
    province_code: str | None
    """None: the centre's, a region's, or a body of no province."""
    region_code: str | None
    states: Mapping[DeviceState, int]
    """Every state is there."""

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.states.values())


def stock(session: Session, *, within: Extent = EVERYWHERE) -> list[Stock]:
    """Devices of each store inside the extent, by its code. Over the whole country they add up to all received.

    A device on the way counts once, as `in-transit` to its receiver. One statement.
    """
    state = _state().label("state")
    region = func.coalesce(DeviceStore.region_code, Body.region_code).label("region")
    asked = (
        select(Device.store, Body.province_code, region, state, func.count().label("devices"))
        .join(DeviceStore, DeviceStore.code == Device.store)
        .outerjoin(Body, Body.id == DeviceStore.body_id)
        .outerjoin(KeyOrder, KeyOrder.id == Device.order_id)
        .where(kept_within(Device.store, within))
        .group_by(Device.store, Body.province_code, region, state)
        .order_by(Device.store)
    )
    found: dict[str, Stock] = {}
    counts: dict[str, dict[DeviceState, int]] = {}
    for row in session.execute(asked):
        counted = counts.setdefault(row.store, dict.fromkeys(DeviceState, 0))
        counted[DeviceState(row.state)] = row.devices
        found[row.store] = Stock(
            store=row.store, province_code=row.province_code, region_code=row.region, states=counted
        )
    return list(found.values())


def devices(
    session: Session,
    *,
    within: Extent = EVERYWHERE,
    store: str | None = None,
    state: DeviceState | None = None,
    handover: int | None = None,
    after: UUID | None = None,
    limit: int = 200,
) -> list[DeviceLine]:
    """Devices that count inside the extent, by id, at most `limit` of those above `after`.

    :param handover: those of that hand-over alone, wherever they went since: the extent is not asked.
    """
    kept = kept_within(Device.store, within)
    if handover is not None:
        sent = select(DeviceCustody.device_id).where(
            DeviceCustody.handover == handover, DeviceCustody.step == CustodyStep.SEND
        )
        kept = Device.id.in_(sent)
    asked = [kept]
    asked += [] if store is None else [Device.store == store]
    asked += [] if state is None else [_state() == state.value]
    asked += [] if after is None else [Device.id > after]
    return _lines(session, *asked, limit=limit)


def devices_named(session: Session, serial: str, *, within: Extent = EVERYWHERE) -> list[DeviceLine]:
    """The device of a serial, or one a manufacturer: that counts inside the extent, or was sent from there.

    :raise DeviceUnknown: none.
    """
    sent = select(DeviceHandover.number).where(kept_within(DeviceHandover.sender, within))
    kept = or_(kept_within(Device.store, within), Device.handover.in_(sent))
    found = _lines(session, Device.serial_key == serial_key(serial), kept, limit=100)
    if not found:
        raise DeviceUnknown(serial)
    return found


def chain_of(session: Session, device: UUID) -> list[Link]:
    """Everything that happened to a device, the oldest first."""
    rows = session.scalars(
        select(DeviceCustody).where(DeviceCustody.device_id == device).order_by(DeviceCustody.number)
    )
    return [
        Link(
            number=row.number,
            step=row.step,
            custody=row.custody,
            condition=row.condition,
            store=row.store,
            holder=row.holder_id,
            order=row.order_id,
            promised=row.promised_id,
            handover=row.handover,
            reason=row.reason,
            in_effect=row.in_effect,
            recorded=row.recorded_at,
            recorded_by=row.recorded_by,
        )
        for row in rows
    ]


def _lines(session: Session, *which: ColumnElement[bool], limit: int) -> list[DeviceLine]:
    rows = session.execute(
        select(Device, _state().label("state"), DeviceBatch.note)
        .join(DeviceBatch, DeviceBatch.id == Device.batch_id)
        .outerjoin(KeyOrder, KeyOrder.id == Device.order_id)
        .where(*which)
        .order_by(Device.id)
        .limit(limit)
    )
    return [
        DeviceLine(
            id=device.id,
            manufacturer=device.manufacturer,
            model=device.model,
            serial=device.serial,
            store=device.store,
            state=DeviceState(state),
            holder=device.holder_id,
            order=device.order_id,
            promised=device.promised_id,
            handover=device.handover,
            since=device.since,
            note=note,
        )
        for device, state, note in rows
    ]


def _state() -> ColumnElement[str]:
    """`positions.state_of` as a statement, with the order whose key the device holds joined."""
    held, stored = Device.custody == Custody.HOLDER, Device.custody == Custody.STORE
    return case(
        *((Device.custody == custody, state.value) for custody, state in ELSEWHERE.items()),
        (held & (KeyOrder.state == OrderState.BLOCKED), DeviceState.BLOCKED.value),
        (held & KeyOrder.state.in_(ENDED), DeviceState.DUE_BACK.value),
        (held, DeviceState.WITH_HOLDER.value),
        *((stored & (Device.condition == condition), state.value) for condition, state in UNFIT.items()),
        (Device.promised_id.is_not(None), DeviceState.PROMISED.value),
        else_=DeviceState.IN_STOCK.value,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """A batch and how its note agrees with what was listed."""

    id: UUID
    supplier: str
    note: str
    manufacturer: str
    model: str
    store: str
    received_on: date
    announced: int
    recorded: int

    @property
    def difference(self) -> int:
        """Recorded less announced: 0 when they agree."""
        return self.recorded - self.announced


def batches(session: Session, *, within: Extent = EVERYWHERE, limit: int = 200) -> list[BatchLine]:
    """Batches received inside the extent, the latest first."""
    asked = (
        select(DeviceBatch, func.count(Device.id))
        .outerjoin(Device, Device.batch_id == DeviceBatch.id)
        .where(kept_within(DeviceBatch.store, within))
        .group_by(DeviceBatch.id)
        .order_by(DeviceBatch.recorded_at.desc(), DeviceBatch.id)
        .limit(limit)
    )
    return [
        BatchLine(
            id=batch.id,
            supplier=batch.supplier,
            note=batch.note,
            manufacturer=batch.manufacturer,
            model=batch.model,
            store=batch.store,
            received_on=batch.received_on,
            announced=batch.announced,
            recorded=recorded,
        )
        for batch, recorded in session.execute(asked)
    ]
