"""Where a ceremony stands, as a value for the platform and the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.records import CeremonyId, HolderId, ItemId
from signer.ceremonies.errors import CeremonyUnknown
from signer.ceremonies.tables import Ceremony, CeremonyItem, CeremonyState, ItemState


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStatus:
    """One document of a ceremony; `reason` says why it was refused."""

    id: ItemId
    reference: str
    state: ItemState
    reason: str | None
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CeremonyStatus:
    """A ceremony; `match_code` is None until an agent has its manifest."""

    id: CeremonyId
    signer: HolderId
    opened_by: str
    state: CeremonyState
    match_code: str | None
    expires_at: datetime
    return_url: str | None
    outcome: str | None
    items: tuple[ItemStatus, ...]


def ceremony_status(session: Session, ceremony: UUID) -> CeremonyStatus:
    """The ceremony's state and its items', in their order.

    :raise CeremonyUnknown: there is none.
    """
    row = session.get(Ceremony, ceremony)
    if row is None:
        raise CeremonyUnknown(ceremony)
    items = session.scalars(
        select(CeremonyItem).where(CeremonyItem.ceremony_id == row.id).order_by(CeremonyItem.number)
    )
    return CeremonyStatus(
        id=CeremonyId(row.id),
        signer=HolderId(row.signer_id),
        opened_by=row.opened_by,
        state=row.state,
        match_code=row.match_code,
        expires_at=row.expires_at,
        return_url=row.return_url,
        outcome=row.outcome,
        items=tuple(
            ItemStatus(
                id=ItemId(item.id),
                reference=item.reference,
                state=item.state,
                reason=item.reason,
                sha256=item.result_sha256,
            )
            for item in items
        ),
    )
