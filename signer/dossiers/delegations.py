"""Act: draw up the deed by which a president delegates; it is recorded when he has signed it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor
from pki.records import HolderId, OfficeId, Records
from pki.registration.errors import DelegationRefused, OfficeUnknown
from pki.registration.kinds import OfficeFunction
from pki.registration.powers.delegations import DelegationDeed, refuse_deed, write_delegation
from pki.registration.powers.history import acts_of, spelled_acts
from pki.registration.retroactivity import STRICT
from pki.registration.tables import Office
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
from signer.dossiers.kinds import DocumentKind
from signer.dossiers.tables import DelegationDraft, Document
from signer.dossiers.texts import plain_text

GIVER_FIELD = "Giver"


def draft_delegation(
    records: Records, drafting: Drafting, *, deed: DelegationDeed, by: Actor, at: datetime
) -> DocumentRecord:
    """Draw up a deed of delegation for its giver to sign, in the place of his unsigned one of the same number.

    :raise DelegationRefused: the law does not know it, or it begins before today.
    :raise OfficeUnknown: an office is not on record.
    :raise TextRefused: a text that must not be shown to a signer.
    """
    plain_text("number", deed.number)
    if deed.sector is not None:
        plain_text("sector", deed.sector)
    with records.writing() as session:
        body_code = refuse_delegation(session, deed, at=at)
        giver, taker = _office(session, deed.from_office), _office(session, deed.to_office)
        facts: dict[str, object] = {
            "body": body_facts(session, body_code),
            "signer": holder_facts(session, HolderId(giver.holder_id)),
            "signer_function": giver.function.value,
            "delegate": holder_facts(session, HolderId(taker.holder_id)),
            "delegate_function": taker.function.value,
            "delegate_rank": "" if taker.rank is None else str(taker.rank),
            "number": deed.number,
            "mode": deed.mode.value,
            "acts": sorted(act.value for act in deed.acts),
            "sector": deed.sector or "",
            "starts_on": deed.starts_on.isoformat(),
            "ends_on": None if deed.ends_on is None else deed.ends_on.isoformat(),
            "mechouar": giver.function is OfficeFunction.PACHA,
        }
    draft = Draft(
        kind=DocumentKind.DELEGATION,
        dossier=None,
        order=None,
        body_code=body_code,
        title=f"Délégation {deed.number}",
        live_slot=f"delegation:{deed.from_office}:{deed.number}",
        fields=(Field(name=GIVER_FIELD, body_code=body_code, signer=HolderId(giver.holder_id)),),
    )
    reference = take_reference(records, DocumentKind.DELEGATION, at)
    laid = lay_out(drafting, draft, facts, reference=reference, at=at)
    with records.writing() as session:
        refuse_delegation(session, deed, at=at)
        document = write_draft(session, draft, laid, by=by, at=at)
        session.add(
            DelegationDraft(
                document_id=document.id,
                number=deed.number,
                from_office_id=deed.from_office,
                to_office_id=deed.to_office,
                mode=deed.mode,
                acts=spelled_acts(deed.acts),
                sector=deed.sector,
                starts_on=deed.starts_on,
                ends_on=deed.ends_on,
            )
        )
        session.flush()
        return drafted(drafting, document)


def refuse_delegation(session: Session, deed: DelegationDeed, *, at: datetime) -> str:
    """Refuse a deed that may not be signed at `at`; return the body's code. A step.

    :raise DelegationRefused: the law does not know it, or it begins before the day it is signed.
    """
    body = refuse_deed(session, deed)
    if STRICT.reaches_back(deed.starts_on, at=at):
        raise DelegationRefused("it begins before the day on which it is signed", "113-14 art. 103")
    return body.code


def drafted_deed(session: Session, document: Document) -> DelegationDeed:
    """What the deed says."""
    row = session.get_one(DelegationDraft, document.id)
    return DelegationDeed(
        number=row.number,
        from_office=OfficeId(row.from_office_id),
        to_office=OfficeId(row.to_office_id),
        mode=row.mode,
        acts=acts_of(row.acts),
        sector=row.sector,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
    )


def record_signed_delegation(session: Session, *, document: UUID, by: Actor, at: datetime) -> UUID:
    """Record the delegation whose deed has been signed. A step of the completing transaction.

    :raise DelegationRefused: the register refuses it now.
    """
    signed = session.get_one(Document, document)
    return write_delegation(session, drafted_deed(session, signed), document=signed.reference, by=by, at=at)


def _office(session: Session, office: OfficeId) -> Office:
    row = session.scalar(select(Office).where(Office.id == office, Office.superseded_at.is_(None)))
    if row is None:
        raise OfficeUnknown(office)
    return row
