"""Reports of the committees: made, listed, and given out as JSON, CSV and sealed PDF."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from api.auth.officers import Officer
from api.auth.permissions import HouseHere, ProvincialOrAbove, now
from api.auth.territory import require_extent
from api.reports import make_report
from api.wiring import House
from pki.quota.rollout.committees import committee_extent
from pki.quota.rollout.errors import ReportUnknown
from pki.quota.rollout.kinds import CommitteeLevel
from pki.quota.rollout.made import MadeReport, made_report, made_reports, report_csv
from pki.records import Records

from .once import OnceOnly
from .schema import Code, In, Out, Zulu

router = APIRouter(prefix="/v1", tags=["reports"])
Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}$")]


class ReportIn(In):
    """Which report: of a committee, for a month; territory `MA` for the central one."""

    level: CommitteeLevel
    territory: Code
    month: Month


class ReportOut(Out):
    """A report on record, without its numbers."""

    id: UUID
    reference: str
    level: CommitteeLevel
    territory: str
    month: str
    digest: str
    made_at: Zulu
    superseded_at: Zulu | None
    file_sha256: str | None

    @classmethod
    def of(cls, made: MadeReport) -> ReportOut:
        """As it is answered."""
        return cls(
            id=made.id,
            reference=made.reference,
            level=made.level,
            territory=made.territory,
            month=made.month,
            digest=made.digest,
            made_at=made.made_at,
            superseded_at=made.superseded_at,
            file_sha256=made.file_sha256,
        )


class ReportsOut(Out):
    """Reports, the newest first."""

    items: list[ReportOut]


class NumbersOut(ReportOut):
    """A report with its numbers, as they were stored."""

    numbers: dict[str, Any]


@router.post("/rollout-reports", status_code=201, operation_id="makeReport", response_model=ReportOut)
def post_report(body: ReportIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Make a committee's report of a month and seal it; an earlier one is superseded and stays on record."""
    _require(house, officer, body.level, body.territory)

    def made(records: Records) -> ReportOut:
        report = make_report(records, house.reporting, **dict(body), by=officer.actor, at=now())
        return ReportOut.of(report)

    return once.then_stored(made)


@router.get("/rollout-reports", operation_id="listReports")
def get_reports(
    officer: ProvincialOrAbove, house: HouseHere, month: Annotated[Month | None, Query()] = None
) -> ReportsOut:
    """The reports of the officer's territory."""
    with house.records.reading() as session:
        found = made_reports(session, within=officer.extent, month=month)
    return ReportsOut(items=[ReportOut.of(each) for each in found])


@router.get("/rollout-reports/{report}", operation_id="getReport")
def get_report(report: UUID, officer: ProvincialOrAbove, house: HouseHere) -> NumbersOut:
    """The report with its numbers."""
    made = _own(house, officer, report)
    return NumbersOut(**ReportOut.of(made).model_dump(), numbers=made.plain())


@router.get("/rollout-reports/{report}/table", operation_id="getReportTable", response_class=Response)
def get_table(report: UUID, officer: ProvincialOrAbove, house: HouseHere) -> Response:
    """The same numbers as CSV."""
    made = _own(house, officer, report)
    headers = {"Content-Disposition": f'attachment; filename="{made.reference}.csv"'}
    return Response(report_csv(made.plain()), headers=headers, media_type="text/csv; charset=utf-8")


@router.get("/rollout-reports/{report}/file", operation_id="getReportFile", response_class=Response)
def get_file(report: UUID, officer: ProvincialOrAbove, house: HouseHere) -> Response:
    """The sealed PDF."""
    made = _own(house, officer, report)
    if made.file_sha256 is None:
        raise ReportUnknown(report)
    headers = {"Content-Disposition": f'attachment; filename="{made.reference}.pdf"', "ETag": f'"{made.file_sha256}"'}
    return Response(house.files.get(made.file_sha256), headers=headers, media_type="application/pdf")


def _own(house: House, officer: Officer, report: UUID) -> MadeReport:
    with house.records.reading() as session:
        made = made_report(session, report)
    _require(house, officer, made.level, made.territory)
    return made


def _require(house: House, officer: Officer, level: CommitteeLevel, territory: str) -> None:
    with house.records.reading() as session:
        extent = committee_extent(session, level, territory)
    require_extent(house.records, officer, extent)
