"""The contract of `SigningKey`: what every implementation must do, wherever its keys are.

A test module of an implementation gives two fixtures, `keyring` and, where its keys are fewer, `roles`, and takes the
tests in: `from tests.hsm.cryptoki.contract import *`. A role is a kind of key by its value ("rsa-2048").
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import pytest
from cryptography.exceptions import InvalidSignature

from hsm.errors import MechanismUnsupported
from hsm.keys import KeyKind, SignatureAlgorithm, SigningKey, default_algorithm, verify

KINDS = {kind.value: kind for kind in (KeyKind.RSA_2048, KeyKind.EC_P256, KeyKind.EC_P384)}


class Keyring(Protocol):
    def key(self, role: str) -> SigningKey: ...


@pytest.fixture(scope="module")
def roles() -> tuple[str, ...]:
    """The kinds of key that the implementation has."""
    return tuple(KINDS)


@pytest.fixture(params=list(KINDS))
def key(request: pytest.FixtureRequest, keyring: Keyring, roles: tuple[str, ...]) -> SigningKey:
    return keyring.key(request.param if request.param in roles else roles[0])


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
