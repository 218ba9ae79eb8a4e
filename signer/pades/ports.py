"""What signed documents need from outside: time-stamps, and proofs of certificate status."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class TimeStamps(Protocol):
    """A time-stamp authority."""

    def stamp(self, imprint: bytes) -> bytes:
        """Return a DER TimeStampToken (RFC 3161, a CMS ContentInfo) over a SHA-256 digest.

        :raise signer.pades.errors.TimeStampUnavailable: none was made; ask again later.
        """
        ...


class RevocationProofs(Protocol):
    """Status proofs, DER: OCSPResponse, CertificateList, and certificates that verify them."""

    @property
    def ocsp_responses(self) -> tuple[bytes, ...]: ...
    @property
    def crls(self) -> tuple[bytes, ...]: ...
    @property
    def certificates(self) -> tuple[bytes, ...]: ...


class StatusProofs(Protocol):
    """A source of status proofs: our own responder, or the configured lists of other issuers."""

    def proofs(self, chain: Sequence[bytes], *, not_before: datetime) -> RevocationProofs:
        """Return proofs for each certificate of `chain` (DER, leaf first, without the root).

        Their thisUpdate is at or after `not_before` where the source can give that.

        :raise Exception: the source's own error when a proof is not there yet.
        """
        ...
