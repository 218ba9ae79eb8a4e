"""Act: draw up the acceptance that a holder signs with his new key before it signs anything else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from pki.journal.acts import Actor
from pki.records import HolderId, OrderId, Records
from signer.dossiers.documents import DocumentRecord
from signer.dossiers.drafting import (
    Draft,
    Drafting,
    Field,
    body_facts,
    drafted,
    holder_facts,
    lay_out,
    take_reference,
    write_draft,
)
from signer.dossiers.errors import DocumentComplete
from signer.dossiers.kinds import DocumentKind, DocumentState
from signer.dossiers.standing import live_document
from signer.dossiers.tables import Document

ACCEPTANCE_FIELD = "Holder"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedKey:
    """The key to be accepted: its order, holder, body, and the certificate that names it."""

    order: OrderId
    holder: HolderId
    body_code: str
    certificate_sha256: str
    serial: str
    again: int = 0
    """How often its device was unlocked since it was first delivered: each time it is accepted anew."""


def draft_key_acceptance(
    records: Records, drafting: Drafting, *, key: AcceptedKey, by: Actor, at: datetime
) -> DocumentRecord:
    """Draw up the acceptance of one order's key; it belongs to no dossier. Unsigned before: that one again.

    :raise DocumentComplete: the acceptance of this order is signed.
    """
    draft = Draft(
        kind=DocumentKind.KEY_ACCEPTANCE,
        dossier=None,
        order=key.order,
        body_code=key.body_code,
        title=f"Certificate {key.serial}",
        live_slot=_slot(key),
        fields=(Field(name=ACCEPTANCE_FIELD, body_code=key.body_code, signer=key.holder),),
    )
    with records.reading() as session:
        former = _unsigned(session, key)
        if former is not None and former.title == draft.title:
            return drafted(drafting, former)
        facts: dict[str, object] = {
            "body": body_facts(session, key.body_code),
            "signer": holder_facts(session, key.holder),
            "certificate_sha256": key.certificate_sha256,
            "serial": key.serial,
        }
    reference = take_reference(records, DocumentKind.KEY_ACCEPTANCE, at)
    laid = lay_out(drafting, draft, facts, reference=reference, at=at)
    with records.writing() as session:
        _unsigned(session, key)
        return drafted(drafting, write_draft(session, draft, laid, by=by, at=at))


def _slot(key: AcceptedKey) -> str:
    return f"key_acceptance:{key.order}" + (f":{key.again}" if key.again else "")


def _unsigned(session: Session, key: AcceptedKey) -> Document | None:
    """The acceptance that still waits for its signature, if any."""
    former = live_document(session, _slot(key))
    if former is not None and former.state is DocumentState.SIGNED:
        raise DocumentComplete(former.reference)
    return former
