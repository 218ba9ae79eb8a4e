"""The chain: the one place where a device's row changes, together with the link that says why."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import ColumnElement, Select, Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor
from pki.quota.devices.errors import DayRefused, DevicesAmbiguous, DevicesNotThere, DevicesRefused, SerialsRefused
from pki.quota.devices.kinds import CustodyStep
from pki.quota.devices.positions import Position, allowed, state_of
from pki.quota.devices.serials import MOST, manufacturer_key, serial_key
from pki.quota.devices.tables import Device, DeviceCustody
from pki.quota.kinds import OrderState
from pki.quota.tables import KeyOrder
from pki.records import civil_day

_DEVICE, _LINK = cast("Table", Device.__table__), cast("Table", DeviceCustody.__table__)
_PLACED = ("custody", "condition", "store", "holder_id", "order_id", "promised_id")
_MOVED = (
    update(_DEVICE)
    .where(_DEVICE.c.id == bindparam("device"), _DEVICE.c.number == bindparam("before"))
    .values({name: bindparam(f"new_{name}") for name in (*_PLACED, "handover", "number", "since")})
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why devices move: what every link of one act has in common."""

    step: CustodyStep
    on: date
    """Civil day on which it happened."""
    by: Actor
    at: datetime
    reason: str = ""
    handover: int | None = None
    """Of which it is the sending or the receipt."""


def position_of(device: Device) -> Position:
    """Where its row says that it stands."""
    return Position(
        custody=device.custody,
        condition=device.condition,
        store=device.store,
        holder=device.holder_id,
        order=device.order_id,
        promised=device.promised_id,
        handover=device.handover,
    )


def locked_devices(session: Session, which: ColumnElement[bool]) -> list[Device]:
    """Devices as they stand, by id; rival acts on them wait for this transaction. A step."""
    return list(session.scalars(locking(which)))


def locking(which: ColumnElement[bool]) -> Select[Device]:
    """What `locked_devices` asks, for those who ask it often."""
    asked = select(Device).where(which).order_by(Device.id).with_for_update(of=Device, key_share=True)
    return asked.execution_options(populate_existing=True)


def devices_on_books(
    session: Session, store: str, serials: Sequence[str], *, manufacturer: str | None = None
) -> list[Device]:
    """The devices of these serials that count in a store's figures, locked. A step.

    Whether another serial is unknown or another store's is not told.

    :raise SerialsRefused: none, or more than `MOST`.
    :raise DevicesNotThere: `DevicesAmbiguous`: some of them.
    """
    refuse_length(serials)
    keys = {serial_key(serial): serial for serial in serials}
    which = (Device.store == store) & Device.serial_key.in_(keys)
    if manufacturer is not None:
        which &= Device.manufacturer_key == manufacturer_key(manufacturer)
    found = locked_devices(session, which)
    known = {device.serial_key for device in found}
    if absent := [serial for key, serial in keys.items() if key not in known]:
        raise DevicesNotThere(store, absent)
    if len(found) > len(known):
        several = [device.serial_key for device in found]
        raise DevicesAmbiguous(sorted({key for key in several if several.count(key) > 1}))
    return found


def refuse_length(serials: Sequence[str]) -> None:
    """Refuse a list that no act takes.

    :raise SerialsRefused: none, or more than `MOST`.
    """
    if not serials or len(serials) > MOST:
        raise SerialsRefused(f"there are {len(serials)}; one act takes 1 to {MOST}")


def refuse_unless_allowed(session: Session, devices: Sequence[Device], cause: Cause) -> None:
    """Refuse the whole act if one of the devices may not take the step, or not on that day. A step.

    :raise DevicesRefused: names each with its state.
    :raise DayRefused: the day lies ahead, or before one of them came to where it stands.
    """
    if cause.on > civil_day(cause.at):
        raise DayRefused(cause.on, "that day is still to come")
    states = order_states(session, devices)
    wrong = {
        device.serial: state_of(position_of(device), states.get(device.order_id))
        for device in devices
        if not allowed(position_of(device), cause.step, order_state=states.get(device.order_id))
    }
    if wrong:
        raise DevicesRefused(cause.step, wrong)
    latest = max((device.since for device in devices), default=cause.on)
    if cause.on < latest:
        raise DayRefused(cause.on, f"one of the devices came to where it stands on {latest}")


def order_states(session: Session, devices: Sequence[Device]) -> dict[object, OrderState]:
    """States of the orders whose keys the devices hold."""
    orders = {device.order_id for device in devices if device.order_id is not None}
    if not orders:
        return {}
    rows = session.execute(select(KeyOrder.id, KeyOrder.state).where(KeyOrder.id.in_(orders)))
    return {row.id: row.state for row in rows}


def add_links(session: Session, moves: Sequence[tuple[Device, Position]], cause: Cause) -> None:
    """Give each device, locked before, its new position and the link that says so. A step."""
    if not moves:
        return
    rows, links = [], []
    for device, position in moves:
        placed: dict[str, object] = {
            "custody": position.custody,
            "condition": position.condition,
            "store": position.store,
            "holder_id": position.holder,
            "order_id": position.order,
            "promised_id": position.promised,
        }
        number, on = device.number + 1, max(cause.on, device.since)
        changed = placed | {"handover": position.handover, "number": number, "since": on}
        rows.append(
            {"device": device.id, "before": device.number} | {f"new_{name}": value for name, value in changed.items()}
        )
        links.append(link(placed, device.id, number, cause, on=on))
    connection = session.connection()
    connection.execute(_MOVED, rows)
    connection.execute(insert(_LINK), links)
    for device, _ in moves:
        session.expire(device)


def link(placed: dict[str, object], device: object, number: int, cause: Cause, *, on: date) -> dict[str, object]:
    """The row of one link."""
    return placed | {
        "device_id": device,
        "number": number,
        "step": cause.step,
        "handover": cause.handover,
        "reason": cause.reason,
        "in_effect": on,
        "recorded_at": cause.at,
        "recorded_by": str(cause.by),
    }


def digest_of(devices: Sequence[Device]) -> str:
    """SHA-256 (hex) over which devices an act moved: what the journal keeps of a long list."""
    named = sorted(f"{device.manufacturer_key}\n{device.serial_key}" for device in devices)
    return hashlib.sha256("\n\n".join(named).encode()).hexdigest()
