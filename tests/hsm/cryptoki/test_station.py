"""All modules of a PC, each in a process of its own: what one of them does to itself is felt by no other."""

import os
import signal
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.provisioning import SOFTHSM_MODULE, initialise_softhsm_device
from hsm.cryptoki.standing import ModulePath, ModuleStanding
from hsm.cryptoki.station import Station
from hsm.errors import DeviceTimeout, DeviceUnavailable, PinRefused
from hsm.keys import KeyKind, KeyRef, SignatureAlgorithm, verify
from hsm.pin import Pin
from tests.hsm.conftest import RIGHT, WRONG, Device, make_device
from tests.hsm.cryptoki.conftest import wait_until
from tests.rig.faulty.codes import CKR
from tests.rig.faulty.control import Faulty

ECDSA = SignatureAlgorithm.ECDSA_SHA256


def path_of(device: Device) -> ModulePath:
    return ModulePath(path=SOFTHSM_MODULE, softhsm_conf=device.conf)


@pytest.fixture
def station(device: Device) -> Iterator[Station]:
    with Station([path_of(device)]) as opened:
        yield opened


@pytest.fixture
def faulty(tmp_path: Path) -> Faulty:
    return Faulty(tmp_path / "faulty")


@pytest.fixture
def failing(device: Device, faulty: Faulty) -> Iterator[Station]:
    module = ModulePath(path=faulty.path, softhsm_conf=device.conf, environment=faulty.environment)
    with Station([module], timeout=2.0) as opened:
        yield opened


def generate(station: Station, device: Device, *, always_authenticate: bool = False) -> KeyRef:
    ref, _ = station.generate_key_pair(
        device_label=device.label,
        device_serial=device.serial,
        kind=KeyKind.EC_P256,
        label="key",
        key_id=os.urandom(8),
        pins=device.typed(),
        always_authenticate=always_authenticate,
    )
    return ref


def present(station: Station, device: Device) -> DeviceInfo:
    (found,) = (each for each in station.devices() if each.label == device.label)
    return found


def test_two_modules_two_processes_one_list(device: Device, tmp_path: Path, faulty: Faulty) -> None:
    other = make_device(tmp_path / "other", "other")
    second = ModulePath(path=faulty.path, softhsm_conf=other.conf, environment=faulty.environment)
    with Station([path_of(device), second]) as station:
        found = {each.label: each.module for each in station.devices() if each.initialised}
        assert found == {"device": SOFTHSM_MODULE.resolve(), "other": faulty.path.resolve()}
        for one in (device, other):
            key = station.key(generate(station, one), one.typed())
            verify(key.public_key, key.sign(b"m", ECDSA), b"m", ECDSA)


def test_one_device_through_two_modules_counts_once(device: Device, faulty: Faulty) -> None:
    second = ModulePath(path=faulty.path, softhsm_conf=device.conf, environment=faulty.environment)
    with Station([path_of(device), second]) as station:
        assert [each.label for each in station.devices() if each.initialised] == [device.label]


def test_a_module_that_crashes_is_reported_and_started_again(failing: Station, faulty: Faulty, device: Device) -> None:
    person = device.typed()
    key = failing.key(generate(failing, device), person)
    faulty.crash("C_Sign", at=1)
    with pytest.raises(DeviceUnavailable, match="Whether the device acted is unknown"):
        key.sign(b"m", ECDSA)
    (state,) = failing.modules()
    assert (state.state, "signal 11" in state.said) == (ModuleStanding.CRASHED, True)
    asked = len(person.asked)
    verify(key.public_key, key.sign(b"m", ECDSA), b"m", ECDSA)
    assert len(person.asked) == asked + 1
    (state,) = failing.modules()
    assert (state.state, state.restarts) == (ModuleStanding.READY, 1)


def test_a_signature_that_may_have_been_made_is_not_made_again(
    failing: Station, faulty: Faulty, device: Device
) -> None:
    key = failing.key(generate(failing, device), device.typed())
    before = sum(each.function == "C_Sign" for each in faulty.calls())
    faulty.crash("C_Sign", at=1, performed=True)
    with pytest.raises(DeviceUnavailable):
        key.sign(b"m", ECDSA)
    assert sum(each.function == "C_Sign" for each in faulty.calls()) == before + 1


def test_a_module_that_hangs_is_ended_and_replaced(device: Device, faulty: Faulty) -> None:
    module = ModulePath(path=faulty.path, softhsm_conf=device.conf, environment=faulty.environment)
    with Station([module], timeout=1.0) as station:
        key = station.key(generate(station, device), device.typed())
        faulty.hang("C_Sign", at=1)
        with pytest.raises(DeviceTimeout, match="unknown"):
            key.sign(b"m", ECDSA)
        assert station.modules()[0].state is ModuleStanding.HUNG
        verify(key.public_key, key.sign(b"m", ECDSA), b"m", ECDSA)


def test_a_worker_that_keeps_dying_is_left_down_for_a_while(station: Station, device: Device) -> None:
    known = present(station, device)
    for _ in range(3):
        assert station.devices()
        pid = station.worker_pids()[0]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not station.worker_pids())
    assert station.devices() == []
    with pytest.raises(DeviceUnavailable, match="started again in"):
        station.read_certificates(known)


def test_a_refused_pin_is_not_sent_again_by_a_new_worker(failing: Station, faulty: Faulty, device: Device) -> None:
    ref = generate(failing, device)
    failing.logout(present(failing, device))
    for _ in range(2):
        sent = len(faulty.pins_sent())
        with pytest.raises(PinRefused):
            failing.key(ref, device.typed(WRONG))
        os.kill(failing.worker_pids()[0], signal.SIGKILL)
        wait_until(lambda: not failing.worker_pids())
    assert len(faulty.pins_sent()) == sent


def test_after_logout_the_pin_is_asked_anew(station: Station, device: Device) -> None:
    person = device.typed()
    key = station.key(generate(station, device), person)
    key.sign(b"m", ECDSA)
    asked = len(person.asked)
    station.logout(present(station, device))
    key.sign(b"m", ECDSA)
    assert len(person.asked) == asked + 1


def test_a_known_strict_key_asks_one_pin_a_signature_and_none_before(station: Station, device: Device) -> None:
    ref = generate(station, device, always_authenticate=True)
    station.logout(present(station, device))
    person = device.typed()
    key = station.key(ref, person, always_authenticate=True)
    assert person.asked == []
    for turn in range(1, 4):
        verify(key.public_key, key.sign(b"m", ECDSA), b"m", ECDSA)
        assert len(person.asked) == turn


@pytest.mark.parametrize(
    ("content", "standing"),
    [
        (None, ModuleStanding.MISSING),
        (b"", ModuleStanding.NOT_PKCS11),
        (b"\x7fELF\x01\x01" + bytes(12) + struct.pack("<H", 3) + bytes(60), ModuleStanding.WRONG_ARCHITECTURE),
        (b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 64) + b"PE\0\0\x64\x86", ModuleStanding.WRONG_ARCHITECTURE),
        (b"\x7fELF\x02\x01" + bytes(12) + struct.pack("<H", 62) + bytes(60), ModuleStanding.NOT_PKCS11),
    ],
)
def test_a_file_that_cannot_be_loaded_is_named_and_the_others_live(
    device: Device, tmp_path: Path, content: bytes | None, standing: ModuleStanding
) -> None:
    path = tmp_path / "driver.so"
    if content is not None:
        path.write_bytes(content)
    with Station([ModulePath(path=path), path_of(device)]) as station:
        assert present(station, device)
        state, good = station.modules()
    assert (state.state, good.state) == (standing, ModuleStanding.READY)
    assert str(path) in state.said


def test_devices_that_come_and_go_are_told_once_each(station: Station, device: Device) -> None:
    seen: list[set[str]] = []
    told = threading.Event()

    def changed(devices: list[DeviceInfo]) -> None:
        seen.append({each.label for each in devices if each.initialised})
        told.set()

    watch = station.watch(changed, every=0.05)
    assert told.wait(5)
    told.clear()
    initialise_softhsm_device(device.conf, label="later", so_pin=Pin("so-pin-77"), pin=Pin(RIGHT))
    assert told.wait(5)
    watch.close()
    assert seen[0] == {device.label}
    assert seen[-1] == {device.label, "later"}


def test_a_worker_sees_nothing_of_our_environment(
    device: Device, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KHATAM_CANARY", "canary-991")
    assert present(station, device)
    environment = Path(f"/proc/{station.worker_pids()[0]}/environ").read_bytes()
    assert b"canary" not in environment
    assert RIGHT.encode() not in environment


def test_a_pin_pad_serves_ordinary_and_strict_keys(device: Device, faulty: Faulty) -> None:
    """Nothing is typed here; the strict key's login and its signature are two questions of the pad."""
    module = ModulePath(path=faulty.path, softhsm_conf=device.conf, environment=faulty.environment)
    with Station([module]) as station:
        ordinary, strict = generate(station, device), generate(station, device, always_authenticate=True)
        station.logout(present(station, device))
        faulty.pad(user=RIGHT)
        person = device.typed()
        for ref in (ordinary, strict):
            key = station.key(ref, person)
            verify(key.public_key, key.sign(b"m", ECDSA), b"m", ECDSA)
        assert person.asked == []


def test_a_device_pulled_between_two_signatures_and_put_back(failing: Station, faulty: Faulty, device: Device) -> None:
    person = device.typed()
    key = failing.key(generate(failing, device), person)
    faulty.remove_after("C_Sign", 1)
    key.sign(b"first", ECDSA)
    with pytest.raises(DeviceUnavailable):
        key.sign(b"second", ECDSA)
    assert [each for each in failing.devices() if each.initialised] == []
    faulty.put_back()
    asked = len(person.asked)
    verify(key.public_key, key.sign(b"third", ECDSA), b"third", ECDSA)
    assert len(person.asked) == asked + 1


def test_a_damaged_value_is_thrown_away(failing: Station, faulty: Faulty, device: Device) -> None:
    key = failing.key(generate(failing, device), device.typed())
    faulty.spoil("flip", at=1)
    with pytest.raises(DeviceUnavailable, match="thrown away"):
        key.sign(b"m", ECDSA)
    verify(key.public_key, key.sign(b"m", ECDSA), b"m", ECDSA)


def test_a_module_that_fails_to_begin_again_is_begun_at_the_next_call(
    failing: Station, faulty: Faulty, device: Device
) -> None:
    assert present(failing, device)
    faulty.answer("C_Initialize", CKR.GENERAL_ERROR, at=1)
    assert failing.devices() == []
    assert present(failing, device)


def test_a_device_that_is_busy_did_not_go_away(device: Device, faulty: Faulty) -> None:
    module = ModulePath(path=faulty.path, softhsm_conf=device.conf, environment=faulty.environment)
    with Station([module], timeout=0.6) as station:
        info = present(station, device)
        seen: list[bool] = []
        watch = station.watch(lambda devices: seen.append(info in devices), every=0.01)
        faulty.delay("C_GenerateKeyPair", 1500)
        maker = threading.Thread(target=generate, args=(station, device))
        maker.start()
        while maker.is_alive():
            assert info in station.devices()
        watch.close()
        assert set(seen) == {True}
