"""When keys were last used: values that their devices gave in ceremonies, and that were acknowledged here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .tables import Ceremony, CeremonyItem

LONGEST = timedelta(days=1)
"""No ceremony lives longer: its values came within this time of its beginning."""


def key_uses(session: Session, since: datetime, /) -> Mapping[UUID, datetime]:
    """By order, each whose key signed at `since` or later, with the last time. Older ceremonies are not read."""
    last = func.max(CeremonyItem.kept_at)
    rows = session.execute(
        select(Ceremony.order_id, last)
        .join(CeremonyItem, CeremonyItem.ceremony_id == Ceremony.id)
        .where(Ceremony.opened_at >= since - LONGEST, CeremonyItem.kept_at >= since)
        .group_by(Ceremony.order_id)
    )
    return {order: at for order, at in rows if at is not None}
