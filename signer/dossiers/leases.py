"""Leases on head revisions: who has a document in hand, until when. Steps only; the acts are ceremonies'."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from pki.records import CeremonyId, DocumentId, HolderId
from pki.registration.tables import Holder
from signer.dossiers.documents import changed_rows
from signer.dossiers.errors import DocumentLeased, HeadMoved
from signer.dossiers.tables import Document, Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """Who takes leases: a signer in a ceremony."""

    ceremony: CeremonyId
    signer: HolderId


def take_lease(session: Session, *, document: Document, by: Taker, until: datetime, at: datetime) -> None:
    """Take, or take again, the lease on the document's head. A step; the transaction must be a writing one.

    A lapsed lease is nobody's. The ceremony that holds one may take it again.

    :raise DocumentLeased: another ceremony holds it, or its signature is acknowledged and not yet embedded.
    :raise HeadMoved: the head moved since `document` was read.
    """
    # THREAT: two members prepare the same minutes at once; one of the two signatures is then lost.
    # DEFENCE: the row of the document is written first (which makes rivals wait), then its lease is read.
    # TEST: tests/signer/ceremonies/test_leases.py::test_two_members_preparing_the_same_minutes
    locked = session.execute(
        update(Document)
        .where(Document.id == document.id, Document.head_sha256 == document.head_sha256)
        .values(head_sha256=Document.head_sha256)
        .execution_options(synchronize_session=False)
    )
    if changed_rows(locked) != 1:
        raise HeadMoved(document.reference)
    held = session.scalar(
        select(Lease).where(Lease.document_id == document.id).execution_options(populate_existing=True)
    )
    if held is not None and (held.kept or (held.ceremony_id != by.ceremony and held.until > at)):
        raise DocumentLeased(document.reference, held.signer_id, _name(session, held.signer_id), held.until)
    if held is None:
        held = Lease(document_id=document.id)
        session.add(held)
    held.ceremony_id = by.ceremony
    held.signer_id = by.signer
    held.head_sha256 = document.head_sha256
    held.until = until
    held.kept = False
    session.flush()


def renew_leases(session: Session, *, ceremony: CeremonyId, until: datetime, at: datetime) -> int:
    """Renew the ceremony's leases that have not lapsed; return how many there were."""
    renewed = session.execute(
        update(Lease)
        .where(Lease.ceremony_id == ceremony, Lease.until > at)
        .values(until=until)
        .execution_options(synchronize_session=False)
    )
    return changed_rows(renewed)


def holds_lease(
    session: Session, *, document: DocumentId, ceremony: CeremonyId, head_sha256: str, at: datetime
) -> bool:
    """Whether the ceremony's lease on that very head is alive."""
    held = select(Lease.document_id).where(
        Lease.document_id == document,
        Lease.ceremony_id == ceremony,
        Lease.head_sha256 == head_sha256,
        (Lease.until > at) | Lease.kept,
    )
    return session.scalar(held) is not None


def keep_lease(session: Session, *, document: DocumentId, ceremony: CeremonyId, at: datetime) -> bool:
    """A signature is acknowledged: the lease no longer lapses. False when it had lapsed or was lost."""
    kept = session.execute(
        update(Lease)
        .where(Lease.document_id == document, Lease.ceremony_id == ceremony, Lease.until > at)
        .values(kept=True)
        .execution_options(synchronize_session=False)
    )
    return changed_rows(kept) == 1


def free_lease(session: Session, *, document: DocumentId, ceremony: CeremonyId) -> None:
    """Give one lease back, kept or not."""
    session.execute(
        delete(Lease)
        .where(Lease.document_id == document, Lease.ceremony_id == ceremony)
        .execution_options(synchronize_session=False)
    )


def free_unkept_leases(session: Session, *, ceremony: CeremonyId) -> None:
    """Give back what the ceremony holds, but for acknowledged signatures."""
    session.execute(
        delete(Lease)
        .where(Lease.ceremony_id == ceremony, Lease.kept.is_(False))
        .execution_options(synchronize_session=False)
    )


def lease_on(session: Session, *, document: DocumentId, at: datetime) -> Lease | None:
    """The lease that is alive on a document, if any; deferred work (validation data) waits for it."""
    return session.scalar(select(Lease).where(Lease.document_id == document, (Lease.until > at) | Lease.kept))


def refuse_leased(session: Session, *, document: Document, at: datetime) -> None:
    """Refuse to touch a document that someone has in hand.

    :raise DocumentLeased: by whom and until when.
    """
    held = lease_on(session, document=DocumentId(document.id), at=at)
    if held is not None:
        raise DocumentLeased(document.reference, held.signer_id, _name(session, held.signer_id), held.until)


def _name(session: Session, holder: UUID) -> str:
    return session.scalar(select(Holder.name_latin).where(Holder.id == holder)) or str(holder)
