"""Orders for an office whose record was corrected: they follow it, as their holder does."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from pki.journal.acts import Actor, record
from pki.quota.errors import QuotaError
from pki.quota.owed import SignaturesSettled
from pki.quota.replacing import retie_order
from pki.quota.tables import KeyOrder
from pki.quota.transitions import STANDING_STATES
from pki.records import OfficeId, OrderId, Records, again_after_deadlock
from pki.registration.tables import Office


@again_after_deadlock
def follow_correction(
    records: Records, settled: SignaturesSettled, *, former: OfficeId, office: OfficeId, by: Actor, at: datetime
) -> tuple[OrderId, ...]:
    """Tie the orders of the former record to the one that took its place, if it is the same function; which they are.

    A key stays; what was only asked for is asked anew (`retie_order`). An order that cannot follow stays as it is
    (the journal says why), and is refused at its next step: the register is corrected whatever becomes of it.
    """
    new = aliased(Office)
    asked = (
        select(KeyOrder.id)
        .join(Office, Office.id == KeyOrder.office_id)
        .join(new, (new.holder_id == Office.holder_id) & (new.function == Office.function))
        .where(KeyOrder.office_id == former, KeyOrder.state.in_(STANDING_STATES), new.id == office)
        .order_by(KeyOrder.requested_at, KeyOrder.id)
    )
    followed = []
    with records.writing() as session:
        for order in session.scalars(asked).all():
            try:
                with session.begin_nested():
                    tied = retie_order(session, settled, order=OrderId(order), office=office, by=by, at=at)
            except QuotaError as refusal:
                facts = {"office": office, "before": former, "why": str(refusal)}
                record(session, kind="order.left-behind", subject=f"order:{order}", by=by, at=at, facts=facts)
                continue
            followed.append(tied)
    return tuple(followed)
