"""The inventory as CSV rows: stock by store, the devices, the chain of one."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from pki.journal.canonical import instant_text
from pki.quota.devices.kinds import DeviceState
from pki.quota.devices.reading import chain_of, devices, devices_named, stock
from pki.quota.exports import not_a_formula
from pki.registration.extent import EVERYWHERE, Extent

STOCK = ("store", "region", "province", *(state.value for state in DeviceState), "total")
DEVICES: tuple[str, ...] = ("manufacturer", "model", "serial", "note", "store", "state", "since", "handover", "order")
CHAIN: tuple[str, ...] = ("manufacturer", "serial", "number", "step", "custody", "condition", "store", "handover")
CHAIN += ("holder", "order", "reason", "in_effect", "recorded", "recorded_by")
_AT_ONCE = 2000


def stock_rows(session: Session, *, within: Extent = EVERYWHERE) -> Iterator[tuple[object, ...]]:
    """Devices of each store, in the columns of `STOCK`."""
    for each in stock(session, within=within):
        counts = [each.states[state] for state in DeviceState]
        yield (each.store, each.region_code or "", each.province_code or "", *counts, each.total)


def device_rows(session: Session, *, within: Extent = EVERYWHERE) -> Iterator[tuple[object, ...]]:
    """Every device that counts inside the extent, in the columns of `DEVICES`; not held in memory as a whole."""
    after = None
    while page := devices(session, within=within, after=after, limit=_AT_ONCE):
        for each in page:
            yield (
                not_a_formula(each.manufacturer), not_a_formula(each.model), each.serial, not_a_formula(each.note),
                each.store, each.state.value, each.since.isoformat(), each.handover or "", each.order or "",
            )  # fmt: skip
        after = page[-1].id


def chain_rows(session: Session, serial: str, *, within: Extent = EVERYWHERE) -> Iterator[tuple[object, ...]]:
    """What happened to the devices of a serial, in the columns of `CHAIN`.

    :raise DeviceUnknown: none inside the extent.
    """
    for device in devices_named(session, serial, within=within):
        for each in chain_of(session, device.id):
            yield (
                not_a_formula(device.manufacturer), device.serial, each.number, each.step.value, each.custody.value,
                each.condition.value, each.store, each.handover or "", each.holder or "", each.order or "",
                not_a_formula(each.reason), each.in_effect.isoformat(), instant_text(each.recorded), each.recorded_by,
            )  # fmt: skip
