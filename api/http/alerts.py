"""Alerts: what needs an officer's eye in his territory, who sees to it, what sleeps; and forecasts of exhaustion."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.auth.officers import Officer
from api.auth.permissions import CommuneOrAbove, HouseHere, ProvincialOrAbove, now
from api.auth.tables import OfficerRole
from api.auth.territory import narrowed, require_body
from api.wiring import House
from pki.quota.alerts.forecast import Forecast, Level, Unforeseen, forecasts
from pki.quota.alerts.handling import assign_alert, snooze_alert
from pki.quota.alerts.kinds import AlertKind, AlertState, Handling
from pki.quota.alerts.reading import AlertLine, Handled, alert_of, alerts, handlings, last_sweep
from pki.records import Records

from .once import OnceOnly
from .schema import Code, Empty, In, Line, Out, Page, Zulu

router = APIRouter(prefix="/v1", tags=["quota"])
_FINER = {
    OfficerRole.CENTRAL: frozenset(Level),
    OfficerRole.REGIONAL: frozenset({Level.PROVINCE, Level.BODY}),
    OfficerRole.PROVINCIAL: frozenset({Level.BODY}),
    OfficerRole.COMMUNE: frozenset({Level.BODY}),
}
"""By what an officer's territory may be divided: its own total comes beside it."""


class SnoozeIn(In):
    """Until which civil day its mail is silent, and why."""

    until: date
    reason: Line


class AlertOut(Out):
    """An alert as it stands."""

    id: UUID
    kind: AlertKind
    state: AlertState
    body: str
    name_fr: str
    name_ar: str
    order: UUID | None
    office: UUID | None
    detail: str
    opened_at: Zulu
    closed_at: Zulu | None
    superseded_by: UUID | None
    told_at: Zulu | None
    assigned_to: str | None
    snoozed_until: date | None

    @classmethod
    def of(cls, line: AlertLine) -> AlertOut:
        """As it is answered."""
        return cls(
            id=line.id,
            kind=line.kind,
            state=line.state,
            body=line.body_code,
            name_fr=line.name_fr,
            name_ar=line.name_ar,
            order=line.order,
            office=line.office,
            detail=line.detail,
            opened_at=line.opened_at,
            closed_at=line.closed_at,
            superseded_by=line.superseded_by,
            told_at=line.told_at,
            assigned_to=line.assigned_to,
            snoozed_until=line.snoozed_until,
        )


class AlertsOut(Out):
    """The newest first."""

    items: list[AlertOut]
    swept_at: Zulu | None
    """As of when the oldest of the families was looked at; null: no sweep has come yet."""


class HandledOut(Out):
    """What an officer did with it."""

    action: Handling
    until: date | None
    reason: str | None
    at: Zulu
    by: str

    @classmethod
    def of(cls, handled: Handled) -> HandledOut:
        """As it is answered."""
        return cls(action=handled.action, until=handled.until, reason=handled.reason, at=handled.at, by=handled.by)


class StoryOut(Out):
    """An alert and what officers did with it, oldest first."""

    alert: AlertOut
    history: list[HandledOut]


class ForecastOut(Out):
    """When the seats of a territory or body end at the rhythm of the last 30 days; else why that cannot be said."""

    code: str | None
    available: int
    events: int
    growth: int
    ends_on: date | None
    why: Unforeseen | None

    @classmethod
    def of(cls, forecast: Forecast) -> ForecastOut:
        """As it is answered."""
        return cls.model_validate(forecast, from_attributes=True)


class ForecastsOut(Out):
    """The officer's whole territory, and its parts by code."""

    total: ForecastOut
    items: list[ForecastOut]


@router.get("/alerts", operation_id="listAlerts")
def get_alerts(
    *,
    officer: CommuneOrAbove,
    house: HouseHere,
    body: Annotated[Code | None, Query()] = None,
    kind: Annotated[AlertKind | None, Query()] = None,
    state: Annotated[AlertState | Literal["all"], Query()] = AlertState.OPEN,
    after: Annotated[UUID | None, Query()] = None,
    limit: Page = 200,
) -> AlertsOut:
    """Alerts of the officer's territory, or of one body in it; `after` is the last id of the page before."""
    within, wanted = narrowed(house.records, officer, body), None if state == "all" else state
    if after is not None:
        _require(house, officer, after)
    with house.records.reading() as session:
        found = alerts(session, within=within, kind=kind, state=wanted, after=after, limit=limit)
        swept = last_sweep(session)
    return AlertsOut(items=[AlertOut.of(each) for each in found], swept_at=swept)


@router.get("/alerts/{alert}", operation_id="getAlert")
def get_alert(alert: UUID, officer: CommuneOrAbove, house: HouseHere) -> StoryOut:
    """One alert, and its story."""
    _require(house, officer, alert)
    with house.records.reading() as session:
        return StoryOut(
            alert=AlertOut.of(alert_of(session, alert)),
            history=[HandledOut.of(each) for each in handlings(session, alert)],
        )


@router.post("/alerts/{alert}/assignment", status_code=201, operation_id="assignAlert", response_model=AlertOut)
def post_assignment(
    *, alert: UUID, _: Empty | None = None, officer: CommuneOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Take it: this officer sees to it."""
    _require(house, officer, alert)
    return once.atomically(lambda records: AlertOut.of(assign_alert(records, alert=alert, by=officer.actor, at=now())))


@router.post("/alerts/{alert}/snooze", status_code=201, operation_id="snoozeAlert", response_model=AlertOut)
def post_snooze(alert: UUID, body: SnoozeIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Silence its mail until a day. It stays in every list."""
    # THREAT: a commune that cannot sign has its province never hear of it.
    # DEFENCE: who silences mail is of the province or above, says why and for how long, and the alert stays listed.
    # TEST: tests/api/auth/test_matrix.py
    _require(house, officer, alert)

    def act(records: Records) -> AlertOut:
        return AlertOut.of(
            snooze_alert(records, alert=alert, until=body.until, reason=body.reason, by=officer.actor, at=now())
        )

    return once.atomically(act)


@router.get("/forecasts", operation_id="forecasts")
def get_forecasts(
    officer: CommuneOrAbove, house: HouseHere, by: Annotated[Level | None, Query()] = None
) -> ForecastsOut:
    """When seats will run out: of the officer's territory, and of its parts if they are asked for.

    A level that is not below the officer's own divides nothing: its items are empty.
    """
    at: datetime = now()
    with house.records.reading() as session:
        (total,) = forecasts(session, level=Level.COUNTRY, within=officer.extent, at=at)
        parts = (
            forecasts(session, level=by, within=officer.extent, at=at)
            if by is not None and by is not Level.COUNTRY and by in _FINER[officer.role]
            else []
        )
    return ForecastsOut(total=ForecastOut.of(total), items=[ForecastOut.of(each) for each in parts])


def _require(house: House, officer: Officer, alert: UUID) -> None:
    with house.records.reading() as session:
        code = alert_of(session, alert).body_code
    require_body(house.records, officer, code)
