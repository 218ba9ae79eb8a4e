"""Signed documents that wait for their validation data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from signer.ceremonies.ports import Later
from signer.dossiers.kinds import DocumentState, Level
from signer.dossiers.tables import Document, Revision

from .names import CAPTURE_VALIDATION

BATCH = 1000


def waiting_documents(session: Session, *, made_before: datetime) -> Sequence[UUID]:
    """Documents whose head is at B-T since before that instant, oldest first."""
    return session.scalars(
        select(Document.id)
        .join(Revision, (Revision.document_id == Document.id) & (Revision.number == Document.head_number))
        .where(Revision.level == Level.B_T, Revision.made_at < made_before)
        .where(Document.state != DocumentState.SUPERSEDED)
        .order_by(Revision.made_at)
        .limit(BATCH)
    ).all()


def enqueue_waiting(session: Session, later: Later, *, at: datetime) -> int:
    """Enqueue the capture of every document that waits: a source of proofs has something new. A step."""
    documents = waiting_documents(session, made_before=at)
    for document in documents:
        later.enqueue(session, CAPTURE_VALIDATION, str(document))
    return len(documents)
