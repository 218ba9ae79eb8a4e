"""Strict DER (X.690): a bounded reader for protocol messages, and the few encodings that are written by hand.

OCSP and time-stamp messages are put together from cached parts: ASN.1 libraries build them twenty times
slower. The reader accepts definite, minimal lengths only, and refuses what follows the element asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from hsm.keys import SignatureAlgorithm
from hsm.prepared.der import object_identifier, sequence, tlv

MAX_BYTES = 16 * 1024
MAX_DEPTH = 32

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OBJECT_IDENTIFIER, ENUMERATED = 1, 2, 3, 4, 5, 6, 10
GENERALIZED_TIME, SEQUENCE, SET = 0x18, 0x30, 0x31
CONSTRUCTED, CONTEXT = 0x20, 0x80


class DERError(ValueError):
    """The bytes are not the DER that was expected. Rooms translate it: it never leaves them."""


UNREADABLE = (
    DERError,
    ValueError,
    TypeError,
    OverflowError,
    NotImplementedError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises for bytes that are not a certificate, request or list: not one family."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag octet, its contents, and itself as it was encoded."""

    tag: int
    content: bytes
    encoded: bytes

    def children(self) -> Reader:
        """A reader over the contents."""
        return Reader(self.content)


class Reader:
    """Reads elements one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def next(self, tag: int) -> Element:
        """The next element, which must have that tag."""
        element = self._element()
        if element.tag != tag:
            raise DERError(f"expected tag {tag:#04x}, found {element.tag:#04x}")
        return element

    def optional(self, tag: int) -> Element | None:
        """The next element if it has that tag; otherwise nothing is read."""
        if self._at >= len(self._data) or self._data[self._at] != tag:
            return None
        return self._element()

    def rest(self) -> Iterator[Element]:
        """Every element that is left."""
        while self._at < len(self._data):
            yield self._element()

    def end(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._data):
            raise DERError("bytes after the last element")

    def _element(self) -> Element:
        data, start = self._data, self._at
        if len(data) - start < 2:  # noqa: PLR2004 - tag and length
            raise DERError("truncated")
        tag, length, body = data[start], data[start + 1], start + 2
        if tag & 0x1F == 0x1F:  # noqa: PLR2004 - X.690, 8.1.2.4
            raise DERError("long tags are not used here")
        if length >= 0x80:  # noqa: PLR2004 - X.690, 8.1.3.5
            size = length & 0x7F
            if not 1 <= size <= 4 or len(data) < body + size:  # noqa: PLR2004 - 4 GB is more than enough
                raise DERError("length is indefinite, too long or truncated")
            length = int.from_bytes(data[body : body + size], "big")
            if length < 0x80 or length.bit_length() <= 8 * (size - 1):  # noqa: PLR2004
                raise DERError("length is not minimal")
            body += size
        if len(data) < body + length:
            raise DERError("truncated")
        self._at = body + length
        return Element(tag, data[body : self._at], data[start : self._at])


def read_one(data: bytes, tag: int) -> Element:
    """The one element that is all of `data`.

    :raise DERError: another tag, or bytes around it.
    """
    reader = Reader(data)
    element = reader.next(tag)
    reader.end()
    return element


def require_bounded(data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> None:
    """Require one well-formed element within those bounds; constructed elements are walked, strings are not.

    :raise DERError: too large, too deep, or not DER.
    """
    # THREAT: a request of a few bytes that costs seconds or the stack: nesting, lengths that lie, endless size.
    # DEFENCE: size first, then an iterative walk with a bound on depth, before any library sees the bytes.
    # TEST: tests/pki/test_der.py::test_deep_nesting_is_refused
    if len(data) > max_bytes:
        raise DERError(f"more than {max_bytes} bytes")
    reader = Reader(data)
    waiting = [(element, 1) for element in reader.rest()]
    if len(waiting) != 1:
        raise DERError("not exactly one element")
    while waiting:
        element, depth = waiting.pop()
        if depth > max_depth:
            raise DERError(f"more than {max_depth} levels")
        if element.tag & CONSTRUCTED:
            waiting.extend((child, depth + 1) for child in element.children().rest())


def parse_integer(element: Element) -> int:
    """A minimal two's-complement INTEGER or ENUMERATED (X.690, 8.3)."""
    content = element.content
    if not content or (len(content) > 1 and content[0] in (0, 0xFF) and (content[0] ^ content[1]) < 0x80):  # noqa: PLR2004
        raise DERError("an integer that is not minimal")
    return int.from_bytes(content, "big", signed=True)


def parse_boolean(element: Element) -> bool:
    """FALSE or TRUE (X.690, 11.1)."""
    if element.content not in (b"\x00", b"\xff"):
        raise DERError("a boolean that is neither FALSE nor TRUE")
    return element.content == b"\xff"


def encoded_oid(element: Element) -> bytes:
    """An OBJECT IDENTIFIER as it was encoded, once it is known to be well-formed (X.690, 8.19)."""
    content = element.content
    starts = b"\x00" + content[:-1]  # an arc starts after an octet without continuation bit
    padded = any(octet == 0x80 and before < 0x80 for before, octet in zip(starts, content, strict=False))  # noqa: PLR2004
    if element.tag != OBJECT_IDENTIFIER or not content or content[-1] & 0x80 or padded:
        raise DERError("an object identifier that is not well-formed")
    return element.encoded


def integer(value: int) -> bytes:
    """INTEGER."""
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def bit_string(content: bytes) -> bytes:
    """BIT STRING of whole octets."""
    return tlv(BIT_STRING, b"\x00", content)


def generalized_time(at: datetime) -> bytes:
    """GeneralizedTime in whole seconds, UTC (RFC 5280, 4.1.2.5.2). What is below a second is cut."""
    return tlv(GENERALIZED_TIME, at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode("ascii"))


_NULL = tlv(NULL)
_ALGORITHMS = {
    SignatureAlgorithm.RSA_PKCS1V15_SHA256: sequence(object_identifier("1.2.840.113549.1.1.11"), _NULL),
    SignatureAlgorithm.RSA_PKCS1V15_SHA384: sequence(object_identifier("1.2.840.113549.1.1.12"), _NULL),
    SignatureAlgorithm.RSA_PKCS1V15_SHA512: sequence(object_identifier("1.2.840.113549.1.1.13"), _NULL),
    SignatureAlgorithm.ECDSA_SHA256: sequence(object_identifier("1.2.840.10045.4.3.2")),
    SignatureAlgorithm.ECDSA_SHA384: sequence(object_identifier("1.2.840.10045.4.3.3")),
}


def algorithm_identifier(algorithm: SignatureAlgorithm) -> bytes:
    """AlgorithmIdentifier of a signature algorithm that the service signs with (RFC 4055, RFC 5758).

    :raise DERError: RSA-PSS: the service verifies it and never makes it.
    """
    found = _ALGORITHMS.get(algorithm)
    if found is None:
        raise DERError(f"the service does not sign with {algorithm.value}")
    return found


def assembled(tbs: bytes, value: bytes, algorithm: SignatureAlgorithm) -> bytes:
    """SEQUENCE { tbs, algorithm, value }: a certificate or a list from its signed part (RFC 5280, 4.1.1)."""
    return sequence(tbs, algorithm_identifier(algorithm), bit_string(value))
