"""What one officer records: what may follow what, and that a living key is stopped first."""

from datetime import timedelta

import pytest

from pki.quota.devices.errors import DayRefused, DevicesNotThere, DevicesRefused, SerialsRefused
from pki.quota.devices.kinds import CustodyStep, DeviceState
from pki.quota.transitions import Step
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE
from tests.pki.quota.devices.estate import CENTRE, DAY, Storeroom

TAKE_BACK, LOSE = CustodyStep.TAKE_BACK, CustodyStep.LOSE


@pytest.mark.parametrize("step", [LOSE, TAKE_BACK])
def test_a_living_key_is_stopped_first(room: Storeroom, step: CustodyStep) -> None:
    room.stocked()
    order = room.delivered("A001")
    room.walk(order, Step.ACTIVATE)
    with pytest.raises(DevicesRefused):
        room.step(step, BERRECHID, "A001")
    room.walk(order, Step.BLOCK)
    assert room.stands("A001") == (DeviceState.BLOCKED, BERRECHID)
    if step is TAKE_BACK:
        with pytest.raises(DevicesRefused):
            room.step(step, BERRECHID, "A001")
        room.walk(order, Step.REVOKE)
        assert room.stands("A001") == (DeviceState.DUE_BACK, BERRECHID)
    assert room.step(step, BERRECHID, "A001") == 1
    left = DeviceState.LOST if step is LOSE else DeviceState.RETURNED
    assert room.stands("A001") == (left, BERRECHID)


def test_what_comes_back_is_erased_first(room: Storeroom) -> None:
    room.stocked()
    order = room.delivered("A001")
    room.walk(order, Step.REVOKE)
    room.step(TAKE_BACK, BERRECHID, "A001", into=BERRECHID_PROVINCE)
    assert room.stands("A001") == (DeviceState.RETURNED, BERRECHID_PROVINCE)
    room.step(CustodyStep.INITIALISE, BERRECHID_PROVINCE, "A001")
    assert room.stands("A001") == (DeviceState.IN_STOCK, BERRECHID_PROVINCE)
    with pytest.raises(DevicesRefused):
        room.step(CustodyStep.INITIALISE, BERRECHID_PROVINCE, "A001")


def test_to_the_supplier_and_back_and_away(room: Storeroom) -> None:
    room.receive()
    room.step(CustodyStep.FAIL, CENTRE, "A001", "A002")
    assert room.stands("A001") == (DeviceState.DEFECTIVE, CENTRE)
    room.step(CustodyStep.TO_SUPPLIER, CENTRE, "A001")
    with pytest.raises(DevicesRefused):
        room.step(CustodyStep.DESTROY, CENTRE, "A001", "A002")
    assert room.stands("A002") == (DeviceState.DEFECTIVE, CENTRE)
    room.step(CustodyStep.FROM_SUPPLIER, CENTRE, "A001")
    room.step(CustodyStep.DESTROY, CENTRE, "A002")
    assert room.counted() == {CENTRE: {DeviceState.RETURNED: 1, DeviceState.DESTROYED: 1, DeviceState.IN_STOCK: 1}}
    for step in (CustodyStep.FIND, CustodyStep.INITIALISE, LOSE, CustodyStep.FROM_SUPPLIER):
        with pytest.raises(DevicesRefused):
            room.step(step, CENTRE, "A002")


def test_a_promised_device_is_not_written_off(room: Storeroom) -> None:
    room.stocked()
    room.order("A001")
    for step in (CustodyStep.DESTROY, CustodyStep.TO_SUPPLIER):
        with pytest.raises(DevicesRefused):
            room.step(step, BERRECHID_PROVINCE, "A001")
    room.step(LOSE, BERRECHID_PROVINCE, "A001")
    assert room.look("A001").promised is None


def test_what_is_refused(room: Storeroom) -> None:
    room.receive()
    with pytest.raises(DevicesNotThere):
        room.step(LOSE, BERRECHID_PROVINCE, "A001")
    with pytest.raises(DayRefused):
        room.step(LOSE, CENTRE, "A001", on=DAY + timedelta(days=1))
    with pytest.raises(SerialsRefused):
        room.step(LOSE, CENTRE)
    for step in (CustodyStep.SEND, CustodyStep.DELIVER, CustodyStep.PROMISE):
        with pytest.raises(ValueError, match=step.value):
            room.step(step, CENTRE, "A001")
    with pytest.raises(ValueError, match="lose"):
        room.step(LOSE, CENTRE, "A001", into=BERRECHID)
    assert room.steps("A001") == [CustodyStep.RECEIVE]
