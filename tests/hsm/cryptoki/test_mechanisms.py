"""The one table of mechanisms."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pkcs11 import Mechanism

from hsm.cryptoki.mechanisms import WAYS, digest, digest_info, finish, ways, whole
from hsm.errors import DeviceUnavailable, MechanismUnsupported
from hsm.keys import SignatureAlgorithm

A = SignatureAlgorithm
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
P256 = ec.generate_private_key(ec.SECP256R1()).public_key()
P384 = ec.generate_private_key(ec.SECP384R1()).public_key()


def test_every_algorithm_has_its_ways() -> None:
    assert WAYS.keys() == set(SignatureAlgorithm)
    for algorithm, found in WAYS.items():
        for way in found:
            parameters = way.parameters
            assert (parameters is not None) == algorithm.value.startswith("rsa-pss")
            if parameters is not None:  # the salt is as long as the digest, never SHA-1
                assert parameters[2] == algorithm.hash_algorithm.digest_size


def test_the_host_takes_the_digest_where_it_may() -> None:
    found = ways(RSA, {Mechanism.RSA_PKCS, Mechanism.SHA256_RSA_PKCS, Mechanism.RSA_PKCS_PSS})
    assert found[A.RSA_PKCS1V15_SHA256].prepare is digest_info
    assert found[A.RSA_PSS_SHA384].prepare is digest


def test_the_device_takes_it_where_it_must() -> None:
    found = ways(RSA, {Mechanism.SHA256_RSA_PKCS, Mechanism.SHA256_RSA_PKCS_PSS})
    assert list(found) == [A.RSA_PKCS1V15_SHA256, A.RSA_PSS_SHA256]
    assert all(way.prepare is whole for way in found.values())


def test_a_digest_longer_than_the_curve_is_not_offered() -> None:
    assert list(ways(P256, {Mechanism.ECDSA})) == [A.ECDSA_SHA256]
    assert list(ways(P384, {Mechanism.ECDSA})) == [A.ECDSA_SHA384, A.ECDSA_SHA256]


@pytest.mark.parametrize(("key", "offered"), [(RSA, {Mechanism.ECDSA}), (P256, {Mechanism.RSA_PKCS}), (P256, set())])
def test_nothing_that_fits_is_said(key: rsa.RSAPublicKey, offered: set[Mechanism]) -> None:
    with pytest.raises(MechanismUnsupported):
        ways(key, offered)


@pytest.mark.parametrize(("key", "size"), [(RSA, 255), (RSA, 257), (P256, 63), (P256, 96), (P384, 64), (P256, 0)])
def test_a_value_of_the_wrong_length_is_thrown_away(key: rsa.RSAPublicKey, size: int) -> None:
    with pytest.raises(DeviceUnavailable, match="thrown away"):
        finish(bytes(size), key)
