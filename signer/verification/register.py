"""What the register knows of one file: the other half of a verdict. Values only; `lookup` gathers them."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from .answer import Kind, MinutesAnswer, PowerAnswer


class Entitled(StrEnum):
    """The register answers yes, no, or does not know."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Purpose(StrEnum):
    """What the register knows a certificate to be for."""

    SIGNATURE = "signature"
    SEAL = "seal"
    """Of the organisation: on a report it is what belongs there, anywhere else it is no signature."""
    OTHER = "other"
    """An authentication certificate, a key of the service."""
    UNRECORDED = "unrecorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeFacts:
    """The entitlement of one signer for this body and this act, at the best signature time."""

    entitled: Entitled
    reason: str
    function: str | None = None
    body: str
    body_ar: str | None = None
    body_fr: str | None = None
    article: str = ""
    chain: tuple[str, ...] = ()
    power: PowerAnswer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerFacts:
    """What the register knows of the maker of one signature."""

    purpose: Purpose = Purpose.UNRECORDED
    name_ar: str | None = None
    name_latin: str | None = None
    office: OfficeFacts | None = None
    """None: no time, or no body to ask about."""
    blocked_at: datetime | None = None
    lost_since: datetime | None = None
    revoked_at: datetime | None = None


class Match(StrEnum):
    """How the file stands to the document of its reference."""

    KEPT = "kept"
    """Its last signed revision is one that the register holds."""
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """The document in the register."""

    reference: str
    kind: Kind
    body: str
    body_ar: str | None = None
    body_fr: str | None = None
    match: Match
    title: str | None = None
    applicant: str | None = None
    parcel: str | None = None
    dated: date | None = None
    minutes: MinutesAnswer | None = None
    ended_by: str | None = None
    """`withdrawn`, `annulled`, `superseded`, `lapsed`; None while in force, or of a kind without force."""
    ended_since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterFacts:
    """Everything the register says of one file. One entry in `signers` for each signature, in the same order."""

    signers: tuple[SignerFacts, ...]
    document: DocumentFacts | None = None
    claims_our_series: bool = False
    """The file gives itself a reference in our series."""
    rehearsal: bool = False
