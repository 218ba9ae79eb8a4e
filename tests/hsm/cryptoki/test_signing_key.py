"""The contract of `SigningKey`, run on what this repository always has: in memory, SoftHSM in this process, in a
worker, in a pool of workers, and through the keys process.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hsm.cryptoki.pool import SessionPool
from hsm.cryptoki.process import KeysServer, RemoteKeyring
from hsm.cryptoki.provisioning import SOFTHSM_MODULE
from hsm.cryptoki.roles import InProcessKeyring, RoleKey
from hsm.cryptoki.standing import ModulePath
from hsm.cryptoki.station import Station
from hsm.errors import HsmError
from hsm.software import SoftwareKeys
from tests.hsm.conftest import Device
from tests.hsm.cryptoki.contract import *  # noqa: F403  (the tests themselves)
from tests.hsm.cryptoki.contract import KINDS, Keyring


@dataclass(frozen=True, slots=True)
class Implementations:
    software: Keyring
    softhsm: Keyring
    process: Keyring
    station: Keyring
    pool: Keyring


@pytest.fixture(scope="module")
def implementations(shared_device: Device, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Implementations]:
    apart = ModulePath(path=SOFTHSM_MODULE, softhsm_conf=shared_device.conf)
    with shared_device.module() as module, Station([apart]) as station, SessionPool(apart, sessions=2) as pool:
        roles = {
            name: RoleKey(ref=shared_device.generate(module, kind), pin_file=shared_device.pin_file)
            for name, kind in KINDS.items()
        }
        direct = InProcessKeyring(module, roles)
        path: Path = tmp_path_factory.mktemp("keys") / "keys.sock"
        with KeysServer(path, direct):
            remote = RemoteKeyring(path)
            yield Implementations(
                SoftwareKeys("rehearsal", KINDS),
                direct,
                remote,
                InProcessKeyring(station, roles),
                InProcessKeyring(pool, roles),
            )
            remote.close()


@pytest.fixture(params=["software", "softhsm", "process", "station", "pool"])
def keyring(request: pytest.FixtureRequest, implementations: Implementations) -> Keyring:
    found: Keyring = getattr(implementations, request.param)
    return found


def test_an_unknown_role_is_not_found(implementations: Implementations) -> None:
    for keyring in (implementations.softhsm, implementations.process):
        with pytest.raises(HsmError, match="No key is configured"):
            keyring.key("nobody")
