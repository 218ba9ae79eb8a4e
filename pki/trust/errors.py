"""Refusals of the room."""

from __future__ import annotations

from enum import StrEnum

from pki.errors import PkiError


class AnchorReason(StrEnum):
    """Why a certificate does not become an anchor."""

    MALFORMED = "malformed"
    NOT_AN_AUTHORITY = "not-an-authority"
    KEY_WEAK = "key-weak"
    REHEARSAL = "rehearsal"
    DATES = "dates"
    POLICIES = "policies"


class AnchorRefused(PkiError):
    """A certificate that does not become a trust anchor."""

    def __init__(self, reason: AnchorReason, said: str) -> None:
        super().__init__(f"The trust anchor is refused: {said}. Nothing was trusted.")
        self.reason = reason


class ChainReason(StrEnum):
    """Why a chain is refused."""

    MALFORMED = "malformed"
    NO_ANCHOR = "no-anchor"
    WEAK = "weak"
    NOT_VALID = "not-valid"
    POLICY = "policy"


class ChainRefused(PkiError):
    """A certificate that does not lead to a trust anchor at that instant."""

    def __init__(self, reason: ChainReason, said: str) -> None:
        super().__init__(f"The certificate is not trusted: {said}. Nothing was accepted.")
        self.reason = reason
