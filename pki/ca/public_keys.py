"""Which public keys may be certified."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from math import gcd, isqrt, prod

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.keys import KeyKind, PublicKey

_EXPONENT = 65537
_RSA = {2048: KeyKind.RSA_2048, 3072: KeyKind.RSA_3072, 4096: KeyKind.RSA_4096}
_EC = {"secp256r1": KeyKind.EC_P256, "secp384r1": KeyKind.EC_P384}
_FERMAT_ROUNDS = 100
_SMALL = [n for n in range(3, 752) if all(n % d for d in range(2, isqrt(n) + 1))]
_SMALL_PRODUCT = prod(_SMALL)
_ROCA_PRIMES = _SMALL[:38]  # 3 … 167
_ROCA_RESIDUES = {prime: frozenset(pow(_EXPONENT, power, prime) for power in range(prime)) for prime in _ROCA_PRIMES}


class KeyFault(StrEnum):
    """What is wrong with a key."""

    KIND = "kind"
    WEAK = "weak"


class KeyRefused(ValueError):
    """A key that is not certified. The rooms' errors are made from it."""

    def __init__(self, fault: KeyFault, said: str) -> None:
        super().__init__(said)
        self.fault = fault
        self.said = said


def accept_public_key(key: object) -> tuple[PublicKey, KeyKind]:
    """Return the key and its kind: RSA of 2048, 3072 or 4096 bits with exponent 65537, P-256 or P-384.

    :raise KeyRefused: any other, and RSA moduli that are easily factored.
    """
    if isinstance(key, ec.EllipticCurvePublicKey):
        kind = _EC.get(key.curve.name)
        if kind is None:
            raise KeyRefused(KeyFault.KIND, f"the curve {key.curve.name} is not accepted, P-256 and P-384 are")
        return key, kind
    if isinstance(key, rsa.RSAPublicKey):
        return key, _rsa_kind(key)
    raise KeyRefused(KeyFault.KIND, "the key is neither RSA nor on P-256 or P-384")


def spki_sha256(key: PublicKey) -> str:
    """Lower-case hex SHA-256 of the SubjectPublicKeyInfo: the identity of a key."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _rsa_kind(key: rsa.RSAPublicKey) -> KeyKind:
    numbers = key.public_numbers()
    if key.key_size < 2048:  # noqa: PLR2004 - EN 319 412 refers to TS 119 312
        raise KeyRefused(KeyFault.WEAK, f"an RSA key of {key.key_size} bits is too short, 2048 is the least")
    kind = _RSA.get(key.key_size)
    if kind is None:
        raise KeyRefused(KeyFault.KIND, f"RSA keys have 2048, 3072 or 4096 bits here, not {key.key_size}")
    if numbers.e != _EXPONENT:
        raise KeyRefused(KeyFault.WEAK, f"the RSA exponent must be {_EXPONENT}")
    # THREAT: a faulty generator makes moduli that anyone factors: small or close primes, CVE-2017-15361 (ROCA).
    # DEFENCE: the three are cheap to see, so they are looked for in every key.
    # TEST: tests/pki/ca/test_requests.py::test_factorable_modulus_is_refused
    if numbers.n % 2 == 0 or gcd(numbers.n, _SMALL_PRODUCT) != 1:
        raise KeyRefused(KeyFault.WEAK, "the RSA modulus has a small factor")
    if _close_primes(numbers.n):
        raise KeyRefused(KeyFault.WEAK, "the primes of the RSA modulus are too close")
    if all(numbers.n % prime in residues for prime, residues in _ROCA_RESIDUES.items()):
        raise KeyRefused(KeyFault.WEAK, "the RSA key comes from a generator known to be broken (CVE-2017-15361)")
    return kind


def _close_primes(n: int) -> bool:
    """Fermat's method, for a few rounds."""
    a = isqrt(n - 1) + 1
    for _ in range(_FERMAT_ROUNDS):
        rest = a * a - n
        if isqrt(rest) ** 2 == rest:
            return True
        a += 1
    return False
