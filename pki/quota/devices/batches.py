"""Batches received from a supplier: good serials are kept, each other one is named with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy import Table, func, insert, select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.quota.devices.chain import Cause, link
from pki.quota.devices.errors import BatchDiffers, DayRefused
from pki.quota.devices.following import tie_delivered
from pki.quota.devices.kinds import Condition, Custody, CustodyStep
from pki.quota.devices.serials import ListedSerial, manufacturer_key, serial_key
from pki.quota.devices.stores import CENTRE, open_store
from pki.quota.devices.tables import Device, DeviceBatch, DeviceCustody
from pki.quota.errors import AgreementUnknown
from pki.quota.tables import Agreement
from pki.records import Records, again_after_deadlock, civil_day
from pki.registration.imported import RefusedLine


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryNote:
    """What a supplier's note says."""

    supplier: str
    number: str
    manufacturer: str
    model: str
    announced: int
    """How many devices; 1 or more."""
    received_on: date
    agreement: UUID | None = None
    store: str = CENTRE
    """Where they were received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReceived:
    """What became of the list, and how the note agrees with it."""

    id: UUID
    new: int
    known: int
    """Recorded with this note before."""
    recorded: int
    """With this note in all."""
    announced: int
    tied: int
    """Of the new ones: already in the hands of a holder whose order names them."""
    refused: tuple[RefusedLine, ...]

    @property
    def difference(self) -> int:
        """Recorded less announced: 0 when the note agrees with the list."""
        return self.recorded - self.announced


@again_after_deadlock
def receive_batch(
    records: Records, *, note: DeliveryNote, serials: Sequence[ListedSerial], by: Actor, at: datetime
) -> BatchReceived:
    """Take the devices of a note into stock. The same list again adds nothing; a longer one adds the rest.

    :raise BatchDiffers: the note is on record with another head.
    :raise DayRefused: it was received on a day that is still to come.
    :raise StoreUnknown: `AgreementUnknown`.
    """
    if note.received_on > civil_day(at):
        raise DayRefused(note.received_on, "that day is still to come")
    with records.writing() as session:
        batch = _batch(session, note, by=by, at=at)
        added, refused, known = _added(session, batch, note, serials, by=by, at=at)
        tied = tie_delivered(session, [each["id"] for each in added], by=by, at=at)
        recorded = session.scalar(select(func.count()).select_from(Device).where(Device.batch_id == batch)) or 0
        facts = {"note": note.number, "new": len(added), "recorded": recorded, "announced": note.announced}
        record(session, kind="devices.received", subject=f"device-batch:{batch}", by=by, at=at, facts=facts)
    return BatchReceived(
        id=batch,
        new=len(added),
        known=known,
        recorded=recorded,
        announced=note.announced,
        tied=tied,
        refused=tuple(refused),
    )


def _batch(session: Session, note: DeliveryNote, *, by: Actor, at: datetime) -> UUID:
    """The note's row, locked: two lists of one note take turns."""
    if note.agreement is not None and session.get(Agreement, note.agreement) is None:
        raise AgreementUnknown(note.agreement)
    head: dict[str, object] = {
        "manufacturer": " ".join(note.manufacturer.split()),
        "model": " ".join(note.model.split()),
        "announced": note.announced,
        "received_on": note.received_on,
        "agreement_id": note.agreement,
        "store": open_store(session, note.store),
    }
    named = {"supplier": note.supplier, "note": note.number}
    written = {"id": uuid4(), "recorded_at": at, "recorded_by": str(by)}
    session.execute(insert_into(session, DeviceBatch).values(head | named | written).on_conflict_do_nothing())
    batch = session.scalars(
        select(DeviceBatch)
        .where(DeviceBatch.supplier == note.supplier, DeviceBatch.note == note.number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if differs := [name.removesuffix("_id") for name, said in head.items() if getattr(batch, name) != said]:
        raise BatchDiffers(note.supplier, note.number, differs)
    return batch.id


def _added(
    session: Session,
    batch: UUID,
    note: DeliveryNote,
    serials: Sequence[ListedSerial],
    *,
    by: Actor,
    at: datetime,
) -> tuple[list[dict[str, object]], list[RefusedLine], int]:
    """Rows of the new devices, lines refused, and how many the batch had."""
    by_key = {serial_key(each.serial): each for each in serials}
    cause = Cause(step=CustodyStep.RECEIVE, on=note.received_on, by=by, at=at, reason=note.number)
    placed: dict[str, object] = {"custody": Custody.STORE, "condition": Condition.SOUND, "store": note.store}
    placed |= {"holder_id": None, "order_id": None, "promised_id": None}
    maker = manufacturer_key(note.manufacturer)
    made: dict[str, object] = {"batch_id": batch, "manufacturer_key": maker, "number": 1, "since": note.received_on}
    made |= {"manufacturer": " ".join(note.manufacturer.split()), "model": " ".join(note.model.split())}
    rows = [
        placed | made | {"id": uuid4(), "serial": each.serial, "serial_key": key}
        for key, each in sorted(by_key.items())
    ]
    # THREAT: the same device comes in twice, on two notes or in two lists at once, and counts twice.
    # DEFENCE: a maker's serial is in the inventory once, by constraint; the second is named, and adds nothing.
    # TEST: tests/pki/quota/devices/test_batches.py::test_a_serial_is_one_device
    inserted: set[object] = set()
    if rows:
        added = insert_into(session, Device).on_conflict_do_nothing().returning(Device.id)
        inserted = set(session.execute(added, rows).scalars())
    new = [row for row in rows if row["id"] in inserted]
    if new:
        links = [link(placed, row["id"], 1, cause, on=note.received_on) for row in new]
        session.connection().execute(insert(cast("Table", DeviceCustody.__table__)), links)
    others = select(Device.serial_key, Device.batch_id).where(
        Device.manufacturer_key == maker, Device.serial_key.in_([row["serial_key"] for row in rows])
    )
    there: dict[str, UUID] = dict(session.execute(others).all())
    refused = [
        RefusedLine(number=each.line, value=each.serial, reason="it is in the inventory, with another note")
        for key, each in by_key.items()
        if there[key] != batch
    ]
    return new, refused, len(rows) - len(new) - len(refused)
