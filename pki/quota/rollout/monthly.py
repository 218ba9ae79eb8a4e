"""Which monthly reports are owed on a day: last month's, of the country, each region and each province with stages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, select
from sqlalchemy.orm import Session

from pki.quota.rollout.kinds import COUNTRY, CommitteeLevel
from pki.quota.rollout.tables import Committee, ReportRow, StagePlan
from pki.quota.tables import Allowance
from pki.records import civil_day, day_start
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedReport:
    """A report that its month's end owes."""

    level: CommitteeLevel
    territory: str
    stored: UUID | None
    """Its numbers are stored already, and its file is not sealed; None: not made at all."""


def ended_month(at: datetime) -> tuple[str, datetime]:
    """The last whole month at `at`, as YYYY-MM, and the instant at which it ended: civil days, in Morocco."""
    first = civil_day(at).replace(day=1)
    return f"{first - timedelta(days=1):%Y-%m}", day_start(first)


def owed_reports(session: Session, *, at: datetime) -> tuple[OwedReport, ...]:
    """What is still to be made or sealed for the last whole month: provinces first, as regions rest on them.

    A report made before the month's end counts for nothing here: it told of a month that was still going on.
    """
    month, ended_at = ended_month(at)
    made = {
        row.territory: row
        for row in session.execute(
            select(ReportRow.territory, ReportRow.id, ReportRow.file_sha256).where(
                ReportRow.month == month, ReportRow.superseded_at.is_(None), ReportRow.recorded_at >= ended_at
            )
        )
    }
    owed = []
    for level, territory in _territories(session, before=ended_at):
        row = made.get(territory)
        if row is None or row.file_sha256 is None:
            owed.append(OwedReport(level=level, territory=territory, stored=None if row is None else row.id))
    return tuple(owed)


def _territories(session: Session, *, before: datetime) -> list[tuple[CommitteeLevel, str]]:
    """Provinces where a stage was reached or planned before that instant; their regions; then the country."""
    day = civil_day(before)
    provinces = select(Body.code, Body.region_code).where(
        Body.kind == BodyKind.PROVINCE, Body.code.in_(_begun(before, day)), Body.region_code.is_not(None)
    )
    found = session.execute(provinces.order_by(Body.code)).all()
    regions = sorted({row.region_code for row in found})
    local = [(CommitteeLevel.LOCAL, row.code) for row in found]
    regional = [(CommitteeLevel.REGIONAL, code) for code in regions]
    return local + regional + ([(CommitteeLevel.CENTRAL, COUNTRY)] if found else [])


def _begun(before: datetime, day: date) -> CompoundSelect[Any]:
    committees = select(Committee.province_code.label("code")).where(
        Committee.province_code.is_not(None), Committee.recorded_at < before
    )
    plans = (
        select(Body.province_code)
        .join(StagePlan, StagePlan.body_id == Body.id)
        .where(Body.province_code.is_not(None), StagePlan.recorded_at < before)
    )
    opened = (
        select(Body.province_code)
        .join(Allowance, Allowance.body_id == Body.id)
        .where(Body.province_code.is_not(None), Allowance.opens_on < day)
    )
    return committees.union(plans, opened)
