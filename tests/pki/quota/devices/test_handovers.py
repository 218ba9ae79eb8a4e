"""Hand-overs: sent by one, received by another; what is missing is lost, what is refused goes back."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from pki.quota.devices.errors import (
    DayRefused,
    DevicesAmbiguous,
    DevicesNotThere,
    DevicesRefused,
    HandoverClosed,
    HandoverToItself,
    HandoverUnknown,
    OwnHandover,
    SerialsRefused,
    StoreUnknown,
)
from pki.quota.devices.handovers import handovers
from pki.quota.devices.kinds import CustodyStep, DeviceState
from pki.quota.devices.tables import DeviceCustody, DeviceHandover
from pki.registration.extent import Extent
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, SECOND
from tests.pki.quota.crowd import at_once
from tests.pki.quota.devices.estate import CENTRE, DAY, REGION, Storeroom

TRANSIT = {DeviceState.IN_TRANSIT: 3}


def test_sent_and_received(room: Storeroom) -> None:
    room.receive()
    sent = room.send(REGION, remark="parcel 4")
    assert room.counted() == {REGION: TRANSIT}
    done = room.arrive(sent.number)
    assert done.receipt is not None
    assert (done.receipt.arrived, done.receipt.missing, done.receipt.received_by) == (3, 0, "S. Amrani")
    assert room.counted() == {REGION: {DeviceState.IN_STOCK: 3}}
    assert [(each.step, each.store, each.handover) for each in room.chain("A001")] == [
        (CustodyStep.RECEIVE, CENTRE, None),
        (CustodyStep.SEND, REGION, sent.number),
        (CustodyStep.ARRIVE, REGION, sent.number),
    ]


def test_missing_is_lost_and_refused_goes_back(either_room: Storeroom) -> None:
    either_room.receive()
    done = either_room.arrive(either_room.send(REGION).number, missing=["A001"], refused=["a003"])
    assert done.receipt is not None
    assert (done.receipt.arrived, done.receipt.missing, done.receipt.refused) == (1, 1, 1)
    assert either_room.stands("A001") == (DeviceState.LOST, CENTRE)
    assert either_room.stands("A002") == (DeviceState.IN_STOCK, REGION)
    assert either_room.stands("A003") == (DeviceState.IN_STOCK, CENTRE)
    either_room.step(CustodyStep.FIND, CENTRE, "A001", into=BERRECHID_PROVINCE)
    assert either_room.stands("A001") == (DeviceState.RETURNED, BERRECHID_PROVINCE)


def test_two_officers_send_the_same_device(either_room: Storeroom) -> None:
    either_room.receive()
    ways = [REGION, BERRECHID_PROVINCE, BERRECHID, "02.411"] * 2
    outcomes = at_once([lambda to=to: either_room.send(to, "A003", "A001") for to in ways])  # type: ignore[misc]
    assert outcomes["done"] == 1
    assert outcomes == {"done": 1, "DevicesNotThere": 7}
    assert either_room.steps("A001") == either_room.steps("A003") == [CustodyStep.RECEIVE, CustodyStep.SEND]


def test_received_once(either_room: Storeroom) -> None:
    either_room.receive()
    number = either_room.send(REGION).number
    outcomes = at_once([lambda: either_room.arrive(number) for _ in range(6)])
    assert outcomes == {"done": 1, "HandoverClosed": 5}
    assert len(either_room.chain("A002")) == 3


def test_nobody_receives_what_he_sent(either_room: Storeroom) -> None:
    either_room.receive()
    sent = either_room.send(REGION, by=OFFICER)
    with pytest.raises(OwnHandover):
        either_room.arrive(sent.number, by=OFFICER)
    said = {"receipt": "r", "received_by": "x", "received_on": DAY, "closed_at": sent.sent_at}
    said |= {"arrived": 3, "missing": 0, "refused": 0, "closed_by": str(OFFICER)}
    with pytest.raises(DBAPIError, match="two_officers"), either_room.records.writing() as session:
        session.execute(update(DeviceHandover).values(**said))
    either_room.arrive(sent.number, by=SECOND)


def test_all_or_nothing(room: Storeroom) -> None:
    room.receive()
    room.send(REGION, "A001")
    with pytest.raises(DevicesNotThere) as refusal:
        room.send(BERRECHID, "A002", "A001")
    assert refusal.value.serials == ("A001",)
    with pytest.raises(DevicesRefused):
        room.send(BERRECHID, "A001", sender=REGION)
    assert room.stands("A002") == (DeviceState.IN_STOCK, CENTRE)


def test_what_cannot_be_handed_over(room: Storeroom) -> None:
    room.receive()
    with pytest.raises(HandoverToItself):
        room.send(CENTRE)
    with pytest.raises(StoreUnknown):
        room.send("nowhere")
    with pytest.raises(SerialsRefused):
        room.send(REGION, serials=[])
    with pytest.raises(DayRefused):
        room.send(REGION, on=DAY + timedelta(days=1))
    with pytest.raises(DayRefused):
        room.send(REGION, on=DAY - timedelta(days=1))
    room.receive("A001", number="BL 20", manufacturer="Feitian")
    with pytest.raises(DevicesAmbiguous):
        room.send(REGION, "A001")
    assert room.send(REGION, "A001", manufacturer="FEITIAN").devices == 1


def test_what_cannot_be_received(room: Storeroom) -> None:
    room.receive()
    number = room.send(REGION, "A001").number
    with pytest.raises(HandoverUnknown):
        room.arrive(number + 1)
    with pytest.raises(DevicesNotThere):
        room.arrive(number, missing=["A002"])
    with pytest.raises(DevicesNotThere):
        room.arrive(number, missing=["A001"], refused=["A001"])
    with pytest.raises(DayRefused):
        room.arrive(number, on=DAY - timedelta(days=1))
    room.arrive(number)
    with pytest.raises(HandoverClosed):
        room.arrive(number)


def test_the_chain_stays_as_written(either_room: Storeroom) -> None:
    either_room.receive()
    with pytest.raises(DBAPIError, match="append-only"), either_room.records.writing() as session:
        session.execute(update(DeviceCustody).values(store=CENTRE, reason="x"))


def test_listed_for_both_sides(room: Storeroom) -> None:
    room.receive()
    first = room.send(REGION, "A001").number
    second = room.send(BERRECHID, "A002").number
    third = room.send("02.411", "A003").number
    room.arrive(first)
    with room.records.reading() as session:
        seen = {
            extent.code: [each.number for each in handovers(session, within=extent)]
            for extent in (Extent(), Extent(region_code="06"), Extent(body_code=BERRECHID))
        }
        waiting = [each.number for each in handovers(session, under_way=True, before=third)]
    assert seen == {None: [third, second, first], "06": [second, first], BERRECHID: [second]}
    assert waiting == [second]
