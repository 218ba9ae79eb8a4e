"""A small town for tests: a commune, its province and urban agency, four people with keys, and play-paper PDFs.

The "PDF" here is a byte string to which each signature appends a line: what is tested is who may sign what
and when, and that nothing is lost; real PDFs are `signer/pades`'s and `test_real_paper.py`'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import event
from sqlalchemy.orm import Session

from hsm.keys import SignatureAlgorithm
from hsm.prepared.attributes import signed_attributes
from hsm.prepared.jws import _decode
from hsm.prepared.manifest import Manifest, ManifestItem, parse_manifest
from hsm.software import SoftwareKey
from pki.journal.acts import Actor, ActorKind
from pki.quota.holding import HeldCertificate
from pki.records import Base, HolderId, ItemId, Records
from pki.tickets import AgentSession, bearer
from signer.ceremonies.completion import COMPLETIONS
from signer.ceremonies.manifests import IssuedManifest, issue_manifest
from signer.ceremonies.opening import OpenedCeremony, open_ceremony
from signer.ceremonies.ports import ByteRange, CeremonyPolicy, CompletedItem, Desk, ManifestKey, SignedParts
from signer.ceremonies.sessions import AgentHello, start_session
from signer.ceremonies.values import AcceptedValue, GivenValue, accept_value
from signer.dossiers.decisions import AskedDecision, draft_decision
from signer.dossiers.documents import DocumentRecord
from signer.dossiers.drafting import Drafting
from signer.dossiers.kinds import DocumentKind, DossierKind, OpinionValue, Track
from signer.dossiers.minutes import draw_up_minutes
from signer.dossiers.opening import Application, OpenedDossier, add_file, open_dossier
from signer.dossiers.opinions import GivenOpinion, draft_opinion
from signer.dossiers.references import CheckKey
from tests.signer.dossiers import register

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PLATFORM = Actor(kind=ActorKind.CLIENT, id="rokhas")
MEMBERS = ("communal", "provincial", "agency")
BODY_OF = {
    "president": register.COMMUNE,
    "communal": register.COMMUNE,
    "provincial": register.PROVINCE,
    "agency": register.AGENCY,
    "operator": register.OPERATOR,
}


class Killed(BaseException):
    """The process dies here."""


class MemoryFiles:
    """The Files port in memory."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self.stored[sha256] = content
        return sha256

    def get(self, sha256: str) -> bytes:
        return self.stored[sha256]

    def path(self, sha256: str) -> Path:
        raise NotImplementedError


@dataclass(frozen=True)
class PlayPrepared:
    """A prepared play-paper."""

    content: bytes
    byte_range: ByteRange
    document_digest: bytes


@dataclass
class Paper:
    """Play-paper PDFs, time-stamps and deferred work; `fail[step]` is raised once at that step."""

    fail: dict[str, BaseException] = field(default_factory=dict)
    enqueued: list[tuple[str, str]] = field(default_factory=list)
    stamped: int = 0
    completed: list[CompletedItem] = field(default_factory=list)

    def _at(self, step: str) -> None:
        error = self.fail.pop(step, None)
        if error is not None:
            raise error

    def render(self, kind: str, facts: object) -> bytes:
        return f"%PDF {kind} {facts!r}\n".encode()

    def add_fields(self, pdf: bytes, names: Sequence[str]) -> bytes:
        return pdf + f"fields {' '.join(names)}\n".encode()

    def inspect(self, pdf: bytes) -> int:
        return pdf.count(b"signed ")

    def prepare(
        self, base: bytes, *, field: str, stamp: object, certificate: bytes, certify: bool, at: datetime
    ) -> PlayPrepared:
        self._at("prepare")
        content = base + f"signed {field} {certify} {at.isoformat()} {stamp!r}\n".encode()
        return PlayPrepared(content, (0, len(base), len(base), 0), hashlib.sha256(content).digest())

    def embed(self, prepared: bytes, parts: SignedParts) -> bytes:
        self._at("embed")
        return prepared + b"value " + parts.value.hex().encode() + b" " + parts.time_stamp + b"\n"

    def stamp(self, imprint: bytes) -> bytes:
        self._at("stamp")
        self.stamped += 1
        return b"tst-" + str(self.stamped).encode() + imprint.hex().encode()

    def enqueue(self, session: Session, name: str, *ids: str) -> None:
        self._at("enqueue")
        self.enqueued.append((name, *ids))  # type: ignore[arg-type]

    def complete(self, session: Session, completed: CompletedItem) -> None:
        self._at("complete")
        if completed.kind is not DocumentKind.KEY_ACCEPTANCE:
            COMPLETIONS[completed.kind](session, completed)
        self.completed.append(completed)
        self._at("completed")


def self_signed(key: ec.EllipticCurvePrivateKey, name: str) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(T0 - timedelta(days=1)).not_valid_after(T0 + timedelta(days=365))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def look(item: ManifestItem, prepared: bytes, at: datetime) -> bytes:
    """What the agent digests of a prepared play-paper: all of it."""
    return hashlib.sha256(prepared).digest()


class Keys:
    """Everybody's key, in place of the key orders: blocked keys are refused as there."""

    def __init__(self) -> None:
        self.private: dict[UUID, SoftwareKey] = {}
        self.held: dict[UUID, HeldCertificate] = {}
        self.blocked: set[UUID] = set()

    def give(self, holder: UUID, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        der = self_signed(key, name)
        self.private[holder] = SoftwareKey(key)
        self.held[holder] = register.held_certificate(der)

    def signing_certificate(self, session: Session, *, holder: HolderId, at: datetime, **_: object) -> HeldCertificate:
        if holder in self.blocked or holder not in self.held:
            raise register.no_usable_key(holder)
        return self.held[holder]


class Agent:
    """The signer's agent, by hand: its session, its manifest, its values."""

    def __init__(self, town: Town, who: str, opened: OpenedCeremony, jkt: str = "thumbprint") -> None:
        self.town, self.who, self.opened = town, who, opened
        hello = AgentHello(
            ticket=opened.agent_url.rsplit("/", 1)[1], jkt=jkt, agent_nonce=uuid4().hex, agent_version="0.1.0"
        )
        started = start_session(town.records, town.desk.policy, hello=hello, at=town.at)
        with town.records.reading() as session:
            self.session: AgentSession = bearer(session, access_token=started.access_token, jkt=jkt, at=town.at)

    def ask(self) -> Manifest:
        self.issued: IssuedManifest = issue_manifest(
            self.town.records, self.town.desk, agent=self.session, at=self.town.at
        )
        self.manifest = parse_manifest(_decode(self.issued.jws.split(".")[1]))
        return self.manifest

    def value(self, number: int = 0, *, who: str | None = None) -> GivenValue:
        item = self.manifest.items[number]
        holder = self.town.people[who or self.who]
        prepared = self.town.files.get(item.prepared_sha256)
        certificate = self.town.keys.held[self.town.people[self.who]].der
        attributes = signed_attributes(self.town.look(item, prepared, self.town.at), certificate)
        algorithm = SignatureAlgorithm.ECDSA_SHA256
        return GivenValue(
            item=ItemId(UUID(item.id)),
            attributes=attributes,
            value=self.town.keys.private[holder].sign(attributes, algorithm),
            algorithm=algorithm,
        )

    def give(self, given: GivenValue) -> AcceptedValue:
        return accept_value(self.town.records, self.town.desk, agent=self.session, given=given, at=self.town.at)


class Town:
    """Everything at hand, and the clock in `at`."""

    def __init__(self, folder: Path) -> None:
        self.records = Records.open(f"sqlite+pysqlite:///{folder}/records.sqlite")
        # The rules are what is tested here, not the disk: no fsync at each commit.
        for engine in (self.records.reading_engine, self.records.writing_engine):
            event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        Base.metadata.create_all(self.records.writing_engine)
        self.at = T0
        self.files = MemoryFiles()
        self.paper = Paper()
        self.look = look
        self.keys = Keys()
        self.people: dict[str, HolderId] = register.settle(self.records)
        for who, holder in self.people.items():
            self.keys.give(holder, who)
        manifest_key = ec.generate_private_key(ec.SECP256R1())
        signer = ManifestKey(key=SoftwareKey(manifest_key), chain=(self_signed(manifest_key, "manifest"),))
        self.drafting = Drafting(
            files=self.files,
            render=self.paper.render,
            add_fields=self.paper.add_fields,
            inspect=self.paper.inspect,
            check_key=CheckKey(b"k" * 32),
            public_host="khatam.example",
            environment="rehearsal",
        )
        self.desk = Desk(
            files=self.files,
            prepare=self.paper.prepare,
            embed=self.paper.embed,
            time_stamps=self.paper,
            manifest_key=lambda: signer,
            later=self.paper,
            completions=dict.fromkeys(DocumentKind, self.paper.complete),
            policy=CeremonyPolicy(environment="rehearsal", origin="https://khatam.example"),
        )
        self._opened = 0

    def later(self, **delta: int) -> None:
        self.at += timedelta(**delta)

    def dossier(self, kind: DossierKind = DossierKind.CONSTRUIRE, track: Track = Track.SMALL) -> OpenedDossier:
        self._opened += 1
        application = Application(
            platform_reference=f"ROKHAS-{self._opened}",
            body_code=register.COMMUNE,
            kind=kind,
            track=track,
            title="Villa R+1",
            applicant="M. A.",
            parcel="TF 1/53",
        )
        return open_dossier(self.records, application=application, by=PLATFORM, at=self.at)

    def file(self, dossier: OpenedDossier, content: bytes = b"%PDF plan", title: str = "Plan") -> str:
        added = add_file(
            self.records,
            self.files,
            self.paper.inspect,
            dossier=dossier.id,
            title=title,
            content=content,
            by=PLATFORM,
            at=self.at,
        )
        return added.sha256

    def opinion(
        self,
        dossier: OpenedDossier,
        who: str,
        read: Sequence[str],
        value: OpinionValue = OpinionValue.FAVOURABLE,
        text: str = "Rien à signaler.",
    ) -> DocumentRecord:
        given = GivenOpinion(
            holder=self.people[who], body_code=BODY_OF[who], opinion=value, text=text, read=tuple(read)
        )
        return draft_opinion(self.records, self.drafting, dossier=dossier.id, given=given, by=PLATFORM, at=self.at)

    def minutes(self, dossier: OpenedDossier, absent: dict[str, str] | None = None) -> DocumentRecord:
        return draw_up_minutes(
            self.records, self.drafting, dossier=dossier.id, absent=absent or {}, by=PLATFORM, at=self.at
        )

    def decision(
        self, dossier: OpenedDossier, kind: DocumentKind = DocumentKind.LICENCE, **asked: object
    ) -> DocumentRecord:
        ask = AskedDecision(kind=kind, signer=self.people["president"], **asked)  # type: ignore[arg-type]
        return draft_decision(self.records, self.drafting, dossier=dossier.id, asked=ask, by=PLATFORM, at=self.at)

    def open(self, who: str, *references: str) -> OpenedCeremony:
        return open_ceremony(
            self.records, self.desk, signer=self.people[who], references=references, by=PLATFORM, at=self.at
        )

    def agent(self, who: str, *references: str) -> Agent:
        agent = Agent(self, who, self.open(who, *references))
        agent.ask()
        return agent

    def sign(self, who: str, *references: str) -> None:
        agent = self.agent(who, *references)
        for number in range(len(references)):
            agent.give(agent.value(number))

    def agreed(self, dossier: OpenedDossier, read: Sequence[str]) -> DocumentRecord:
        """Three favourable opinions and complete minutes."""
        for who in MEMBERS:
            self.sign(who, self.opinion(dossier, who, read).reference)
        minutes = self.minutes(dossier)
        for who in MEMBERS:
            self.sign(who, minutes.reference)
        return minutes
