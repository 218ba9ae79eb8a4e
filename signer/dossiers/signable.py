"""Whether a document may be signed as it stands: the rules of its kind, asked before and after the signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.records import DossierId
from signer.dossiers.delegations import drafted_deed, refuse_delegation
from signer.dossiers.errors import DocumentOutdated, DocumentSuperseded
from signer.dossiers.kinds import DocumentKind, DocumentState
from signer.dossiers.standing import (
    committee,
    decision_grounds,
    file_heads,
    get_dossier,
    minutes_match,
    refuse_decided,
)
from signer.dossiers.tables import Decision, Document, OpinionReading


def refuse_unsignable(session: Session, document: Document, *, at: datetime) -> None:
    """Refuse a document that must not be signed now; rival acts on its dossier wait for this transaction.

    :raise DocumentSuperseded: a later draft took its place.
    :raise DocumentOutdated: what it was drawn up on has changed.
    :raise BindingOpinionMissing: and its siblings, for a licence (see `decision_grounds`).
    :raise DossierDecided: an opinion or minutes after the decision.
    :raise DelegationRefused: a deed that the register would refuse, or that begins before it is signed.
    """
    if document.state is DocumentState.SUPERSEDED:
        raise DocumentSuperseded(document.reference)
    if document.kind is DocumentKind.DELEGATION:
        refuse_delegation(session, drafted_deed(session, document), at=at)
    if document.dossier_id is not None:
        get_dossier(session, DossierId(document.dossier_id), for_update=True)
        _RULES[document.kind](session, document, document.dossier_id)


def _opinion(session: Session, document: Document, dossier: UUID) -> None:
    refuse_decided(session, DossierId(dossier))
    rows = session.execute(
        select(OpinionReading.file_id, OpinionReading.sha256).where(OpinionReading.document_id == document.id)
    )
    if {row.file_id: row.sha256 for row in rows} != file_heads(session, DossierId(dossier)):
        raise DocumentOutdated(document.reference)


def _minutes(session: Session, document: Document, dossier: UUID) -> None:
    refuse_decided(session, DossierId(dossier))
    if not minutes_match(session, document, committee(session, DossierId(dossier))):
        raise DocumentOutdated(document.reference)


def _decision(session: Session, document: Document, dossier: UUID) -> None:
    grounds = decision_grounds(session, dossier=DossierId(dossier), kind=document.kind)
    decision = session.get(Decision, document.id)
    if decision is None or decision.minutes_id != grounds.minutes_id:
        raise DocumentOutdated(document.reference)


_RULES: Mapping[DocumentKind, Callable[[Session, Document, UUID], None]] = {
    DocumentKind.OPINION: _opinion,
    DocumentKind.MINUTES: _minutes,
    DocumentKind.LICENCE: _decision,
    DocumentKind.REFUSAL: _decision,
}
