"""The port through which everything in Khatam signs: `SigningKey`.

A key takes the message itself (never a digest of a caller's choice from outside its process) and
returns a finished signature value; which hash and which mechanism is one of `SignatureAlgorithm`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class KeyKind(StrEnum):
    """Kinds of key pair that a holder or the service may use (docs: design, keys)."""

    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    RSA_4096 = "rsa-4096"
    EC_P256 = "ec-p256"
    EC_P384 = "ec-p384"


class SignatureAlgorithm(StrEnum):
    """Signature algorithms. PSS has a salt as long as its digest (RFC 8017, 9.1)."""

    RSA_PKCS1V15_SHA256 = "rsa-pkcs1v15-sha256"
    RSA_PKCS1V15_SHA384 = "rsa-pkcs1v15-sha384"
    RSA_PKCS1V15_SHA512 = "rsa-pkcs1v15-sha512"
    RSA_PSS_SHA256 = "rsa-pss-sha256"
    RSA_PSS_SHA384 = "rsa-pss-sha384"
    RSA_PSS_SHA512 = "rsa-pss-sha512"
    ECDSA_SHA256 = "ecdsa-sha256"
    ECDSA_SHA384 = "ecdsa-sha384"

    @property
    def hash_algorithm(self) -> hashes.HashAlgorithm:
        """The digest that the algorithm applies to the message."""
        sizes: dict[str, hashes.HashAlgorithm] = {
            "256": hashes.SHA256(),
            "384": hashes.SHA384(),
            "512": hashes.SHA512(),
        }
        return sizes[self.value[-3:]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRef:
    """Where a key lives: a device by label and serial (never by slot number), and CKA_ID."""

    device_label: str
    device_serial: str
    key_id: bytes


class SigningKey(Protocol):
    """A private key that signs whole messages."""

    @property
    def public_key(self) -> PublicKey: ...

    @property
    def algorithms(self) -> tuple[SignatureAlgorithm, ...]:
        """What the key can do, preferred first. Never empty."""
        ...

    def sign(self, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """Return the signature value over `message`; ECDSA as DER SEQUENCE (RFC 3279, 2.2.3).

        Blocks for the device's time. A PIN, if one is needed, is asked on the device's side.

        :raise hsm.errors.HsmError: one of its leaves; nothing was signed, `DeviceTimeout` apart.
        """
        ...


def default_algorithm(key: PublicKey) -> SignatureAlgorithm:
    """The algorithm that Khatam uses with `key` when nothing else is asked for."""
    if isinstance(key, rsa.RSAPublicKey):
        return SignatureAlgorithm.RSA_PKCS1V15_SHA256
    return SignatureAlgorithm.ECDSA_SHA384 if key.curve.key_size == 384 else SignatureAlgorithm.ECDSA_SHA256  # noqa: PLR2004


def verify(key: PublicKey, value: bytes, message: bytes, algorithm: SignatureAlgorithm) -> None:
    """Verify one signature value.

    :raise cryptography.exceptions.InvalidSignature: the value is not that key's over that message,
        or the algorithm is not one of the key's kind.
    """
    digest = algorithm.hash_algorithm
    if isinstance(key, rsa.RSAPublicKey):
        if algorithm.value.startswith("rsa-pss"):
            pss = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
            key.verify(value, message, pss, digest)
        elif algorithm.value.startswith("rsa-pkcs1v15"):
            key.verify(value, message, padding.PKCS1v15(), digest)
        else:
            raise InvalidSignature
    elif algorithm.value.startswith("ecdsa"):
        key.verify(value, message, ec.ECDSA(digest))
    else:
        raise InvalidSignature
