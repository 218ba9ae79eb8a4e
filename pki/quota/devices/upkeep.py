"""What one officer records of devices: taken back, erased, broken, lost, found, exchanged, destroyed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.quota.devices.chain import (
    Cause,
    add_links,
    devices_on_books,
    digest_of,
    position_of,
    refuse_length,
    refuse_unless_allowed,
)
from pki.quota.devices.errors import DevicesRefused
from pki.quota.devices.kinds import CustodyStep, DeviceState
from pki.quota.devices.positions import settled
from pki.quota.devices.serials import serial_key
from pki.quota.devices.stores import open_store
from pki.quota.devices.tables import Device
from pki.quota.tables import KeyOrder
from pki.records import Records, again_after_deadlock

RECORDED = frozenset(
    {
        CustodyStep.TAKE_BACK,
        CustodyStep.INITIALISE,
        CustodyStep.FAIL,
        CustodyStep.LOSE,
        CustodyStep.FIND,
        CustodyStep.TO_SUPPLIER,
        CustodyStep.FROM_SUPPLIER,
        CustodyStep.DESTROY,
    }
)
"""Steps that an officer records by themselves."""
COMES_IN = frozenset({CustodyStep.TAKE_BACK, CustodyStep.FIND, CustodyStep.FROM_SUPPLIER})
"""Of them, those after which a device may lie in another store than the one that it counted in."""


@again_after_deadlock
def record_step(
    records: Records,
    *,
    step: CustodyStep,
    store: str,
    serials: Sequence[str],
    reason: str,
    on: date,
    by: Actor,
    at: datetime,
    manufacturer: str | None = None,
    into: str | None = None,
) -> int:
    """Record what happened to devices of a store, all of them or none; return how many.

    :param reason: why, or the number of the paper that says so.
    :param into: the store where they are now; None: the one in whose figures they count. Only for `COMES_IN`.
    :raise DevicesNotThere: serials that are not on the store's books. `DevicesAmbiguous`, `SerialsRefused`.
    :raise DevicesRefused: the step may not be taken where they are; with its holder: while its key is not stopped.
    :raise StoreUnknown: `DayRefused`.
    :raise ValueError: a step that nobody records by itself.
    """
    if step not in RECORDED or (into is not None and step not in COMES_IN):
        raise ValueError(step)
    refuse_length(serials)
    with records.writing() as session:
        open_store(session, store)
        place = None if into is None else open_store(session, into)
        # Orders first, then devices, as in every act: what a key's state is may not change meanwhile.
        orders = _locked_orders(session, store, serials)
        devices = devices_on_books(session, store, serials, manufacturer=manufacturer)
        if moved := [each.serial for each in devices if each.order_id is not None and each.order_id not in orders]:
            raise DevicesRefused(step, dict.fromkeys(moved, DeviceState.WITH_HOLDER))
        cause = Cause(step=step, on=on, by=by, at=at, reason=reason)
        refuse_unless_allowed(session, devices, cause)
        facts = {"store": store, "into": place, "devices": len(devices), "sha256": digest_of(devices), "reason": reason}
        add_links(session, [(each, settled(position_of(each), step, store=place)) for each in devices], cause)
        record(session, kind=f"devices.{step.value}", subject=f"device-store:{store}", by=by, at=at, facts=facts)
        return len(devices)


def _locked_orders(session: Session, store: str, serials: Sequence[str]) -> set[object]:
    """Orders whose keys these devices hold, locked by id."""
    keys = {serial_key(serial) for serial in serials}
    held = select(Device.order_id).where(
        Device.store == store, Device.serial_key.in_(keys), Device.order_id.is_not(None)
    )
    return set(
        session.scalars(
            select(KeyOrder.id).where(KeyOrder.id.in_(held)).order_by(KeyOrder.id).with_for_update(key_share=True)
        )
    )
