"""A device's making, PIN change, unblocking and wiping, cut short at each single call into its module.

What is left is whole, as before, or says itself that it is unfinished; and the same act, made again, finishes it.
"""

import shutil
from collections.abc import Callable, Iterator

import pytest

from hsm.cryptoki.errors import DeviceRefused
from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.module import Module
from hsm.errors import HsmError, PinLocked, PinRefused
from hsm.keys import KeyKind, KeyRef
from hsm.pin import Pin
from tests.hsm.conftest import Device, Typed
from tests.hsm.cryptoki.faulty.conftest import sign
from tests.rig.faulty.codes import CKR
from tests.rig.faulty.control import ANY, Faulty

SO, FIRST, SECOND = Pin("so-48151623"), Pin("70318842"), Pin("29941057")
LABEL, KEY_ID = "holder", b"\x07"
FURTHEST = 100
"""No act here takes as many calls into the module."""

Break = Callable[[Faulty, int], None]
BREAKS: dict[str, Break] = {
    "error": lambda faulty, at: faulty.answer(ANY, CKR.DEVICE_ERROR, at=at),
    "error-though-done": lambda faulty, at: faulty.answer(ANY, CKR.GENERAL_ERROR, at=at, performed=True),
    "pulled-before": lambda faulty, at: faulty.remove(ANY, at=at, moment="before"),
    "pulled-during": lambda faulty, at: faulty.remove(ANY, at=at, moment="during"),
}
# A search that python-pkcs11 could not end is ended by its destructor, whose own failure goes to nobody.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
each_break = pytest.mark.parametrize("cut", BREAKS)


def rounds(
    module: Module, faulty: Faulty, cut: str, act: Callable[[DeviceInfo], object], prepare: Callable[[], DeviceInfo]
) -> Iterator[tuple[DeviceInfo, bool]]:
    """Do the act anew for each call that it takes, cut short there; yield the device, and whether it said "done"."""
    for at in range(1, FURTHEST):
        info = prepare()
        before = faulty.counted()
        BREAKS[cut](faulty, at)
        try:
            act(info)
            done = True
        except HsmError:
            done = False
        reached = faulty.counted() - before >= at
        faulty.mend()
        if not reached:
            assert done
            assert at > 1, "nothing was called at all"
            return
        yield info, done
    pytest.fail("the act never came to its end")


def named(module: Module) -> DeviceInfo:
    (found,) = (each for each in module.devices() if each.label == LABEL)
    return found


def empty(module: Module) -> DeviceInfo:
    return next(each for each in module.devices() if not each.initialised)


def opens(module: Module, info: DeviceInfo, pin: Pin) -> bool:
    """Whether that is the device's PIN; a wrong one is not asked for twice in one round: it would not be sent."""
    module.logout(info)
    try:
        module.find_keys(info, Typed([pin.reveal()]))
    except PinRefused:
        return False
    module.logout(info)
    return True


@pytest.fixture
def made(module: Module) -> Callable[[], DeviceInfo]:
    """Make the one device of the test, or make it anew: its PIN is FIRST, and nothing is on it."""

    def make() -> DeviceInfo:
        known = [each for each in module.devices() if each.label == LABEL]
        return module.initialise(known[0] if known else empty(module), label=LABEL, so_pin=SO, pin=FIRST)

    return make


@each_break
def test_a_pin_change_leaves_the_old_pin_or_the_new_one(
    module: Module, faulty: Faulty, made: Callable[[], DeviceInfo], cut: str
) -> None:
    def act(info: DeviceInfo) -> None:
        module.change_pin(info, old=FIRST, new=SECOND)

    for info, done in rounds(module, faulty, cut, act, made):
        if done or not opens(module, info, FIRST):
            assert opens(module, info, SECOND)
        else:
            act(info)
            assert opens(module, info, SECOND)
    assert {each.result for each in faulty.calls("C_SetPIN")} >= {"CKR_OK"}


@each_break
def test_an_unblock_leaves_the_old_pin_or_the_new_one_and_can_be_made_again(
    module: Module, faulty: Faulty, made: Callable[[], DeviceInfo], cut: str
) -> None:
    def act(info: DeviceInfo) -> None:
        module.unblock(info, so_pin=SO, new=SECOND)

    for info, done in rounds(module, faulty, cut, act, made):
        if done:
            assert opens(module, info, SECOND)
        else:
            assert opens(module, info, FIRST) or opens(module, info, SECOND)
        act(info)
        assert opens(module, info, SECOND)


@each_break
def test_a_wipe_leaves_everything_or_nothing_and_can_be_made_again(
    module: Module, faulty: Faulty, made: Callable[[], DeviceInfo], cut: str
) -> None:
    def prepare() -> DeviceInfo:
        info = made()
        generate(module, info)
        return info

    def act(info: DeviceInfo) -> None:
        module.wipe(info, so_pin=SO)

    for info, done in rounds(module, faulty, cut, act, prepare):
        now = named(module)
        assert now.initialised
        if now.pin_set:
            assert not done
            sign(module.key(ref_of(info), Typed([FIRST.reveal()])))
            act(now)
            now = named(module)
        assert not now.pin_set
        with pytest.raises(PinLocked, match="never set"):
            module.find_keys(now, Typed([FIRST.reveal()]))
        again = module.initialise(now, label=LABEL, so_pin=SO, pin=SECOND)
        assert module.find_keys(again, Typed([SECOND.reveal()])) == []


@each_break
def test_a_device_made_anew_is_the_old_one_unfinished_or_whole(
    module: Module, faulty: Faulty, made: Callable[[], DeviceInfo], cut: str
) -> None:
    def act(info: DeviceInfo) -> None:
        module.initialise(info, label=LABEL, so_pin=SO, pin=SECOND)

    unfinished = 0
    for _, done in rounds(module, faulty, cut, act, made):
        now = named(module)
        if now.pin_set:
            assert opens(module, now, SECOND) or (not done and opens(module, now, FIRST))
        else:
            assert not done
            unfinished += 1
            with pytest.raises(PinLocked, match="never set"):
                module.find_keys(now, Typed([SECOND.reveal()]))
        act(now)
        assert opens(module, named(module), SECOND)
    assert unfinished


@each_break
def test_an_empty_device_is_still_empty_unfinished_or_whole(
    device: Device, module: Module, faulty: Faulty, cut: str
) -> None:
    def prepare() -> DeviceInfo:
        for each in (device.folder / "devices").iterdir():
            shutil.rmtree(each)
        return empty(module)

    def act(info: DeviceInfo) -> None:
        module.initialise(info, label=LABEL, so_pin=SO, pin=SECOND)

    for _, done in rounds(module, faulty, cut, act, prepare):
        there = [each for each in module.devices() if each.label == LABEL]
        assert all(each.pin_set for each in there) or not done
        act(there[0] if there else empty(module))
        now = named(module)
        assert (now.initialised, now.pin_set) == (True, True)
        assert opens(module, now, SECOND)


def ref_of(info: DeviceInfo) -> KeyRef:
    return KeyRef(device_label=info.label, device_serial=info.serial, key_id=KEY_ID)


def generate(module: Module, info: DeviceInfo) -> None:
    module.generate_key_pair(
        device_label=info.label,
        device_serial=info.serial,
        kind=KeyKind.EC_P256,
        label="key",
        key_id=KEY_ID,
        pins=Typed([FIRST.reveal()]),
    )


@pytest.mark.parametrize("cut", ["error", "pulled-during"])
def test_a_key_made_while_the_device_fails_is_whole_or_is_not_there(
    module: Module, faulty: Faulty, made: Callable[[], DeviceInfo], cut: str
) -> None:
    person = Typed([FIRST.reveal()])
    for info, done in rounds(module, faulty, cut, lambda info: generate(module, info), made):
        found = module.find_keys(info, person)
        if found:
            attributes = module.key_attributes(ref_of(info), person)
            assert (attributes.sensitive, attributes.extractable) == (True, False)
            with pytest.raises(DeviceRefused, match="already has"):
                generate(module, info)
        else:
            assert not done
            generate(module, info)
        sign(module.key(ref_of(info), person))


@pytest.mark.parametrize(("attribute", "really"), [("CKA_EXTRACTABLE", True), ("CKA_SENSITIVE", False)])
def test_a_key_that_could_leave_the_device_is_destroyed(
    module: Module, faulty: Faulty, made: Callable[[], DeviceInfo], attribute: str, *, really: bool
) -> None:
    info = made()
    faulty.make(attribute, really=really)
    with pytest.raises(DeviceRefused, match="destroyed"):
        generate(module, info)
    assert faulty.counted("C_GenerateKeyPair") == 1
    faulty.mend()
    assert module.find_keys(info, Typed([FIRST.reveal()])) == []
    generate(module, info)


@pytest.mark.parametrize("cut", ["error", "pulled-before"])
def test_a_key_that_could_leave_is_destroyed_or_said_to_be_there(
    module: Module, faulty: Faulty, made: Callable[[], DeviceInfo], cut: str
) -> None:
    """No failure on the way lets such a key pass for a good one."""

    def prepare() -> DeviceInfo:
        info = made()
        faulty.make("CKA_EXTRACTABLE", really=True)
        return info

    said: list[str] = []

    def act(info: DeviceInfo) -> None:
        with pytest.raises(HsmError) as refused:
            generate(module, info)
        said.append(str(refused.value))

    left = 0
    for info, _ in rounds(module, faulty, cut, act, prepare):
        if module.find_keys(info, Typed([FIRST.reveal()])):
            left += 1
            assert "destroyed." not in said[-1]
    # One that is gone keeps what it had made; one that fails once keeps it only where that was its destruction.
    assert left == 1 or cut != "error"
    assert said[-1].endswith("destroyed.")
