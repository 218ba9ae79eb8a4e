"""The answer of a verification: plain values, nothing beyond what the public may know."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from .etsi import Indication, SubIndication
from .findings import Coverage, LaterChanges, Level, ProofSource, RevocationStatus, TimeSource


class Verdict(StrEnum):
    """Four, and no more."""

    AUTHENTIC = "AUTHENTIC"
    AUTHENTIC_NOT_IN_FORCE = "AUTHENTIC_NOT_IN_FORCE"
    NOT_AUTHENTIC = "NOT_AUTHENTIC"
    CANNOT_TELL = "CANNOT_TELL"


class Effect(StrEnum):
    """Whether the document has force. `none`: it is of a kind that has none, or we cannot say that it is authentic."""

    IN_FORCE = "in_force"
    NOT_IN_FORCE = "not_in_force"
    NONE = "none"


class Kind(StrEnum):
    """What the document is, or says it is."""

    LICENCE = "licence"
    REFUSAL = "refusal"
    OPINION = "opinion"
    MINUTES = "minutes"
    KEY_ACCEPTANCE = "key_acceptance"
    REPORT = "report"
    """Of a committee: sealed by the organisation, signed by nobody."""
    DELEGATION = "delegation"
    UNKNOWN = "unknown"

    @property
    def has_force(self) -> bool:
        """Only a licence can be in force or not."""
        return self is Kind.LICENCE


class Reason(StrEnum):
    """Why. Within a verdict the first that applies, in this order, is the one given."""

    # NOT_AUTHENTIC: first what was done to the file, then who signed, then whether he was entitled.
    ALTERED = "altered"
    CONTENT_ADDED = "content-added"
    NO_SIGNATURE = "no-signature"
    UNKNOWN_SIGNER = "unknown-signer"
    WRONG_CERTIFICATE_KIND = "wrong-certificate-kind"
    CERTIFICATE_NOT_VALID = "certificate-not-valid"
    REVOKED = "revoked"
    SIGNED_AFTER_BLOCK = "signed-after-block"
    NOT_IN_OFFICE = "not-in-office"
    FUNCTION_MAY_NOT = "function-may-not"
    NO_POWER = "no-power"
    DIFFERS_FROM_REGISTER = "differs-from-register"
    REFERENCE_NOT_IN_REGISTER = "reference-not-in-register"
    # CANNOT_TELL: first what could not be read, then what proof is missing, then what the register does not know.
    UNREADABLE = "unreadable"
    ENCRYPTED = "encrypted"
    TOO_COMPLEX = "too-complex"
    NOT_UNDERSTOOD = "not-understood"
    WEAK_ALGORITHM = "weak-algorithm"
    NO_TIME_PROOF = "no-time-proof"
    STATUS_UNAVAILABLE = "status-unavailable"
    SIGNED_BETWEEN_LOST_AND_BLOCKED = "signed-between-lost-and-blocked"
    OFFICE_ENDED_RECORDED_LATER = "office-ended-recorded-later"
    POWER_IN_DOUBT = "power-in-doubt"
    REGISTER_INCOMPLETE = "register-incomplete"
    UNKNOWN_DOCUMENT = "unknown-document"
    # AUTHENTIC_NOT_IN_FORCE
    ANNULLED = "annulled"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    LAPSED = "lapsed"
    # AUTHENTIC
    MINUTES_INCOMPLETE = "minutes-incomplete"
    IN_FORCE = "in-force"
    SIGNED = "signed"
    SEALED = "sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerName:
    """A person, in both scripts where the register knows both."""

    name_ar: str | None
    name_latin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateAnswer:
    """Which certificate; its serial and subject are for accredited readers."""

    issuer: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerAnswer:
    """The recorded act by which the signer signed in another's place."""

    kind: str
    """`delegation`, `absence`, `substitution`, `special_committee`."""
    number: str
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeAnswer:
    """In which office, and what the register says of it at the time of signing."""

    function: str | None
    body: str
    body_ar: str | None
    body_fr: str | None
    entitled: str
    """`yes`, `no` or `unknown`."""
    reason: str
    article: str
    """The text that gives the power; empty if there is none to name."""
    chain: tuple[str, ...]
    """From whom the power comes, as codes, the signer's own office first."""
    power: PowerAnswer | None
    """None: by his own office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAnswer:
    """The best signature time and its proof."""

    at: datetime | None
    source: TimeSource


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationAnswer:
    """Status of the signer's certificate and where that word comes from."""

    status: RevocationStatus
    source: ProofSource
    this_update: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureAnswer:
    """One signature: ETSI words, and the person."""

    field: str
    indication: Indication
    sub_indication: SubIndication | None
    detail: str | None
    level: Level
    coverage: Coverage
    later_changes: LaterChanges
    changes_allowed: bool
    digest_algorithm: str | None
    signer: SignerName | None
    certificate: CertificateAnswer | None
    office: OfficeAnswer | None
    time: TimeAnswer
    revocation: RevocationAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAnswer:
    """The document, with the facts to compare with the paper in hand."""

    sha256: str
    size: int
    revisions: int
    reference: str | None
    kind: Kind
    body: str | None
    body_ar: str | None
    body_fr: str | None
    title: str | None
    applicant: str | None
    parcel: str | None
    date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingMember:
    """A gap in the minutes: which body, and what is missing of it (`opinion`, `signature`)."""

    body: str
    body_ar: str
    body_fr: str
    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutesAnswer:
    """Whether every required member is there."""

    complete: bool
    missing: tuple[MissingMember, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceAnswer:
    """The licence's status by the register, and since which civil day."""

    status: str
    since: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """The answer in words: Arabic, French, English."""

    ar: str
    fr: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A finished verification."""

    verdict: Verdict
    reason: Reason
    kind: Kind
    effect: Effect
    document: DocumentAnswer
    signatures: tuple[SignatureAnswer, ...]
    minutes: MinutesAnswer | None
    licence: LicenceAnswer | None
    sentences: Sentences
    rehearsal: bool
    verified_at: datetime


def as_plain(value: Any) -> Any:
    """`value` as JSON knows it: dataclasses as objects, instants as ISO 8601 with Z, enumerations by value."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [as_plain(each) for each in value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date):  # a datetime is one
        return value.isoformat().replace("+00:00", "Z")
    return value
