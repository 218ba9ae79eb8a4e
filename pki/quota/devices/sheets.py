"""What the paper of a hand-over tells, as values; laid out by signer."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from pki.quota.devices.handovers import Handover, handover
from pki.quota.devices.kinds import CustodyStep, StoreKind
from pki.quota.devices.tables import Device, DeviceCustody, DeviceStore
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body, Region

_OUTCOMES = (CustodyStep.ARRIVE, CustodyStep.MISS, CustodyStep.REFUSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreName:
    """A store as it is called."""

    code: str
    kind: StoreKind
    body_kind: BodyKind | None
    name_ar: str
    """Empty: the centre's."""
    name_fr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetDevice:
    """A device of the hand-over and what became of it."""

    manufacturer: str
    model: str
    serial: str
    outcome: CustodyStep | None
    """Arrived, missing or refused; None: under way, or in its holder's hands before the receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverSheet:
    """One hand-over."""

    handover: Handover
    sender: StoreName
    receiver: StoreName
    devices: tuple[SheetDevice, ...]
    """By manufacturer, model and serial."""


def handover_sheet(session: Session, number: int) -> HandoverSheet:
    """The paper of a hand-over, before its receipt or after.

    :raise HandoverUnknown: no such hand-over.
    """
    found, closing = handover(session, number), aliased(DeviceCustody)
    rows = session.execute(
        select(Device.manufacturer, Device.model, Device.serial, closing.step)
        .join(DeviceCustody, DeviceCustody.device_id == Device.id)
        .outerjoin(
            closing,
            (closing.device_id == Device.id) & (closing.handover == number) & closing.step.in_(_OUTCOMES),
        )
        .where(DeviceCustody.handover == number, DeviceCustody.step == CustodyStep.SEND)
        .order_by(Device.manufacturer, Device.model, Device.serial_key)
    )
    return HandoverSheet(
        handover=found,
        sender=store_name(session, found.sender),
        receiver=store_name(session, found.receiver),
        devices=tuple(
            SheetDevice(manufacturer=row.manufacturer, model=row.model, serial=row.serial, outcome=row.step)
            for row in rows
        ),
    )


def store_name(session: Session, code: str) -> StoreName:
    """How a store on record is called."""
    row = session.execute(
        select(
            DeviceStore.kind,
            Body.kind.label("body_kind"),
            func.coalesce(Body.name_ar, Region.name_ar, "").label("name_ar"),
            func.coalesce(Body.name_fr, Region.name_fr, "").label("name_fr"),
        )
        .outerjoin(Body, Body.id == DeviceStore.body_id)
        .outerjoin(Region, Region.code == DeviceStore.region_code)
        .where(DeviceStore.code == code)
    ).one()
    return StoreName(code=code, kind=row.kind, body_kind=row.body_kind, name_ar=row.name_ar, name_fr=row.name_fr)
