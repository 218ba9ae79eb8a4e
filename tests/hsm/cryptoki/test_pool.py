"""Sessions of a service's device: in line, alive, repaired, and careful with the PIN."""

import os
import signal
import threading
from pathlib import Path

import pytest

from hsm.cryptoki.module import Module
from hsm.cryptoki.pool import SessionPool
from hsm.cryptoki.roles import UnattendedPin
from hsm.cryptoki.standing import ModulePath
from hsm.errors import DeviceUnavailable, HsmError, PinLastTry, PinRefused
from hsm.keys import KeyRef, SignatureAlgorithm, verify
from hsm.pin import PinFile
from tests.hsm.conftest import RIGHT, WRONG, Device
from tests.hsm.cryptoki.conftest import wait_until
from tests.rig.faulty.control import Faulty

ECDSA = SignatureAlgorithm.ECDSA_SHA256


@pytest.fixture
def faulty(tmp_path: Path) -> Faulty:
    return Faulty(tmp_path / "faulty")


@pytest.fixture
def path(device: Device, faulty: Faulty) -> ModulePath:
    return ModulePath(path=faulty.path, softhsm_conf=device.conf, environment=faulty.environment)


@pytest.fixture
def ref(device: Device, module: Module) -> KeyRef:
    return device.generate(module)


def test_a_wrong_pin_file_costs_one_try_whatever_the_sessions(
    device: Device, path: ModulePath, ref: KeyRef, faulty: Faulty
) -> None:
    device.pin_file.write_text(WRONG, encoding="utf-8")
    with SessionPool(path, sessions=3) as pool:
        for _ in range(6):
            with pytest.raises(PinRefused):
                pool.key(ref, UnattendedPin(device.pin_file))
        assert len(faulty.pins_sent()) == 1
        device.pin_file.write_text(RIGHT, encoding="utf-8")
        key = pool.key(ref, UnattendedPin(device.pin_file))
        verify(key.public_key, key.sign(b"m", ECDSA), b"m", ECDSA)


def test_a_dead_session_is_reported_and_the_next_call_has_a_new_one(
    device: Device, path: ModulePath, ref: KeyRef, faulty: Faulty
) -> None:
    with SessionPool(path) as pool:
        key = pool.key(ref, UnattendedPin(device.pin_file))
        faulty.crash("C_Sign", at=1)
        with pytest.raises(DeviceUnavailable):
            key.sign(b"m", ECDSA)
        verify(key.public_key, key.sign(b"m", ECDSA), b"m", ECDSA)


def test_an_idle_session_is_repaired_before_anyone_calls(
    device: Device, path: ModulePath, ref: KeyRef, faulty: Faulty
) -> None:
    with SessionPool(path, keep_alive=0.05) as pool:
        pool.key(ref, UnattendedPin(device.pin_file))
        before = len(faulty.pins_sent())
        faulty.log_out("C_FindObjectsInit", at=1)
        wait_until(lambda: len(faulty.pins_sent()) > before)


def test_callers_are_served_in_the_order_they_came(device: Device, path: ModulePath, ref: KeyRef) -> None:
    with SessionPool(path) as pool:
        key = pool.key(ref, UnattendedPin(device.pin_file))
        held = pool._take()
        served: list[int] = []

        def call(number: int) -> None:
            key.sign(b"m", ECDSA)
            served.append(number)

        threads = []
        for number in range(8):
            threads.append(threading.Thread(target=call, args=(number,)))
            threads[-1].start()
            wait_until(lambda number=number: len(pool._waiting) == number + 1)  # type: ignore[misc]
        pool._give_back(held)
        for thread in threads:
            thread.join(timeout=10)
        assert sorted(served) == list(range(8))
        # Two that end at nearly the same time may note themselves in either order, no further apart.
        assert all(abs(place - number) <= 1 for place, number in enumerate(served))


def test_a_closed_pool_says_so(device: Device, path: ModulePath, ref: KeyRef) -> None:
    pool = SessionPool(path)
    key = pool.key(ref, UnattendedPin(device.pin_file))
    pool.close()
    with pytest.raises(HsmError, match="closed"):
        key.sign(b"m", ECDSA)


def test_a_pin_file_never_uses_a_last_try(device: Device) -> None:
    with pytest.raises(PinLastTry):
        PinFile(device.pin_file).pin(device_label="l", device_serial="s", last_try=True)


def test_a_worker_ends_with_its_pool(device: Device, path: ModulePath, ref: KeyRef) -> None:
    with SessionPool(path) as pool:
        pool.key(ref, UnattendedPin(device.pin_file))
        (pid,) = pool._sessions[0].station.worker_pids()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
