"""Keys in devices that the inventory does not have: in the field before it was kept, or brought from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import CTE, func, select, union
from sqlalchemy.orm import Session, aliased

from pki.quota.devices.tables import Device
from pki.quota.kinds import OrderState, Road
from pki.quota.tables import IssuanceRequest, KeyEvidence, KeyOrder
from pki.records import OrderId
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.tables import Body

_IN_HAND = (OrderState.DELIVERED, OrderState.ACTIVE, OrderState.BLOCKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlistedDevice:
    """A key and the serial of the device that it is said to be in."""

    order: OrderId
    body_code: str
    road: Road
    state: OrderState
    serial: str


def unlisted_devices(
    session: Session, *, within: Extent = EVERYWHERE, after: UUID | None = None, limit: int = 200
) -> list[UnlistedDevice]:
    """Keys in holders' hands whose device is not in the inventory, by order; at most `limit` above `after`.

    Keys of which nobody ever told the device are not here.
    """
    named = _named()
    listed = select(Device.id).where(Device.serial_key == func.upper(named.c.serial)).exists()
    asked = (
        select(KeyOrder.id, Body.code, KeyOrder.road, KeyOrder.state, func.min(named.c.serial).label("serial"))
        .join(named, named.c.order_id == KeyOrder.id)
        .join(Body, Body.id == KeyOrder.body_id)
        .where(within.bodies(), ~listed)
        .group_by(KeyOrder.id, Body.code, KeyOrder.road, KeyOrder.state)
        .order_by(KeyOrder.id)
        .limit(limit)
    )
    if after is not None:
        asked = asked.where(KeyOrder.id > after)
    return [
        UnlistedDevice(order=OrderId(row.id), body_code=row.code, road=row.road, state=row.state, serial=row.serial)
        for row in session.execute(asked)
    ]


def orders_naming(session: Session, devices: Sequence[object]) -> list[tuple[UUID, UUID]]:
    """Of these devices, all in stock, those that a key in a holder's hands names: order and device, each once."""
    if not devices:
        return []
    named, tied = _named(), aliased(Device)
    asked = (
        select(Device.id, named.c.order_id)
        .join(named, func.upper(named.c.serial) == Device.serial_key)
        .join(KeyOrder, KeyOrder.id == named.c.order_id)
        .where(Device.id.in_(devices), ~select(tied.id).where(tied.order_id == named.c.order_id).exists())
        .order_by(KeyOrder.requested_at, KeyOrder.id)
    )
    # The latest of a device's keys (a renewed one is in the same device), and one device for an order.
    found: dict[UUID, UUID] = dict(session.execute(asked).all())
    return list({order: device for device, order in found.items()}.items())


def _named() -> CTE:
    """Serials that keys in holders' hands name: at the order, with the requests, in what was presented."""
    ordered = select(KeyOrder.id.label("order_id"), KeyOrder.device_serial.label("serial"))
    requested = select(IssuanceRequest.order_id, IssuanceRequest.device_serial)
    presented = select(KeyEvidence.order_id, KeyEvidence.serial)
    in_hand = KeyOrder.state.in_(_IN_HAND)
    return union(
        ordered.where(KeyOrder.device_serial.is_not(None), in_hand),
        requested.join(KeyOrder, KeyOrder.id == IssuanceRequest.order_id).where(
            IssuanceRequest.superseded_at.is_(None), in_hand
        ),
        presented.join(KeyOrder, KeyOrder.id == KeyEvidence.order_id).where(KeyOrder.road == Road.SUPPLIED, in_hand),
    ).cte("named")
