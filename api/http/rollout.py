"""Committees, training, single windows, stages: recorded in an officer's own territory, read there and above."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, model_validator

from api.auth.officers import Officer
from api.auth.permissions import (
    CentralOfficer,
    CommuneOrAbove,
    HouseHere,
    ProvincialOrAbove,
    RegionalOrAbove,
    now,
)
from api.auth.territory import narrowed, require_bodies, require_body, require_extent
from api.wiring import House
from pki.quota.exports import not_a_formula
from pki.quota.rollout.committees import (
    committee_extent,
    committee_territory,
    committees,
    name_committee,
    name_member,
    record_meeting,
    record_proposal,
)
from pki.quota.rollout.kinds import CommitteeLevel, RolloutKind, Stage
from pki.quota.rollout.recording import strike_record
from pki.quota.rollout.stages import CommuneStages, commune_stages, plan_stage
from pki.quota.rollout.training import (
    plan_programme,
    record_attendance,
    record_session,
    session_territory,
    sessions,
    untrained_holders,
)
from pki.quota.rollout.windows import WindowFindings, assess_window, windows
from pki.records import HolderId, civil_day
from pki.registration.extent import Extent
from signer.dossiers.use import licence_use

from .once import OnceOnly
from .schema import Code, IdOut, In, Line, Out, Text

router = APIRouter(prefix="/v1", tags=["rollout"])
Count = Annotated[int, Field(ge=0, le=100_000)]


class CommitteeIn(In):
    """The order that names a committee; territory `MA` for the central one."""

    level: CommitteeLevel
    territory: Code
    deed: Line
    named_on: date


class PersonIn(In):
    """A holder on record or a plain name, exactly one of the two."""

    holder: UUID | None = None
    name: Line | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.holder is None) == (self.name is None):
            raise ValueError("holder or name, one of the two")
        return self

    @property
    def holder_id(self) -> HolderId | None:
        """The holder, if it is one."""
        return None if self.holder is None else HolderId(self.holder)


class MemberIn(PersonIn):
    """A member of a committee in [starts_on, ends_on)."""

    function: Annotated[Line, Field(max_length=200)]
    body: Annotated[Line, Field(max_length=200)]
    chair: bool = False
    starts_on: date
    ends_on: date | None = None
    deed: Line
    supersedes: UUID | None = None


class MeetingIn(In):
    """A meeting that was held."""

    held_on: date
    present: Count
    minutes: Line


class ProposalIn(In):
    """What a committee proposes."""

    made_on: date
    text: Text


class ProgrammeIn(In):
    """A region's training programme."""

    region_code: Code
    title: Line
    audience: Line
    starts_on: date
    deed: Line


class SessionIn(In):
    """A session of a programme in a province."""

    province_code: Code
    place: Line
    held_on: date


class AttendanceIn(PersonIn):
    """A person who attended, for a body."""

    body: Code


class WindowIn(In):
    """What was found in a single window."""

    assessed_on: date
    assessed_by: Line
    staff: Count
    workstations: Count
    scanners: Count
    bandwidth_mbps: Count | None = None
    adequate: bool
    findings: Text
    supersedes: UUID | None = None


class StagePlanIn(In):
    """By which day the communes are to reach a stage."""

    stage: Stage
    planned_on: date
    bodies: Annotated[list[Code], Field(min_length=1, max_length=2000)]


class StrikeIn(In):
    """Why a record was wrong."""

    reason: Line


class PlannedOut(Out):
    """How many communes were planned."""

    bodies: int


class ListOut(Out):
    """Lines of a list."""

    items: list[dict[str, Any]]


@router.post("/committees", status_code=201, operation_id="nameCommittee", response_model=IdOut)
def post_committee(body: CommitteeIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Record the order that names a committee."""
    _require_committee(house, officer, body.level, body.territory)
    return once.atomically(lambda records: IdOut(id=name_committee(records, **dict(body), by=officer.actor, at=now())))


@router.get("/committees", operation_id="listCommittees")
def get_committees(officer: ProvincialOrAbove, house: HouseHere) -> ListOut:
    """The committees of the officer's territory, with their members today."""
    with house.records.reading() as session:
        found = committees(session, within=officer.extent, on=civil_day(now()))
    return ListOut(items=[asdict(each) for each in found])


@router.post("/committees/{committee}/members", status_code=201, operation_id="nameMember", response_model=IdOut)
def post_member(
    committee: UUID, body: MemberIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Record a member, or in the place of an earlier record of him: corrected, or with its end."""
    _require_known_committee(house, officer, committee)
    given = dict(body) | {"holder": body.holder_id}
    return once.atomically(
        lambda records: IdOut(id=name_member(records, committee=committee, **given, by=officer.actor, at=now()))
    )


@router.post("/committees/{committee}/meetings", status_code=201, operation_id="recordMeeting", response_model=IdOut)
def post_meeting(
    committee: UUID, body: MeetingIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Record a meeting that was held."""
    _require_known_committee(house, officer, committee)
    return once.atomically(
        lambda records: IdOut(id=record_meeting(records, committee=committee, **dict(body), by=officer.actor, at=now()))
    )


@router.post("/committees/{committee}/proposals", status_code=201, operation_id="recordProposal", response_model=IdOut)
def post_proposal(
    committee: UUID, body: ProposalIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Record what a committee proposes."""
    _require_known_committee(house, officer, committee)
    return once.atomically(
        lambda records: IdOut(
            id=record_proposal(records, committee=committee, **dict(body), by=officer.actor, at=now())
        )
    )


@router.post("/training-programmes", status_code=201, operation_id="planProgramme", response_model=IdOut)
def post_programme(body: ProgrammeIn, officer: RegionalOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Record a region's training programme."""
    require_extent(house.records, officer, Extent(region_code=body.region_code))
    return once.atomically(lambda records: IdOut(id=plan_programme(records, **dict(body), by=officer.actor, at=now())))


@router.post(
    "/training-programmes/{programme}/sessions", status_code=201, operation_id="recordSession", response_model=IdOut
)
def post_session(
    programme: UUID, body: SessionIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Record a session in a province of the programme's region."""
    require_extent(house.records, officer, Extent(province_code=body.province_code))
    return once.atomically(
        lambda records: IdOut(id=record_session(records, programme=programme, **dict(body), by=officer.actor, at=now()))
    )


@router.get("/training-sessions", operation_id="listTrainingSessions")
def get_sessions(officer: ProvincialOrAbove, house: HouseHere) -> ListOut:
    """Sessions of the officer's territory, each with how many attended."""
    with house.records.reading() as session:
        return ListOut(items=[asdict(each) for each in sessions(session, within=officer.extent)])


@router.post(
    "/training-sessions/{session_id}/attendances",
    status_code=201,
    operation_id="recordAttendance",
    response_model=IdOut,
)
def post_attendance(
    session_id: UUID, body: AttendanceIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Record that a person attended."""
    with house.records.reading() as session:
        province = session_territory(session, session_id)
    require_extent(house.records, officer, Extent(province_code=province))
    return once.atomically(
        lambda records: IdOut(
            id=record_attendance(
                records,
                session_id=session_id,
                body_code=body.body,
                holder=body.holder_id,
                name=body.name,
                by=officer.actor,
                at=now(),
            )
        )
    )


@router.get("/untrained-holders", operation_id="listUntrainedHolders")
def get_untrained(officer: CommuneOrAbove, house: HouseHere, body: Annotated[Code | None, Query()] = None) -> ListOut:
    """Keys in the hands of people who attended no session."""
    within = narrowed(house.records, officer, body)
    with house.records.reading() as session:
        found = untrained_holders(session, within=within, on=civil_day(now()))
    return ListOut(items=[asdict(each) for each in found])


@router.post("/bodies/{code}/window-assessments", status_code=201, operation_id="assessWindow", response_model=IdOut)
def post_window(
    code: Annotated[Code, Path()], body: WindowIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Record an assessment of a single window."""
    require_body(house.records, officer, code)
    found = WindowFindings(
        staff=body.staff,
        workstations=body.workstations,
        scanners=body.scanners,
        bandwidth_mbps=body.bandwidth_mbps,
        adequate=body.adequate,
        findings=body.findings,
    )
    return once.atomically(
        lambda records: IdOut(
            id=assess_window(
                records,
                body_code=code,
                assessed_on=body.assessed_on,
                assessed_by=body.assessed_by,
                found=found,
                supersedes=body.supersedes,
                by=officer.actor,
                at=now(),
            )
        )
    )


@router.get("/single-windows", operation_id="listSingleWindows")
def get_windows(officer: CommuneOrAbove, house: HouseHere, body: Annotated[Code | None, Query()] = None) -> ListOut:
    """Communes that must have a single window, each with its last assessment."""
    within = narrowed(house.records, officer, body)
    with house.records.reading() as session:
        return ListOut(items=[asdict(each) for each in windows(session, within=within)])


@router.post("/stage-plans", status_code=201, operation_id="planStage", response_model=PlannedOut)
def post_stage_plan(body: StagePlanIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Plan by which day communes are to reach a stage."""
    require_bodies(house.records, officer, body.bodies)
    return once.atomically(
        lambda records: PlannedOut(
            bodies=plan_stage(
                records,
                body_codes=body.bodies,
                stage=body.stage,
                planned_on=body.planned_on,
                by=officer.actor,
                at=now(),
            )
        )
    )


@router.get("/stages", operation_id="listStages")
def get_stages(officer: CommuneOrAbove, house: HouseHere, body: Annotated[Code | None, Query()] = None) -> ListOut:
    """How far each commune has come, beside what was planned."""
    found, day = _stages(house, narrowed(house.records, officer, body)), civil_day(now())
    return ListOut(
        items=[
            {
                "body": each.body_code,
                "name_fr": each.name_fr,
                "name_ar": each.name_ar,
                "stage": each.stage,
                "reached": dict(each.reached),
                "planned": dict(each.planned),
                "late": each.late(day),
            }
            for each in found
        ]
    )


@router.get("/stages.csv", operation_id="exportStages", response_class=Response)
def get_stages_csv(officer: CommuneOrAbove, house: HouseHere, body: Annotated[Code | None, Query()] = None) -> Response:
    """The same as CSV: a line for each commune and stage."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("code", "name_fr", "name_ar", "stage", "applies", "planned_on", "reached_on"))
    for each in _stages(house, narrowed(house.records, officer, body)):
        for stage in Stage:
            names = (each.body_code, not_a_formula(each.name_fr), not_a_formula(each.name_ar))
            named = (*names, stage.value, int(each.applies(stage)))
            writer.writerow((*named, each.planned.get(stage, ""), each.reached.get(stage, "")))
    headers = {"Content-Disposition": 'attachment; filename="stages.csv"'}
    return Response(out.getvalue(), headers=headers, media_type="text/csv; charset=utf-8")


@router.post(
    "/rollout-records/{kind}/{number}/strike", status_code=201, operation_id="strikeRecord", response_model=IdOut
)
def post_strike(kind: RolloutKind, number: UUID, body: StrikeIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Take a record that was wrong out of force; it stays on record."""

    def struck(records: Any) -> IdOut:
        strike_record(records, kind=kind, number=number, reason=body.reason, by=officer.actor, at=now())
        return IdOut(id=number)

    return once.atomically(struck)


def _stages(house: House, within: Extent) -> list[CommuneStages]:
    policy, at = house.reporting.regular_use, now()
    with house.records.reading() as session:
        licences = licence_use(session, within=within, since=policy.since(at))
        return commune_stages(session, within=within, licences=licences, policy=policy, at=at)


def _require_committee(house: House, officer: Officer, level: CommitteeLevel, territory: str) -> None:
    with house.records.reading() as session:
        extent = committee_extent(session, level, territory)
    require_extent(house.records, officer, extent)


def _require_known_committee(house: House, officer: Officer, committee: UUID) -> None:
    with house.records.reading() as session:
        level, territory = committee_territory(session, committee)
    _require_committee(house, officer, level, territory)
