"""What officers do with an open alert: take it, or put it to sleep. Neither hides it, neither ends it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.quota.alerts.errors import AlertClosed, SnoozeRefused
from pki.quota.alerts.kinds import Handling
from pki.quota.alerts.reading import AlertLine, alert_of
from pki.quota.alerts.tables import Alert, AlertHandling
from pki.records import Records, civil_day

LONGEST_SLEEP = timedelta(days=90)
"""A quarter: what nobody wants to hear of for longer is to be mended, or is no alert."""


def assign_alert(records: Records, *, alert: UUID, by: Actor, at: datetime) -> AlertLine:
    """Record that `by` sees to it. Who had it before is in its story; taken again by the same, nothing is added.

    :raise AlertUnknown: no such alert.
    :raise AlertClosed: it is over.
    """
    with records.writing() as session:
        known = alert_of(session, alert)
        changed = (
            update(Alert)
            .where(Alert.id == alert, Alert.closed_at.is_(None))
            .values(assigned_to=str(by))
            .returning(Alert.id)
            .execution_options(synchronize_session=False)
        )
        if session.execute(changed).scalar_one_or_none() is None:
            raise AlertClosed(alert)
        if known.assigned_to != str(by):
            _note(session, alert, Handling.ASSIGNED, by=by, at=at)
        return alert_of(session, alert)


def snooze_alert(records: Records, *, alert: UUID, until: date, reason: str, by: Actor, at: datetime) -> AlertLine:
    """Silence its mail until the first civil day named, and that of new crossings of the same meanwhile.

    :raise SnoozeRefused: not a day after today, or too far ahead.
    :raise AlertUnknown: no such alert.
    :raise AlertClosed: it is over.
    """
    today = civil_day(at)
    if not today < until <= today + LONGEST_SLEEP:
        raise SnoozeRefused(until, today + LONGEST_SLEEP)
    with records.writing() as session:
        alert_of(session, alert)
        changed = (
            update(Alert)
            .where(Alert.id == alert, Alert.closed_at.is_(None))
            .values(snoozed_until=until)
            .returning(Alert.id)
            .execution_options(synchronize_session=False)
        )
        if session.execute(changed).scalar_one_or_none() is None:
            raise AlertClosed(alert)
        _note(session, alert, Handling.SNOOZED, until=until, reason=reason, by=by, at=at)
        return alert_of(session, alert)


def _note(
    session: Session,
    alert: UUID,
    action: Handling,
    *,
    until: date | None = None,
    reason: str | None = None,
    by: Actor,
    at: datetime,
) -> None:
    session.execute(
        insert(AlertHandling).values(alert_id=alert, action=action, until=until, reason=reason, at=at, by=str(by))
    )
    facts = {"until": until, "reason": reason}
    record(session, kind=f"alert.{action.value}", subject=f"alert:{alert}", by=by, at=at, facts=facts)
