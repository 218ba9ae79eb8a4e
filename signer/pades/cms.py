"""SignedData (RFC 5652) put together from DER parts: given attributes, given value, known certificates.

By hand because it is the hot path, and because the attributes must enter exactly as they were signed. Parts that
depend on a certificate alone are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa

from hsm.keys import PublicKey, SignatureAlgorithm
from hsm.prepared.der import object_identifier, octet_string, sequence
from signer.pades.der import SET, set_of, tlv
from signer.pades.errors import AlgorithmUnsuitable
from signer.pades.names import names_of

_NULL = b"\x05\x00"
_VERSION_1 = b"\x02\x01\x01"
_SHA256 = sequence(object_identifier("2.16.840.1.101.3.4.2.1"))
_ID_DATA = object_identifier("1.2.840.113549.1.7.1")
_ID_SIGNED_DATA = object_identifier("1.2.840.113549.1.7.2")
_ID_TIME_STAMP_TOKEN = object_identifier("1.2.840.113549.1.9.16.2.14")

# RFC 4055, 3.1: hash and mask function with SHA-256 (parameters NULL inside them), 32 bytes of salt.
_SHA256_NULL = sequence(object_identifier("2.16.840.1.101.3.4.2.1"), _NULL)
_PSS_SHA256 = sequence(
    tlv(0xA0, _SHA256_NULL),
    tlv(0xA1, sequence(object_identifier("1.2.840.113549.1.1.8"), _SHA256_NULL)),
    tlv(0xA2, b"\x02\x01\x20"),
)
_ALGORITHMS = {
    # RFC 4055, 5: parameters are NULL. RFC 5758, 3.2: they are absent.
    SignatureAlgorithm.RSA_PKCS1V15_SHA256: sequence(object_identifier("1.2.840.113549.1.1.11"), _NULL),
    SignatureAlgorithm.RSA_PSS_SHA256: sequence(object_identifier("1.2.840.113549.1.1.10"), _PSS_SHA256),
    SignatureAlgorithm.ECDSA_SHA256: sequence(object_identifier("1.2.840.10045.4.3.2")),
}
"""The attributes' digest is SHA-256, and RFC 5652, 5.4 wants the value made with that same digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedParts:
    """What a SignedData is made of, all DER. `attributes`: SET OF, tag 0x31. The chain is without its root."""

    attributes: bytes
    value: bytes
    algorithm: SignatureAlgorithm
    certificate: bytes
    chain: tuple[bytes, ...]
    time_stamp: bytes | None


def document_algorithms() -> frozenset[SignatureAlgorithm]:
    """The algorithms that a document's signature may use."""
    return frozenset(_ALGORITHMS)


def document_algorithm(key: PublicKey) -> SignatureAlgorithm:
    """The algorithm in which `key` signs documents; SHA-256 whatever its size."""
    if isinstance(key, rsa.RSAPublicKey):
        return SignatureAlgorithm.RSA_PKCS1V15_SHA256
    return SignatureAlgorithm.ECDSA_SHA256


def signed_data(parts: SignedParts) -> bytes:
    """Return the DER ContentInfo. Same parts, same bytes.

    :raise AlgorithmUnsuitable: not one of `document_algorithms()`.
    :raise ValueError: a part is not DER of its kind.
    """
    if parts.algorithm not in _ALGORITHMS:
        raise AlgorithmUnsuitable(parts.algorithm.value)
    if parts.attributes[:1] != bytes((SET,)):
        raise ValueError("signed attributes are a SET OF")
    unsigned = b"" if parts.time_stamp is None else tlv(0xA1, _time_stamp_attribute(parts.time_stamp))
    signer = sequence(
        _VERSION_1,
        _issuer_and_serial(parts.certificate),
        _SHA256,
        b"\xa0" + parts.attributes[1:],
        _ALGORITHMS[parts.algorithm],
        octet_string(parts.value),
        unsigned,
    )
    content = sequence(
        _VERSION_1,
        tlv(SET, _SHA256),
        sequence(_ID_DATA),
        _certificates((parts.certificate, *parts.chain)),
        tlv(SET, signer),
    )
    return sequence(_ID_SIGNED_DATA, tlv(0xA0, content))


def _time_stamp_attribute(token: bytes) -> bytes:
    return sequence(_ID_TIME_STAMP_TOKEN, tlv(SET, token))


def _certificates(certificates: Iterable[bytes]) -> bytes:
    # A certificate must not appear twice: strict readers refuse a SET with duplicates.
    return set_of(0xA0, *set(certificates))


def _issuer_and_serial(certificate: bytes) -> bytes:
    names = names_of(certificate)
    return sequence(names.issuer, names.serial)
