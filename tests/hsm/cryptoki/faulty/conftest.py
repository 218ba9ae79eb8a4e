"""A SoftHSM device behind the module that fails by script: in this process, or in a station's worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.module import Module
from hsm.cryptoki.standing import ModulePath
from hsm.cryptoki.station import Station
from hsm.keys import SignatureAlgorithm, SigningKey, verify
from tests.hsm.conftest import Device
from tests.rig.faulty.control import Faulty

ECDSA = SignatureAlgorithm.ECDSA_SHA256


@pytest.fixture
def faulty(tmp_path: Path) -> Faulty:
    return Faulty(tmp_path / "faulty")


@pytest.fixture
def module(device: Device, faulty: Faulty) -> Iterator[Module]:
    """In this process: for faults that leave it alive."""
    with Module.open(faulty.path, softhsm_conf=device.conf, timeout=10) as opened:
        yield opened


@pytest.fixture
def station(device: Device, faulty: Faulty) -> Iterator[Station]:
    with Station([ModulePath(path=faulty.path, softhsm_conf=device.conf)], timeout=5) as opened:
        yield opened


def present(driver: Module | Station) -> DeviceInfo:
    """The one initialised device that is there."""
    (found,) = (each for each in driver.devices() if each.initialised)
    return found


def sign(key: SigningKey, message: bytes = b"m", algorithm: SignatureAlgorithm = ECDSA) -> bytes:
    """Sign and check the value."""
    value = key.sign(message, algorithm)
    verify(key.public_key, value, message, algorithm)
    return value
