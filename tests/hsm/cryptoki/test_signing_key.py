"""The contract of `SigningKey`, run on every implementation: in memory, in SoftHSM, through the keys process."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from cryptography.exceptions import InvalidSignature

from hsm.cryptoki.process import KeysServer, RemoteKeyring
from hsm.cryptoki.roles import InProcessKeyring, RoleKey
from hsm.errors import HsmError, MechanismUnsupported
from hsm.keys import KeyKind, SignatureAlgorithm, SigningKey, default_algorithm, verify
from hsm.software import SoftwareKeys
from tests.hsm.conftest import Device

KINDS = {kind.value: kind for kind in (KeyKind.RSA_2048, KeyKind.EC_P256, KeyKind.EC_P384)}


class Keyring(Protocol):
    def key(self, role: str) -> SigningKey: ...


@dataclass(frozen=True, slots=True)
class Implementations:
    software: Keyring
    softhsm: Keyring
    process: Keyring


@pytest.fixture(scope="module")
def implementations(shared_device: Device, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Implementations]:
    with shared_device.module() as module:
        roles = {
            name: RoleKey(ref=shared_device.generate(module, kind), pin_file=shared_device.pin_file)
            for name, kind in KINDS.items()
        }
        direct = InProcessKeyring(module, roles)
        path: Path = tmp_path_factory.mktemp("keys") / "keys.sock"
        with KeysServer(path, direct):
            remote = RemoteKeyring(path)
            yield Implementations(SoftwareKeys("rehearsal", KINDS), direct, remote)
            remote.close()


@pytest.fixture(params=["software", "softhsm", "process"])
def keyring(request: pytest.FixtureRequest, implementations: Implementations) -> Keyring:
    found: Keyring = getattr(implementations, request.param)
    return found


@pytest.fixture(params=list(KINDS))
def key(request: pytest.FixtureRequest, keyring: Keyring) -> SigningKey:
    return keyring.key(request.param)


def test_every_algorithm_it_names_makes_a_good_value(key: SigningKey) -> None:
    assert key.algorithms
    for algorithm in key.algorithms:
        value = key.sign(b"a message", algorithm)
        verify(key.public_key, value, b"a message", algorithm)
        with pytest.raises(InvalidSignature):
            verify(key.public_key, value, b"another message", algorithm)


def test_the_default_algorithm_comes_first(key: SigningKey) -> None:
    assert key.algorithms[0] is default_algorithm(key.public_key)


def test_rsa_keys_do_pss(keyring: Keyring) -> None:
    assert {SignatureAlgorithm.RSA_PSS_SHA256, SignatureAlgorithm.RSA_PSS_SHA512} <= set(
        keyring.key("rsa-2048").algorithms
    )


def test_what_it_does_not_name_is_refused(key: SigningKey) -> None:
    for algorithm in set(SignatureAlgorithm) - set(key.algorithms):
        with pytest.raises(MechanismUnsupported, match="Nothing was signed"):
            key.sign(b"a message", algorithm)


@pytest.mark.parametrize("size", [0, 1, 1_000_000])
def test_messages_of_any_size(keyring: Keyring, size: int) -> None:
    key = keyring.key("ec-p256")
    message = bytes(size)
    verify(key.public_key, key.sign(message, key.algorithms[0]), message, key.algorithms[0])


def test_thirty_two_callers_at_once(keyring: Keyring) -> None:
    key = keyring.key("ec-p256")
    together = threading.Barrier(32)

    def call(number: int) -> None:
        together.wait()
        for turn in range(4):
            message = b"%d/%d" % (number, turn)
            verify(key.public_key, key.sign(message, key.algorithms[0]), message, key.algorithms[0])

    with ThreadPoolExecutor(32) as pool:
        for done in [pool.submit(call, number) for number in range(32)]:
            done.result(timeout=60)


def test_an_unknown_role_is_not_found(implementations: Implementations) -> None:
    for keyring in (implementations.softhsm, implementations.process):
        with pytest.raises(HsmError, match="No key is configured"):
            keyring.key("nobody")
