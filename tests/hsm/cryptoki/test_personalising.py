"""Whole devices: made, changed, unblocked, wiped; through a worker, on SoftHSM, and where it fails half-way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hsm.cryptoki.errors import DeviceRefused
from hsm.cryptoki.factory import FACTORY
from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.standing import ModulePath
from hsm.cryptoki.station import Station
from hsm.errors import DeviceUnavailable, PinLocked, PinRefused
from hsm.pin import Pin
from tests.hsm.conftest import Device, Typed
from tests.rig.faulty.codes import CKR
from tests.rig.faulty.control import Faulty

SO, FIRST, SECOND = Pin("so-48151623"), Pin("70318842"), Pin("29941057")


@pytest.fixture
def faulty(tmp_path: Path) -> Faulty:
    return Faulty(tmp_path / "faulty")


@pytest.fixture
def station(device: Device, faulty: Faulty) -> Iterator[Station]:
    module = ModulePath(path=faulty.path, softhsm_conf=device.conf, environment=faulty.environment)
    with Station([module]) as opened:
        yield opened


def empty(station: Station) -> DeviceInfo:
    return next(each for each in station.devices() if not each.initialised)


def named(station: Station, label: str) -> DeviceInfo:
    return next(each for each in station.devices() if each.label == label)


def works(station: Station, device: DeviceInfo, pin: Pin) -> None:
    station.logout(device)
    assert station.find_keys(device, Typed([pin.reveal()])) == []


def test_a_device_from_empty_to_wiped(station: Station) -> None:
    made = station.initialise(empty(station), label="holder", so_pin=SO, pin=FIRST)
    assert (made.label, made.initialised, made.pin_set) == ("holder", True, True)
    works(station, made, FIRST)
    station.change_pin(made, old=FIRST, new=SECOND)
    works(station, made, SECOND)
    station.unblock(made, so_pin=SO, new=FIRST)
    works(station, made, FIRST)
    station.wipe(made, so_pin=SO)
    assert (named(station, "holder").initialised, named(station, "holder").pin_set) == (True, False)
    with pytest.raises(PinLocked, match="never set"):
        works(station, made, FIRST)


def test_a_device_whose_pin_was_not_set_says_so_and_is_finished_later(station: Station, faulty: Faulty) -> None:
    faulty.answer("C_InitPIN", CKR.DEVICE_ERROR, at=1)
    with pytest.raises(DeviceUnavailable, match="cannot be used yet"):
        station.initialise(empty(station), label="holder", so_pin=SO, pin=FIRST)
    half = named(station, "holder")
    assert (half.initialised, half.pin_set) == (True, False)
    made = station.initialise(half, label="holder", so_pin=SO, pin=FIRST)
    works(station, made, FIRST)


def _given(faulty: Faulty) -> int:
    return sum(each.pin == "given" for each in faulty.calls())


def test_each_act_sends_each_pin_once(station: Station, faulty: Faulty) -> None:
    made = station.initialise(empty(station), label="holder", so_pin=SO, pin=FIRST)
    for act in (
        lambda: station.change_pin(made, old=SECOND, new=Pin("55512345")),
        lambda: station.unblock(made, so_pin=SECOND, new=Pin("55512345")),
    ):
        before = _given(faulty)
        for _ in range(2):
            with pytest.raises(PinRefused):
                act()
        assert _given(faulty) == before + 1


def test_a_new_pin_that_the_device_does_not_take_leaves_the_old_one(station: Station) -> None:
    made = station.initialise(empty(station), label="holder", so_pin=SO, pin=FIRST)
    with pytest.raises(DeviceRefused, match="still holds"):
        station.change_pin(made, old=FIRST, new=Pin("9"))
    station.change_pin(made, old=FIRST, new=SECOND)
    works(station, made, SECOND)


@pytest.mark.parametrize("value", sorted(FACTORY))
def test_a_factory_value_is_never_set(station: Station, faulty: Faulty, value: str) -> None:
    blank = DeviceInfo(
        label="",
        serial="",
        model="",
        manufacturer="",
        initialised=False,
        pin_set=False,
        login_required=True,
        pin_count_low=False,
        pin_final_try=False,
        pin_locked=False,
        protected_path=False,
        write_protected=False,
        module=faulty.path,
    )
    default = Pin(value)
    for act in (
        lambda: station.initialise(blank, label="x", so_pin=SO, pin=default),
        lambda: station.initialise(blank, label="x", so_pin=default, pin=FIRST),
        lambda: station.change_pin(blank, old=FIRST, new=default),
        lambda: station.unblock(blank, so_pin=SO, new=default),
        lambda: station.change_so_pin(blank, old=SO, new=default),
    ):
        with pytest.raises(DeviceRefused, match="makers print") as caught:
            act()
        assert value not in str(caught.value)
    assert _given(faulty) == 0
