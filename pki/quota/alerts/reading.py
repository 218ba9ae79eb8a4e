"""Alerts as they stand, and the story of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from pki.quota.alerts.errors import AlertUnknown
from pki.quota.alerts.kinds import AlertKind, AlertState, Family, Handling
from pki.quota.alerts.tables import Alert, AlertHandling, AlertSweep
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.tables import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """One alert."""

    id: UUID
    kind: AlertKind
    state: AlertState
    body_code: str
    name_fr: str
    name_ar: str
    order: UUID | None
    office: UUID | None
    detail: str
    opened_at: datetime
    closed_at: datetime | None
    superseded_by: UUID | None
    told_at: datetime | None
    assigned_to: str | None
    snoozed_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What an officer did with it."""

    action: Handling
    until: date | None
    reason: str | None
    at: datetime
    by: str


def alerts(
    session: Session,
    *,
    within: Extent = EVERYWHERE,
    kind: AlertKind | None = None,
    state: AlertState | None = AlertState.OPEN,
    after: UUID | None = None,
    limit: int,
) -> list[AlertLine]:
    """Alerts of bodies inside the extent, the newest first, at most `limit` of those that come after `after`.

    A snoozed one is there: sleep silences mail and hides nothing.

    :param state: None: whatever became of them.
    :raise AlertUnknown: no alert `after`.
    """
    asked = _asked().where(within.bodies())
    if kind is not None:
        asked = asked.where(Alert.kind == kind)
    if state is not None:
        asked = asked.where(_STATES[state])
    if after is not None:
        opened = session.scalar(select(Alert.opened_at).where(Alert.id == after))
        if opened is None:
            raise AlertUnknown(after)
        asked = asked.where(or_(Alert.opened_at < opened, and_(Alert.opened_at == opened, Alert.id > after)))
    rows = session.execute(asked.order_by(Alert.opened_at.desc(), Alert.id).limit(limit))
    return [_line(row) for row in rows]


def alert_of(session: Session, alert: UUID) -> AlertLine:
    """One alert.

    :raise AlertUnknown: there is none of that id.
    """
    row = session.execute(_asked().where(Alert.id == alert)).one_or_none()
    if row is None:
        raise AlertUnknown(alert)
    return _line(row)


def handlings(session: Session, alert: UUID) -> list[Handled]:
    """What officers did with it, oldest first."""
    rows = session.scalars(select(AlertHandling).where(AlertHandling.alert_id == alert).order_by(AlertHandling.id))
    return [Handled(action=row.action, until=row.until, reason=row.reason, at=row.at, by=row.by) for row in rows]


def last_sweep(session: Session) -> datetime | None:
    """As of when the alerts are: the family that was swept longest ago. None: one was never swept."""
    swept = session.scalars(select(AlertSweep.swept_at)).all()
    return min(swept) if len(swept) == len(Family) else None


_STATES: dict[AlertState, ColumnElement[bool]] = {
    AlertState.OPEN: Alert.closed_at.is_(None) & Alert.superseded_by.is_(None),
    AlertState.SUPERSEDED: Alert.closed_at.is_(None) & Alert.superseded_by.is_not(None),
    AlertState.CLOSED: Alert.closed_at.is_not(None),
}


def _asked() -> Select[Any]:
    # Columns: the row may have changed under a session that has seen it.
    return select(*Alert.__table__.columns, Body.code, Body.name_fr, Body.name_ar).join(Body, Body.id == Alert.body_id)


def _line(row: Any) -> AlertLine:
    state = AlertState.OPEN if row.superseded_by is None else AlertState.SUPERSEDED
    return AlertLine(
        id=row.id,
        kind=row.kind,
        state=state if row.closed_at is None else AlertState.CLOSED,
        body_code=row.code,
        name_fr=row.name_fr,
        name_ar=row.name_ar,
        order=row.order_id,
        office=row.office_id,
        detail=row.detail,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        superseded_by=row.superseded_by,
        told_at=row.told_at,
        assigned_to=row.assigned_to,
        snoozed_until=row.snoozed_until,
    )
