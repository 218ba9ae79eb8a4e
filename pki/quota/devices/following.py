"""What orders do to devices: promised, in their holder's hands, given back. Steps of the orders' own acts.

A serial that the inventory does not have is nobody's business here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import String, Uuid, bindparam, or_
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.quota.devices.chain import Cause, add_links, locked_devices, locking, order_states, position_of
from pki.quota.devices.errors import DeviceNotUsable
from pki.quota.devices.kinds import Custody, CustodyStep, DeviceState
from pki.quota.devices.positions import (
    ENDED,
    Position,
    allowed,
    delivered,
    promised,
    released,
    settled,
    state_of,
)
from pki.quota.devices.serials import serial_key
from pki.quota.devices.stores import body_code, open_store, stores_above
from pki.quota.devices.tables import Device
from pki.quota.devices.unlisted import orders_naming
from pki.quota.kinds import OrderState
from pki.quota.tables import KeyOrder
from pki.records import OrderId, civil_day

_REASONS = {
    DeviceState.PROMISED: "another order is to be served with it",
    DeviceState.IN_TRANSIT: "it is under way between two stores, and nobody confirmed that it arrived",
    DeviceState.RETURNED: "it came back and was not initialised again",
    DeviceState.DEFECTIVE: "it is defective",
    DeviceState.LOST: "it is recorded as lost",
    DeviceState.AT_SUPPLIER: "it went back to its supplier",
    DeviceState.DESTROYED: "it was destroyed",
    DeviceState.IN_STOCK: "it is in the stock of another territory",
}
_ANOTHERS = "another person has it"


_SERIAL, _ORDER = bindparam("serial", type_=String()), bindparam("order", type_=Uuid())
_SERVING = locking(or_(Device.serial_key == _SERIAL, Device.promised_id == _ORDER))
_PROMISED = locking(Device.promised_id == _ORDER)
_HELD = (Device.order_id == _ORDER) & (Device.custody == Custody.HOLDER)
_SERVED = locking(or_(Device.promised_id == _ORDER, _HELD))


def promise_device(
    session: Session, known: OrderId | KeyOrder, serial: str | None, *, model: str = "", by: Actor, at: datetime
) -> None:
    """The order is to be served with the device of that serial; one promised to it before is free again. A step.

    :param known: the order; as `locked_order` gave it in this transaction, it is not asked for again.
    :param model: as the device or its order says; tells two makers' devices of one serial apart, and nothing else.
    :raise DeviceNotUsable: the inventory has it elsewhere, in another's hands, or not fit for a key.
    """
    if serial is None:
        return
    wanted = known if isinstance(known, KeyOrder) else session.get_one(KeyOrder, known, populate_existing=True)
    order = OrderId(wanted.id)
    # THREAT: a lost device, or another president's, comes up again with a new key in it.
    # DEFENCE: what the inventory knows takes a key only out of a store that serves the order's body, erased and free.
    # TEST: tests/pki/quota/devices/test_following.py::test_what_cannot_take_a_key
    found = session.scalars(_SERVING, {"serial": serial_key(serial), "order": order}).all()
    device = _meant([each for each in found if each.serial_key == serial_key(serial)], model)
    if device is not None and device.promised_id == order:
        return
    release = [each for each in found if each.promised_id == order]
    _move(session, release, CustodyStep.RELEASE, order, by=by, at=at)
    if device is None:
        return
    # The order whose place this one takes lets go of its device.
    freed = device.promised_id if device.promised_id == wanted.replaces_id else None
    if freed is not None:
        _move(session, [device], CustodyStep.RELEASE, order, by=by, at=at)
    _refuse_unusable(session, device, wanted)
    _move(session, [device], CustodyStep.PROMISE, order, by=by, at=at)


def follow_order(session: Session, order: KeyOrder, state: OrderState, *, by: Actor, at: datetime) -> None:
    """The order came to a state: its device goes to its holder, comes back, or is free again. A step."""
    if state is not OrderState.DELIVERED and state not in ENDED:
        return
    which = _SERVED if state is OrderState.RETURNED else _PROMISED
    found = session.scalars(which, {"order": order.id}).all()
    waiting = [each for each in found if each.promised_id == order.id]
    if state is OrderState.DELIVERED:
        _deliver(session, waiting, order, by=by, at=at)
        return
    held = [each for each in found if each.order_id == order.id and each.promised_id is None]
    _move(session, waiting, CustodyStep.RELEASE, OrderId(order.id), by=by, at=at)
    _move(session, held, CustodyStep.TAKE_BACK, OrderId(order.id), by=by, at=at)


def lose_device(session: Session, order: OrderId, *, by: Actor, at: datetime) -> None:
    """The key of an order, which ended, is reported lost: so is the device that holds it. A step."""
    found = locked_devices(session, (Device.order_id == order) & (Device.custody == Custody.HOLDER))
    _move(session, found, CustodyStep.LOSE, order, by=by, at=at)


def tie_delivered(session: Session, devices: Sequence[object], *, by: Actor, at: datetime) -> int:
    """Devices new in the inventory that holders had before: they go to those; return how many. A step."""
    named = orders_naming(session, devices)
    for order_id, device_id in named:
        (device,) = locked_devices(session, Device.id == device_id)
        order = session.get_one(KeyOrder, order_id, populate_existing=True)
        _deliver(session, [device], order, by=by, at=at)
    return len(named)


def _meant(found: Sequence[Device], model: str) -> Device | None:
    """The one device of a serial; of several, the one of that model. None: unknown, or nobody can tell."""
    if len(found) > 1:
        found = [each for each in found if each.model.upper() == model.strip().upper()]
    return found[0] if len(found) == 1 else None


def _refuse_unusable(session: Session, device: Device, order: KeyOrder) -> None:
    position = position_of(device)
    state = state_of(position, order_states(session, [device]).get(device.order_id))
    if not allowed(position, CustodyStep.PROMISE):
        raise DeviceNotUsable(device.serial, state, _REASONS.get(state, _ANOTHERS))
    if device.custody is Custody.HOLDER:
        if device.holder_id != order.holder_id:
            raise DeviceNotUsable(device.serial, state, _ANOTHERS)
    elif device.store not in stores_above(session, order.body_id):
        raise DeviceNotUsable(device.serial, state, _REASONS[DeviceState.IN_STOCK])


def _deliver(session: Session, devices: Sequence[Device], order: KeyOrder, *, by: Actor, at: datetime) -> None:
    if not devices:
        return
    store = open_store(session, body_code(session, order.body_id))
    moves = [
        (each, delivered(position_of(each), order=order.id, holder=order.holder_id, store=store)) for each in devices
    ]
    _record(session, moves, CustodyStep.DELIVER, OrderId(order.id), by=by, at=at)


def _move(
    session: Session, devices: Sequence[Device], step: CustodyStep, order: OrderId, *, by: Actor, at: datetime
) -> None:
    moves = [(each, _after(position_of(each), step, order)) for each in devices]
    _record(session, moves, step, order, by=by, at=at)


def _after(position: Position, step: CustodyStep, order: UUID) -> Position:
    if step is CustodyStep.PROMISE:
        return promised(position, order=order)
    return released(position) if step is CustodyStep.RELEASE else settled(position, step)


def _record(
    session: Session,
    moves: Sequence[tuple[Device, Position]],
    step: CustodyStep,
    order: OrderId,
    *,
    by: Actor,
    at: datetime,
) -> None:
    ids = [device.id for device, _ in moves]
    add_links(session, moves, Cause(step=step, on=civil_day(at), by=by, at=at, reason=f"order:{order}"))
    for device in ids:
        record(session, kind=f"device.{step.value}", subject=f"device:{device}", by=by, at=at, facts={"order": order})
