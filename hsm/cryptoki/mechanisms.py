"""How each signature algorithm is made on a device: one table, chosen from what the slot says it can do.

The digest is taken here, on the host, wherever the device lets us: real modules differ most in which
hashing mechanisms they offer (SoftHSM 2.6.1 has no ECDSA_SHA256, openCryptoki no SHA256_RSA_PKCS),
and least in the bare ones.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11 import MGF, Mechanism

from hsm.errors import DeviceUnavailable, MechanismUnsupported
from hsm.keys import PublicKey, SignatureAlgorithm, default_algorithm

PssParameters = tuple[Mechanism, MGF, int]
"""CK_RSA_PKCS_PSS_PARAMS: digest, mask generation, salt bytes."""

# DER of DigestInfo up to the digest itself (RFC 8017, 9.2, note 1).
_DIGEST_INFO = {
    256: bytes.fromhex("3031300d060960864801650304020105000420"),
    384: bytes.fromhex("3041300d060960864801650304020205000430"),
    512: bytes.fromhex("3051300d060960864801650304020305000440"),
}


def digest(message: bytes, algorithm: SignatureAlgorithm) -> bytes:
    """Return the digest that `algorithm` applies to `message`."""
    context = hashes.Hash(algorithm.hash_algorithm)
    context.update(message)
    return context.finalize()


def digest_info(message: bytes, algorithm: SignatureAlgorithm) -> bytes:
    """Return DER DigestInfo of `message` (RFC 8017, 9.2), which RSA_PKCS pads and signs."""
    return _DIGEST_INFO[algorithm.hash_algorithm.digest_size * 8] + digest(message, algorithm)


def whole(message: bytes, algorithm: SignatureAlgorithm) -> bytes:
    """Return the message itself: the device takes the digest."""
    del algorithm
    return message


@dataclass(frozen=True, slots=True)
class Way:
    """One way of making a signature: the mechanism, its parameters, and what is handed to it."""

    mechanism: Mechanism
    parameters: PssParameters | None
    prepare: Callable[[bytes, SignatureAlgorithm], bytes]


_M = Mechanism
_PSS: dict[int, PssParameters] = {
    256: (_M.SHA256, MGF.SHA256, 32),
    384: (_M.SHA384, MGF.SHA384, 48),
    512: (_M.SHA512, MGF.SHA512, 64),
}
_A = SignatureAlgorithm

WAYS: dict[SignatureAlgorithm, tuple[Way, ...]] = {
    _A.RSA_PKCS1V15_SHA256: (Way(_M.RSA_PKCS, None, digest_info), Way(_M.SHA256_RSA_PKCS, None, whole)),
    _A.RSA_PKCS1V15_SHA384: (Way(_M.RSA_PKCS, None, digest_info), Way(_M.SHA384_RSA_PKCS, None, whole)),
    _A.RSA_PKCS1V15_SHA512: (Way(_M.RSA_PKCS, None, digest_info), Way(_M.SHA512_RSA_PKCS, None, whole)),
    _A.RSA_PSS_SHA256: (Way(_M.RSA_PKCS_PSS, _PSS[256], digest), Way(_M.SHA256_RSA_PKCS_PSS, _PSS[256], whole)),
    _A.RSA_PSS_SHA384: (Way(_M.RSA_PKCS_PSS, _PSS[384], digest), Way(_M.SHA384_RSA_PKCS_PSS, _PSS[384], whole)),
    _A.RSA_PSS_SHA512: (Way(_M.RSA_PKCS_PSS, _PSS[512], digest), Way(_M.SHA512_RSA_PKCS_PSS, _PSS[512], whole)),
    _A.ECDSA_SHA256: (Way(_M.ECDSA, None, digest), Way(_M.ECDSA_SHA256, None, whole)),
    _A.ECDSA_SHA384: (Way(_M.ECDSA, None, digest), Way(_M.ECDSA_SHA384, None, whole)),
}
"""Ways by algorithm, preferred first."""


def _fits(algorithm: SignatureAlgorithm, key: PublicKey) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return algorithm.value.startswith("rsa")
    # A digest longer than the curve is cut by the device, and some refuse to: never offered.
    return algorithm.value.startswith("ecdsa") and algorithm.hash_algorithm.digest_size * 8 <= key.curve.key_size


def ways(key: PublicKey, offered: Collection[Mechanism | int]) -> dict[SignatureAlgorithm, Way]:
    """Return what can be done with `key` on a slot that offers those mechanisms; the key's default first.

    :raise MechanismUnsupported: nothing.
    """
    found: dict[SignatureAlgorithm, Way] = {}
    first = default_algorithm(key)
    for algorithm in (first, *(each for each in SignatureAlgorithm if each is not first)):
        way = next((way for way in WAYS[algorithm] if way.mechanism in offered), None)
        if way is not None and _fits(algorithm, key):
            found[algorithm] = way
    if not found:
        raise MechanismUnsupported("The device offers no mechanism that Khatam uses with this key. Nothing was done.")
    return found


def finish(value: bytes, key: PublicKey) -> bytes:
    """Return the device's value in its standard form: ECDSA r ‖ s becomes DER (RFC 3279, 2.2.3).

    :raise DeviceUnavailable: the value does not have the length that it must have.
    """
    if isinstance(key, ec.EllipticCurvePublicKey):
        half = (key.curve.key_size + 7) // 8
        if len(value) == 2 * half:
            return encode_dss_signature(int.from_bytes(value[:half]), int.from_bytes(value[half:]))
    elif len(value) == (key.key_size + 7) // 8:
        return value
    raise DeviceUnavailable("The device returned a signature value of the wrong length. It was thrown away.")
