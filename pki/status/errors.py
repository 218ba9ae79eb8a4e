"""Refusals of the room."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pki.errors import PkiError
from pki.records import CertificateId, OrderId


class AlreadyBlocked(PkiError):
    """The key is blocked."""

    def __init__(self, order: OrderId, blocked_at: datetime) -> None:
        super().__init__("This key is blocked already. Nothing was changed.")
        self.order = order
        self.blocked_at = blocked_at


class NotBlocked(PkiError):
    """The key is not blocked."""

    def __init__(self, order: OrderId) -> None:
        super().__init__("This key is not blocked. Nothing was lifted.")
        self.order = order


class LossInFuture(PkiError):
    """A loss dated after its report."""

    def __init__(self, lost_since: datetime) -> None:
        super().__init__("A key cannot be lost since an instant to come. Nothing was blocked: correct the instant.")
        self.lost_since = lost_since


class LossBeforeKey(PkiError):
    """A loss dated before there was a key."""

    def __init__(self, lost_since: datetime, begun: datetime) -> None:
        super().__init__(
            f"A key cannot be lost before it was certified ({begun:%Y-%m-%d %H:%M} UTC). Nothing was blocked: correct "
            "the instant."
        )
        self.lost_since = lost_since
        self.begun = begun


class LossToldLater(PkiError):
    """A loss dated later than the record says: it would make doubtful signatures good again."""

    def __init__(self, lost_since: datetime, recorded: datetime) -> None:
        super().__init__(
            f"This key is on record as blocked or lost since {recorded:%Y-%m-%d %H:%M} UTC already, and no report "
            "makes that later. Nothing was changed: leave the instant out, or name an earlier one."
        )
        self.lost_since = lost_since
        self.recorded = recorded


class AlreadyRevoked(PkiError):
    """The certificate is revoked."""

    def __init__(self, certificate: CertificateId, revoked_at: datetime) -> None:
        super().__init__("This certificate is revoked already. Nothing was changed.")
        self.certificate = certificate
        self.revoked_at = revoked_at


class RevocationNotOurs(PkiError):
    """The certificate's issuer is not this service."""

    def __init__(self, certificate: CertificateId) -> None:
        super().__init__(
            "This certificate was issued elsewhere. It was not revoked here: block the key, then revoke at its issuer."
        )
        self.certificate = certificate


class CrlReason(StrEnum):
    """Why another issuer's list is refused."""

    MALFORMED = "malformed"
    OTHER_ISSUER = "other-issuer"
    NUMBER_MISSING = "number-missing"
    OLDER = "older"
    NOT_YET = "not-yet"
    PARTIAL = "partial"


class CrlRefused(PkiError):
    """A revocation list that is not stored."""

    def __init__(self, reason: CrlReason, said: str) -> None:
        super().__init__(f"The revocation list is refused: {said}. The list held before stays in use.")
        self.reason = reason


class IssuerRefused(PkiError):
    """Certificates that do not make an issuer."""

    def __init__(self, said: str) -> None:
        super().__init__(f"The issuer is refused: {said}. Nothing was recorded.")


class StatusProofUnavailable(PkiError):
    """No proof of status for one certificate of a chain."""

    retriable = True

    def __init__(self, certificate_sha256: str, said: str) -> None:
        super().__init__(f"There is no proof of status for a certificate: {said}. Nothing was added: try again later.")
        self.certificate_sha256 = certificate_sha256
