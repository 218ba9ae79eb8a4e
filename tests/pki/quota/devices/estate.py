"""A storeroom: batches received, devices sent and received, looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from pki.journal.acts import Actor
from pki.quota.advancing import advance
from pki.quota.devices.batches import BatchReceived, DeliveryNote, receive_batch
from pki.quota.devices.handovers import Handover, receive_devices, send_devices
from pki.quota.devices.kinds import CustodyStep, DeviceState
from pki.quota.devices.reading import DeviceLine, Link, chain_of, devices_named, stock
from pki.quota.devices.serials import typed_serials
from pki.quota.devices.tables import Device
from pki.quota.devices.upkeep import record_step
from pki.quota.orders import request_key
from pki.quota.transitions import Step
from pki.records import OrderId, Records
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, SECOND, SYSTEM, T0, seated

DAY = date(2026, 11, 2)
REGION, CENTRE = "06", "MA"
NOTE = DeliveryNote(
    supplier="Barid", number="BL 17", manufacturer="Thales", model="IDPrime 940", announced=3, received_on=DAY
)
SERIALS = ("A001", "A002", "A003")


@dataclass
class Storeroom:
    """Acts on one set of records."""

    records: Records

    def receive(self, *serials: str, note: DeliveryNote = NOTE, at: datetime = T0, **changed: Any) -> BatchReceived:
        listed, _ = typed_serials(serials or SERIALS)
        return receive_batch(self.records, note=replace(note, **changed), serials=listed, by=OFFICER, at=at)

    def send(
        self, to: str, *serials: str, sender: str = CENTRE, on: date = DAY, by: Actor = OFFICER, **more: Any
    ) -> Handover:
        said = {"sender": sender, "receiver": to, "serials": serials or SERIALS, "on": on, "by": by, "at": T0}
        return send_devices(self.records, **(said | more))  # type: ignore[arg-type]

    def arrive(
        self,
        number: int,
        *,
        missing: Sequence[str] = (),
        refused: Sequence[str] = (),
        by: Actor = SECOND,
        on: date = DAY,
    ) -> Handover:
        return receive_devices(
            self.records,
            number=number,
            receipt="D 1",
            received_by="S. Amrani",
            on=on,
            missing=missing,
            refused=refused,
            by=by,
            at=T0,
        )

    def stocked(self, store: str = BERRECHID_PROVINCE, *serials: str) -> None:
        """Devices that lie in a store."""
        self.receive(*(serials or SERIALS))
        self.arrive(self.send(store, *(serials or SERIALS)).number)

    def step(self, step: CustodyStep, store: str, *serials: str, on: date = DAY, into: str | None = None) -> int:
        said: dict[str, Any] = {"serials": serials, "reason": "PV 3", "on": on, "by": OFFICER, "at": T0}
        return record_step(self.records, step=step, store=store, into=into, **said)

    def order(self, serial: str | None = None, *, body: str = BERRECHID) -> OrderId:
        """An order for a new person's key."""
        holder, office = seated(self.records, body)
        ordered = request_key(
            self.records,
            holder=holder,
            office=office,
            payer_body_code=body,
            device_serial=serial,
            by=OFFICER,
            at=T0,
        )
        return ordered.id

    def walk(self, order: OrderId, *steps: Step) -> None:
        """Steps of an order; its certificates are tested elsewhere."""
        with self.records.writing() as session:
            for step in steps:
                advance(session, order, step, by=SYSTEM, at=T0)

    def delivered(self, serial: str | None = None, *, body: str = BERRECHID) -> OrderId:
        order = self.order(serial, body=body)
        self.walk(order, Step.APPROVE, Step.BUY, Step.ISSUE, Step.CONFIRM)
        return order

    def look(self, serial: str) -> DeviceLine:
        with self.records.reading() as session:
            (found,) = devices_named(session, serial)
        return found

    def stands(self, serial: str) -> tuple[DeviceState, str]:
        found = self.look(serial)
        return found.state, found.store

    def chain(self, serial: str) -> list[Link]:
        with self.records.reading() as session:
            return chain_of(session, self.look(serial).id)

    def steps(self, serial: str) -> list[CustodyStep]:
        return [each.step for each in self.chain(serial)]

    def counted(self) -> dict[str, Counter[DeviceState]]:
        """Devices by store and state, without zeros."""
        with self.records.reading() as session:
            return {each.store: Counter({s: n for s, n in each.states.items() if n}) for each in stock(session)}

    def in_all(self) -> int:
        with self.records.reading() as session:
            return session.scalar(select(func.count()).select_from(Device)) or 0
