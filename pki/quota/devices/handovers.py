"""Hand-overs: many devices sent by one store in one act, and received by another, one receipt for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.quota.devices.chain import (
    Cause,
    add_links,
    devices_on_books,
    digest_of,
    locked_devices,
    position_of,
    refuse_unless_allowed,
)
from pki.quota.devices.errors import (
    DayRefused,
    DevicesAmbiguous,
    DevicesNotThere,
    HandoverClosed,
    HandoverToItself,
    HandoverUnknown,
    OwnHandover,
)
from pki.quota.devices.kinds import CustodyStep
from pki.quota.devices.positions import closed, sent
from pki.quota.devices.serials import serial_key
from pki.quota.devices.stores import kept_within, open_store
from pki.quota.devices.tables import Device, DeviceHandover
from pki.records import Records, again_after_deadlock, civil_day
from pki.registration.extent import EVERYWHERE, Extent


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What came of a hand-over: the signed paper's number, who signed it, on which day."""

    receipt: str
    received_by: str
    received_on: date
    arrived: int
    missing: int
    refused: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A hand-over as recorded."""

    number: int
    sender: str
    receiver: str
    devices: int
    remark: str
    sent_on: date
    sent_at: datetime
    receipt: Receipt | None
    """None: under way."""


@again_after_deadlock
def send_devices(
    records: Records,
    *,
    sender: str,
    receiver: str,
    serials: Sequence[str],
    on: date,
    by: Actor,
    at: datetime,
    manufacturer: str | None = None,
    remark: str = "",
) -> Handover:
    """Send devices of one store to another: all of them or none. Until the receipt they are in neither's stock.

    :raise DevicesNotThere: serials that are not on the sender's books. `DevicesAmbiguous`, `SerialsRefused`.
    :raise DevicesRefused: under way already, with a holder, lost, gone.
    :raise HandoverToItself: `StoreUnknown`, `DayRefused`.
    """
    if sender == receiver:
        raise HandoverToItself(sender)
    with records.writing() as session:
        open_store(session, sender)
        open_store(session, receiver)
        devices = devices_on_books(session, sender, serials, manufacturer=manufacturer)
        cause = Cause(step=CustodyStep.SEND, on=on, by=by, at=at, reason=remark)
        refuse_unless_allowed(session, devices, cause)
        values = {"sender": sender, "receiver": receiver, "devices": len(devices), "remark": remark}
        values |= {"sent_on": on, "sent_at": at, "sent_by": str(by)}
        number = session.execute(insert(DeviceHandover).values(**values).returning(DeviceHandover.number)).scalar_one()
        cause = Cause(step=CustodyStep.SEND, on=on, by=by, at=at, reason=remark, handover=number)
        facts = {"sender": sender, "receiver": receiver, "devices": len(devices), "sha256": digest_of(devices)}
        moves = [(each, sent(position_of(each), to=receiver, handover=number)) for each in devices]
        add_links(session, moves, cause)
        record(session, kind="devices.sent", subject=f"device-handover:{number}", by=by, at=at, facts=facts)
        return handover(session, number)


@again_after_deadlock
def receive_devices(
    records: Records,
    *,
    number: int,
    receipt: str,
    received_by: str,
    on: date,
    by: Actor,
    at: datetime,
    missing: Sequence[str] = (),
    refused: Sequence[str] = (),
) -> Handover:
    """Record the receipt of a hand-over: what is not named arrived; missing devices are lost, refused ones go back.

    A device that reached its holder meanwhile arrived.

    :param receipt: number of the signed paper. `received_by`: who signed it, by name.
    :raise HandoverUnknown: `HandoverClosed`: its receipt is on record.
    :raise OwnHandover: the officer who recorded the sending.
    :raise DevicesNotThere: a missing or refused device is not on the way with it, or is named as both.
    :raise DayRefused: before it was sent, or still to come.
    """
    with records.writing() as session:
        found = _locked(session, number, by=by)
        if on < found.sent_on:
            raise DayRefused(on, f"it was sent on {found.sent_on}")
        if on > civil_day(at):
            raise DayRefused(on, "that day is still to come")
        named = _named(found, missing, refused)
        devices = locked_devices(session, Device.handover == number)
        _refuse_absent(found, named, devices)
        counts = {"missing": 0, "refused": 0}
        facts: dict[str, object] = {"receipt": receipt, "sha256": digest_of(devices)}
        for step in (CustodyStep.ARRIVE, CustodyStep.MISS, CustodyStep.REFUSE):
            part = [each for each in devices if named.get(each.serial_key, CustodyStep.ARRIVE) is step]
            if step is not CustodyStep.ARRIVE:
                counts["missing" if step is CustodyStep.MISS else "refused"] = len(part)
            cause = Cause(step=step, on=on, by=by, at=at, reason=receipt, handover=number)
            add_links(session, [(each, closed(position_of(each), step, sender=found.sender)) for each in part], cause)
        counts["arrived"] = found.devices - sum(counts.values())
        _close(session, found, receipt=receipt, received_by=received_by, on=on, counts=counts, by=by, at=at)
        facts |= counts
        record(session, kind="devices.handed-over", subject=f"device-handover:{number}", by=by, at=at, facts=facts)
        return handover(session, number)


def handover(session: Session, number: int) -> Handover:
    """The hand-over of that number.

    :raise HandoverUnknown: no such hand-over.
    """
    row = session.get(DeviceHandover, number, populate_existing=True)
    if row is None:
        raise HandoverUnknown(number)
    return _handover(row)


def handovers(
    session: Session,
    *,
    within: Extent = EVERYWHERE,
    under_way: bool = False,
    before: int | None = None,
    limit: int = 200,
) -> list[Handover]:
    """Hand-overs with a side inside the extent, the newest first; at most `limit` of those below `before`.

    :param under_way: only those whose receipt is awaited.
    """
    asked = (
        select(DeviceHandover)
        .where(or_(kept_within(DeviceHandover.sender, within), kept_within(DeviceHandover.receiver, within)))
        .order_by(DeviceHandover.number.desc())
        .limit(limit)
    )
    if under_way:
        asked = asked.where(DeviceHandover.closed_at.is_(None))
    if before is not None:
        asked = asked.where(DeviceHandover.number < before)
    return [_handover(row) for row in session.scalars(asked)]


def _locked(session: Session, number: int, *, by: Actor) -> DeviceHandover:
    found = session.scalars(
        select(DeviceHandover)
        .where(DeviceHandover.number == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise HandoverUnknown(number)
    if found.closed_at is not None:
        raise HandoverClosed(number)
    # THREAT: one officer sends devices away, says himself that they arrived, and keeps them.
    # DEFENCE: the receipt is another officer's, by constraint.
    # TEST: tests/pki/quota/devices/test_handovers.py::test_nobody_receives_what_he_sent
    if found.sent_by == str(by):
        raise OwnHandover(number)
    return found


def _named(found: DeviceHandover, missing: Sequence[str], refused: Sequence[str]) -> dict[str, CustodyStep]:
    named = {serial_key(serial): CustodyStep.MISS for serial in missing}
    if both := [serial for serial in refused if serial_key(serial) in named]:
        raise DevicesNotThere(found.receiver, both)
    return named | {serial_key(serial): CustodyStep.REFUSE for serial in refused}


def _refuse_absent(found: DeviceHandover, named: dict[str, CustodyStep], devices: Sequence[Device]) -> None:
    there = [each.serial_key for each in devices]
    if absent := sorted(named.keys() - set(there)):
        raise DevicesNotThere(found.receiver, absent)
    if several := sorted(key for key in named if there.count(key) > 1):
        raise DevicesAmbiguous(several)


def _close(
    session: Session,
    found: DeviceHandover,
    *,
    receipt: str,
    received_by: str,
    on: date,
    counts: dict[str, int],
    by: Actor,
    at: datetime,
) -> None:
    said = {"receipt": receipt, "received_by": received_by, "received_on": on, "closed_at": at, "closed_by": str(by)}
    session.execute(
        update(DeviceHandover)
        .where(DeviceHandover.number == found.number, DeviceHandover.closed_at.is_(None))
        .values(**said, **counts)
        .execution_options(synchronize_session=False)
    )


def _handover(row: DeviceHandover) -> Handover:
    receipt = None
    if row.closed_at is not None:
        assert row.receipt is not None
        assert row.received_by is not None
        assert row.received_on is not None
        receipt = Receipt(
            receipt=row.receipt,
            received_by=row.received_by,
            received_on=row.received_on,
            arrived=row.arrived or 0,
            missing=row.missing or 0,
            refused=row.refused or 0,
            recorded_at=row.closed_at,
        )
    return Handover(
        number=row.number,
        sender=row.sender,
        receiver=row.receiver,
        devices=row.devices,
        remark=row.remark,
        sent_on=row.sent_on,
        sent_at=row.sent_at,
        receipt=receipt,
    )
