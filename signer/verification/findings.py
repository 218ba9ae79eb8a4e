"""What a worker found in a file: plain values, nothing of the PDF library, nothing judged by the register."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .etsi import Indication, SubIndication

KEY_USAGE = "key-usage"
"""Detail of a signature whose certificate does not commit its holder to content (RFC 5280, 4.2.1.3)."""


class FileForm(StrEnum):
    """What kind of file was given."""

    READABLE = "readable"
    EMPTY = "empty"
    NOT_PDF = "not-pdf"
    MALFORMED = "malformed"
    ENCRYPTED = "encrypted"
    TOO_LARGE = "too-large"
    TOO_COMPLEX = "too-complex"
    """A limit of the worker stopped the reading: time, memory or depth."""


class Level(StrEnum):
    """PAdES level found (EN 319 142-1)."""

    B_B = "B-B"
    B_T = "B-T"
    B_LT = "B-LT"
    """Revocation proof with thisUpdate at or after the time-stamp's genTime, in the file."""
    B_LTA = "B-LTA"


class Coverage(StrEnum):
    """How much of the file a signature covers."""

    ENTIRE_FILE = "entire-file"
    ENTIRE_REVISION = "entire-revision"
    PARTIAL = "partial"
    UNCLEAR = "unclear"
    """The byte range does not leave out exactly this signature's own value."""


class LaterChanges(StrEnum):
    """Class of what was added after a signature."""

    NONE = "none"
    LTA_UPDATES = "lta-updates"
    FORM_FILLING = "form-filling"
    ANNOTATIONS = "annotations"
    OTHER = "other"


class TimeSource(StrEnum):
    """What proves the best signature time."""

    TIME_STAMP = "time-stamp"
    ARCHIVE_TIME_STAMP = "archive-time-stamp"
    NONE = "none"


class RevocationStatus(StrEnum):
    """What the proofs at hand say of the signer's certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class ProofSource(StrEnum):
    """Where the proof of status came from."""

    EMBEDDED_OCSP = "embedded-ocsp"
    EMBEDDED_CRL = "embedded-crl"
    SUPPLIED_OCSP = "supplied-ocsp"
    SUPPLIED_CRL = "supplied-crl"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """The signer's certificate, as it describes itself. Not verified by itself."""

    sha256: str
    serial: str
    """Hexadecimal, lower case."""
    subject: str
    """Common name, with anything that looks like a national id masked."""
    issuer: str
    not_before: datetime
    not_after: datetime
    policies: tuple[str, ...] = ()
    content_commitment: bool = False
    """KeyUsage has contentCommitment: a certificate meant for signing documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationFacts:
    """Status of the signer's certificate by the best proof at hand."""

    status: RevocationStatus = RevocationStatus.UNKNOWN
    source: ProofSource = ProofSource.NONE
    this_update: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFindings:
    """One signature."""

    field: str
    indication: Indication
    sub_indication: SubIndication | None = None
    detail: str | None = None
    level: Level = Level.B_B
    coverage: Coverage = Coverage.UNCLEAR
    later_changes: LaterChanges = LaterChanges.OTHER
    changes_allowed: bool = False
    certificate: CertificateFacts | None = None
    best_time: datetime | None = None
    """Proven instant at which the signature existed; None without a proof that itself validates."""
    time_source: TimeSource = TimeSource.NONE
    revocation: RevocationFacts = dataclasses.field(default_factory=RevocationFacts)
    digest_algorithm: str | None = None
    value_sha256: str | None = None
    """SHA-256 of the CMS signature value: recognises a known signature in an altered file."""
    revision_sha256: str | None = None
    """SHA-256 of the file up to the end of what this signature covers."""
    anchor_sha256: str | None = None
    """Trust anchor at the end of the chain, when one was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFindings:
    """One file. Claims are what it says of itself: to be believed only under a good signature."""

    sha256: str
    size: int
    form: FileForm
    revisions: int = 0
    signatures: tuple[SignatureFindings, ...] = ()
    claims: Mapping[str, str] = dataclasses.field(default_factory=dict)
    archive_time_stamps: tuple[datetime, ...] = ()
