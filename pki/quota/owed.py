"""Revocations that are owed: a key stopped here at once, whose certificates are revoked once its signatures allow."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from pki.ca.tables import CertificateRow
from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.quota.tables import DueRevocation
from pki.records import OrderId
from pki.status.tables import RevocationReason


class SignaturesSettled(Protocol):
    """Whether every signature that an order's key ever made has its time-stamp, and none is under way."""

    def __call__(self, session: Session, order: OrderId, /) -> bool:
        """Answer from the caller's own transaction."""
        ...


_CERTIFIED = select(CertificateRow.id).where(CertificateRow.order_id == bindparam("order")).limit(1)


def owe_revocation(
    session: Session, *, order: OrderId, reason: RevocationReason, cause: str, by: Actor, at: datetime
) -> None:
    """Note that the order's certificates are to be revoked; nothing if it has none, or it is noted already. A step."""
    if session.execute(_CERTIFIED, {"order": order}).first() is None:
        return
    note = insert_into(session, DueRevocation).on_conflict_do_nothing().returning(DueRevocation.order_id)
    row = {"order_id": order, "reason": reason, "cause": cause, "due_at": at, "due_by": str(by)}
    if session.connection().execute(note, row).scalar_one_or_none() is not None:
        facts = {"reason": reason, "cause": cause}
        record(session, kind="order.revocation-due", subject=f"order:{order}", by=by, at=at, facts=facts)
