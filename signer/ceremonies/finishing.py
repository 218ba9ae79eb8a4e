"""Finishing a kept value: time-stamp, embed, new head, what its kind does. Resumable at every step.

Each step commits what it made before the next begins, and finds it again when it runs once more: the
time-stamp token is stored, the embedded file is the same bytes from the same parts, and the head moves
once. A process killed anywhere leaves a kept item that `resume_items` takes up.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hsm.keys import SignatureAlgorithm
from pki.errors import PkiError
from pki.journal.acts import Actor, ActorKind, record
from pki.records import CeremonyId, DocumentId, DossierId, HolderId, ItemId, OrderId, Records, again_after_deadlock
from signer.ceremonies.ending import complete_if_done
from signer.ceremonies.errors import KeyChanged, reason_of
from signer.ceremonies.ports import CompletedItem, Desk, SignedParts, chain_of, subject_of
from signer.ceremonies.rights import accept_rights
from signer.ceremonies.tables import Ceremony, CeremonyItem, ItemState
from signer.dossiers.documents import NewRevision, changed_rows, close_field, move_head
from signer.dossiers.errors import HeadMoved
from signer.dossiers.kinds import Level
from signer.dossiers.leases import free_lease
from signer.dossiers.tables import Document
from signer.errors import SignerError

CAPTURE = "capture_validation"
"""The deferred work that makes B-LT of B-T; its one argument is the document's id."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A kept item as read before a slow step."""

    ceremony: CeremonyId
    prepared_sha256: str
    parts: SignedParts


def finish_item(records: Records, desk: Desk, *, item: ItemId, at: datetime) -> ItemState:
    """Take a kept item as far as signed; return its state. Nothing happens to an item in another state.

    :raise TimeStampUnavailable: the value stays kept; ask again later.
    """
    if not _time_stamped(records, desk, item, at=at):
        return _state(records, item)
    kept = _read(records, item)
    if kept is None:
        return _state(records, item)
    content = desk.embed(desk.files.get(kept.prepared_sha256), kept.parts)
    revision = hashlib.sha256(content).hexdigest()
    desk.files.put(content)
    try:
        _complete(records, desk, item, revision, len(content), at=at)
    except HeadMoved as error:
        # Cannot come about while the lease is kept; if it does, it is said, not hidden.
        log.exception("item %s: the head moved under a kept lease", item)
        _refuse(records, item, error, at=at)
    return _state(records, item)


def resume_items(records: Records, desk: Desk, *, at: datetime, older_than: timedelta = timedelta(0)) -> int:
    """Finish every item kept at or before `at - older_than`; return how many got signed. A sweep, safe to run twice."""
    with records.reading() as session:
        waiting = list(
            session.scalars(
                select(CeremonyItem.id)
                .where(CeremonyItem.state == ItemState.KEPT, CeremonyItem.kept_at <= at - older_than)
                .order_by(CeremonyItem.kept_at)
            )
        )
    signed = 0
    for item in waiting:
        try:
            signed += finish_item(records, desk, item=ItemId(item), at=at) is ItemState.SIGNED
        except Exception:  # one item's trouble is not the next one's
            log.exception("item %s stays kept", item)
    return signed


def _time_stamped(records: Records, desk: Desk, item: ItemId, *, at: datetime) -> bool:
    """See to it that the item has a stored time-stamp; False when it is not, or no longer, kept."""
    refusal: SignerError | PkiError | None = None
    with records.reading() as session:
        row = session.get_one(CeremonyItem, item)
        if row.state is not ItemState.KEPT or row.value is None:
            return False
        if row.time_stamp is not None:
            return True
        value = row.value
        ceremony = session.get_one(Ceremony, row.ceremony_id)
        try:
            # A time-stamp later than the block would make a document that no verification may call authentic.
            rights = accept_rights(
                session,
                document=session.get_one(Document, row.document_id),
                body_code=row.body_code,
                signer=HolderId(ceremony.signer_id),
                at=at,
            )
            if rights.certificate.certificate_id != ceremony.certificate_id:
                raise KeyChanged
        except (SignerError, PkiError) as error:
            refusal = error
    if refusal is not None:
        _refuse(records, item, refusal, at=at)
        return False
    token = desk.time_stamps.stamp(hashlib.sha256(value).digest())
    with records.writing() as session:
        # The first token stays: a second finisher embeds the same bytes.
        session.execute(
            update(CeremonyItem)
            .where(CeremonyItem.id == item, CeremonyItem.time_stamp.is_(None))
            .values(time_stamp=token)
            .execution_options(synchronize_session=False)
        )
    return True


def _read(records: Records, item: ItemId) -> _Kept | None:
    with records.reading() as session:
        row = session.get_one(CeremonyItem, item)
        ceremony = session.get_one(Ceremony, row.ceremony_id)
        if row.state is not ItemState.KEPT or row.time_stamp is None:
            return None
        assert row.byte_range is not None
        assert row.attributes is not None
        assert row.value is not None
        assert row.prepared_sha256 is not None
        start, before, after, rest = row.byte_range
        parts = SignedParts(
            byte_range=(start, before, after, rest),
            attributes=row.attributes,
            value=row.value,
            algorithm=SignatureAlgorithm(ceremony.mechanism),
            certificate=ceremony.certificate,
            chain=chain_of(ceremony.chain),
            time_stamp=row.time_stamp,
        )
        return _Kept(ceremony=CeremonyId(ceremony.id), prepared_sha256=row.prepared_sha256, parts=parts)


@again_after_deadlock
def _complete(records: Records, desk: Desk, item: ItemId, revision: str, size: int, *, at: datetime) -> None:
    """The completing transaction, whole or not at all; broken off by a deadlock, it runs again."""
    with records.writing() as session:
        _complete_in(session, desk, item, revision, size, at=at)


def _complete_in(session: Session, desk: Desk, item: ItemId, revision: str, size: int, *, at: datetime) -> None:
    """Head, field, item, lease, the kind's act (a key accepted moves seats), journal, deferred work."""
    finished = session.execute(
        update(CeremonyItem)
        .where(CeremonyItem.id == item, CeremonyItem.state == ItemState.KEPT)
        .values(state=ItemState.SIGNED, result_sha256=revision, signed_at=at)
        .execution_options(synchronize_session=False)
    )
    if changed_rows(finished) != 1:
        return  # another finisher was first; what it wrote stands
    row = session.get_one(CeremonyItem, item, populate_existing=True)
    ceremony = session.get_one(Ceremony, row.ceremony_id)
    document = DocumentId(row.document_id)
    signer = HolderId(ceremony.signer_id)
    number = move_head(
        session,
        document=document,
        expected_sha256=row.base_sha256,
        revision=NewRevision(sha256=revision, size=size, level=Level.B_T, field=row.field, signer=signer),
        at=at,
    )
    last = close_field(session, document=document, name=row.field, revision_number=number, at=at)
    free_lease(session, document=document, ceremony=CeremonyId(ceremony.id))
    completed = _completed(session, row, ceremony, revision, last=last, at=at)
    desk.completions[row.kind](session, completed)
    facts = {"field": row.field, "revision": number, "sha256": revision, "ceremony": str(ceremony.id), "last": last}
    record(session, kind="document.signed", subject=f"document:{row.reference}", by=completed.by, at=at, facts=facts)
    desk.later.enqueue(session, CAPTURE, str(document))
    complete_if_done(session, ceremony=CeremonyId(ceremony.id), by=completed.by, at=at)


def _completed(
    session: Session, item: CeremonyItem, ceremony: Ceremony, revision: str, *, last: bool, at: datetime
) -> CompletedItem:
    document = session.get_one(Document, item.document_id, populate_existing=True)
    return CompletedItem(
        ceremony=CeremonyId(ceremony.id),
        document=DocumentId(document.id),
        reference=document.reference,
        kind=document.kind,
        dossier=None if document.dossier_id is None else DossierId(document.dossier_id),
        order=None if document.order_id is None else OrderId(document.order_id),
        signer=HolderId(ceremony.signer_id),
        body_code=item.body_code,
        field=item.field,
        last=last,
        revision_sha256=revision,
        by=Actor(kind=ActorKind.HOLDER, id=str(ceremony.signer_id)),
        at=at,
    )


def _refuse(records: Records, item: ItemId, error: Exception, *, at: datetime) -> None:
    """Give up a kept item that must not become a document; its value stays in the records."""
    with records.writing() as session:
        refused = session.execute(
            update(CeremonyItem)
            .where(CeremonyItem.id == item, CeremonyItem.state == ItemState.KEPT)
            .values(state=ItemState.REFUSED, reason=reason_of(error))
            .execution_options(synchronize_session=False)
        )
        if changed_rows(refused) != 1:
            return
        row = session.get_one(CeremonyItem, item, populate_existing=True)
        ceremony = CeremonyId(row.ceremony_id)
        free_lease(session, document=DocumentId(row.document_id), ceremony=ceremony)
        by = Actor(kind=ActorKind.SYSTEM, id="jobs")
        facts = {"item": str(item), "document": row.reference, "reason": row.reason, "kept": True}
        record(session, kind="ceremony.item-refused", subject=subject_of(ceremony), by=by, at=at, facts=facts)
        complete_if_done(session, ceremony=ceremony, by=by, at=at)


def _state(records: Records, item: ItemId) -> ItemState:
    with records.reading() as session:
        return session.get_one(CeremonyItem, item).state
