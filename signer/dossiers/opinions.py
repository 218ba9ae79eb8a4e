"""Act: draw up one member's opinion, bound to the file versions he read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

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
from signer.dossiers.errors import (
    FilesUnread,
    FileVersionNotHead,
    NotCommitteeMember,
    OneOpinionPerPerson,
    OpinionReasonsMissing,
    OpinionStands,
)
from signer.dossiers.kinds import DocumentKind, OpinionValue
from signer.dossiers.standing import committee, get_dossier, refuse_decided, slot
from signer.dossiers.tables import ApplicationFile, Dossier, Opinion, OpinionReading

OPINION_FIELD = "Member"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenOpinion:
    """What a member answers, and the digests of the versions he read."""

    holder: HolderId
    body_code: str
    opinion: OpinionValue
    text: str
    read: tuple[str, ...]


def draft_opinion(
    records: Records, drafting: Drafting, *, dossier: DossierId, given: GivenOpinion, by: Actor, at: datetime
) -> DocumentRecord:
    """Draw up an opinion to be signed by the member. It takes the place of his body's unsigned draft.

    :raise NotCommitteeMember: the rules do not call that body.
    :raise FileVersionNotHead: a version he says he read is not the current one.
    :raise FilesUnread: a file of the dossier is not among those read.
    :raise OpinionReasonsMissing: reservations or a no without their reasons.
    :raise OpinionStands: the body's signed opinion covers the current files.
    :raise OneOpinionPerPerson: he speaks for another body of this committee.
    :raise DossierDecided: the decision is signed.
    """
    if given.opinion is not OpinionValue.FAVOURABLE and not given.text.strip():
        raise OpinionReasonsMissing(given.opinion)
    with records.reading() as session:
        row = get_dossier(session, dossier)
        files = _accept_opinion(session, row, given)
        draft = _draft(row, given)
        facts = _facts(session, row, given, files)
    reference = take_reference(records, DocumentKind.OPINION, at)
    laid = lay_out(drafting, draft, facts, reference=reference, at=at)
    with records.writing() as session:
        row = get_dossier(session, dossier, for_update=True)
        files = _accept_opinion(session, row, given)
        document = write_draft(session, draft, laid, by=by, at=at)
        session.add(
            Opinion(
                document_id=document.id,
                dossier_id=row.id,
                body_code=given.body_code,
                holder_id=given.holder,
                opinion=given.opinion,
                text=given.text,
            )
        )
        for file in files:
            session.add(OpinionReading(document_id=document.id, file_id=file.id, sha256=file.head_sha256))
        return drafted(drafting, document)


def _accept_opinion(session: Session, dossier: Dossier, given: GivenOpinion) -> Sequence[ApplicationFile]:
    """Return the files read, all of them at their head, or refuse."""
    number = DossierId(dossier.id)
    refuse_decided(session, number)
    members = committee(session, number)
    own = next((member for member in members if member.body_code == given.body_code), None)
    if own is None:
        raise NotCommitteeMember(given.body_code, [member.body_code for member in members])
    if own.fresh and own.reference is not None:
        raise OpinionStands(own.reference)
    for member in members:
        if member.holder == given.holder and member.body_code != given.body_code and member.reference:
            raise OneOpinionPerPerson(member.reference)
    return _read_files(session, dossier.id, given.read)


def _read_files(session: Session, dossier: UUID, read: Sequence[str]) -> Sequence[ApplicationFile]:
    # THREAT: a plan exchanged after the opinion was given travels under that opinion.
    # DEFENCE: an opinion names the digest of every current version; any other version is refused, and a file
    #   that changes or appears later makes the opinion stale.
    # TEST: tests/signer/dossiers/test_opinions.py::test_version_that_is_not_the_head_is_refused
    files = list(
        session.scalars(
            select(ApplicationFile).where(ApplicationFile.dossier_id == dossier).order_by(ApplicationFile.reference)
        )
    )
    heads = {file.head_sha256 for file in files}
    for sha256 in read:
        if sha256 not in heads:
            raise FileVersionNotHead(sha256)
    unread = [file.title for file in files if file.head_sha256 not in read]
    if unread or not files:
        raise FilesUnread(unread)
    return files


def _draft(dossier: Dossier, given: GivenOpinion) -> Draft:
    return Draft(
        kind=DocumentKind.OPINION,
        dossier=dossier.id,
        order=None,
        body_code=given.body_code,
        title=f"{dossier.title} ({dossier.reference})",
        live_slot=slot(DocumentKind.OPINION, dossier.id, given.body_code),
        fields=(Field(name=OPINION_FIELD, body_code=given.body_code, signer=given.holder),),
    )


def dossier_facts(session: Session, dossier: Dossier) -> dict[str, object]:
    """A dossier as facts, for every document of it."""
    return {
        "reference": dossier.reference,
        "platform_reference": dossier.platform_reference,
        "kind": dossier.kind.value,
        "track": dossier.track.value,
        "title": dossier.title,
        "applicant": dossier.applicant,
        "parcel": dossier.parcel,
        "body": body_facts(session, dossier.body_code),
    }


def _facts(
    session: Session, dossier: Dossier, given: GivenOpinion, files: Sequence[ApplicationFile]
) -> dict[str, object]:
    return {
        "body": body_facts(session, given.body_code),
        "dossier": dossier_facts(session, dossier),
        "signer": holder_facts(session, given.holder),
        "opinion": given.opinion.value,
        "text": given.text,
        "read": [{"reference": file.reference, "title": file.title, "sha256": file.head_sha256} for file in files],
    }
