"""Orders and their devices: promised, delivered, given back; and which device no key may go into."""

from collections.abc import Callable

import pytest

from pki.ca.errors import CsrRefused
from pki.quota.devices.errors import DeviceNotUsable
from pki.quota.devices.kinds import CustodyStep, DeviceState
from pki.quota.devices.unlisted import unlisted_devices
from pki.quota.heirs import Successor
from pki.quota.kinds import OrderState, Replacement
from pki.quota.orders import cancel_key, key_order
from pki.quota.replacing import replace_key
from pki.quota.stopping import return_key
from pki.quota.transitions import Step
from pki.records import OrderId
from pki.registration.extent import Extent
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, OUJDA, T0
from tests.pki.quota.devices.estate import CENTRE, REGION, Storeroom
from tests.pki.quota.estate import DEVICE, Bureau, settled

PROVINCE = BERRECHID_PROVINCE
DEROUA = "06.117.01.05"


def successor(room: Storeroom, order: OrderId, serial: str | None) -> Successor:
    with room.records.reading() as session:
        view = key_order(session, order)
    return Successor(holder=view.holder, office=view.office, device_serial=serial)


def replaced(room: Storeroom, order: OrderId, why: Replacement, serial: str | None) -> OrderId:
    said = {"why": why, "successor": successor(room, order, serial), "by": OFFICER, "at": T0}
    return replace_key(room.records, settled, order=order, **said).id  # type: ignore[arg-type]


def test_delivered_with_its_order_and_given_back_with_it(either_room: Storeroom) -> None:
    either_room.stocked()
    order = either_room.order("a001")
    assert either_room.stands("A001") == (DeviceState.PROMISED, PROVINCE)
    either_room.walk(order, Step.APPROVE, Step.BUY, Step.ISSUE)
    assert either_room.stands("A001") == (DeviceState.PROMISED, PROVINCE)
    either_room.walk(order, Step.CONFIRM, Step.ACTIVATE)
    found = either_room.look("A001")
    assert (found.state, found.store, found.order) == (DeviceState.WITH_HOLDER, BERRECHID, order)
    with either_room.records.reading() as session:
        assert found.holder == key_order(session, order).holder
    return_key(either_room.records, settled, order=order, reason="left", by=OFFICER, at=T0)
    assert either_room.stands("A001") == (DeviceState.RETURNED, BERRECHID)
    assert either_room.steps("A001")[-3:] == [CustodyStep.PROMISE, CustodyStep.DELIVER, CustodyStep.TAKE_BACK]
    assert either_room.chain("A001")[-1].reason == f"order:{order}"


def test_an_order_given_up_frees_its_device(room: Storeroom) -> None:
    room.stocked()
    order = room.order("A001")
    cancel_key(room.records, order=order, reason="r", by=OFFICER, at=T0)
    assert room.stands("A001") == (DeviceState.IN_STOCK, PROVINCE)
    assert room.look("A001").promised is None
    room.order("A001")


def lost(room: Storeroom) -> None:
    room.step(CustodyStep.LOSE, PROVINCE, "A001")


def defective(room: Storeroom) -> None:
    room.step(CustodyStep.FAIL, PROVINCE, "A001")


def destroyed(room: Storeroom) -> None:
    room.step(CustodyStep.DESTROY, PROVINCE, "A001")


def at_supplier(room: Storeroom) -> None:
    room.step(CustodyStep.TO_SUPPLIER, PROVINCE, "A001")


def in_transit(room: Storeroom) -> None:
    room.send(BERRECHID, "A001", sender=PROVINCE)


def promised(room: Storeroom) -> None:
    room.order("A001")


def with_holder(room: Storeroom) -> None:
    room.delivered("A001")


def due_back(room: Storeroom) -> None:
    room.walk(room.delivered("A001"), Step.REVOKE)


def in_stock(room: Storeroom) -> None:
    room.arrive(room.send("02.411", "A001", sender=PROVINCE).number)


@pytest.mark.parametrize(
    "spoilt",
    [lost, defective, destroyed, at_supplier, in_transit, promised, with_holder, due_back, in_stock],
    ids=lambda spoilt: spoilt.__name__,
)
def test_what_cannot_take_a_key(room: Storeroom, spoilt: Callable[[Storeroom], None]) -> None:
    room.stocked()
    spoilt(room)
    before = room.chain("A001")
    with pytest.raises(DeviceNotUsable) as refusal:
        room.order("a001")
    assert refusal.value.state.value == spoilt.__name__.replace("_", "-")
    assert room.chain("A001") == before


@pytest.mark.parametrize("store", [CENTRE, REGION, PROVINCE, BERRECHID])
def test_a_device_of_a_store_that_serves_the_body(room: Storeroom, store: str) -> None:
    room.receive()
    if store != CENTRE:
        room.arrive(room.send(store).number)
    room.order("A001")
    assert room.stands("A001") == (DeviceState.PROMISED, store)


@pytest.mark.parametrize("store", [DEROUA, OUJDA, "02"])
def test_no_device_of_another_territory(room: Storeroom, store: str) -> None:
    room.stocked(store)
    with pytest.raises(DeviceNotUsable):
        room.order("A001")


def test_self_made_in_the_device_that_the_holder_has(bureau_room: tuple[Bureau, Storeroom]) -> None:
    """The requests name the device; before the approval another one may take its place."""
    bureau, room = bureau_room
    room.stocked(PROVINCE, DEVICE.serial)
    order = bureau.requested()
    bureau.submit(order)
    assert room.stands(DEVICE.serial) == (DeviceState.PROMISED, PROVINCE)
    bureau.approve(order)
    bureau.issue(order)
    bureau.confirm(order)
    assert room.stands(DEVICE.serial) == (DeviceState.WITH_HOLDER, BERRECHID)
    other = bureau.requested()
    with pytest.raises(DeviceNotUsable):
        bureau.submit(other)
    assert bureau.view(other).issuance is None
    with pytest.raises(CsrRefused):
        bureau.submit(other, b"no request")


def test_unknown_devices_are_no_obstacle(bureau_room: tuple[Bureau, Storeroom]) -> None:
    bureau, room = bureau_room
    room.stocked()
    order = bureau.active()
    with room.records.reading() as session:
        (unlisted,) = unlisted_devices(session)
        assert unlisted_devices(session, within=Extent(body_code=OUJDA)) == []
        assert unlisted_devices(session, after=order) == []
    assert (unlisted.order, unlisted.serial, unlisted.state) == (order, DEVICE.serial, OrderState.ACTIVE)
    assert room.counted() == {PROVINCE: {DeviceState.IN_STOCK: 3}}


def test_a_renewed_key_stays_in_its_device(either_room: Storeroom) -> None:
    either_room.stocked()
    old = either_room.delivered("A001")
    either_room.walk(old, Step.ACTIVATE)
    new = replaced(either_room, old, Replacement.RENEWAL, "A001")
    assert (either_room.look("A001").order, either_room.look("A001").promised) == (old, new)
    either_room.walk(new, Step.APPROVE, Step.BUY, Step.ISSUE, Step.CONFIRM, Step.ACTIVATE)
    assert (either_room.look("A001").order, either_room.stands("A001")) == (new, (DeviceState.WITH_HOLDER, BERRECHID))


def test_a_lost_key_takes_its_device_along(room: Storeroom) -> None:
    room.stocked()
    old = room.delivered("A001")
    new = replaced(room, old, Replacement.LOST, "A002")
    assert room.stands("A001") == (DeviceState.LOST, BERRECHID)
    assert (room.look("A001").order, room.look("A002").promised) == (old, new)


def test_a_successor_gets_no_device_that_is_still_out(room: Storeroom) -> None:
    room.stocked()
    old = room.delivered("A001")
    new = replaced(room, old, Replacement.DAMAGED, "A002")
    assert room.stands("A001") == (DeviceState.DUE_BACK, BERRECHID)
    third = replaced(room, new, Replacement.DAMAGED, "A002")
    assert room.look("A002").promised == third


def test_a_promised_device_may_travel_to_its_commune(room: Storeroom) -> None:
    room.stocked()
    order = room.order("A001")
    sent = room.send(BERRECHID, sender=PROVINCE)
    room.walk(order, Step.APPROVE, Step.BUY, Step.ISSUE, Step.CONFIRM)
    assert room.stands("A001") == (DeviceState.WITH_HOLDER, BERRECHID)
    done = room.arrive(sent.number, missing=["A002"])
    assert done.receipt is not None
    assert (done.receipt.arrived, done.receipt.missing) == (2, 1)
    assert room.counted()[BERRECHID] == {DeviceState.WITH_HOLDER: 1, DeviceState.IN_STOCK: 1}
