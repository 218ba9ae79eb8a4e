"""A module that takes its process down, or never answers: said, replaced at the next call, felt by no other module."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from hsm.cryptoki.provisioning import SOFTHSM_MODULE
from hsm.cryptoki.standing import ModulePath, ModuleStanding
from hsm.cryptoki.station import Station, StationKey
from hsm.errors import DeviceTimeout, DeviceUnavailable
from hsm.keys import KeyKind
from tests.hsm.conftest import Device, Typed, make_device
from tests.hsm.cryptoki.faulty.conftest import ECDSA, sign
from tests.rig.faulty.control import Faulty

End = Literal["segv", "abort", "exit"]
ENDS: dict[End, str] = {"segv": "signal 11", "abort": "signal 6", "exit": "exit"}
FAILING, SOUND = 0, 1
"""Places of the two modules."""


@pytest.fixture
def other(tmp_path: Path, device: Device) -> Device:
    del device  # its environment is set first
    return make_device(tmp_path / "other", "other")


@pytest.fixture
def station(device: Device, other: Device, faulty: Faulty) -> Iterator[Station]:
    failing = ModulePath(path=faulty.path, softhsm_conf=device.conf)
    sound = ModulePath(path=SOFTHSM_MODULE, softhsm_conf=other.conf)
    with Station([failing, sound], timeout=2.5) as opened:
        yield opened


def opened_key(station: Station, device: Device, person: Typed) -> StationKey:
    ref, _ = station.generate_key_pair(
        device_label=device.label,
        device_serial=device.serial,
        kind=KeyKind.EC_P256,
        label="key",
        key_id=b"\x01",
        pins=person,
    )
    return station.key(ref, person)


@pytest.mark.parametrize("performed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("end", ENDS)
def test_a_death_is_said_and_mended_and_the_other_module_lives_on(
    device: Device, other: Device, station: Station, faulty: Faulty, *, end: End, performed: bool
) -> None:
    person, neighbour = device.typed(), other.typed()
    key, sound = opened_key(station, device, person), opened_key(station, other, neighbour)
    for _ in range(2):
        sign(key)
    _, pid = station.worker_pids()
    asked, signatures = len(person.asked), faulty.counted("C_Sign")
    faulty.crash("C_Sign", end, at=1, performed=performed)
    with pytest.raises(DeviceUnavailable):
        key.sign(b"m", ECDSA)
    assert faulty.counted("C_Sign") == signatures + 1, "what may have been done is not done again unasked"
    states = station.modules()
    assert (states[FAILING].state, states[SOUND].state) == (ModuleStanding.CRASHED, ModuleStanding.READY)
    assert ENDS[end] in states[FAILING].said
    sign(sound)
    assert station.worker_pids() == [pid]
    assert len(neighbour.asked) == 1
    sign(key)
    assert len(person.asked) == asked + 1, "a new process is logged in to anew, by its person"
    states = station.modules()
    assert [(each.state, each.restarts) for each in states] == [(ModuleStanding.READY, 1), (ModuleStanding.READY, 0)]
    assert {each.result for each in faulty.pins_sent()} == {"CKR_OK"}


def test_a_module_that_hangs_is_replaced_while_the_other_signs(
    device: Device, other: Device, station: Station, faulty: Faulty
) -> None:
    key, sound = opened_key(station, device, device.typed()), opened_key(station, other, other.typed())
    hung, pid = station.worker_pids()
    faulty.hang("C_Sign", at=1)
    with pytest.raises(DeviceTimeout, match="unknown"):
        key.sign(b"m", ECDSA)
    assert station.modules()[FAILING].state is ModuleStanding.HUNG
    assert station.worker_pids() == [pid], "the one that hangs is ended"
    assert not Path(f"/proc/{hung}").exists()
    sign(sound)
    sign(key)
    assert [each.state for each in station.modules()] == [ModuleStanding.READY] * 2


@pytest.mark.parametrize("function", ["C_Initialize", "C_GetSlotList", "C_GetTokenInfo", "C_OpenSession", "C_Login"])
def test_a_death_anywhere_is_mended_by_the_next_call(
    device: Device, station: Station, faulty: Faulty, function: str
) -> None:
    person = device.typed()
    faulty.crash(function, at=1)
    with pytest.raises(DeviceUnavailable):
        opened_key(station, device, person)
    sign(opened_key(station, device, person))
    assert faulty.counted("C_Login") == (2 if function == "C_Login" else 1), "a PIN for each answer of a person"
    assert len(person.asked) == (2 if function in {"C_Login", "C_OpenSession"} else 1)
