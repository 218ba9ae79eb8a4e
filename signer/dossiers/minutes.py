"""Act: draw up the minutes, one state per required member, to be counter-signed by those who gave an opinion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor
from pki.records import DossierId, Records
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
from signer.dossiers.errors import MinutesStand, NoCommittee, NotCommitteeMember, OpinionsMissing
from signer.dossiers.kinds import DocumentKind, MemberState
from signer.dossiers.opinions import dossier_facts
from signer.dossiers.standing import (
    MemberStanding,
    committee,
    get_dossier,
    live_document,
    minutes_match,
    refuse_decided,
    slot,
)
from signer.dossiers.tables import DocumentField, Dossier, MinutesEntry, Opinion

Absences = Mapping[str, str]
"""Body code of a member noted absent, and why."""


def minutes_field(body_code: str) -> str:
    """The name of a member body's field in the minutes (a full stop would cut a PDF field name in two)."""
    return f"Member-{body_code.replace('.', '-')}"


def draw_up_minutes(
    records: Records,
    drafting: Drafting,
    *,
    dossier: DossierId,
    absent: Absences,
    by: Actor,
    at: datetime,
) -> DocumentRecord:
    """Draw up the minutes in the place of unsigned or outdated ones.

    :raise NoCommittee: no committee studies this dossier.
    :raise OpinionsMissing: a required opinion is neither signed over the current files nor noted absent, or
        every member is absent.
    :raise MinutesStand: minutes that carry a signature still match the opinions.
    :raise DossierDecided: the decision is signed.
    :raise DocumentLeased: somebody is signing the minutes that these would replace.
    """
    with records.reading() as session:
        row = get_dossier(session, dossier)
        members = _accept_minutes(session, dossier, absent)
        draft = _draft(row, members, absent)
        facts = _facts(session, row, members, absent)
    reference = take_reference(records, DocumentKind.MINUTES, at)
    laid = lay_out(drafting, draft, facts, reference=reference, at=at)
    with records.writing() as session:
        get_dossier(session, dossier, for_update=True)
        if _accept_minutes(session, dossier, absent) != members:
            raise OpinionsMissing([member.body_code for member in members])
        document = write_draft(session, draft, laid, by=by, at=at)
        for member in members:
            session.add(
                MinutesEntry(
                    document_id=document.id,
                    body_code=member.body_code,
                    state=_state(member, absent),
                    opinion_id=None if member.body_code in absent else member.opinion_id,
                    note=absent.get(member.body_code, ""),
                )
            )
        return drafted(drafting, document)


def _accept_minutes(session: Session, dossier: DossierId, absent: Absences) -> list[MemberStanding]:
    refuse_decided(session, dossier)
    members = committee(session, dossier)
    if not members:
        raise NoCommittee
    codes = [member.body_code for member in members]
    for code in absent:
        if code not in codes:
            raise NotCommitteeMember(code, codes)
    # A member who gave his opinion is not absent, whatever the secretary says.
    missing = [member.body_code for member in members if member.fresh == (member.body_code in absent)]
    if missing or not any(member.fresh for member in members):
        raise OpinionsMissing(missing or codes)
    former = live_document(session, slot(DocumentKind.MINUTES, dossier))
    if former is not None and minutes_match(session, former, members):
        signed = select(DocumentField.id).where(
            DocumentField.document_id == former.id, DocumentField.signed_at.is_not(None)
        )
        if session.scalar(signed.limit(1)) is not None:
            raise MinutesStand(former.reference)
    return members


def _state(member: MemberStanding, absent: Absences) -> MemberState:
    if member.body_code in absent or member.opinion is None:
        return MemberState.NONE
    return MemberState(member.opinion.value)


def _draft(dossier: Dossier, members: Sequence[MemberStanding], absent: Absences) -> Draft:
    present = [member for member in members if member.body_code not in absent]
    return Draft(
        kind=DocumentKind.MINUTES,
        dossier=dossier.id,
        order=None,
        body_code=dossier.body_code,
        title=f"{dossier.title} ({dossier.reference})",
        live_slot=slot(DocumentKind.MINUTES, dossier.id),
        fields=tuple(
            Field(name=minutes_field(member.body_code), body_code=member.body_code, signer=member.holder)
            for member in present
            if member.holder is not None
        ),
    )


def _facts(
    session: Session, dossier: Dossier, members: Sequence[MemberStanding], absent: Absences
) -> dict[str, object]:
    said: list[dict[str, object]] = []
    for member in members:
        opinion = None if member.opinion_id is None else session.get(Opinion, member.opinion_id)
        here = opinion is not None and member.holder is not None and member.body_code not in absent
        said.append(
            {
                "body": body_facts(session, member.body_code),
                "state": _state(member, absent).value,
                "opinion_reference": member.reference if here else None,
                "signer": holder_facts(session, member.holder) if here and member.holder else None,
                "text": opinion.text if opinion is not None and here else absent.get(member.body_code, ""),
                "binding": member.binding,
                "article": member.article,
            }
        )
    return {
        "body": body_facts(session, dossier.body_code),
        "dossier": dossier_facts(session, dossier),
        "members": said,
    }
