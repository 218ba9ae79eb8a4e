"""Embedding a signature into the gap of a prepared PDF. Pure: same parts, same bytes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from hsm.keys import SignatureAlgorithm
from hsm.prepared.attributes import signed_attributes
from signer.pades.cms import SignedParts, signed_data
from signer.pades.errors import SignatureMismatch, SignatureTooLarge
from signer.pades.prepare import ByteRange
from signer.pades.time_stamps import is_stamp_of, parse_time_stamp


def embed_signature(
    prepared: bytes,
    *,
    byte_range: ByteRange,
    attributes: bytes,
    value: bytes,
    algorithm: SignatureAlgorithm,
    certificate_der: bytes,
    chain: Sequence[bytes],
    time_stamp: bytes | None,
) -> bytes:
    """Return the signed PDF: B-T with a time-stamp, B-B without.

    The value is not verified here (whoever accepted it did); that the attributes are this document's and this
    certificate's, and the time-stamp this value's, is checked.

    :param attributes: the DER SET OF that was signed.
    :param chain: DER certificates of the issuers, without the root.
    :raise SignatureMismatch: attributes, gap or time-stamp are not this document's.
    :raise SignatureTooLarge: the reserved place is too small.
    :raise AlgorithmUnsuitable: the algorithm's digest is not the attributes'.
    """
    # THREAT: a value of one document, or a time-stamp of another value, ends up in a document that looks signed.
    # DEFENCE: digest, attributes and imprint are computed again from the bytes at hand before anything is written.
    # TEST: tests/signer/pades/test_embed.py::test_what_belongs_to_another_document_is_refused
    _, before, after, length = byte_range
    gap = prepared[before:after]
    if length + after != len(prepared) or gap != b"<" + b"0" * (len(gap) - 2) + b">":
        raise SignatureMismatch("the reserved place is not where it was prepared, or not empty")
    digest = hashlib.sha256(memoryview(prepared)[:before])
    digest.update(memoryview(prepared)[after:])
    if not hmac.compare_digest(attributes, signed_attributes(digest.digest(), certificate_der)):
        raise SignatureMismatch("the signed attributes are not this document's with this certificate")
    if time_stamp is not None:
        _require_stamp_of(value, time_stamp)
    content = signed_data(
        SignedParts(
            attributes=attributes,
            value=value,
            algorithm=algorithm,
            certificate=certificate_der,
            chain=tuple(chain),
            time_stamp=time_stamp,
        )
    )
    reserved = (len(gap) - 2) // 2
    if len(content) > reserved:
        raise SignatureTooLarge(len(content), reserved)
    written = content.hex().encode().ljust(2 * reserved, b"0")
    return b"".join((prepared[:before], b"<", written, b">", prepared[after:]))


def _require_stamp_of(value: bytes, time_stamp: bytes) -> None:
    try:
        token = parse_time_stamp(time_stamp)
    except ValueError as error:
        raise SignatureMismatch("its time-stamp cannot be read") from error
    if not is_stamp_of(token, value):
        raise SignatureMismatch("the time-stamp is not of this signature value")
