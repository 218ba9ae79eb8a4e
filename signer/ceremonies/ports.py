"""What ceremonies need from outside, and the one value that carries it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from hsm.keys import SignatureAlgorithm, SigningKey
from pki.journal.acts import Actor
from pki.records import CeremonyId, DocumentId, DossierId, HolderId, OrderId
from signer.dossiers.kinds import DocumentKind
from signer.files import Files
from signer.pades.ports import TimeStamps

ByteRange = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class StampFacts:
    """What the visible mark says: who signs, in which function, for which body, which document, when."""

    environment: str
    reference: str
    name_ar: str
    name_latin: str
    function: str
    body_code: str
    body_kind: str
    body_fr: str
    body_ar: str
    at: datetime
    power_kind: str | None = None
    """The recorded act by which he signs in another's place; None: by his own office."""
    power_number: str | None = None
    power_principal: str | None = None


class PreparedFile(Protocol):
    """A prepared PDF: base + one increment whose /Contents is still zeros, and what is to be signed of it."""

    @property
    def content(self) -> bytes: ...
    @property
    def byte_range(self) -> ByteRange: ...
    @property
    def document_digest(self) -> bytes: ...


class Prepare(Protocol):
    """Prepares one signature in a field that exists. Slow: called with no transaction open."""

    def __call__(
        self, base: bytes, *, field: str, stamp: StampFacts, certificate: bytes, certify: bool, at: datetime
    ) -> PreparedFile: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedParts:
    """What goes into the gap of a prepared file. Certificates are DER; the chain has no root."""

    byte_range: ByteRange
    attributes: bytes
    value: bytes
    algorithm: SignatureAlgorithm
    certificate: bytes
    chain: tuple[bytes, ...]
    time_stamp: bytes


class Embed(Protocol):
    """Puts the CMS into the gap. Same parts, same bytes: it may run twice."""

    def __call__(self, prepared: bytes, parts: SignedParts) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestKey:
    """The key that signs manifests and nothing else, and its certificates (DER), its own first."""

    key: SigningKey
    chain: tuple[bytes, ...]


class Later(Protocol):
    """Deferred work, enqueued in the caller's transaction: committed with it, or not at all."""

    def enqueue(self, session: Session, name: str, *ids: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletedItem:
    """A signature that is becoming part of its document's head. `last`: it completes the document."""

    ceremony: CeremonyId
    document: DocumentId
    reference: str
    kind: DocumentKind
    dossier: DossierId | None
    order: OrderId | None
    signer: HolderId
    body_code: str
    field: str
    last: bool
    revision_sha256: str
    by: Actor
    at: datetime


Completion = Callable[[Session, CompletedItem], None]
"""What a kind does when one of its documents gains a signature; runs in the completing transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CeremonyPolicy:
    """Times and names of the protocol."""

    environment: str
    origin: str
    """The server's origin as agents are configured with it, e.g. https://khatam.example"""
    minimum_agent: str = "0.1.0"
    lease: timedelta = timedelta(minutes=10)
    manifest_life: timedelta = timedelta(minutes=30)
    session_life: timedelta = timedelta(minutes=30)
    """How long a silent agent may come back."""
    preparation_life: timedelta = timedelta(minutes=5)
    """A prepared file older than this is prepared again before it is shown (agents refuse /M after 10 minutes)."""
    most_documents: int = 100
    require_display_receipt: bool = False
    """Whether a value is refused until its agent said what it had shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a ceremony uses."""

    files: Files
    prepare: Prepare
    embed: Embed
    time_stamps: TimeStamps
    manifest_key: Callable[[], ManifestKey]
    later: Later
    completions: Mapping[DocumentKind, Completion]
    policy: CeremonyPolicy = field(kw_only=True)


def subject_of(ceremony: UUID) -> str:
    """The ceremony's name in the journal."""
    return f"ceremony:{ceremony}"


def chain_of(hexadecimal: Sequence[str]) -> tuple[bytes, ...]:
    """The stored chain as DER certificates."""
    return tuple(bytes.fromhex(each) for each in hexadecimal)
