"""The certificates of a device, read without a PIN: which one signs, which one authenticates, whom they name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hsm.keys import KeyRef
from hsm.prepared.enrolment import KeyPurpose

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo
    from hsm.cryptoki.objects import StoredCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCertificate:
    """An end entity's certificate on a device. Nothing about it was verified but that it can be read."""

    key_id: bytes
    certificate: x509.Certificate
    der: bytes
    purpose: KeyPurpose
    policies: frozenset[str]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    @property
    def named(self) -> str:
        """The subject's common name, or its whole name."""
        names = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[0].value) if names else self.certificate.subject.rfc4514_string()

    @property
    def issuer(self) -> str:
        names = self.certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[0].value) if names else self.certificate.issuer.rfc4514_string()

    def is_valid(self, at: datetime) -> bool:
        """Both bounds are inside the period (RFC 5280, 4.1.2.5)."""
        return self.certificate.not_valid_before_utc <= at <= self.certificate.not_valid_after_utc

    def ref(self, device: DeviceInfo) -> KeyRef:
        return KeyRef(device_label=device.label, device_serial=device.serial, key_id=self.key_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderPair:
    """A signature certificate, and the authentication certificate of the same person on the same device."""

    device: DeviceInfo
    signature: HeldCertificate
    authentication: HeldCertificate | None

    @property
    def certificates(self) -> tuple[HeldCertificate, ...]:
        return (self.signature,) if self.authentication is None else (self.signature, self.authentication)


def held_certificates(stored: Sequence[StoredCertificate]) -> list[HeldCertificate]:
    """The end entities' certificates by key usage (RFC 5280, 4.2.1.3); what cannot be read is left out.

    Content commitment: it signs documents. Digital signature without it, for no other use than client
    authentication: it authenticates.
    """
    found = []
    for each in stored:
        try:
            certificate = x509.load_der_x509_certificate(each.der)
            purpose = _purpose(certificate)
            policies = _policies(certificate)
        except ValueError:
            continue
        if purpose is not None:
            found.append(
                HeldCertificate(
                    key_id=each.key_id, certificate=certificate, der=each.der, purpose=purpose, policies=policies
                )
            )
    return found


def pair_of(device: DeviceInfo, held: Sequence[HeldCertificate], signature: HeldCertificate) -> HolderPair:
    """The pair around `signature`: the newest authentication certificate of the very same subject."""
    fitting = [
        each
        for each in held
        if each.purpose is KeyPurpose.AUTHENTICATION and each.certificate.subject == signature.certificate.subject
    ]
    newest = max(fitting, key=lambda each: each.certificate.not_valid_before_utc, default=None)
    return HolderPair(device=device, signature=signature, authentication=newest)


def _purpose(certificate: x509.Certificate) -> KeyPurpose | None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
    if usage.key_cert_sign:
        return None
    if usage.content_commitment:
        return KeyPurpose.SIGNATURE
    return KeyPurpose.AUTHENTICATION if usage.digital_signature and _is_for_clients(certificate) else None


def _is_for_clients(certificate: x509.Certificate) -> bool:
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.CLIENT_AUTH in uses


def _policies(certificate: x509.Certificate) -> frozenset[str]:
    try:
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(each.policy_identifier.dotted_string for each in policies)
