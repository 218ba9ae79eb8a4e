"""A device pulled out, put back, or with its session lost: opened anew when that is safe, never by a PIN sent again."""

import threading

import pytest

from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.module import Module
from hsm.cryptoki.station import Station
from hsm.errors import DeviceUnavailable, PinRefused
from tests.hsm.conftest import WRONG, Device
from tests.hsm.cryptoki.faulty.conftest import ECDSA, present, sign
from tests.rig.faulty.codes import CKR
from tests.rig.faulty.control import Faulty, Moment

GONE = [
    CKR.DEVICE_REMOVED,
    CKR.SESSION_HANDLE_INVALID,
    CKR.TOKEN_NOT_PRESENT,
    CKR.SESSION_CLOSED,
    CKR.DEVICE_ERROR,
    CKR.GENERAL_ERROR,
    CKR.FUNCTION_FAILED,
    CKR.KEY_HANDLE_INVALID,
    CKR.USER_NOT_LOGGED_IN,
]
names = [each.name for each in GONE]


@pytest.mark.parametrize("code", GONE, ids=names)
def test_a_device_pulled_out_and_put_back_signs_again(
    device: Device, module: Module, faulty: Faulty, code: CKR
) -> None:
    person = device.typed()
    key = module.key(device.generate(module), person)
    faulty.remove_after("C_Sign", 1, code=code)
    sign(key)
    sent = len(faulty.pins_sent())
    for _ in range(3):
        with pytest.raises(DeviceUnavailable):
            key.sign(b"m", ECDSA)
    assert [each for each in module.devices() if each.initialised] == []
    assert len(faulty.pins_sent()) == sent, "nobody sends a PIN to a device that is gone"
    faulty.put_back()
    sign(key)
    assert len(faulty.pins_sent()) == sent + 1 == len([each for each in faulty.pins_sent() if each.result == "CKR_OK"])


@pytest.mark.parametrize("code", GONE, ids=names)
def test_out_and_in_between_two_signatures_is_mended_unseen(
    device: Device, module: Module, faulty: Faulty, code: CKR
) -> None:
    person = device.typed()
    key = module.key(device.generate(module), person)
    sign(key)
    sent = len(faulty.pins_sent())
    faulty.write(f"stale CKR_{code.name}", "inserted 1")
    # Either it is mended at once, or said once and mended by the next call: both with one PIN, and none refused.
    for _ in range(2):
        try:
            sign(key)
            break
        except DeviceUnavailable:
            assert code in {CKR.DEVICE_REMOVED, CKR.TOKEN_NOT_PRESENT, CKR.DEVICE_ERROR} | {
                CKR.GENERAL_ERROR,
                CKR.FUNCTION_FAILED,
            }
    else:
        pytest.fail("the device was never opened anew")
    assert len(faulty.pins_sent()) == sent + 1
    assert {each.result for each in faulty.pins_sent()} == {"CKR_OK"}


@pytest.mark.parametrize("moment", ["before", "during", "after"])
@pytest.mark.parametrize("function", ["C_SignInit", "C_Sign"])
def test_no_signature_is_asked_for_twice(
    device: Device, module: Module, faulty: Faulty, function: str, moment: Moment
) -> None:
    key = module.key(device.generate(module), device.typed())
    sign(key)
    faulty.remove(function, moment=moment)
    before = len([each for each in faulty.calls("C_Sign") if each.performed])
    if (function, moment) == ("C_Sign", "after"):
        sign(key)
    else:
        with pytest.raises(DeviceUnavailable):
            key.sign(b"m", ECDSA)
    made = len([each for each in faulty.calls("C_Sign") if each.performed]) - before
    assert made == (1 if function == "C_Sign" and moment != "before" else 0)
    faulty.put_back()
    sign(key)


@pytest.mark.parametrize("code", GONE, ids=names)
def test_a_login_cut_short_is_not_tried_again(device: Device, module: Module, faulty: Faulty, code: CKR) -> None:
    ref = device.generate(module)
    module.logout(present(module))
    person = device.typed()
    faulty.answer("C_Login", code, at=1)
    sent = len(faulty.pins_sent())
    with pytest.raises(Exception, match="Nothing") as refused:
        module.key(ref, person)
    assert type(refused.value).__module__.startswith("hsm.")
    assert len(faulty.pins_sent()) == sent + 1
    assert len(person.asked) == 1


def test_a_wrong_pin_after_the_device_came_back_is_one_try(device: Device, module: Module, faulty: Faulty) -> None:
    person = device.typed()
    key = module.key(device.generate(module), person)
    faulty.write("inserted 1")
    person.pins[:] = [WRONG]
    sent = len(faulty.pins_sent())
    for _ in range(4):
        with pytest.raises(PinRefused):
            key.sign(b"m", ECDSA)
    assert len(faulty.pins_sent()) == sent + 1


def test_a_device_that_forgot_its_login_is_logged_in_once(device: Device, module: Module, faulty: Faulty) -> None:
    key = module.key(device.generate(module), device.typed())
    sign(key)
    sent = len(faulty.pins_sent())
    faulty.log_out("C_SignInit", at=1)
    sign(key)
    assert len(faulty.pins_sent()) == sent + 1


def test_insertion_and_removal_are_noticed(device: Device, station: Station, faulty: Faulty) -> None:
    seen: list[list[str]] = []
    changed = threading.Condition()

    def note(infos: list[DeviceInfo]) -> None:
        with changed:
            seen.append([each.label for each in infos])
            changed.notify_all()

    def told(labels: list[list[str]]) -> bool:
        with changed:
            return changed.wait_for(lambda: seen == labels, timeout=20)

    faulty.hide_empty()
    watch = station.watch(note, every=0.05)
    try:
        assert told([["device"]])
        faulty.remove()
        assert told([["device"], []])
        faulty.put_back()
        assert told([["device"], [], ["device"]])
        faulty.hide("device")
        assert told([["device"], [], ["device"], []])
    finally:
        watch.close()
