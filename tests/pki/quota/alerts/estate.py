"""Who sweeps in the tests, and what stands open afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pki.quota.alerts.kinds import AlertKind, AlertState, Family
from pki.quota.alerts.reading import AlertLine, alerts
from pki.quota.alerts.sweeping import Swept, sweep_alerts, sweep_family
from pki.quota.alerts.tables import Alert
from pki.records import OrderId, Records
from pki.registration.extent import EVERYWHERE, Extent
from tests.pki.estate import SYSTEM, T0
from tests.pki.quota.elections.estate import Wave


@dataclass
class Watch:
    """Sweeps on one set of records; `used` is what the signing room would say."""

    records: Records
    used: dict[UUID, datetime] = field(default_factory=dict)

    def uses(self, _session: Session, since: datetime, /) -> Mapping[UUID, datetime]:
        return {order: at for order, at in self.used.items() if at >= since}

    def sweep(self, at: datetime = T0, *families: Family) -> Swept:
        if not families:
            return sweep_alerts(self.records, self.uses, by=SYSTEM, at=at)
        done = [sweep_family(self.records, family, self.uses, by=SYSTEM, at=at) for family in families]
        return Swept(opened=sum(each.opened for each in done), closed=sum(each.closed for each in done))

    def lines(
        self, *kinds: AlertKind, state: AlertState | None = AlertState.OPEN, within: Extent = EVERYWHERE
    ) -> list[AlertLine]:
        with self.records.reading() as session:
            found = alerts(session, within=within, state=state, limit=10_000)
        return [each for each in found if not kinds or each.kind in kinds]

    def stands(self, order: OrderId | None = None) -> set[AlertKind]:
        """Kinds of which an alert is open, superseded or not; of one order if given."""
        found = self.lines(state=AlertState.OPEN) + self.lines(state=AlertState.SUPERSEDED)
        return {each.kind for each in found if order is None or each.order == order}

    def count(self, kind: AlertKind) -> int:
        """Rows, whatever became of them."""
        with self.records.reading() as session:
            return session.scalar(select(func.count()).select_from(Alert).where(Alert.kind == kind)) or 0


def keyed(records: Records, body: str, rank: int | None = None) -> OrderId:
    """A president (or vice-president) with an active key that has no certificate."""
    wave = Wave(records)
    return wave.key(*wave.official(body, rank), body)
