"""Preparing the files of a ceremony: a lease first (committed), the PDF with no transaction open, then its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pki.records import CeremonyId, DocumentId, HolderId, Records
from pki.registration.tables import Body, Holder
from signer.ceremonies.errors import LeaseLapsed
from signer.ceremonies.ports import Desk, StampFacts
from signer.ceremonies.tables import Ceremony, CeremonyItem, ItemState
from signer.dossiers.documents import changed_rows
from signer.dossiers.leases import holds_lease


@dataclass(frozen=True, slots=True, kw_only=True)
class ToPrepare:
    """One file to prepare: which base, which field, what its mark says."""

    item: UUID
    document: DocumentId
    reference: str
    base_sha256: str
    field: str
    certify: bool
    certificate: bytes
    stamp: StampFacts


def to_prepare(session: Session, desk: Desk, ceremony: Ceremony, *, at: datetime) -> list[ToPrepare]:
    """The ceremony's items that wait to be prepared, in their order."""
    items = session.scalars(
        select(CeremonyItem)
        .where(CeremonyItem.ceremony_id == ceremony.id, CeremonyItem.state == ItemState.WAITING)
        .order_by(CeremonyItem.number)
    )
    return [
        ToPrepare(
            item=item.id,
            document=DocumentId(item.document_id),
            reference=item.reference,
            base_sha256=item.base_sha256,
            field=item.field,
            certify=item.certify,
            certificate=ceremony.certificate,
            stamp=_stamp(session, desk, ceremony, item, at),
        )
        for item in items
    ]


def prepare_items(
    records: Records, desk: Desk, *, ceremony: CeremonyId, waiting: Sequence[ToPrepare], at: datetime
) -> None:
    """Prepare each file and record it. No transaction is open while a PDF is made.

    :raise LeaseLapsed: the lease was lost meanwhile; the item goes on waiting.
    """
    for each in waiting:
        prepared = desk.prepare(
            desk.files.get(each.base_sha256),
            field=each.field,
            stamp=each.stamp,
            certificate=each.certificate,
            certify=each.certify,
            at=at,
        )
        sha256 = desk.files.put(prepared.content)
        with records.writing() as session:
            alive = holds_lease(session, document=each.document, ceremony=ceremony, head_sha256=each.base_sha256, at=at)
            recorded = session.execute(
                update(CeremonyItem)
                .where(CeremonyItem.id == each.item, CeremonyItem.state == ItemState.WAITING)
                .values(
                    state=ItemState.PREPARED,
                    prepared_sha256=sha256,
                    prepared_at=at,
                    byte_range=list(prepared.byte_range),
                    document_digest=prepared.document_digest,
                )
                .execution_options(synchronize_session=False)
            )
            if not alive or changed_rows(recorded) != 1:
                raise LeaseLapsed(each.reference)


def _stamp(session: Session, desk: Desk, ceremony: Ceremony, item: CeremonyItem, at: datetime) -> StampFacts:
    holder = session.get_one(Holder, HolderId(ceremony.signer_id))
    body_fr, body_ar = body_names(session, item.body_code)
    kind = session.scalar(select(Body.kind).where(Body.code == item.body_code))
    return StampFacts(
        environment=desk.policy.environment,
        reference=item.reference,
        name_ar=holder.name_ar,
        name_latin=holder.name_latin,
        function=ceremony.function,
        body_code=item.body_code,
        body_kind="" if kind is None else kind.value,
        body_fr=body_fr,
        body_ar=body_ar,
        at=at,
        power_kind=ceremony.power_kind,
        power_number=ceremony.power_number,
        power_principal=ceremony.power_principal,
    )


def body_names(session: Session, code: str) -> tuple[str, str]:
    """A body's names, French then Arabic."""
    row = session.execute(select(Body.name_fr, Body.name_ar).where(Body.code == code)).one_or_none()
    return (code, code) if row is None else (row.name_fr, row.name_ar)
