"""Refusals of the room. Each says what did not happen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from pki.errors import PkiError
from pki.records import CertificateId


class CsrReason(StrEnum):
    """Why a certificate request is refused."""

    MALFORMED = "malformed"
    PROOF_FAILED = "proof-failed"
    SIGNATURE_WEAK = "signature-weak"
    KEY_WEAK = "key-weak"
    KEY_KIND = "key-kind"


class CsrRefused(PkiError):
    """A certificate request that cannot be taken."""

    def __init__(self, reason: CsrReason, said: str) -> None:
        super().__init__(
            f"The certificate request is refused: {said}. No certificate was prepared: generate a new key and request."
        )
        self.reason = reason


class ProfileRefused(PkiError):
    """A profile that is not what the room understands. Nothing is issued under it."""

    def __init__(self, profile: str, said: str) -> None:
        super().__init__(f"The certificate profile {profile} is refused: {said}. Nothing was issued: correct its file.")
        self.profile = profile


class SubjectRefused(PkiError):
    """A name that may not stand in a certificate."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(
            f"The name cannot stand in a certificate: {field} {said}. "
            "No certificate was prepared: correct the register."
        )
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that lint found wrong, and the clause that it breaks."""

    code: str
    clause: str
    said: str

    def __str__(self) -> str:
        return f"{self.said} ({self.clause})"


class LintRefused(PkiError):
    """A certificate that breaks its standards or its profile. The real key never saw it."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        said = "; ".join(map(str, findings))
        super().__init__(
            f"The certificate breaks {len(findings)} rules: {said}. Nothing was signed: tell the operator."
        )
        self.findings = tuple(f"{finding.code}: {finding}" for finding in findings)


class KeyAlreadyCertified(PkiError):
    """The public key stands in a certificate, or in one that is about to be signed."""

    def __init__(self, spki_sha256: str) -> None:
        super().__init__(
            "This public key is certified already, or about to be. No certificate was prepared: generate a new key."
        )
        self.spki_sha256 = spki_sha256


class IntentUnknown(PkiError):
    """No such intent."""

    def __init__(self, intent: UUID) -> None:
        super().__init__(f"No certificate was prepared under {intent}. Nothing was signed.")
        self.intent = intent


class IntentAbandoned(PkiError):
    """The intent was given up, or its certificate would be over before it began."""

    def __init__(self, intent: UUID) -> None:
        super().__init__(
            f"The certificate prepared under {intent} was given up. Nothing was signed: prepare a new one."
        )
        self.intent = intent


class AlreadyRedeemed(PkiError):
    """The intent was used: its certificate exists."""

    def __init__(self, certificate: CertificateId) -> None:
        super().__init__("This certificate was signed already. Nothing was signed again: ask for the one that exists.")
        self.certificate = certificate


class PreparedBytesDiffer(PkiError):
    """The recorded bytes are not those that were prepared."""

    def __init__(self, intent: UUID) -> None:
        super().__init__(
            f"The bytes recorded under {intent} are not those that were checked. Nothing was signed: "
            "the records were altered, tell the operator."
        )
        self.intent = intent


class IssuerUnknown(PkiError):
    """No such issuer, or one that has no certificate yet."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no issuer {name} here. Nothing was done.")
        self.name = name


class AuthorityMismatch(PkiError):
    """The key of a role is not the one in that role's certificate."""

    def __init__(self, role: str) -> None:
        super().__init__(
            f"The key of role {role} is not the one that its certificate names. Nothing was signed: "
            "check which device and key the role is given."
        )
        self.role = role


class SignatureWrong(PkiError):
    """The device answered with a value that does not verify."""

    def __init__(self, role: str) -> None:
        super().__init__(
            f"The device of role {role} answered with a value that does not verify. Nothing was recorded: "
            "try again; if it happens again, the device is faulty."
        )
        self.role = role


class CertificateUnknown(PkiError):
    """No such certificate."""

    def __init__(self, certificate: object) -> None:
        super().__init__(f"There is no certificate {certificate} here. Nothing was done.")
        self.certificate = str(certificate)


class RegistrationReason(StrEnum):
    """Why another issuer's certificate is not registered."""

    MALFORMED = "malformed"
    OTHER_ISSUER = "other-issuer"
    NOT_VALID_NOW = "not-valid-now"
    NOT_FOR_SIGNATURES = "not-for-signatures"
    KEY_WEAK = "key-weak"
    ALREADY_REGISTERED = "already-registered"
    ISSUER_IS_OURS = "issuer-is-ours"


class CertificateRefused(PkiError):
    """Another issuer's certificate that cannot be registered."""

    def __init__(self, reason: RegistrationReason, said: str) -> None:
        super().__init__(f"The certificate cannot be registered: {said}. Nothing was recorded.")
        self.reason = reason
