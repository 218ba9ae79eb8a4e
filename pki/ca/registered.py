"""Certificates of other issuers that holders already have (road c)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from pki.der import UNREADABLE, require_bounded
from pki.journal.acts import Actor, record
from pki.records import HolderId, OrderId

from .certificates import CertificateRecord, insert_certificate
from .errors import CertificateRefused, RegistrationReason
from .intents import take_key
from .issuers import issuer_by_id
from .names import COUNTRY
from .profile import CertificatePurpose
from .public_keys import KeyRefused, accept_public_key, spki_sha256
from .serials import serial_text
from .tables import CertificateRow, IssuerKind

_NATIONAL_ID = re.compile(rf"IDC{COUNTRY}-([A-Z]{{1,2}}[0-9]{{1,8}})")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPerson:
    """Whom a certificate names. `cin` is None when it carries no Moroccan national number."""

    name_latin: str
    cin: str | None


def parse_certificate(der: bytes) -> x509.Certificate:
    """Parse a stranger's certificate: 16 kB and 32 levels at most, nothing trusted.

    :raise CertificateRefused: malformed.
    """
    try:
        require_bounded(der)
        certificate = x509.load_der_x509_certificate(der)
        _ = certificate.extensions, certificate.subject, certificate.issuer, certificate.not_valid_after_utc
        certificate.public_key()
        if certificate.serial_number <= 0:
            raise ValueError("the serial number is not positive (RFC 5280, 4.1.2.2)")
    except (*UNREADABLE, CryptographyDeprecationWarning) as error:  # a warning: where the caller makes it an error
        raise CertificateRefused(RegistrationReason.MALFORMED, "it is not a certificate that can be read") from error
    return certificate


def named_person(certificate: x509.Certificate) -> NamedPerson:
    """The person in the subject, unverified: the register matches it with the holder."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    numbers = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    matches = [_NATIONAL_ID.fullmatch(str(number.value)) for number in numbers]
    found = [match.group(1) for match in matches if match]
    return NamedPerson(name_latin=str(names[0].value) if names else "", cin=found[0] if len(found) == 1 else None)


def register_certificate(
    session: Session,
    *,
    der: bytes,
    issuer: UUID,
    holder: HolderId,
    order: OrderId,
    at: datetime,
    by: Actor,
    purpose: CertificatePurpose = CertificatePurpose.SIGNATURE,
) -> CertificateRecord:
    """Record a certificate that a holder has from elsewhere, for signatures or for authentication. A step.

    Checked: the issuer's signature, validity at `at`, what the key is for, its strength, and that neither the
    certificate nor its key is known. Not checked here: who the holder is (`named_person`), the path above the
    issuer (`pki.trust`), revocation (`pki.status`).

    :raise CertificateRefused: with its reason.
    :raise KeyAlreadyCertified: the key stands in another certificate.
    """
    certificate = parse_certificate(der)
    authority = issuer_by_id(session, issuer)
    if authority.kind is not IssuerKind.EXTERNAL:
        raise CertificateRefused(RegistrationReason.ISSUER_IS_OURS, "its issuer is this service: order a key instead")
    if not issued_by(certificate, authority.certificate):
        raise CertificateRefused(RegistrationReason.OTHER_ISSUER, f"it was not issued by {authority.name}")
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise CertificateRefused(RegistrationReason.NOT_VALID_NOW, "it is not valid now")
    if purpose is CertificatePurpose.SIGNATURE:
        _require_commitment(certificate)
    else:
        _require_authentication(certificate)
    try:
        key, _ = accept_public_key(certificate.public_key())
    except KeyRefused as error:
        raise CertificateRefused(RegistrationReason.KEY_WEAK, error.said) from error
    sha256 = hashlib.sha256(der).hexdigest()
    same_serial = (CertificateRow.issuer_id == issuer) & (
        CertificateRow.serial == serial_text(certificate.serial_number)
    )
    if session.execute(select(CertificateRow.id).where(or_(CertificateRow.sha256 == sha256, same_serial))).first():
        raise CertificateRefused(RegistrationReason.ALREADY_REGISTERED, "it is registered already")
    spki = spki_sha256(key)
    take_key(session, spki_sha256=spki, intent=None)
    registered = insert_certificate(
        session,
        der=der,
        issuer=issuer,
        intent=None,
        order=order,
        holder=holder,
        profile=None,
        purpose=purpose,
        spki_sha256=spki,
        at=at,
    )
    facts = {"certificate": str(registered.id), "sha256": sha256, "issuer": str(issuer)}
    record(session, kind="certificate.registered", subject=f"order:{order}", by=by, at=at, facts=facts)
    return registered


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's key signed it, with a digest of SHA-256 or better, and the names fit."""
    try:
        if not isinstance(certificate.signature_hash_algorithm, hashes.SHA256 | hashes.SHA384 | hashes.SHA512):
            return False
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


def is_commitment(certificate: x509.Certificate) -> bool:
    """Whether its key is for signatures: contentCommitment is there."""
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.content_commitment
    except x509.ExtensionNotFound:
        return False


def _require_authentication(certificate: x509.Certificate) -> None:
    reason = RegistrationReason.NOT_FOR_SIGNATURES
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound as error:
        raise CertificateRefused(reason, "it does not say what its key is for") from error
    if usage.key_cert_sign or not usage.digital_signature or ExtendedKeyUsageOID.CLIENT_AUTH not in uses:
        raise CertificateRefused(reason, "its key is neither for signatures nor for authentication")


def _require_commitment(certificate: x509.Certificate) -> None:
    # THREAT: an authentication certificate, a seal or an authority is registered as a person's signature key.
    # DEFENCE: contentCommitment must be there, and the certificate must not be an authority's.
    # TEST: tests/pki/ca/test_registered.py::test_certificate_of_another_use_is_refused
    reason = RegistrationReason.NOT_FOR_SIGNATURES
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound as error:
        raise CertificateRefused(reason, "it does not say what its key is for") from error
    try:
        authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        authority = False
    if authority or usage.key_cert_sign or not usage.content_commitment:
        raise CertificateRefused(reason, "its key is not for signatures (contentCommitment)")
