from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

import pki.journal.tables
import pki.registration.tables  # noqa: F401
from pki.records import Base, DocumentId, Records
from signer.dossiers.kinds import DocumentKind, DocumentState, Level
from signer.dossiers.tables import Document, Revision
from signer.pades.fields import add_fields_at_foot
from signer.rendering.facts import LicenceFacts
from signer.rendering.render import render
from tests.signer.pades.estate import T0, Estate, Party, Proofs


@dataclass
class Source:
    """Status proofs from the estate; `late` shifts thisUpdate, `away` makes it fail."""

    estate: Estate
    late: timedelta = timedelta()
    away: bool = False
    asked: list[tuple[bytes, datetime]] = field(default_factory=list)

    def proofs(self, chain: Sequence[bytes], *, not_before: datetime) -> Proofs:
        if self.away:
            raise ConnectionError("the responder is away")
        self.asked.append((chain[0], not_before))
        known: tuple[Party, ...] = (self.estate.president, self.estate.tsa, *self.estate.members)
        leaf = next(each for each in known if each.der == chain[0])
        return self.estate.proofs(leaf, at=not_before + self.late)


@dataclass
class Shelf:
    """The Files port in memory."""

    stored: dict[str, bytes] = field(default_factory=dict)

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self.stored[sha256] = content
        return sha256

    def get(self, sha256: str) -> bytes:
        return self.stored[sha256]

    def path(self, sha256: str) -> Path:
        raise NotImplementedError


@dataclass
class Cabinet:
    """Records and files with one document each test may fill."""

    records: Records
    files: Shelf

    def keep(self, pdf: bytes, *, level: Level = Level.B_T, state: DocumentState = DocumentState.SIGNED) -> DocumentId:
        sha256 = self.files.put(pdf)
        with self.records.writing() as session:
            document = Document(
                reference=f"L26-{uuid4().int % 10**7:07d}",
                kind=DocumentKind.LICENCE,
                body_code="06.117.01.03",
                title="Villa R+1",
                state=state,
                rendered=True,
                head_number=0,
                head_sha256=sha256,
                drafted_at=T0,
                drafted_by="rokhas",
            )
            session.add(document)
            session.flush()
            session.add(
                Revision(
                    document_id=document.id, number=0, sha256=sha256, size=len(pdf), level=level, field="X", made_at=T0
                )
            )
            return DocumentId(document.id)

    def head(self, document: DocumentId) -> tuple[int, Level, bytes]:
        with self.records.reading() as session:
            row = session.get_one(Document, document)
            revision = session.query(Revision).filter_by(document_id=document, number=row.head_number).one()
            assert revision.sha256 == row.head_sha256
            return row.head_number, revision.level, self.files.get(row.head_sha256)


@pytest.fixture(scope="session")
def estate() -> Estate:
    return Estate()


@pytest.fixture(scope="session")
def licence() -> bytes:
    return add_fields_at_foot(render(LicenceFacts.sample()).content, ["President", "Member-1"])


@pytest.fixture(scope="session")
def signed(estate: Estate, licence: bytes) -> bytes:
    return estate.sign(licence, certify=True)


@pytest.fixture
def source(estate: Estate) -> Source:
    return Source(estate)


@pytest.fixture
def cabinet(tmp_path: Path) -> Iterator[Cabinet]:
    records = Records.open(f"sqlite+pysqlite:///{tmp_path}/records.sqlite")
    Base.metadata.create_all(records.writing_engine)
    yield Cabinet(records, Shelf())
    records.close()
