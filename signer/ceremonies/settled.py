"""Whether a key's signatures have their time: asked before its certificates are revoked for a harmless reason."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from pki.records import OrderId

from .tables import Ceremony, CeremonyItem, CeremonyState, ItemState

_WAITING = (
    select(CeremonyItem.id)
    .join(Ceremony, Ceremony.id == CeremonyItem.ceremony_id)
    .where(Ceremony.order_id == bindparam("order"))
    .where((CeremonyItem.state == ItemState.KEPT) | (Ceremony.state == CeremonyState.REDEEMED))
    .limit(1)
)


def signatures_settled(session: Session, order: OrderId, /) -> bool:
    """No value of this order's key waits for its time-stamp, and no agent is at work with it.

    A value enters its document together with its time-stamp, so what is signed is at B-T or above.
    """
    return session.execute(_WAITING, {"order": order}).first() is None
