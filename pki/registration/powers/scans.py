"""Scans of paper deeds: kept whole under the digest that the register computes, and shown to officers of the body."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.records import Records
from pki.registration.bodies import body_id
from pki.registration.errors import ScanRefused, ScanUnknown
from pki.registration.powers.tables import DeedScan
from pki.registration.tables import Body

MOST_BYTES = 20 * 1024 * 1024
MAGIC = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
"""How each kind of file begins that is taken."""


class ScanFiles(Protocol):
    """Where the bytes lie: written once under their SHA-256 (lowercase hex), safe to put twice."""

    def put(self, content: bytes) -> str: ...

    def get(self, sha256: str) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptScan:
    """A scan on record."""

    sha256: str
    media_type: str
    size_bytes: int


def keep_scan(
    records: Records, files: ScanFiles, *, body_code: str, content: bytes, by: Actor, at: datetime
) -> KeptScan:
    """Keep the scan of a deed of the body. The same one again is the same.

    :raise BodyUnknown: no such body.
    :raise ScanRefused: empty, larger than `MOST_BYTES`, or neither PDF nor PNG nor JPEG. Nothing was kept.
    """
    # THREAT: a deed "recorded from paper" whose digest is of nothing, or of another file than the officer looked at.
    # DEFENCE: the bytes are kept and the digest is computed here; an act that names another digest is refused.
    # TEST: tests/pki/registration/test_scans.py::test_an_act_names_a_scan_of_its_body
    if len(content) > MOST_BYTES:
        raise ScanRefused(f"it is larger than {MOST_BYTES // 1024 // 1024} MB")
    media_type = next((kind for begins, kind in MAGIC.items() if content.startswith(begins)), None)
    if media_type is None:
        raise ScanRefused("it is neither a PDF nor a PNG nor a JPEG file")
    with records.reading() as session:
        body_id(session, body_code)
    sha256 = files.put(content)
    kept = KeptScan(sha256=sha256, media_type=media_type, size_bytes=len(content))
    with records.writing() as session:
        body = body_id(session, body_code)
        added = session.execute(
            insert_into(session, DeedScan)
            .values(
                body_id=body,
                sha256=sha256,
                media_type=media_type,
                size_bytes=len(content),
                recorded_at=at,
                recorded_by=str(by),
            )
            .on_conflict_do_nothing(index_elements=["body_id", "sha256"])
            .returning(DeedScan.sha256)
        ).scalar_one_or_none()
        if added is not None:
            facts = {"body": body_code, "media_type": media_type, "bytes": len(content)}
            record(session, kind="deed-scan.kept", subject=f"deed-scan:{sha256}", by=by, at=at, facts=facts)
    return kept


def read_scan(
    records: Records, files: ScanFiles, *, body_code: str, sha256: str, by: Actor, at: datetime
) -> tuple[KeptScan, bytes]:
    """The scan and its bytes; who looked is in the journal.

    :raise ScanUnknown: the body has none of that digest.
    """
    with records.writing() as session:
        found = session.execute(
            select(DeedScan.media_type, DeedScan.size_bytes)
            .join(Body, Body.id == DeedScan.body_id)
            .where(Body.code == body_code, DeedScan.sha256 == sha256)
        ).one_or_none()
        if found is None:
            raise ScanUnknown(body_code, sha256)
        record(session, kind="deed-scan.read", subject=f"deed-scan:{sha256}", by=by, at=at, facts={"body": body_code})
    kept = KeptScan(sha256=sha256, media_type=found.media_type, size_bytes=found.size_bytes)
    return kept, files.get(sha256)


def require_scan(session: Session, *, body_code: str, sha256: str) -> None:
    """Refuse a digest of which the body has no scan. A step.

    :raise ScanUnknown: it has none.
    """
    known = (
        select(DeedScan.sha256)
        .join(Body, Body.id == DeedScan.body_id)
        .where(Body.code == body_code, DeedScan.sha256 == sha256)
    )
    if session.scalar(known) is None:
        raise ScanUnknown(body_code, sha256)
