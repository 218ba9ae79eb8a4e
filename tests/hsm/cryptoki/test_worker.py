"""The process that holds a module: what it lets out, and how long it is waited for."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.provisioning import SOFTHSM_MODULE, initialise_softhsm_device
from hsm.cryptoki.standing import ModulePath, ModuleStanding
from hsm.cryptoki.station import Station
from hsm.errors import DeviceTimeout, HsmError, PinRefused
from hsm.keys import KeyKind, KeyRef, SignatureAlgorithm, verify
from hsm.pin import Pin
from tests.hsm.conftest import RIGHT, Device, Typed, make_device
from tests.hsm.cryptoki.conftest import wait_until
from tests.rig.faulty.control import Faulty

ECDSA = SignatureAlgorithm.ECDSA_SHA256
CANARY = "canary-pin-58131"
TIMEOUT, GRACE = 1.5, 0.5
"""Seconds."""


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hsm.cryptoki.supervisor.GRACE_SECONDS", GRACE)


@pytest.fixture
def station(device: Device) -> Iterator[Station]:
    with Station([ModulePath(path=SOFTHSM_MODULE, softhsm_conf=device.conf)], timeout=TIMEOUT) as opened:
        yield opened


def make_key(station: Station, device: Device) -> KeyRef:
    ref, _ = station.generate_key_pair(
        device_label=device.label,
        device_serial=device.serial,
        kind=KeyKind.EC_P256,
        label="key",
        key_id=os.urandom(8),
        pins=device.typed(),
    )
    return ref


def traces_of(station: Station) -> bytes:
    """Everything that another process of this user, or an operator's tool, reads of the worker and of us."""
    found = b""
    for pid in (*station.worker_pids(), os.getpid()):
        for name in ("cmdline", "environ", "status", "comm"):
            found += Path(f"/proc/{pid}/{name}").read_bytes()
        for file in Path(f"/proc/{pid}/fd").iterdir():
            try:
                found += os.fsencode(file.readlink())
            except FileNotFoundError:
                continue
    return found


def test_a_frozen_worker_is_given_up_in_time(station: Station, device: Device) -> None:
    person = device.typed()
    key = station.key(make_key(station, device), person)
    (pid,) = station.worker_pids()
    os.kill(pid, signal.SIGSTOP)
    begun = time.monotonic()
    with pytest.raises(DeviceTimeout, match="Whether the device acted is unknown"):
        key.sign(b"m", ECDSA)
    assert time.monotonic() - begun < TIMEOUT + GRACE + 5.0
    assert not Path(f"/proc/{pid}").exists()
    assert station.modules()[0].state is ModuleStanding.HUNG
    verify(key.public_key, key.sign(b"m", ECDSA), b"m", ECDSA)


def test_a_person_may_take_longer_than_the_worker(station: Station, device: Device) -> None:
    """The person's time passes between two calls, not within one."""
    ref = make_key(station, device)
    station.logout(next(each for each in station.devices() if each.label == device.label))
    answered = threading.Event()

    class Slow(Typed):
        def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
            # Longer than the call's time-out and its grace together; other calls pass meanwhile.
            deadline = time.monotonic() + TIMEOUT + GRACE + 0.5
            while time.monotonic() < deadline:
                assert station.devices()
            answered.set()
            return Typed.pin(self, device_label=device_label, device_serial=device_serial, last_try=last_try)

    key = station.key(ref, Slow([RIGHT]))
    assert answered.is_set()
    verify(key.public_key, key.sign(b"m", ECDSA), b"m", ECDSA)


def test_a_pin_leaves_no_trace(station: Station, device: Device, caplog: pytest.LogCaptureFixture) -> None:
    ref = make_key(station, device)
    (info,) = (each for each in station.devices() if each.label == device.label)
    station.logout(info)
    with pytest.raises(PinRefused) as refused:
        station.key(ref, device.typed(CANARY))
    with pytest.raises(PinRefused) as again:
        station.key(ref, device.typed(CANARY))
    key = station.key(ref, device.typed())
    key.sign(b"m", ECDSA)
    traces = traces_of(station)
    for secret in (CANARY, RIGHT):
        assert secret.encode() not in traces
        assert secret not in caplog.text
        for each in (refused.value, again.value):
            said = f"{each!s}{each!r}{each.__context__!r}{each.__cause__!r}"
            assert secret not in said
        assert secret not in f"{station!r}{key!r}{station.modules()!r}{station.devices()!r}"


def test_a_dying_worker_leaves_no_image_of_its_memory(station: Station, device: Device) -> None:
    key = station.key(make_key(station, device), device.typed())
    key.sign(b"m", ECDSA)
    (pid,) = station.worker_pids()
    limits = Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
    (core,) = (line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]


def test_watching_disturbs_no_signature(station: Station, device: Device) -> None:
    """Two callers sign while a watch looks as often as it can: no call fails, nothing seems to come or go."""
    key = station.key(make_key(station, device), device.typed())
    seen: list[frozenset[str]] = []
    failed: list[HsmError] = []

    def changed(devices: list[DeviceInfo]) -> None:
        seen.append(frozenset(each.label for each in devices if each.initialised))

    def sign(name: bytes) -> None:
        for number in range(60):
            message = b"%s %d" % (name, number)
            try:
                verify(key.public_key, key.sign(message, ECDSA), message, ECDSA)
            except HsmError as error:
                failed.append(error)

    watch = station.watch(changed, every=0.001)
    callers = [threading.Thread(target=sign, args=(name,)) for name in (b"one", b"two")]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    watch.close()
    assert failed == []
    assert set(seen) == {frozenset({device.label})}


def test_a_hanging_module_hides_no_coming_and_going(device: Device, tmp_path: Path) -> None:
    """The worker that hangs has half a minute; what another module shows is told meanwhile."""
    faulty = Faulty(tmp_path / "faulty")
    second = ModulePath(
        path=faulty.path, softhsm_conf=make_device(tmp_path / "other").conf, environment=faulty.environment
    )
    told: list[bool] = []
    with Station([second, ModulePath(path=SOFTHSM_MODULE, softhsm_conf=device.conf)]) as station:
        watch = station.watch(lambda devices: told.append(any(each.label == "later" for each in devices)), every=0.05)
        wait_until(lambda: told == [False])
        faulty.hang("C_GetSlotList")
        initialise_softhsm_device(device.conf, label="later", so_pin=Pin("so-pin-77"), pin=Pin(RIGHT))
        wait_until(lambda: told[-1])
        watch.close()
