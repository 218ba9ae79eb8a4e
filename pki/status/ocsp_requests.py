"""OCSP requests (RFC 6960, 4.1; nonce RFC 9654), read as strictly as they are bounded."""

from __future__ import annotations

from dataclasses import dataclass

from hsm.prepared.der import object_identifier
from pki.der import (
    BOOLEAN,
    INTEGER,
    NULL,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    DERError,
    Element,
    encoded_oid,
    parse_boolean,
    parse_integer,
    read_one,
    require_bounded,
)

MAX_ASKED = 20
"""Certificates in one request."""
MAX_NONCE = 128
"""Octets (RFC 9654, 2.1)."""
_NONCE = object_identifier("1.3.6.1.5.5.7.48.1.2")
_V1 = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedCertificate:
    """One CertID, and itself as it was encoded, to be repeated in the answer."""

    encoded: bytes
    hash_algorithm: bytes
    """The OBJECT IDENTIFIER as encoded."""
    name_hash: bytes
    key_hash: bytes
    serial: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspRequest:
    """What is asked. Nothing of it is verified; a request's own signature is not looked at (RFC 6960, 4.1.2)."""

    asked: tuple[AskedCertificate, ...]
    nonce: bytes | None
    """The extension's value as encoded: an OCTET STRING of 1 to 128 octets."""


def parse_ocsp_request(der: bytes) -> OcspRequest:
    """Parse a request of at most 16 kB, 32 levels and `MAX_ASKED` certificates.

    :raise DERError: anything else, a nonce out of bounds, a critical extension that is not known.
    """
    require_bounded(der)
    outer = read_one(der, SEQUENCE).children()
    tbs = outer.next(SEQUENCE).children()
    outer.optional(0xA0)
    outer.end()
    version = tbs.optional(0xA0)
    if version is not None and parse_integer(read_one(version.content, INTEGER)) != _V1:
        raise DERError("another version")
    tbs.optional(0xA1)
    asked = tuple(_asked(each) for each in tbs.next(SEQUENCE).children().rest())
    extensions = tbs.optional(0xA2)
    tbs.end()
    if not 1 <= len(asked) <= MAX_ASKED:
        raise DERError(f"one request asks for 1 to {MAX_ASKED} certificates")
    return OcspRequest(asked=asked, nonce=None if extensions is None else _nonce(extensions))


def _asked(element: Element) -> AskedCertificate:
    if element.tag != SEQUENCE:
        raise DERError("not a Request")
    request = element.children()
    certificate = request.next(SEQUENCE)
    singles = request.optional(0xA0)
    request.end()
    if singles is not None:
        for oid, critical, _ in _extensions(singles):
            if critical:
                raise DERError(f"a critical extension that is not known: {oid.hex()}")
    parts = certificate.children()
    algorithm = parts.next(SEQUENCE).children()
    oid = encoded_oid(algorithm.next(OBJECT_IDENTIFIER))
    algorithm.optional(NULL)
    algorithm.end()
    found = AskedCertificate(
        encoded=certificate.encoded,
        hash_algorithm=oid,
        name_hash=parts.next(OCTET_STRING).content,
        key_hash=parts.next(OCTET_STRING).content,
        serial=parse_integer(parts.next(INTEGER)),
    )
    parts.end()
    return found


def _extensions(explicit: Element) -> list[tuple[bytes, bool, bytes]]:
    """(OID as encoded, critical, value) of each."""
    found = []
    for each in read_one(explicit.content, SEQUENCE).children().rest():
        if each.tag != SEQUENCE:
            raise DERError("not an Extension")
        parts = each.children()
        oid = encoded_oid(parts.next(OBJECT_IDENTIFIER))
        critical = parts.optional(BOOLEAN)
        value = parts.next(OCTET_STRING).content
        parts.end()
        found.append((oid, critical is not None and parse_boolean(critical), value))
    return found


def _nonce(explicit: Element) -> bytes | None:
    nonce = None
    for oid, critical, value in _extensions(explicit):
        if oid != _NONCE:
            if critical:
                raise DERError(f"a critical extension that is not known: {oid.hex()}")
            continue
        if nonce is not None:
            raise DERError("two nonces")
        if not 1 <= len(read_one(value, OCTET_STRING).content) <= MAX_NONCE:
            raise DERError(f"a nonce has 1 to {MAX_NONCE} octets (RFC 9654)")
        nonce = value
    return nonce
