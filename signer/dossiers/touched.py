"""The documents that an act on the register touches: what was signed for a body in a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.records import HolderId
from signer.dossiers.tables import Document, DocumentField


def documents_touched(
    session: Session, *, body_code: str, holder: HolderId | None, since: datetime, until: datetime
) -> tuple[str, ...]:
    """The references of documents signed for the body in [since, until], in their order; by that holder, or anybody."""
    asked = (
        select(Document.reference)
        .join(DocumentField, DocumentField.document_id == Document.id)
        .where(DocumentField.body_code == body_code)
        .where(DocumentField.signed_at >= since, DocumentField.signed_at <= until)
        .order_by(Document.reference)
        .distinct()
    )
    if holder is not None:
        asked = asked.where(DocumentField.signer_id == holder)
    return tuple(session.scalars(asked))
