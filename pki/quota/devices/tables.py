"""Stores, batches, devices, hand-overs, and the chain of who had which device."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pki.journal.append_only import append_only
from pki.journal.tables import Big
from pki.quota.devices.kinds import Condition, Custody, CustodyStep, StoreKind
from pki.records import Base, Instant, enumeration


class DeviceStore(Base):
    """Who keeps devices: the centre, a region, a body. Recorded when devices first come its way."""

    __tablename__ = "device_store"
    __table_args__ = (
        CheckConstraint("(kind = 'region') = (region_code IS NOT NULL)", name="region"),
        CheckConstraint("(kind = 'body') = (body_id IS NOT NULL)", name="body"),
    )

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    """MA, a region's code or a body's."""
    kind: Mapped[StoreKind] = mapped_column(enumeration(StoreKind, "store_kind"))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"), unique=True)
    body_id: Mapped[UUID | None] = mapped_column(ForeignKey("body.id"), unique=True)


append_only(DeviceStore.__table__, frozen=("code", "kind", "region_code", "body_id"))


class DeviceBatch(Base):
    """What came with one delivery note of a supplier."""

    __tablename__ = "device_batch"
    __table_args__ = (UniqueConstraint("supplier", "note"), CheckConstraint("announced >= 1", name="announced"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    supplier: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(String(100))
    agreement_id: Mapped[UUID | None] = mapped_column(ForeignKey("agreement.id"))
    manufacturer: Mapped[str] = mapped_column(String(100))
    model: Mapped[str] = mapped_column(String(100))
    announced: Mapped[int]
    """How many devices the note says."""
    received_on: Mapped[date]
    store: Mapped[str] = mapped_column(ForeignKey("device_store.code"))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))


append_only(DeviceBatch.__table__, frozen=tuple(DeviceBatch.__table__.columns.keys()))


class DeviceHandover(Base):
    """Devices sent by one store to another in one act, and the receipt for them."""

    __tablename__ = "device_handover"
    __table_args__ = (
        CheckConstraint("sender <> receiver", name="two_stores"),
        CheckConstraint("devices >= 1", name="devices"),
        CheckConstraint(
            "(closed_at IS NULL) = (receipt IS NULL) AND (closed_at IS NULL) = (closed_by IS NULL)"
            " AND (closed_at IS NULL) = (received_by IS NULL) AND (closed_at IS NULL) = (received_on IS NULL)"
            " AND (closed_at IS NULL) = (arrived IS NULL) AND (closed_at IS NULL) = (missing IS NULL)"
            " AND (closed_at IS NULL) = (refused IS NULL)",
            name="receipt",
        ),
        CheckConstraint("arrived >= 0 AND missing >= 0 AND refused >= 0", name="not_negative"),
        CheckConstraint("arrived + missing + refused = devices", name="each_once"),
        CheckConstraint("received_on >= sent_on", name="received_on"),
        CheckConstraint("closed_by <> sent_by", name="two_officers"),
    )

    number: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    """Printed on its receipt."""
    sender: Mapped[str] = mapped_column(ForeignKey("device_store.code"), index=True)
    receiver: Mapped[str] = mapped_column(ForeignKey("device_store.code"), index=True)
    devices: Mapped[int]
    remark: Mapped[str] = mapped_column(String(300))
    sent_on: Mapped[date]
    sent_at: Mapped[datetime] = mapped_column(Instant)
    sent_by: Mapped[str] = mapped_column(String(100))
    receipt: Mapped[str | None] = mapped_column(String(100))
    """Number of the signed paper."""
    received_by: Mapped[str | None] = mapped_column(String(200))
    """Who signed it, by name."""
    received_on: Mapped[date | None]
    arrived: Mapped[int | None]
    missing: Mapped[int | None]
    refused: Mapped[int | None]
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(String(100))


append_only(
    DeviceHandover.__table__,
    frozen=("number", "sender", "receiver", "devices", "remark", "sent_on", "sent_at", "sent_by"),
    once=("receipt", "received_by", "received_on", "arrived", "missing", "refused", "closed_at", "closed_by"),
)


class Device(Base):
    """One device. Where it stands is what the last row of its chain says."""

    __tablename__ = "device"
    __table_args__ = (
        UniqueConstraint("manufacturer_key", "serial_key"),
        CheckConstraint("(custody = 'holder') = (holder_id IS NOT NULL)", name="holder"),
        CheckConstraint("custody <> 'holder' OR (order_id IS NOT NULL AND condition = 'sound')", name="held"),
        CheckConstraint("order_id IS NULL OR custody IN ('holder', 'lost')", name="key"),
        CheckConstraint(
            "promised_id IS NULL OR (custody IN ('store', 'transit', 'holder') AND condition = 'sound')",
            name="promised",
        ),
        CheckConstraint("(custody = 'transit') = (handover IS NOT NULL)", name="handover"),
        CheckConstraint("number >= 1", name="number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("device_batch.id"), index=True)
    manufacturer: Mapped[str] = mapped_column(String(100))
    manufacturer_key: Mapped[str] = mapped_column(String(200))
    """Its name as it is compared: capitals, single spaces."""
    model: Mapped[str] = mapped_column(String(100))
    serial: Mapped[str] = mapped_column(String(100))
    """As its supplier spells it."""
    serial_key: Mapped[str] = mapped_column(String(100), index=True)
    """In capitals: hexadecimal is spelled both ways."""
    custody: Mapped[Custody] = mapped_column(enumeration(Custody, "custody"))
    condition: Mapped[Condition] = mapped_column(enumeration(Condition, "condition"))
    store: Mapped[str] = mapped_column(ForeignKey("device_store.code"), index=True)
    """In whose figures it counts."""
    holder_id: Mapped[UUID | None] = mapped_column(ForeignKey("holder.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("key_order.id"), unique=True)
    promised_id: Mapped[UUID | None] = mapped_column(ForeignKey("key_order.id"), unique=True)
    handover: Mapped[int | None] = mapped_column(Big, ForeignKey("device_handover.number"), index=True)
    number: Mapped[int]
    """How many rows its chain has."""
    since: Mapped[date]
    """Civil day from which it stands there."""


append_only(
    Device.__table__,
    frozen=("id", "batch_id", "manufacturer", "manufacturer_key", "model", "serial", "serial_key"),
)


class DeviceCustody(Base):
    """One link of a device's chain: what happened, and where it stands since."""

    __tablename__ = "device_custody"
    # THREAT: two officers send the same device to two places, and both places count it.
    # DEFENCE: each link has the next number of its device's chain, once; the later act rolls back whole.
    # TEST: tests/pki/quota/devices/test_handovers.py::test_two_officers_send_the_same_device
    __table_args__ = (UniqueConstraint("device_id", "number"), CheckConstraint("number >= 1", name="number"))

    id: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    device_id: Mapped[UUID] = mapped_column(ForeignKey("device.id"))
    number: Mapped[int]
    step: Mapped[CustodyStep] = mapped_column(enumeration(CustodyStep, "custody_step"))
    custody: Mapped[Custody] = mapped_column(enumeration(Custody, "custody"))
    condition: Mapped[Condition] = mapped_column(enumeration(Condition, "condition"))
    store: Mapped[str] = mapped_column(ForeignKey("device_store.code"))
    holder_id: Mapped[UUID | None] = mapped_column(ForeignKey("holder.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("key_order.id"))
    promised_id: Mapped[UUID | None] = mapped_column(ForeignKey("key_order.id"))
    handover: Mapped[int | None] = mapped_column(Big, ForeignKey("device_handover.number"), index=True)
    """Of which it is the sending or the receipt."""
    reason: Mapped[str] = mapped_column(String(300))
    in_effect: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))


append_only(DeviceCustody.__table__, frozen=tuple(DeviceCustody.__table__.columns.keys()))
