"""Steps and reads on documents: look up by reference, move the head by compare-and-set, fields and revisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pki.records import DocumentId, HolderId
from signer.dossiers.errors import (
    AlreadySignedBySigner,
    DocumentComplete,
    DocumentSuperseded,
    DocumentUnknown,
    HeadMoved,
    NotThisDocumentsSigner,
)
from signer.dossiers.kinds import DocumentState, Level
from signer.dossiers.references import CheckKey
from signer.dossiers.tables import Document, DocumentField, Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRecord:
    """A document as its acts return it."""

    id: DocumentId
    reference: str
    check: str
    kind: str
    state: str
    sha256: str

    @classmethod
    def of(cls, document: Document, key: CheckKey) -> DocumentRecord:
        """The document's row, with its check characters."""
        return cls(
            id=DocumentId(document.id),
            reference=document.reference,
            check=key.characters(document.reference),
            kind=document.kind.value,
            state=document.state.value,
            sha256=document.head_sha256,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRevision:
    """A revision that is to become the head."""

    sha256: str
    size: int
    level: Level
    field: str | None = None
    signer: HolderId | None = None


def document_by_reference(session: Session, reference: str) -> Document:
    """The document of that reference, whatever its state.

    :raise DocumentUnknown: none has it.
    """
    document = session.scalar(select(Document).where(Document.reference == reference))
    if document is None:
        raise DocumentUnknown(reference)
    return document


def document_by_public_name(session: Session, key: CheckKey, *, reference: str, check: str) -> Document:
    """The document of that reference for a stranger who also has its check characters.

    :raise DocumentUnknown: no such document, or wrong characters: the answer is the same.
    """
    if not key.matches(reference, check):
        raise DocumentUnknown(reference)
    return document_by_reference(session, reference)


def revisions(session: Session, document: DocumentId) -> list[Revision]:
    """Every revision, oldest first."""
    asked = select(Revision).where(Revision.document_id == document).order_by(Revision.number)
    return list(session.scalars(asked))


def fields(session: Session, document: DocumentId) -> list[DocumentField]:
    """The signature fields, in the order of their names."""
    asked = select(DocumentField).where(DocumentField.document_id == document).order_by(DocumentField.name)
    return list(session.scalars(asked))


def field_for(session: Session, document: Document, signer: HolderId) -> DocumentField:
    """The field that `signer` is to sign next in this document.

    :raise DocumentSuperseded: a later draft took its place.
    :raise AlreadySignedBySigner: his field is signed.
    :raise DocumentComplete: every field is signed, none of them his.
    :raise NotThisDocumentsSigner: the document has no field for him.
    """
    if document.state is DocumentState.SUPERSEDED:
        raise DocumentSuperseded(document.reference)
    own = session.scalar(
        select(DocumentField).where(DocumentField.document_id == document.id, DocumentField.signer_id == signer)
    )
    if own is not None and own.signed_at is not None:
        raise AlreadySignedBySigner(document.reference, signer)
    if document.state is DocumentState.SIGNED:
        raise DocumentComplete(document.reference)
    if own is None:
        raise NotThisDocumentsSigner(document.reference, signer)
    return own


def move_head(
    session: Session, *, document: DocumentId, expected_sha256: str, revision: NewRevision, at: datetime
) -> int:
    """Make `revision` the head if the head is still `expected_sha256`; return its number. A step.

    A superseded document does not move.

    :raise HeadMoved: it is not, or the field was signed before. Nothing was written.
    """
    # THREAT: two signatures made over the same revision; the later one would drop the earlier.
    # DEFENCE: one conditional statement moves the head; numbers, fields and signers are unique besides.
    # TEST: tests/signer/dossiers/test_documents.py::test_head_moves_once
    number = session.scalar(
        update(Document)
        .where(Document.id == document, Document.head_sha256 == expected_sha256)
        .where(Document.state != DocumentState.SUPERSEDED)
        .values(head_sha256=revision.sha256, head_number=Document.head_number + 1)
        .returning(Document.head_number)
        .execution_options(synchronize_session=False)
    )
    if number is None:
        raise HeadMoved(_reference(session, document))
    session.add(
        Revision(
            document_id=document,
            number=number,
            sha256=revision.sha256,
            size=revision.size,
            level=revision.level,
            field=revision.field,
            signer_id=revision.signer,
            made_at=at,
        )
    )
    try:
        session.flush()
    except IntegrityError as error:
        raise HeadMoved(str(document)) from error
    return number


def close_field(session: Session, *, document: DocumentId, name: str, revision_number: int, at: datetime) -> bool:
    """Mark a field signed; return whether it was the last, which completes the document. A step.

    :raise HeadMoved: the field was closed before.
    """
    closed = session.execute(
        update(DocumentField)
        .where(DocumentField.document_id == document, DocumentField.name == name, DocumentField.signed_at.is_(None))
        .values(revision_number=revision_number, signed_at=at)
        .execution_options(synchronize_session=False)
    )
    if changed_rows(closed) != 1:
        raise HeadMoved(_reference(session, document))
    left = select(DocumentField.id).where(DocumentField.document_id == document, DocumentField.signed_at.is_(None))
    if session.scalar(left.limit(1)) is not None:
        return False
    session.execute(
        update(Document)
        .where(Document.id == document, Document.state == DocumentState.DRAFT)
        .values(state=DocumentState.SIGNED, completed_at=at)
        .execution_options(synchronize_session=False)
    )
    return True


def changed_rows(result: object) -> int:
    """How many rows a Core UPDATE or DELETE changed."""
    assert isinstance(result, CursorResult)
    return result.rowcount


def _reference(session: Session, document: UUID) -> str:
    return session.scalar(select(Document.reference).where(Document.id == document)) or str(document)
