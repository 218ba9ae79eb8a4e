"""The signed attributes: the only bytes, its CSR apart, that a signature key ever signs."""

import hashlib

from .der import object_identifier, octet_string, sequence, set_of

CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
DATA = "1.2.840.113549.1.7.1"

DIGEST_BYTES = 32


def signed_attributes(document_digest: bytes, certificate_der: bytes) -> bytes:
    """Return DER SET OF Attribute (RFC 5652, 5.3 and 5.4; tag 0x31), the message that the device signs.

    content-type (id-data), message-digest, and signing-certificate-v2 (RFC 5035, 3) with one ESSCertIDv2. Its
    hashAlgorithm is the DEFAULT, SHA-256, so DER leaves it out. Its issuerSerial is left out: it is OPTIONAL, the
    hash already fixes the certificate (EN 319 122-1, 5.2.2.3), and one spelling is what makes both sides agree byte
    for byte. No signing-time: a PAdES signature carries its claimed time in /M (EN 319 142-1, 6.3).

    :param document_digest: SHA-256 over the ByteRange.
    :param certificate_der: the signer's certificate.
    """
    if len(document_digest) != DIGEST_BYTES:
        raise ValueError("a document digest is 32 bytes of SHA-256")
    certificate_id = sequence(octet_string(hashlib.sha256(certificate_der).digest()))
    return set_of(
        _attribute(CONTENT_TYPE, object_identifier(DATA)),
        _attribute(MESSAGE_DIGEST, octet_string(document_digest)),
        _attribute(SIGNING_CERTIFICATE_V2, sequence(sequence(certificate_id))),
    )


def _attribute(kind: str, value: bytes) -> bytes:
    return sequence(object_identifier(kind), set_of(value))
