"""Status words of ETSI EN 319 102-1, and the one table from pyHanko's words to them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Indication(StrEnum):
    """Main indication (clause 5.1.3)."""

    TOTAL_PASSED = "TOTAL-PASSED"
    TOTAL_FAILED = "TOTAL-FAILED"
    INDETERMINATE = "INDETERMINATE"


class SubIndication(StrEnum):
    """Sub-indications that may leave this service."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    POLICY_PROCESSING_ERROR = "POLICY_PROCESSING_ERROR"
    SIGNATURE_POLICY_NOT_AVAILABLE = "SIGNATURE_POLICY_NOT_AVAILABLE"
    TIMESTAMP_ORDER_FAILURE = "TIMESTAMP_ORDER_FAILURE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    OUT_OF_BOUNDS_NOT_REVOKED = "OUT_OF_BOUNDS_NOT_REVOKED"
    REVOCATION_OUT_OF_BOUNDS_NO_POE = "REVOCATION_OUT_OF_BOUNDS_NO_POE"
    NO_POE = "NO_POE"
    TRY_LATER = "TRY_LATER"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """An indication, its sub-indication, and a word of our own where the standard's is too wide."""

    indication: Indication
    sub_indication: SubIndication | None = None
    detail: str | None = None


PASSED = Judgement(indication=Indication.TOTAL_PASSED)
UNSPECIFIED = "library-unspecified"
"""Detail beside the word that stands in for pyHanko's GENERIC, which is in no standard."""

_FAILED = ("FORMAT_FAILURE", "HASH_FAILURE", "SIG_CRYPTO_FAILURE", "REVOKED", "NOT_YET_VALID")
_INDETERMINATE = (
    "SIG_CONSTRAINTS_FAILURE",
    "CHAIN_CONSTRAINTS_FAILURE",
    "CERTIFICATE_CHAIN_GENERAL_FAILURE",
    "CRYPTO_CONSTRAINTS_FAILURE",
    "POLICY_PROCESSING_ERROR",
    "SIGNATURE_POLICY_NOT_AVAILABLE",
    "TIMESTAMP_ORDER_FAILURE",
    "NO_SIGNING_CERTIFICATE_FOUND",
    "NO_CERTIFICATE_CHAIN_FOUND",
    "REVOKED_NO_POE",
    "REVOKED_CA_NO_POE",
    "OUT_OF_BOUNDS_NO_POE",
    "REVOCATION_OUT_OF_BOUNDS_NO_POE",
    "OUT_OF_BOUNDS_NOT_REVOKED",
    "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
    "NO_POE",
    "TRY_LATER",
    "SIGNED_DATA_NOT_FOUND",
)


def failed(word: SubIndication, detail: str | None = None) -> Judgement:
    """A TOTAL-FAILED judgement."""
    return Judgement(indication=Indication.TOTAL_FAILED, sub_indication=word, detail=detail)


def indeterminate(word: SubIndication, detail: str | None = None) -> Judgement:
    """An INDETERMINATE judgement."""
    return Judgement(indication=Indication.INDETERMINATE, sub_indication=word, detail=detail)


JUDGEMENTS: dict[tuple[str, str], Judgement] = {
    ("PASSED", "OK"): PASSED,
    **{("FAILED", word): failed(SubIndication(word)) for word in _FAILED},
    **{("INDETERMINATE", word): indeterminate(SubIndication(word)) for word in _INDETERMINATE},
    # A certificate not yet valid when the signature provably existed fails for good, whichever class says so.
    ("INDETERMINATE", "NOT_YET_VALID"): failed(SubIndication.NOT_YET_VALID),
    ("INDETERMINATE", "GENERIC"): indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, UNSPECIFIED),
}
"""(pyHanko's status, pyHanko's word) to ours. EXPIRED is not a row: it takes two instants (`judge_expired`)."""


def judge(status: str, word: str, *, not_after: datetime, not_before_time: datetime | None = None) -> Judgement:
    """Translate one pyHanko outcome; `not_before_time` is an instant at which the signature provably was not made yet.

    :raise KeyError: a word that no row knows; the caller must not guess.
    """
    if word == "EXPIRED":
        return judge_expired(not_after=not_after, not_before_time=not_before_time)
    return JUDGEMENTS[status, word]


def judge_expired(*, not_after: datetime, not_before_time: datetime | None) -> Judgement:
    """EXPIRED needs proof that the signature was made after `notAfter`; a later time-stamp alone is none (5.5.4, 4)."""
    if not_before_time is not None and not_before_time > not_after:
        return failed(SubIndication.EXPIRED)
    return indeterminate(SubIndication.OUT_OF_BOUNDS_NO_POE)
