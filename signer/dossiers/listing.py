"""Documents as lines of a list, for officers: what there is, not what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.tables import Body
from signer.dossiers.kinds import DocumentKind, DocumentState
from signer.dossiers.tables import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """One document: neither its applicant nor its bytes."""

    reference: str
    kind: DocumentKind
    body: str
    state: DocumentState
    drafted_at: datetime
    completed_at: datetime | None


def documents(session: Session, *, within: Extent = EVERYWHERE, after: str | None, limit: int) -> list[DocumentLine]:
    """Documents of bodies inside the extent, by reference, at most `limit` of those above `after`."""
    asked = (
        select(Document)
        .join(Body, Body.code == Document.body_code)
        .where(within.bodies())
        .order_by(Document.reference)
        .limit(limit)
    )
    if after is not None:
        asked = asked.where(Document.reference > after)
    return [
        DocumentLine(
            reference=each.reference,
            kind=each.kind,
            body=each.body_code,
            state=each.state,
            drafted_at=each.drafted_at,
            completed_at=each.completed_at,
        )
        for each in session.scalars(asked)
    ]
