"""The OCSP responder: bytes in, bytes out (RFC 6960). Answers are put together from cached parts.

It answers for the issuing authority through a delegated signer. SHA-1 in a CertID is a name, not a signature:
such requests (OpenSSL's default) are answered; SHA-1 never signs.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import bindparam, select

from hsm.errors import HsmError
from hsm.keys import SignatureAlgorithm, SigningKey, default_algorithm
from hsm.prepared.der import object_identifier, octet_string, sequence, tlv
from pki.ca.certificates import service_certificate
from pki.ca.errors import AuthorityMismatch, IssuerUnknown
from pki.ca.issuers import Issuer, issuer_by_role
from pki.ca.keyring import ISSUING, OCSP, Keyring
from pki.ca.public_keys import accept_public_key, spki_sha256
from pki.ca.serials import serial_text
from pki.ca.tables import CertificateRow
from pki.der import (
    ENUMERATED,
    SEQUENCE,
    DERError,
    Element,
    algorithm_identifier,
    bit_string,
    generalized_time,
    integer,
    read_one,
)
from pki.records import Records

from .ocsp_requests import AskedCertificate, OcspRequest, parse_ocsp_request
from .tables import RevocationReason, RevocationRow

log = logging.getLogger("khatam.ocsp")

_CODES = {
    RevocationReason.KEY_COMPROMISE: 1,
    RevocationReason.AFFILIATION_CHANGED: 3,
    RevocationReason.SUPERSEDED: 4,
    RevocationReason.CESSATION_OF_OPERATION: 5,
    RevocationReason.PRIVILEGE_WITHDRAWN: 9,
}
_HASHES: dict[bytes, Callable[[bytes], bytes]] = {
    object_identifier("1.3.14.3.2.26"): lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    object_identifier("2.16.840.1.101.3.4.2.1"): lambda data: hashlib.sha256(data).digest(),
    object_identifier("2.16.840.1.101.3.4.2.2"): lambda data: hashlib.sha384(data).digest(),
    object_identifier("2.16.840.1.101.3.4.2.3"): lambda data: hashlib.sha512(data).digest(),
}
_SHA256 = object_identifier("2.16.840.1.101.3.4.2.1")
_BASIC, _NONCE = object_identifier("1.3.6.1.5.5.7.48.1.1"), object_identifier("1.3.6.1.5.5.7.48.1.2")
_Row = tuple[str, datetime | None, RevocationReason | None]
_STATUS = (
    select(CertificateRow.serial, RevocationRow.revoked_at, RevocationRow.reason)
    .outerjoin(RevocationRow, RevocationRow.certificate_id == CertificateRow.id)
    .where(
        CertificateRow.issuer_id == bindparam("issuer"),
        CertificateRow.serial.in_(bindparam("serials", expanding=True)),
    )
)
_GOOD, _UNKNOWN = tlv(0x80), tlv(0x82)


def error_response(status: int) -> bytes:
    """OCSPResponse without an answer (RFC 6960, 4.2.1)."""
    return sequence(tlv(ENUMERATED, bytes((status,))))


MALFORMED_REQUEST, INTERNAL_ERROR, TRY_LATER = (error_response(status) for status in (1, 2, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspPolicy:
    """How long an answer holds, and how long parts of answers are kept."""

    validity: timedelta = timedelta(hours=1)
    refresh: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What every answer shares."""

    issuer: UUID
    names: frozenset[tuple[bytes, bytes, bytes]]
    """(hash algorithm, name hash, key hash) under which the issuer is asked for."""
    key: SigningKey
    algorithm: SignatureAlgorithm
    responder_id: bytes
    certificates: bytes
    """The last field of BasicOCSPResponse: certs [0]."""
    not_before: datetime
    not_after: datetime
    loaded_at: datetime


class OcspResponder:
    """Answers for one installation. Safe for several threads."""

    def __init__(self, records: Records, keyring: Keyring, *, policy: OcspPolicy | None = None) -> None:
        self._records, self._keyring = records, keyring
        self._policy = OcspPolicy() if policy is None else policy
        self._parts: _Parts | None = None

    def answer(self, request: bytes, *, at: datetime) -> bytes:
        """Return a DER OCSPResponse. thisUpdate and producedAt are `at`, cut to the second.

        Never raises for a request's sake: malformedRequest, or `unknown` for what the issuer never issued. A device
        that is away gives tryLater.
        """
        try:
            parsed = parse_ocsp_request(request)
        except DERError:
            return MALFORMED_REQUEST
        try:
            return self._answered(parsed, self._current(at), at)
        except HsmError as error:
            log.warning("no OCSP answer: %s", error)
            return TRY_LATER if error.retriable else INTERNAL_ERROR
        except (IssuerUnknown, AuthorityMismatch) as error:
            log.warning("no OCSP answer: %s", error)
            return INTERNAL_ERROR

    def signer_certificate(self) -> bytes | None:
        """The DER certificate of the delegated signer, if there is one."""
        with self._records.reading() as session:
            found = service_certificate(session, OCSP)
        return None if found is None else found.der

    def _answered(self, request: OcspRequest, parts: _Parts, at: datetime) -> bytes:
        if not parts.not_before <= at <= parts.not_after:
            log.error("no OCSP answer: the signer's certificate is not valid now")
            return INTERNAL_ERROR
        moment = generalized_time(at)
        until = tlv(0xA0, generalized_time(at + self._policy.validity))
        statuses = self._statuses(parts, request.asked)
        singles = [
            sequence(each.encoded, status, moment, until) for each, status in zip(request.asked, statuses, strict=True)
        ]
        extensions = b""
        if request.nonce is not None:
            extensions = tlv(0xA1, sequence(sequence(_NONCE, octet_string(request.nonce))))
        tbs = sequence(parts.responder_id, moment, sequence(*singles), extensions)
        value = parts.key.sign(tbs, parts.algorithm)
        basic = sequence(tbs, algorithm_identifier(parts.algorithm), bit_string(value), parts.certificates)
        return sequence(tlv(ENUMERATED, b"\x00"), tlv(0xA0, sequence(_BASIC, octet_string(basic))))

    def _statuses(self, parts: _Parts, asked: tuple[AskedCertificate, ...]) -> list[bytes]:
        """CertStatus of each: what this issuer did not issue is unknown, never good."""
        # THREAT: "good" for a certificate that was never issued here: a forged one passes.
        # DEFENCE: good is said of serials in the records only (EN 319 411-2); everything else is unknown.
        # TEST: tests/pki/status/test_ocsp.py::test_stranger_is_unknown
        ours = [(each.hash_algorithm, each.name_hash, each.key_hash) in parts.names for each in asked]
        serials = {serial_text(each.serial) for each, known in zip(asked, ours, strict=True) if known}
        found: dict[str, bytes] = {}
        if serials:
            asked_for = {"issuer": parts.issuer, "serials": sorted(serials)}
            with self._records.reading_engine.connect() as connection:
                # The statement's type does not know that an outer join may find nothing.
                rows = cast("Iterable[_Row]", connection.execute(_STATUS, asked_for))
                for serial, revoked_at, reason in rows:
                    found[serial] = _GOOD if revoked_at is None else _revoked(revoked_at, reason)
        return [
            found.get(serial_text(each.serial), _UNKNOWN) if known else _UNKNOWN
            for each, known in zip(asked, ours, strict=True)
        ]

    def _current(self, at: datetime) -> _Parts:
        parts = self._parts
        if parts is None or not timedelta(0) <= at - parts.loaded_at < self._policy.refresh:
            parts = self._parts = self._loaded(at)
        return parts

    def _loaded(self, at: datetime) -> _Parts:
        with self._records.reading() as session:
            issuer = issuer_by_role(session, ISSUING)
            signer = service_certificate(session, OCSP)
        if signer is None:
            raise IssuerUnknown(OCSP)
        key = self._keyring.key(OCSP)
        if spki_sha256(key.public_key) != signer.spki_sha256:
            raise AuthorityMismatch(OCSP)
        name, bits = _name_and_key(issuer)
        # byKey is SHA-1 by definition (RFC 6960, 4.2.1): a name again.
        own = hashlib.sha1(_key_bits(x509.load_der_x509_certificate(signer.der)), usedforsecurity=False).digest()
        return _Parts(
            issuer=issuer.id,
            names=frozenset((oid, digest(name), digest(bits)) for oid, digest in _HASHES.items()),
            key=key,
            algorithm=default_algorithm(key.public_key),
            responder_id=tlv(0xA2, octet_string(own)),
            certificates=tlv(0xA0, sequence(signer.der)),
            not_before=signer.not_before,
            not_after=signer.not_after,
            loaded_at=at,
        )


def build_ocsp_request(certificate: x509.Certificate, issuer: Issuer) -> bytes:
    """An unsigned request about one certificate, SHA-256, without nonce."""
    name, bits = _name_and_key(issuer)
    digest = _HASHES[_SHA256]
    names = octet_string(digest(name)), octet_string(digest(bits))
    asked = sequence(sequence(_SHA256), *names, integer(certificate.serial_number))
    return sequence(sequence(sequence(sequence(asked))))


def _name_and_key(issuer: Issuer) -> tuple[bytes, bytes]:
    certificate = issuer.certificate
    return certificate.subject.public_bytes(), _key_bits(certificate)


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The BIT STRING's contents of the SubjectPublicKeyInfo, without the count of unused bits."""
    key, _ = accept_public_key(certificate.public_key())
    parts = read_one(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), SEQUENCE).children()
    parts.next(SEQUENCE)
    bits: Element = parts.next(0x03)
    return bits.content[1:]


def _revoked(revoked_at: datetime, reason: RevocationReason | None) -> bytes:
    code = None if reason is None else _CODES.get(reason)
    said = b"" if code is None else tlv(0xA0, tlv(ENUMERATED, bytes((code,))))
    return tlv(0xA1, generalized_time(revoked_at), said)
