"""What each kind of document says: one frozen value a kind, read strictly, written as `khatam.json`.

`parse_facts(kind, mapping)` (in `reading`) makes these of the JSON-safe facts that drafting gathers; `claims()` gives
back what is embedded in the PDF.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, Literal, Self

VERSION = 1
LONG = {"lines": True}
"""Field metadata: a text of several lines."""

Environment = Literal["rehearsal", "production"]
OpinionSaid = Literal["favourable", "with_reservations", "unfavourable"]
MemberSaid = Literal["favourable", "with_reservations", "unfavourable", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyFacts:
    """An organisation, in both languages."""

    code: str
    name_fr: str
    name_ar: str
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """A person, by both names; never a national id."""

    name_ar: str
    name_latin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierFacts:
    """The permit application as the platform described it."""

    reference: str
    platform_reference: str
    kind: str
    track: str
    title: str
    applicant: str
    parcel: str
    body: BodyFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """A file version that an opinion read."""

    reference: str
    title: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFacts:
    """One required member in the minutes. `signer` None: he does not sign (absent, or gave no opinion)."""

    body: BodyFacts
    state: MemberSaid
    binding: bool
    opinion_reference: str | None = None
    signer: PersonFacts | None = None
    text: str = field(default="", metadata=LONG)
    article: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """What every document says."""

    KIND: ClassVar[str]

    environment: Environment
    reference: str
    title: str
    date: date
    """Civil day it was drawn up; also the file's own date."""
    body: BodyFacts
    check: str = ""
    address: str = ""
    """What the QR code holds, `HTTPS://HOST/V/REFERENCE-CHECK`. Empty: no QR code."""

    def claims(self) -> dict[str, object]:
        """What is embedded as `khatam.json`."""
        said = {name: _plain(getattr(self, name)) for name in (each.name for each in dataclasses.fields(self))}
        return {"v": VERSION, "kind": self.KIND, "body_code": self.body.code, **said}

    @property
    def signers(self) -> tuple[PersonFacts, ...]:
        """Who is to sign, in the order of the signature boxes."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFacts(DocumentFacts):
    """A document that one person signs."""

    signer: PersonFacts

    @property
    def signers(self) -> tuple[PersonFacts, ...]:
        """The one signer."""
        return (self.signer,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFacts(DocumentFacts):
    """An application form; nobody signs it here."""

    KIND: ClassVar[str] = "application"

    applicant: str
    parcel: str
    text: str = field(default="", metadata=LONG)

    @classmethod
    def sample(cls, *, reference: str = "ROKHAS-2026-0042", body_code: str = "06.117.01.03") -> Self:
        """An invented application, for demonstrations and tests."""
        return cls(
            environment="rehearsal",
            reference=reference,
            title="Villa R+1, lotissement Al Amal, lot 42",
            date=date(2026, 9, 7),
            body=sample_body(body_code),
            applicant="M. A.",
            parcel="TF 12345/53",
            text="Construction d’une villa R+1 avec sous-sol, surface couverte 186 m².\n"
            "بناء فيلا من طابق أرضي وطابق علوي مع قبو، المساحة المغطاة 186 م².",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionFacts(SignedFacts):
    """A committee member's opinion on the file versions he read."""

    KIND: ClassVar[str] = "opinion"

    dossier: DossierFacts
    opinion: OpinionSaid
    text: str = field(default="", metadata=LONG)
    read: tuple[ReadFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutesFacts(DocumentFacts):
    """The committee's minutes: one state per required member, one box per member who signs."""

    KIND: ClassVar[str] = "minutes"

    dossier: DossierFacts
    members: tuple[MemberFacts, ...]

    @property
    def signers(self) -> tuple[PersonFacts, ...]:
        """The members who sign, in their order."""
        return tuple(member.signer for member in self.members if member.signer is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFacts(SignedFacts):
    """The president's decision."""

    dossier: DossierFacts
    minutes_reference: str | None = None
    text: str = field(default="", metadata=LONG)

    @classmethod
    def sample(cls, *, reference: str = "L26-0000001", body_code: str = "06.117.01.03") -> Self:
        """An invented decision, for demonstrations and tests; not one that any register knows."""
        body = sample_body(body_code)
        return cls(
            environment="rehearsal",
            reference=reference,
            title=f"Villa R+1, lotissement Al Amal, lot 42 ({reference})",
            date=date(2026, 9, 21),
            body=body,
            signer=PersonFacts(name_ar="أحمد العلوي", name_latin="Ahmed El Alaoui"),
            dossier=sample_dossier(body),
            minutes_reference="P26-0000001",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceFacts(DecisionFacts):
    """A licence. `text`: its special conditions, if any."""

    KIND: ClassVar[str] = "licence"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalFacts(DecisionFacts):
    """A refusal. `text`: its reasons."""

    KIND: ClassVar[str] = "refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAcceptanceFacts(SignedFacts):
    """A holder's acceptance of his new key, signed with it."""

    KIND: ClassVar[str] = "key_acceptance"

    certificate_sha256: str
    serial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationFacts(SignedFacts):
    """The deed by which a president, or a pacha, lets another sign. Acts by their kinds; days are [from, until)."""

    KIND: ClassVar[str] = "delegation"

    signer_function: str
    delegate: PersonFacts
    delegate_function: str
    delegate_rank: str = ""
    number: str
    mode: Literal["signature", "powers"]
    acts: tuple[str, ...]
    sector: str = ""
    starts_on: date
    ends_on: date | None = None
    mechouar: bool = False


def sample_body(code: str) -> BodyFacts:
    """Berrechid under its own code, and under any other code its name and that code."""
    known = code == "06.117.01.03"
    return BodyFacts(code=code, name_fr="Berrechid" if known else code, name_ar="برشيد" if known else code)


def sample_dossier(body: BodyFacts) -> DossierFacts:
    """An invented dossier."""
    return DossierFacts(
        reference="D26-0000001",
        platform_reference="ROKHAS-2026-0042",
        kind="construire",
        track="small",
        title="Villa R+1, lotissement Al Amal, lot 42",
        applicant="M. A.",
        parcel="TF 12345/53",
        body=body,
    )


def _plain(value: Any) -> object:
    """JSON-safe: dates as ISO 8601, nested facts as objects."""
    if dataclasses.is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value
