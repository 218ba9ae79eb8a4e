from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from pki.journal.tables import EventRow
from pki.records import DocumentId
from signer.dossiers.documents import NewRevision, move_head
from signer.dossiers.errors import DocumentLeased
from signer.dossiers.kinds import DocumentState, Level
from signer.dossiers.tables import Document, Lease
from signer.pades.errors import StatusProofUnavailable
from signer.pades.ports import RevocationProofs
from signer.pades.reading import SignedPdf, read_signed_pdf
from signer.pades.validation_data import add_validation
from signer.preservation.capture import capture_validation
from tests.signer.pades.estate import T0, Estate
from tests.signer.pades.peers import ades_names
from tests.signer.preservation.conftest import Cabinet, Source

LATER = T0 + timedelta(minutes=1)


class InProcess:
    """The PDF work of a test: done here, in no worker."""

    def read_signed(self, pdf: bytes) -> SignedPdf:
        return read_signed_pdf(pdf)

    def add_validation(self, pdf: bytes, proofs: RevocationProofs) -> bytes:
        return add_validation(pdf, proofs=proofs)


def capture(cabinet: Cabinet, source: object, document: DocumentId, at: datetime = LATER) -> bool:
    return capture_validation(cabinet.records, cabinet.files, InProcess(), source, document=document, at=at)  # type: ignore[arg-type]


def lease(cabinet: Cabinet, document: DocumentId, sha256: str) -> None:
    with cabinet.records.writing() as session:
        held = {"ceremony_id": uuid4(), "signer_id": uuid4(), "until": LATER + timedelta(minutes=10), "kept": False}
        session.add(Lease(document_id=document, head_sha256=sha256, **held))


def test_head_becomes_b_lt_and_nothing_signed_changes(
    cabinet: Cabinet, source: Source, estate: Estate, signed: bytes
) -> None:
    document = cabinet.keep(signed)
    assert capture(cabinet, source, document)
    number, level, head = cabinet.head(document)
    assert (number, level) == (1, Level.B_LT)
    assert head.startswith(signed)
    assert ades_names(head, estate) == ["PASSED"]
    with cabinet.records.reading() as session:
        kinds = list(session.scalars(select(EventRow.kind)))
    assert kinds == ["document.validation-captured"]


def test_again_does_nothing(cabinet: Cabinet, source: Source, signed: bytes) -> None:
    document = cabinet.keep(signed)
    capture(cabinet, source, document)
    asked = len(source.asked)
    before = cabinet.head(document)
    assert not capture(cabinet, source, document)
    assert cabinet.head(document) == before
    assert len(source.asked) == asked


def test_proofs_are_asked_from_the_time_stamp_on(
    cabinet: Cabinet, source: Source, estate: Estate, signed: bytes
) -> None:
    capture(cabinet, source, cabinet.keep(signed))
    assert source.asked == [(estate.president.der, T0), (estate.tsa.der, T0)]


def test_a_proof_older_than_the_time_stamp_does_not_count(cabinet: Cabinet, source: Source, signed: bytes) -> None:
    source.late = timedelta(seconds=-1)
    document = cabinet.keep(signed)
    for _ in range(2):
        with pytest.raises(StatusProofUnavailable, match="the signer of signature 1"):
            capture(cabinet, source, document)
    assert cabinet.head(document) == (0, Level.B_T, signed)
    source.late = timedelta()
    assert capture(cabinet, source, document)
    assert cabinet.head(document)[1] is Level.B_LT


def test_what_could_be_had_is_kept(cabinet: Cabinet, source: Source, estate: Estate, signed: bytes) -> None:
    class SignerLate(Source):
        def proofs(self, chain: object, *, not_before: datetime) -> RevocationProofs:
            self.late = timedelta(seconds=-1 if chain[0] == estate.president.der else 0)  # type: ignore[index]
            return super().proofs(chain, not_before=not_before)  # type: ignore[arg-type]

    document = cabinet.keep(signed)
    with pytest.raises(StatusProofUnavailable):
        capture(cabinet, SignerLate(estate), document)
    assert cabinet.head(document)[:2] == (1, Level.B_T)
    assert capture(cabinet, source, document)
    assert cabinet.head(document)[:2] == (2, Level.B_LT)
    assert [der for der, _ in source.asked] == [estate.president.der]


def test_a_source_that_is_away_leaves_everything(cabinet: Cabinet, source: Source, signed: bytes) -> None:
    source.away = True
    document = cabinet.keep(signed)
    with pytest.raises(ConnectionError):
        capture(cabinet, source, document)
    assert cabinet.head(document) == (0, Level.B_T, signed)


def test_not_while_somebody_signs(cabinet: Cabinet, source: Source, signed: bytes) -> None:
    document = cabinet.keep(signed)
    with cabinet.records.reading() as session:
        sha256 = session.get_one(Document, document).head_sha256
    lease(cabinet, document, sha256)
    with pytest.raises(DocumentLeased):
        capture(cabinet, source, document)
    assert cabinet.head(document) == (0, Level.B_T, signed)
    assert source.asked == []


def test_a_lease_taken_while_proofs_are_fetched(
    cabinet: Cabinet, source: Source, estate: Estate, signed: bytes
) -> None:
    document = cabinet.keep(signed)
    with cabinet.records.reading() as session:
        sha256 = session.get_one(Document, document).head_sha256

    class Slow(Source):
        def proofs(self, chain: object, *, not_before: datetime) -> RevocationProofs:
            if not self.asked:
                lease(cabinet, document, sha256)
            return super().proofs(chain, not_before=not_before)  # type: ignore[arg-type]

    with pytest.raises(DocumentLeased):
        capture(cabinet, Slow(estate), document)
    assert cabinet.head(document) == (0, Level.B_T, signed)


def test_a_head_moved_while_proofs_are_fetched(cabinet: Cabinet, source: Source, estate: Estate, signed: bytes) -> None:
    document = cabinet.keep(signed)
    with cabinet.records.reading() as session:
        sha256 = session.get_one(Document, document).head_sha256
    both = estate.sign(signed, estate.members[0], field_name="Member-1")

    class Slow(Source):
        def proofs(self, chain: object, *, not_before: datetime) -> RevocationProofs:
            if not self.asked:
                revision = NewRevision(sha256=cabinet.files.put(both), size=len(both), level=Level.B_T, field="Y")
                with cabinet.records.writing() as session:
                    move_head(session, document=document, expected_sha256=sha256, revision=revision, at=LATER)
            return super().proofs(chain, not_before=not_before)  # type: ignore[arg-type]

    assert not capture(cabinet, Slow(estate), document)
    assert cabinet.head(document) == (1, Level.B_T, both)
    assert capture(cabinet, source, document)
    assert cabinet.head(document)[1] is Level.B_LT
    assert ades_names(cabinet.head(document)[2], estate) == ["PASSED"] * 2


def test_only_what_is_new_is_asked_for(cabinet: Cabinet, source: Source, estate: Estate, signed: bytes) -> None:
    document = cabinet.keep(signed)
    capture(cabinet, source, document)
    head = cabinet.head(document)[2]
    source.asked.clear()
    second = estate.sign(head, estate.members[0], field_name="Member-1", at=T0 + timedelta(minutes=5))
    again = cabinet.keep(second)
    capture(cabinet, source, again, T0 + timedelta(minutes=6))
    assert [der for der, _ in source.asked] == [estate.members[0].der, estate.tsa.der]
    assert len(read_signed_pdf(cabinet.head(again)[2]).ocsp_responses) == 4


@pytest.mark.parametrize("level", [Level.NONE, Level.B_B, Level.B_LT])
def test_other_levels_are_left_alone(cabinet: Cabinet, source: Source, signed: bytes, level: Level) -> None:
    assert not capture(cabinet, source, cabinet.keep(signed, level=level))
    assert source.asked == []


def test_superseded_documents_are_left_alone(cabinet: Cabinet, source: Source, signed: bytes) -> None:
    assert not capture(cabinet, source, cabinet.keep(signed, state=DocumentState.SUPERSEDED))
