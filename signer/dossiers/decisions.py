"""Act: draw up the decision, licence or refusal, rendered here or given as the caller's own PDF."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pki.journal.acts import Actor
from pki.records import DossierId, HolderId, Records
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
from signer.dossiers.errors import OwnPdfSigned, RefusalReasonsMissing
from signer.dossiers.kinds import DocumentKind
from signer.dossiers.opinions import dossier_facts
from signer.dossiers.standing import decision_grounds, get_dossier, refuse_decided, slot
from signer.dossiers.tables import Decision, Dossier

DECISION_FIELD = "President"
DECISION_KINDS = (DocumentKind.LICENCE, DocumentKind.REFUSAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedDecision:
    """What is to be decided, by whom; `own_pdf` is the caller's own document, unsigned."""

    kind: DocumentKind
    signer: HolderId
    text: str = ""
    own_pdf: bytes | None = None

    def __post_init__(self) -> None:
        if self.kind not in DECISION_KINDS:
            raise ValueError(f"{self.kind} is no decision")


def draft_decision(
    records: Records, drafting: Drafting, *, dossier: DossierId, asked: AskedDecision, by: Actor, at: datetime
) -> DocumentRecord:
    """Draw up a decision in the place of the dossier's unsigned one.

    :raise BindingOpinionMissing: a licence, and the binding opinion is not there.
    :raise BindingOpinionNotFavourable: it is there, and is no plain yes.
    :raise MinutesIncomplete: a committee sits and its minutes are not complete.
    :raise RefusalReasonsMissing: a rendered refusal without reasons.
    :raise OwnPdfSigned: the caller's PDF already carries signatures.
    :raise DossierDecided: a decision is signed.
    :raise signer.errors.SignerError: the intake's refusal of the caller's PDF.
    """
    if asked.own_pdf is not None:
        signatures = drafting.inspect(asked.own_pdf)
        if signatures:
            raise OwnPdfSigned(signatures)
    elif asked.kind is DocumentKind.REFUSAL and not asked.text.strip():
        raise RefusalReasonsMissing
    with records.reading() as session:
        row = get_dossier(session, dossier)
        refuse_decided(session, dossier)
        grounds = decision_grounds(session, dossier=dossier, kind=asked.kind)
        draft = _draft(row, asked)
        facts: dict[str, object] = {
            "body": body_facts(session, row.body_code),
            "dossier": dossier_facts(session, row),
            "signer": holder_facts(session, asked.signer),
            "minutes_reference": grounds.minutes_reference,
            "text": asked.text,
        }
    reference = take_reference(records, asked.kind, at)
    laid = lay_out(drafting, draft, facts, reference=reference, at=at, own_pdf=asked.own_pdf)
    with records.writing() as session:
        row = get_dossier(session, dossier, for_update=True)
        refuse_decided(session, dossier)
        grounds = decision_grounds(session, dossier=dossier, kind=asked.kind)
        document = write_draft(session, draft, laid, by=by, at=at)
        session.add(
            Decision(document_id=document.id, dossier_id=row.id, minutes_id=grounds.minutes_id, text=asked.text)
        )
        return drafted(drafting, document)


def _draft(dossier: Dossier, asked: AskedDecision) -> Draft:
    return Draft(
        kind=asked.kind,
        dossier=dossier.id,
        order=None,
        body_code=dossier.body_code,
        title=f"{dossier.title} ({dossier.reference})",
        live_slot=slot(asked.kind, dossier.id),
        fields=(Field(name=DECISION_FIELD, body_code=dossier.body_code, signer=asked.signer),),
    )
