"""The token: a CMS SignedData over TSTInfo, put together from cached DER parts (RFC 3161, 2.4.2; RFC 5816).

An ASN.1 library builds 130 tokens a second; this way the key is what takes time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from hsm.keys import SignatureAlgorithm, SigningKey, default_algorithm
from hsm.prepared.der import object_identifier, octet_string, sequence, set_of, tlv
from pki.der import algorithm_identifier, generalized_time, integer

from .requests import TimeStampRequest, TsaPolicy

_SIGNED_DATA, _TST_INFO = object_identifier("1.2.840.113549.1.7.2"), object_identifier("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE = object_identifier("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = object_identifier("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE_V2 = object_identifier("1.2.840.113549.1.9.16.2.47")
_DIGESTS: dict[SignatureAlgorithm, bytes] = {
    SignatureAlgorithm.RSA_PKCS1V15_SHA256: object_identifier("2.16.840.1.101.3.4.2.1"),
    SignatureAlgorithm.ECDSA_SHA256: object_identifier("2.16.840.1.101.3.4.2.1"),
    SignatureAlgorithm.ECDSA_SHA384: object_identifier("2.16.840.1.101.3.4.2.2"),
}


class TokenMaker:
    """The parts that every token of one key shares."""

    def __init__(self, *, key: SigningKey, certificate: bytes, chain: Sequence[bytes], policy: TsaPolicy) -> None:
        self._key, self._algorithm = key, default_algorithm(key.public_key)
        self._digest = self._algorithm.hash_algorithm.name
        digest_algorithm = sequence(_DIGESTS[self._algorithm])
        parsed = x509.load_der_x509_certificate(certificate)
        issuer, serial = parsed.issuer.public_bytes(), integer(parsed.serial_number)
        self._policy = object_identifier(policy.policy_oid)
        self._accuracy = sequence(integer(policy.accuracy_seconds))
        self._content_type = sequence(_CONTENT_TYPE, set_of(_TST_INFO))
        # ESSCertIDv2 (RFC 5035): SHA-256 is the default and stays unsaid; issuerSerial binds the issuer's name.
        names = sequence(sequence(tlv(0xA4, issuer)), serial)
        identified = sequence(octet_string(parsed.fingerprint(hashes.SHA256())), names)
        self._signing_certificate = sequence(_SIGNING_CERTIFICATE_V2, set_of(sequence(sequence(identified))))
        self._before = integer(3) + set_of(digest_algorithm)
        self._certificates = tlv(0xA0, *sorted({certificate, *chain}))
        self._signer = integer(1) + sequence(issuer, serial) + digest_algorithm
        self._signature_algorithm = algorithm_identifier(self._algorithm)

    def token(self, request: TimeStampRequest, *, serial: int, gen_time: datetime) -> bytes:
        """Return a DER ContentInfo for an accepted request. `gen_time` is cut to the second.

        :raise hsm.errors.HsmError: nothing was signed.
        """
        info = sequence(
            integer(1),
            self._policy,
            request.message_imprint,
            integer(serial),
            generalized_time(gen_time),
            self._accuracy,
            request.nonce or b"",
        )
        digest = hashlib.new(self._digest, info, usedforsecurity=True).digest()
        message_digest = sequence(_MESSAGE_DIGEST, set_of(octet_string(digest)))
        attributes = set_of(self._content_type, message_digest, self._signing_certificate)
        value = self._key.sign(attributes, self._algorithm)
        signer = sequence(self._signer, b"\xa0" + attributes[1:], self._signature_algorithm, octet_string(value))
        signed_data = sequence(
            self._before,
            sequence(_TST_INFO, tlv(0xA0, octet_string(info))),
            self._certificates if request.certificate_requested else b"",
            set_of(signer),
        )
        return sequence(_SIGNED_DATA, tlv(0xA0, signed_data))
