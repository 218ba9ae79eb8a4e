"""Where a dossier stands with its committee: opinions, their freshness, the minutes, and what a decision needs."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.records import DocumentId, DossierId, HolderId
from signer.dossiers.errors import (
    BindingOpinionMissing,
    BindingOpinionNotFavourable,
    DossierDecided,
    DossierUnknown,
    MinutesIncomplete,
)
from signer.dossiers.kinds import DocumentKind, DocumentState, OpinionValue, Track
from signer.dossiers.tables import (
    ApplicationFile,
    CommitteeMember,
    Document,
    DocumentField,
    Dossier,
    Lease,
    MinutesEntry,
    Opinion,
    OpinionReading,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberStanding:
    """One required member. `fresh`: his opinion is signed and read every file's current version."""

    body_code: str
    body_kind: str
    binding: bool
    article: str
    opinion_id: DocumentId | None
    reference: str | None
    holder: HolderId | None
    opinion: OpinionValue | None
    signed: bool
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionGrounds:
    """Proof that the committee's part was done; `minutes_id` is None only where no committee sits."""

    minutes_id: DocumentId | None
    minutes_reference: str | None


def get_dossier(session: Session, dossier: DossierId, *, for_update: bool = False) -> Dossier:
    """The dossier's row; `for_update` makes rival acts on the same dossier wait for this transaction.

    :raise DossierUnknown: there is none.
    """
    row = session.get(Dossier, dossier, with_for_update=True if for_update else None)
    if row is None:
        raise DossierUnknown(dossier)
    return row


def small_project(session: Session, document: Document) -> bool | None:
    """Whether a document decides on a small project (RGC art. 17); None: it belongs to no dossier.

    Works of réfection are studied by the communal service alone and count as small.
    """
    if document.dossier_id is None:
        return None
    track = session.scalar(select(Dossier.track).where(Dossier.id == document.dossier_id))
    return None if track is None else track is not Track.BIG


def slot(kind: DocumentKind, dossier: UUID, body_code: str = "") -> str:
    """The place in a dossier that one live document of this kind holds; a decision is a licence or a refusal."""
    name = "decision" if kind in (DocumentKind.LICENCE, DocumentKind.REFUSAL) else kind.value
    return f"{name}:{dossier}:{body_code}" if body_code else f"{name}:{dossier}"


def live_document(session: Session, live_slot: str) -> Document | None:
    """The document that holds a place, if any."""
    return session.scalar(select(Document).where(Document.live_slot == live_slot))


def committee(session: Session, dossier: DossierId) -> list[MemberStanding]:
    """Each required member and where his opinion stands, in the order of the rules' bodies."""
    members = session.scalars(
        select(CommitteeMember).where(CommitteeMember.dossier_id == dossier).order_by(CommitteeMember.body_code)
    )
    heads = file_heads(session, dossier)
    return [_standing(session, member, heads) for member in members]


def file_heads(session: Session, dossier: DossierId) -> dict[UUID, str]:
    """Current version of every application file: file id to digest."""
    asked = select(ApplicationFile.id, ApplicationFile.head_sha256).where(ApplicationFile.dossier_id == dossier)
    return {row.id: row.head_sha256 for row in session.execute(asked)}


def _standing(session: Session, member: CommitteeMember, heads: dict[UUID, str]) -> MemberStanding:
    document = live_document(session, slot(DocumentKind.OPINION, member.dossier_id, member.body_code))
    opinion = None if document is None else session.get(Opinion, document.id)
    signed = document is not None and document.state is DocumentState.SIGNED
    read: dict[UUID, str] = {}
    if document is not None:
        asked = select(OpinionReading.file_id, OpinionReading.sha256).where(OpinionReading.document_id == document.id)
        read = {row.file_id: row.sha256 for row in session.execute(asked)}
    return MemberStanding(
        body_code=member.body_code,
        body_kind=member.body_kind,
        binding=member.binding,
        article=member.article,
        opinion_id=None if document is None else DocumentId(document.id),
        reference=None if document is None else document.reference,
        holder=None if opinion is None else HolderId(opinion.holder_id),
        opinion=None if opinion is None else opinion.opinion,
        signed=signed,
        # Empty means refused: an opinion that read nothing is never fresh.
        fresh=signed and bool(heads) and read == heads,
    )


def minutes_match(session: Session, minutes: Document, members: list[MemberStanding]) -> bool:
    """Whether the minutes still say what the committee's live opinions say."""
    entries = session.scalars(select(MinutesEntry).where(MinutesEntry.document_id == minutes.id))
    said = {entry.body_code: entry.opinion_id for entry in entries}
    # A member noted absent who has answered since, or an opinion given again, makes the minutes outdated.
    now = {member.body_code: member.opinion_id if member.fresh else None for member in members}
    return said == now


def refuse_decided(session: Session, dossier: DossierId) -> None:
    """Refuse to go on with a dossier whose decision is signed, or whose signature is acknowledged.

    :raise DossierDecided: it is.
    """
    decision = live_document(session, slot(DocumentKind.LICENCE, dossier))
    if decision is None:
        return
    kept = select(Lease.document_id).where(Lease.document_id == decision.id, Lease.kept)
    if decision.state is DocumentState.SIGNED or session.scalar(kept) is not None:
        raise DossierDecided(decision.reference)


def decision_grounds(session: Session, *, dossier: DossierId, kind: DocumentKind) -> DecisionGrounds:
    """Return the grounds on which a licence or refusal may be drawn up and signed, now.

    :raise BindingOpinionMissing: a licence, and a binding opinion is not there, signed, over the current files.
    :raise BindingOpinionNotFavourable: it is there and not favourable; reservations are not a yes.
    :raise MinutesIncomplete: a committee sits, and its minutes are missing, outdated or not counter-signed by all.
    """
    # THREAT: a licence signed without the urban agency's favourable opinion (void: organic law 113-14, art. 101).
    # DEFENCE: asked when it is drawn up, when its ceremony opens, and again when the signature comes back.
    # TEST: tests/signer/ceremonies/test_workflow.py::test_no_order_of_steps_signs_a_licence_without_the_agency
    members = committee(session, dossier)
    if not members:
        return DecisionGrounds(minutes_id=None, minutes_reference=None)
    if kind is DocumentKind.LICENCE:
        _require_binding(members)
    minutes = live_document(session, slot(DocumentKind.MINUTES, dossier))
    if minutes is None or not minutes_match(session, minutes, members):
        raise MinutesIncomplete([member.body_code for member in members])
    if minutes.state is not DocumentState.SIGNED:
        unsigned = select(DocumentField.body_code).where(
            DocumentField.document_id == minutes.id, DocumentField.signed_at.is_(None)
        )
        raise MinutesIncomplete(sorted(session.scalars(unsigned)))
    return DecisionGrounds(minutes_id=DocumentId(minutes.id), minutes_reference=minutes.reference)


def _require_binding(members: list[MemberStanding]) -> None:
    for member in members:
        if not member.binding:
            continue
        if not member.fresh or member.opinion is None:
            raise BindingOpinionMissing(member.body_code, member.article)
        if member.opinion is not OpinionValue.FAVOURABLE:
            raise BindingOpinionNotFavourable(member.body_code, member.opinion, member.article)
