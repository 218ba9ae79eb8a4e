"""Single windows: what was found in those of the communes that must have one, and of others that asked for one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pki.journal.acts import Actor
from pki.quota.rollout.errors import BodyNotRolledOut, RolloutDatesRefused, RolloutRecordUnknown
from pki.quota.rollout.inhabitants import counted_later
from pki.quota.rollout.kinds import WINDOW_ABOVE, RolloutKind
from pki.quota.rollout.recording import insert_record, refuse_future
from pki.quota.rollout.tables import WindowAssessment
from pki.records import Records
from pki.registration.errors import BodyUnknown
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFindings:
    """What was found: people and equipment, counted; whether it will do; in words, what is missing."""

    staff: int
    workstations: int
    scanners: int
    bandwidth_mbps: int | None
    adequate: bool
    findings: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLine:
    """A commune that must have a single window, and its last assessment."""

    body_code: str
    name_fr: str
    population: int
    assessment: UUID | None
    assessed_on: date | None
    assessed_by: str | None
    found: WindowFindings | None


def assess_window(
    records: Records,
    *,
    body_code: str,
    assessed_on: date,
    assessed_by: str,
    found: WindowFindings,
    supersedes: UUID | None = None,
    by: Actor,
    at: datetime,
) -> UUID:
    """Record an assessment of a commune's or arrondissement's single window.

    :param assessed_by: who went there: name and function.
    :param supersedes: an assessment of the same body that was wrong.
    :raise BodyUnknown: no such body.
    :raise BodyNotRolledOut: a body that has no single window.
    :raise RolloutDatesRefused: a day to come, or a second assessment of one day.
    """
    refuse_future(assessed_on, at=at)
    try:
        with records.writing() as session:
            body = session.execute(select(Body.id, Body.kind).where(Body.code == body_code)).one_or_none()
            if body is None:
                raise BodyUnknown(body_code)
            if body.kind not in {BodyKind.COMMUNE, BodyKind.ARRONDISSEMENT}:
                raise BodyNotRolledOut(body_code, "communes and arrondissements have single windows")
            if supersedes is not None:
                _require_of(session, supersedes, body.id)
            values = {
                "body_id": body.id,
                "assessed_on": assessed_on,
                "assessed_by": assessed_by,
                "staff": found.staff,
                "workstations": found.workstations,
                "scanners": found.scanners,
                "bandwidth_mbps": found.bandwidth_mbps,
                "adequate": found.adequate,
                "findings": found.findings,
            }
            return insert_record(session, RolloutKind.WINDOW, values, supersedes=supersedes, by=by, at=at)
    except IntegrityError as error:
        raise RolloutDatesRefused("the window was assessed on that day already") from error


def windows(session: Session, *, within: Extent = EVERYWHERE) -> list[WindowLine]:
    """Every commune above `WINDOW_ABOVE` inhabitants inside the extent, by code, with its last assessment if any.

    By the census in force: a commune that one applied since counts above it must have a window (RGC art. 10).
    """
    last: dict[UUID, WindowAssessment] = {}
    for each in session.scalars(
        select(WindowAssessment)
        .join(Body, Body.id == WindowAssessment.body_id)
        .where(WindowAssessment.superseded_at.is_(None), within.bodies())
        .order_by(WindowAssessment.assessed_on)
    ):
        last[each.body_id] = each
    counted = counted_later(session, within=within)
    grown = [body for body, population in counted.items() if population > WINDOW_ABOVE]
    asked = (
        select(Body.id, Body.code, Body.name_fr, Body.population)
        .where(Body.kind == BodyKind.COMMUNE, within.bodies())
        .where((Body.population > WINDOW_ABOVE) | Body.id.in_(grown))
        .order_by(Body.code)
    )
    found = [(row, counted.get(row.id, row.population)) for row in session.execute(asked)]
    return [_line(row.code, row.name_fr, people, last.get(row.id)) for row, people in found if people > WINDOW_ABOVE]


def _line(code: str, name_fr: str, population: int, assessment: WindowAssessment | None) -> WindowLine:
    found = None
    if assessment is not None:
        found = WindowFindings(
            staff=assessment.staff,
            workstations=assessment.workstations,
            scanners=assessment.scanners,
            bandwidth_mbps=assessment.bandwidth_mbps,
            adequate=assessment.adequate,
            findings=assessment.findings,
        )
    return WindowLine(
        body_code=code,
        name_fr=name_fr,
        population=population,
        assessment=assessment.id if assessment else None,
        assessed_on=assessment.assessed_on if assessment else None,
        assessed_by=assessment.assessed_by if assessment else None,
        found=found,
    )


def _require_of(session: Session, assessment: UUID, body: UUID) -> None:
    asked = select(WindowAssessment.id).where(WindowAssessment.id == assessment, WindowAssessment.body_id == body)
    if session.scalar(asked) is None:
        raise RolloutRecordUnknown(RolloutKind.WINDOW.value, assessment)
