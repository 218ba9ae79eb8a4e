"""The module's port: devices by label and serial, time-outs, what happens when a device goes away."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hsm.cryptoki.module import Module
from hsm.cryptoki.provisioning import SOFTHSM_MODULE, initialise_softhsm_device
from hsm.errors import DeviceMismatch, DeviceTimeout, DeviceUnavailable, KeyNotFound, PinRefused
from hsm.keys import KeyRef, SignatureAlgorithm, verify
from hsm.pin import Pin
from tests.hsm.conftest import RIGHT, WRONG, Device, Typed
from tests.hsm.cryptoki.conftest import FakeDevice, wait_until

ECDSA = SignatureAlgorithm.ECDSA_SHA256


def test_devices_are_listed_without_login(device: Device, module: Module) -> None:
    found = [each for each in module.devices() if each.initialised]
    assert [(each.label, each.serial) for each in found] == [(device.label, device.serial)]
    (one,) = found
    assert one.pin_set
    assert one.login_required
    assert not any((one.pin_final_try, one.pin_locked, one.protected_path, one.pin_count_low))


def test_a_device_of_the_same_label_is_not_the_same_device(device: Device, module: Module) -> None:
    person = device.typed()
    with pytest.raises(DeviceMismatch):
        module.key(KeyRef(device_label=device.label, device_serial="0000", key_id=b"1"), person)
    with pytest.raises(DeviceUnavailable):
        module.key(KeyRef(device_label="elsewhere", device_serial=device.serial, key_id=b"1"), person)
    assert person.asked == []


def test_two_devices_of_one_label_are_told_apart(device: Device) -> None:
    pin = Pin(RIGHT)
    other = initialise_softhsm_device(device.conf, label=device.label, so_pin=Pin("so-pin"), pin=pin)
    with device.module() as module:
        ref = device.generate(module)
        elsewhere = KeyRef(device_label=device.label, device_serial=other, key_id=ref.key_id)
        with pytest.raises(KeyNotFound):
            module.key(elsewhere, device.typed())
        assert module.key(ref, device.typed()).sign(b"m", ECDSA)


def test_a_device_made_after_loading_is_found(device: Device, module: Module) -> None:
    serial = initialise_softhsm_device(device.conf, label="later", so_pin=Pin("so-pin"), pin=Pin(RIGHT))
    with pytest.raises(KeyNotFound):
        module.key(KeyRef(device_label="later", device_serial=serial, key_id=b"1"), device.typed())


def test_opening_again_shares_the_module(device: Device, module: Module) -> None:
    again = device.module()
    assert again is module
    again.close()
    assert module.devices()
    with pytest.raises(DeviceUnavailable, match="another configuration"):
        Module.open(SOFTHSM_MODULE, softhsm_conf=device.folder / "other.conf")


def test_a_closed_module_says_so(device: Device) -> None:
    module = device.module()
    key = module.key(device.generate(module), device.typed())
    module.close()
    module.close()
    with pytest.raises(DeviceUnavailable, match="closed"):
        key.sign(b"m", ECDSA)


@pytest.mark.parametrize("content", [None, b"", b"not a library"])
def test_what_is_no_module_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "module.so"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DeviceUnavailable):
        Module.open(path)


def test_a_device_removed_between_two_signatures(device: Device, module: Module) -> None:
    """SoftHSM's nearest thing to pulling the plug: its folder goes, and comes back."""
    person = device.typed()
    key = module.key(device.generate(module), person)
    key.sign(b"first", ECDSA)
    (folder,) = (device.folder / "devices").iterdir()
    away = device.folder / "away"
    shutil.move(folder, away)
    with pytest.raises(DeviceUnavailable, match="try again"):
        key.sign(b"second", ECDSA)
    with pytest.raises(DeviceUnavailable):
        key.sign(b"third", ECDSA)
    shutil.move(away, folder)
    verify(key.public_key, key.sign(b"fourth", ECDSA), b"fourth", ECDSA)


def test_a_lost_session_is_opened_anew(device: Device, module: Module) -> None:
    """As after a reader's reset: every handle is void. Nothing was signed: the PIN is asked anew."""
    person = device.typed()
    key = module.key(device.generate(module), person)
    key.sign(b"m", ECDSA)
    asked = len(person.asked)
    module._owner.call(module._library.reinitialize, act="reset", timeout=5)
    verify(key.public_key, key.sign(b"m", ECDSA), b"m", ECDSA)
    assert len(person.asked) == asked + 1


def test_a_hanging_module_is_a_time_out_and_what_waits_behind_never_runs(fake_module: Module, fake: FakeDevice) -> None:
    released, calls = threading.Event(), []

    def hang() -> None:
        calls.append(time.monotonic())
        released.wait()

    fake.pause = hang
    began = time.monotonic()
    with pytest.raises(DeviceTimeout, match="Whether it acted is unknown"):
        fake_module.devices()
    with pytest.raises(DeviceTimeout, match="never reached it"):
        fake_module.devices()
    assert time.monotonic() - began < 3
    fake.pause = lambda: None
    released.set()
    wait_until(lambda: len(fake_module.devices()) == 1)
    assert len(calls) == 1


def test_a_wrong_pin_that_hangs_is_not_sent_twice(fake_module: Module, fake: FakeDevice) -> None:
    """The refusal comes after the caller gave up; the next caller still finds it remembered."""
    released = threading.Event()
    ref = KeyRef(device_label="fake", device_serial="0001", key_id=b"1")
    answer = fake.login

    def slow(session: int, pin: bytes | None) -> None:
        released.wait()
        answer(session, pin)

    fake.login = slow  # type: ignore[method-assign]
    with pytest.raises(DeviceTimeout):
        fake_module.key(ref, Typed([WRONG]))
    released.set()
    wait_until(lambda: fake.sent == [WRONG])
    with pytest.raises(PinRefused, match="not sent again"):
        fake_module.key(ref, Typed([WRONG]))
    assert fake.sent == [WRONG]


def test_a_forked_child_is_refused(device: Device) -> None:
    """The owner's thread does not exist after a fork: a clear error instead of a call that waits for ever."""
    program = """
import os, sys, warnings
from pathlib import Path
from hsm.cryptoki.module import Module
from hsm.errors import DeviceUnavailable
module = Module.open(Path(sys.argv[1]), softhsm_conf=Path(sys.argv[2]))
warnings.simplefilter("ignore")
child = os.fork()
if child == 0:
    try:
        module.devices()
    except DeviceUnavailable:
        os._exit(7)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    command = [sys.executable, "-c", program, str(SOFTHSM_MODULE), str(device.conf)]
    root = Path(__file__).parents[3]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=root, env=dict(os.environ), check=False
    )
    assert done.stdout.strip() == "7", done.stderr
