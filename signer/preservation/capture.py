"""Act: raise a document's head from B-T to B-LT, once its time-stamps are there and nobody is signing it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, ActorKind, record
from pki.records import DocumentId, Records
from signer.dossiers.documents import NewRevision, move_head
from signer.dossiers.errors import HeadMoved
from signer.dossiers.kinds import DocumentState, Level
from signer.dossiers.leases import refuse_leased
from signer.dossiers.tables import Document, Revision
from signer.files import Files
from signer.pades.errors import StatusProofUnavailable
from signer.pades.ports import RevocationProofs, StatusProofs
from signer.pades.reading import SignedPdf
from signer.preservation.freshness import is_covered

CAPTURER = Actor(kind=ActorKind.SYSTEM, id="jobs")


class PdfWork(Protocol):
    """Reads and extends PDF files; a file may be hostile, so not in a process that holds secrets."""

    def read_signed(self, pdf: bytes) -> SignedPdf:
        """As `signer.pades.reading.read_signed_pdf`."""
        ...

    def add_validation(self, pdf: bytes, proofs: RevocationProofs) -> bytes:
        """As `signer.pades.validation_data.add_validation`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    reference: str
    sha256: str


@dataclass(slots=True)
class Gathered:
    """Proofs as they come in, DER; `missing` says for which signatures none is young enough."""

    ocsp_responses: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    certificates: tuple[bytes, ...] = ()
    missing: list[str] = field(default_factory=list)


def capture_validation(
    records: Records, files: Files, work: PdfWork, proofs: StatusProofs, *, document: DocumentId, at: datetime
) -> bool:
    """Add what is missing of the head's validation data; True if the head moved.

    Safe to run twice and at once with itself: a head that needs nothing, or that somebody moved meanwhile, is left
    alone (its own capture is waiting). No transaction is open while proofs are fetched.

    :raise DocumentLeased: somebody is signing it; try again later.
    :raise StatusProofUnavailable: not every proof is there, or young enough, yet; what could be had is added. Also the
        source's own error, with nothing added. Try again later.
    """
    with records.reading() as session:
        head = _head(session, document, at=at)
    if head is None:
        return False
    pdf = files.get(head.sha256)
    gathered = gather_proofs(work.read_signed(pdf), proofs)
    content = work.add_validation(pdf, gathered)
    level = Level.B_T if gathered.missing else Level.B_LT
    moved = False
    if content != pdf or level is Level.B_LT:
        revision = NewRevision(sha256=files.put(content), size=len(content), level=level)
        moved = _move(records, document, head, revision, gathered, at=at)
    if gathered.missing:
        raise StatusProofUnavailable(f"none is as young as its time-stamp for {', '.join(gathered.missing)}")
    return moved


def _head(session: Session, document: DocumentId, *, at: datetime) -> _Head | None:
    """The head, if it waits for validation data.

    :raise DocumentLeased: it does, and somebody has it in hand.
    """
    row = session.get_one(Document, document)
    level = session.scalar(
        select(Revision.level).where(Revision.document_id == document, Revision.number == row.head_number)
    )
    if level is not Level.B_T or row.state is DocumentState.SUPERSEDED:
        return None
    refuse_leased(session, document=row, at=at)
    return _Head(reference=row.reference, sha256=row.head_sha256)


def gather_proofs(signed: SignedPdf, proofs: StatusProofs) -> Gathered:
    """The proofs that a document still needs to be B-LT. Blocks while the source answers; its errors pass through."""
    # THREAT: a proof fetched before the time-stamp hides a revocation that happened in between.
    # DEFENCE: a signature counts as covered only by proofs whose thisUpdate is at or after its genTime.
    # TEST: tests/signer/preservation/test_capture.py::test_a_proof_older_than_the_time_stamp_does_not_count
    gathered = Gathered()
    for number, signature in enumerate(signed.signatures, start=1):
        if signature.gen_time is None:
            gathered.missing.append(f"signature {number}, which has none")
            continue
        for whose, chain in (("signer", signature.chain), ("time-stamper", signature.time_stamp_chain)):
            if not _add_proofs(gathered, signed, chain, proofs, not_before=signature.gen_time):
                gathered.missing.append(f"the {whose} of signature {number}")
    return gathered


def _add_proofs(
    gathered: Gathered, signed: SignedPdf, chain: tuple[bytes, ...], proofs: StatusProofs, *, not_before: datetime
) -> bool:
    """Add the proofs of one chain, unless they are there. False: none is young enough, and none was added."""
    ocsp_responses = (*signed.ocsp_responses, *gathered.ocsp_responses)
    crls = (*signed.crls, *gathered.crls)
    if is_covered(chain[0], not_before=not_before, ocsp_responses=ocsp_responses, crls=crls):
        return True
    found = proofs.proofs(chain, not_before=not_before)
    if not is_covered(chain[0], not_before=not_before, ocsp_responses=found.ocsp_responses, crls=found.crls):
        return False
    gathered.ocsp_responses += found.ocsp_responses
    gathered.crls += found.crls
    gathered.certificates += (*chain[1:], *found.certificates)
    return True


def _move(
    records: Records, document: DocumentId, head: _Head, revision: NewRevision, gathered: Gathered, *, at: datetime
) -> bool:
    try:
        with records.writing() as session:
            # The head is moved (and locked) first: a lease taken before it is seen below, one taken later sees the
            # new head.
            number = move_head(session, document=document, expected_sha256=head.sha256, revision=revision, at=at)
            refuse_leased(session, document=session.get_one(Document, document), at=at)
            facts = {
                "revision": number,
                "level": revision.level.value,
                "sha256": revision.sha256,
                "missing": list(gathered.missing),
            }
            record(
                session,
                kind="document.validation-captured",
                subject=f"document:{head.reference}",
                by=CAPTURER,
                at=at,
                facts=facts,
            )
    except HeadMoved:
        return False
    return True
