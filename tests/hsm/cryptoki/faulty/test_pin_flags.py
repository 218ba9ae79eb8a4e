"""What a device says of its PIN, and a counter that really counts: the last try is a person's, never a program's."""

import pytest

from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.module import Module
from hsm.errors import PinError, PinLastTry, PinLocked, PinRefused
from hsm.pin import Pin, PinFile
from tests.hsm.conftest import RIGHT, WRONG, Device, Typed
from tests.hsm.cryptoki.faulty.conftest import ECDSA, present, sign
from tests.rig.faulty.control import Faulty, Flag

SO, NEW = Pin("so-48151623"), Pin("50417722")
OTHERS = ["00000001", "00000002", "00000003"]
"""Wrong ones, each another."""


class Cautious(Typed):
    """Types, but says no to a last try."""

    def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
        found = super().pin(device_label=device_label, device_serial=device_serial, last_try=last_try)
        if last_try:
            raise PinLastTry("No.")
        return found


def flags(info: DeviceInfo) -> set[str]:
    """The names of the flags that are up, of those that are usually down."""
    names = (
        *("pin_count_low", "pin_final_try", "pin_locked", "pin_to_be_changed"),
        *("so_pin_final_try", "so_pin_locked", "so_pin_to_be_changed"),
    )
    return {each for each in names if getattr(info, each)}


@pytest.mark.parametrize(
    ("flag", "seen"),
    [
        ("user-low", "pin_count_low"),
        ("user-final", "pin_final_try"),
        ("user-locked", "pin_locked"),
        ("user-to-be-changed", "pin_to_be_changed"),
        ("so-final", "so_pin_final_try"),
        ("so-locked", "so_pin_locked"),
        ("so-to-be-changed", "so_pin_to_be_changed"),
    ],
)
def test_each_flag_is_seen_and_no_other(device: Device, module: Module, faulty: Faulty, flag: Flag, seen: str) -> None:
    assert flags(present(module)) == set()
    faulty.pin(flag)
    assert present(module).label == device.label
    assert flags(present(module)) == {seen}


def test_a_low_counter_asks_as_usual(device: Device, module: Module, faulty: Faulty) -> None:
    ref = device.generate(module)
    module.logout(present(module))
    faulty.pin("user-low")
    person = device.typed()
    sign(module.key(ref, person))
    assert person.asked == [False]


@pytest.mark.parametrize("strict", [False, True], ids=["ordinary", "strict"])
def test_the_last_try_is_sent_only_after_a_yes(device: Device, module: Module, faulty: Faulty, *, strict: bool) -> None:
    ref = device.generate(module, always_authenticate=strict)
    module.logout(present(module))
    faulty.pin("user-final")
    device.pin_file.write_text(RIGHT, encoding="utf-8")
    sent = len(faulty.pins_sent())
    for source in (Cautious([RIGHT]), PinFile(device.pin_file)):
        with pytest.raises(PinLastTry):
            module.key(ref, source, always_authenticate=strict or None).sign(b"m", ECDSA)
    assert len(faulty.pins_sent()) == sent
    person = device.typed()
    sign(module.key(ref, person, always_authenticate=strict or None))
    assert person.asked == [True]


def test_a_locked_pin_is_asked_of_nobody(device: Device, module: Module, faulty: Faulty) -> None:
    ref = device.generate(module)
    info = present(module)
    module.logout(info)
    faulty.pin("user-locked")
    person, sent = device.typed(), len([each for each in faulty.calls() if each.pin == "given"])
    for act in (
        lambda: module.key(ref, person),
        lambda: module.find_keys(info, person),
        lambda: module.key(ref, person, always_authenticate=True).sign(b"m", ECDSA),
        lambda: module.change_pin(info, old=Pin(RIGHT), new=NEW),
    ):
        with pytest.raises(PinLocked):
            act()
    assert person.asked == []
    assert len([each for each in faulty.calls() if each.pin == "given"]) == sent


@pytest.mark.parametrize(("flag", "refusal"), [("so-locked", PinLocked), ("so-final", PinLastTry)])
def test_an_so_pin_that_is_locked_or_nearly_is_not_sent(
    device: Device, module: Module, faulty: Faulty, flag: Flag, refusal: type[PinError]
) -> None:
    faulty.pin(flag)
    info = present(module)
    assert info.label == device.label
    begun = faulty.counted("C_InitToken") + faulty.counted("C_Login")
    for act in (
        lambda: module.unblock(info, so_pin=SO, new=NEW),
        lambda: module.wipe(info, so_pin=SO),
        lambda: module.initialise(info, label="x", so_pin=SO, pin=NEW),
        lambda: module.change_so_pin(info, old=SO, new=Pin("so-77711122")),
    ):
        with pytest.raises(refusal):
            act()
    assert faulty.counted("C_InitToken") + faulty.counted("C_Login") == begun


def test_of_three_tries_no_program_uses_the_third(device: Device, module: Module, faulty: Faulty) -> None:
    ref = device.generate(module)
    module.logout(present(module))
    faulty.tries(user=3)
    person, sent = Cautious([*OTHERS]), len(faulty.pins_sent())
    with pytest.raises(PinRefused):
        module.key(ref, person)
    assert flags(present(module)) == {"pin_count_low"}
    with pytest.raises(PinRefused):
        module.key(ref, person)
    assert flags(present(module)) == {"pin_count_low", "pin_final_try"}
    for source in (person, person, PinFile(device.pin_file)):
        with pytest.raises(PinLastTry):
            module.key(ref, source)
    assert len(faulty.pins_sent()) == sent + 2
    yes = device.typed()
    sign(module.key(ref, yes))
    assert yes.asked == [True]
    assert flags(present(module)) == set()


def test_the_third_wrong_pin_locks_and_an_unblock_opens(module: Module, faulty: Faulty) -> None:
    fresh = next(each for each in module.devices() if not each.initialised)
    made = module.initialise(fresh, label="holder", so_pin=SO, pin=Pin(RIGHT))
    faulty.tries(user=3, so=3)
    person = Typed([*OTHERS, RIGHT])
    for last in (False, False, True):
        with pytest.raises(PinRefused):
            module.find_keys(made, person)
        assert person.asked[-1] is last
    asked = len(person.asked)
    with pytest.raises(PinLocked):
        module.find_keys(made, person)
    assert len(person.asked) == asked, "a right PIN is no use either: nobody is asked"
    with pytest.raises(PinRefused):
        module.unblock(made, so_pin=Pin(WRONG), new=NEW)
    module.unblock(made, so_pin=SO, new=NEW)
    assert module.find_keys(made, Typed([NEW.reveal()])) == []
    module.logout(made)
    (now,) = (each for each in module.devices() if each.label == "holder")
    assert flags(now) == set()


def test_a_transport_pin_is_told_until_it_was_changed(device: Device, module: Module, faulty: Faulty) -> None:
    faulty.pin("user-to-be-changed")
    info = present(module)
    assert info.pin_to_be_changed
    module.change_pin(info, old=Pin(RIGHT), new=NEW)
    assert not present(module).pin_to_be_changed
    assert module.find_keys(info, device.typed(NEW.reveal())) == []
