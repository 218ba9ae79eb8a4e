"""Batches: what the note says against what the list holds; a serial is one device, whoever types it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pki.quota.devices.errors import BatchDiffers, DayRefused, StoreUnknown
from pki.quota.devices.kinds import CustodyStep, DeviceState
from pki.quota.devices.unlisted import unlisted_devices
from tests.pki.quota.crowd import at_once
from tests.pki.quota.devices.estate import DAY, NOTE, SERIALS, Storeroom


def test_received_into_stock(room: Storeroom) -> None:
    done = room.receive()
    assert (done.new, done.known, done.recorded, done.difference, done.refused) == (3, 0, 3, 0, ())
    assert room.stands("a001") == (DeviceState.IN_STOCK, "MA")
    (link,) = room.chain("A001")
    assert (link.step, link.in_effect, link.reason) == (CustodyStep.RECEIVE, DAY, "BL 17")


def test_the_same_list_again_adds_nothing(room: Storeroom) -> None:
    first = room.receive()
    again = room.receive(*reversed(SERIALS))
    assert (again.id, again.new, again.known, again.recorded) == (first.id, 0, 3, 3)
    assert [len(room.chain(serial)) for serial in SERIALS] == [1, 1, 1]


def test_the_difference_is_named_until_the_rest_comes(room: Storeroom) -> None:
    assert room.receive("A001").difference == -2
    assert room.receive("A001", "A002", "A003", "A004").difference == 1


def test_a_serial_is_one_device(either_room: Storeroom) -> None:
    either_room.receive()
    other = either_room.receive("a002", "B001", number="BL 18")
    assert [(each.number, each.value) for each in other.refused] == [(1, "a002")]
    assert (other.new, either_room.in_all()) == (1, 4)
    assert either_room.receive("A002", number="BL 19", manufacturer="thales ").new == 0
    assert either_room.receive("A002", number="BL 20", manufacturer="Feitian").new == 1


def test_two_lists_at_once(either_room: Storeroom) -> None:
    works = [lambda number=number: either_room.receive(number=f"BL {number}") for number in range(8)]
    assert at_once(works) == {"done": 8}  # type: ignore[arg-type]
    assert either_room.in_all() == 3


@pytest.mark.parametrize(
    "changed",
    [{"announced": 4}, {"model": "IDPrime 930"}, {"received_on": date(2026, 11, 1)}, {"store": "06"}],
    ids=lambda changed: next(iter(changed)),
)
def test_a_note_says_one_thing(room: Storeroom, changed: dict[str, object]) -> None:
    room.receive()
    with pytest.raises(BatchDiffers) as refusal:
        room.receive("A009", **changed)
    assert refusal.value.differs == tuple(changed)
    assert room.in_all() == 3


def test_not_tomorrow_and_not_nowhere(room: Storeroom) -> None:
    with pytest.raises(DayRefused):
        room.receive(received_on=DAY + timedelta(days=1))
    with pytest.raises(StoreUnknown):
        room.receive(note=replace(NOTE, store="nowhere"))


def test_devices_that_were_in_the_field_before(either_room: Storeroom) -> None:
    """A key's device is in nobody's inventory until its note is recorded; then it is in its holder's hands."""
    order = either_room.delivered("a002")
    with either_room.records.reading() as session:
        (unlisted,) = unlisted_devices(session)
    assert (unlisted.order, unlisted.serial) == (order, "a002")
    assert either_room.receive().tied == 1
    assert either_room.look("A002").order == order
    assert either_room.steps("A002") == [CustodyStep.RECEIVE, CustodyStep.DELIVER]
    with either_room.records.reading() as session:
        assert unlisted_devices(session) == []
    assert either_room.receive().tied == 0
