"""What a committee reports for a month, counted: a fixed number of statements, whatever the territory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from pki.quota.kinds import OrderState
from pki.quota.reading import AllowanceLine, allowances
from pki.quota.rollout.committees import committee_extent, committees
from pki.quota.rollout.kinds import COUNTRY, CommitteeLevel, Stage
from pki.quota.rollout.report import (
    CommuneLine,
    LateLine,
    ProposalLine,
    RestsOn,
    RolloutReport,
    StageCount,
    UntrainedCount,
    month_bounds,
)
from pki.quota.rollout.stages import CommuneStages, LicenceUse, RegularUse, commune_stages
from pki.quota.rollout.tables import Attendance, Committee, Meeting, Proposal, ReportRow, TrainingSession
from pki.quota.rollout.training import sessions, untrained_holders
from pki.quota.rollout.windows import windows
from pki.quota.tables import KeyOrder
from pki.records import civil_day, day_start
from pki.registration.extent import Extent
from pki.registration.tables import Body, Province, Region
from pki.status.tables import BlockRow

_BELOW = {CommitteeLevel.CENTRAL: CommitteeLevel.REGIONAL, CommitteeLevel.REGIONAL: CommitteeLevel.LOCAL}


def gather_report(
    session: Session,
    *,
    level: CommitteeLevel,
    territory: str,
    month: str,
    licences: Mapping[str, LicenceUse],
    policy: RegularUse,
    at: datetime,
) -> RolloutReport:
    """Count what a committee reports. A fixed number of statements, whatever the territory.

    :raise RolloutTerritoryUnknown: no such territory at that level.
    :raise MonthRefused: see `month_bounds`.
    """
    first, after = month_bounds(month, at=at)
    within, day = committee_extent(session, level, territory), civil_day(at)
    communes = commune_stages(session, within=within, licences=licences, policy=policy, at=at)
    seats = {line.body_code: line for line in allowances(session, within=within)}
    name_fr, name_ar = _name(session, level, territory)
    untrained = Counter(each.body_code for each in untrained_holders(session, within=within, on=day))
    return RolloutReport(
        level=level,
        territory=territory,
        name_fr=name_fr,
        name_ar=name_ar,
        month=month,
        made_at=at,
        stages=tuple(_count(stage, communes, day) for stage in Stage),
        late=_late(communes, day),
        communes=tuple(_commune(each, seats.get(each.body_code), day) for each in communes),
        seats=_seats(list(seats.values())),
        keys=_keys(session, within),
        losses=_losses(session, within, first, after),
        committees=_committees(session, within, first, after, day),
        training=_training(session, within, first, after, day) | {"untrained_keys": untrained.total()},
        untrained=tuple(UntrainedCount(body=body, keys=number) for body, number in sorted(untrained.items())),
        windows=_windows(session, within),
        proposals=_proposals(session, within, first, after),
        rests_on=_rests_on(session, level, within, month),
    )


def _count(stage: Stage, communes: list[CommuneStages], day: date) -> StageCount:
    through = [each for each in communes if each.applies(stage)]
    planned = [each.planned[stage] for each in through if stage in each.planned]
    return StageCount(
        stage=stage,
        applies=len(through),
        reached=sum(stage in each.reached for each in through),
        planned=len(planned),
        due=sum(each < day for each in planned),
        late=sum(stage in each.late(day) for each in through),
    )


def _late(communes: list[CommuneStages], day: date) -> tuple[LateLine, ...]:
    lines = [
        LateLine(
            body=each.body_code,
            name_fr=each.name_fr,
            name_ar=each.name_ar,
            stage=stage,
            planned_on=each.planned[stage],
            days=(day - each.planned[stage]).days,
        )
        for each in communes
        for stage in each.late(day)
    ]
    return tuple(sorted(lines, key=lambda line: (-line.days, line.body, line.stage.value)))


def _commune(commune: CommuneStages, seats: AllowanceLine | None, day: date) -> CommuneLine:
    return CommuneLine(
        body=commune.body_code,
        name_fr=commune.name_fr,
        name_ar=commune.name_ar,
        province=commune.province_code,
        region=commune.region_code,
        population=commune.population,
        stage=commune.stage,
        granted=seats.granted if seats else 0,
        reserved=seats.reserved if seats else 0,
        live=seats.live if seats else 0,
        late=len(commune.late(day)),
    )


def _seats(lines: list[AllowanceLine]) -> dict[str, int]:
    return {
        "bodies": len(lines),
        "granted": sum(line.granted for line in lines),
        "reserved": sum(line.reserved for line in lines),
        "live": sum(line.live for line in lines),
        "bodies_without_free_seat": sum(line.reserved + line.live >= line.granted for line in lines),
    }


def _keys(session: Session, within: Extent) -> dict[str, int]:
    asked = select(KeyOrder.state, func.count()).join(Body, Body.id == KeyOrder.body_id).where(within.bodies())
    counted = {row[0]: row[1] for row in session.execute(asked.group_by(KeyOrder.state))}
    return {state.value: counted.get(state, 0) for state in OrderState}


def _losses(session: Session, within: Extent, first: date, after: date) -> dict[str, int]:
    asked = (
        select(func.count())
        .select_from(BlockRow)
        .join(KeyOrder, KeyOrder.id == BlockRow.order_id)
        .join(Body, Body.id == KeyOrder.body_id)
        # One that another took the place of never held.
        .where(within.bodies(), or_(BlockRow.lifted_at.is_(None), BlockRow.lifted_at > BlockRow.blocked_at))
    )
    blocked = asked.where(BlockRow.blocked_at >= day_start(first), BlockRow.blocked_at < day_start(after))
    return {
        "blocked_in_month": session.scalar(blocked) or 0,
        "standing": session.scalar(asked.where(BlockRow.lifted_at.is_(None))) or 0,
    }


def _committees(session: Session, within: Extent, first: date, after: date, day: date) -> dict[str, int]:
    found = committees(session, within=within, on=day)
    held = select(Meeting.committee_id).where(
        Meeting.superseded_at.is_(None), Meeting.held_on >= first, Meeting.held_on < after
    )
    ours: set[UUID] = {each.id for each in found}
    return {
        "named": len(found),
        "members": sum(len(each.members) for each in found),
        "meetings_in_month": sum(committee in ours for committee in session.scalars(held)),
    }


def _training(session: Session, within: Extent, first: date, after: date, day: date) -> dict[str, int]:
    held = [each for each in sessions(session, within=within) if each.held_on <= day]
    month = [each for each in held if first <= each.held_on < after]
    asked = (
        select(func.count(Attendance.holder_id.distinct()))
        .join(TrainingSession, TrainingSession.id == Attendance.session_id)
        .join(Body, Body.id == Attendance.body_id)
        .where(Attendance.superseded_at.is_(None), TrainingSession.superseded_at.is_(None))
        .where(TrainingSession.held_on <= day, within.bodies())
    )
    return {
        "sessions_in_month": len(month),
        "attended_in_month": sum(each.attended for each in month),
        "sessions": len(held),
        "attended": sum(each.attended for each in held),
        "holders_trained": session.scalar(asked) or 0,
    }


def _windows(session: Session, within: Extent) -> dict[str, int]:
    found = windows(session, within=within)
    assessed = [each.found for each in found if each.found is not None]
    return {
        "to_assess": len(found),
        "assessed": len(assessed),
        "adequate": sum(each.adequate for each in assessed),
    }


def _proposals(session: Session, within: Extent, first: date, after: date) -> tuple[ProposalLine, ...]:
    ours = {each.id for each in committees(session, within=within, on=first)}
    asked = (
        select(Proposal.committee_id, Committee.territory, Proposal.made_on, Proposal.text)
        .join(Committee, Committee.id == Proposal.committee_id)
        .where(Proposal.superseded_at.is_(None), Proposal.made_on >= first, Proposal.made_on < after)
        .order_by(Proposal.made_on, Committee.territory, Proposal.id)
    )
    return tuple(
        ProposalLine(territory=row.territory, made_on=row.made_on, text=row.text)
        for row in session.execute(asked)
        if row.committee_id in ours
    )


def _rests_on(session: Session, level: CommitteeLevel, within: Extent, month: str) -> tuple[RestsOn, ...]:
    """The current reports of the level below for the same month; those that are missing are named."""
    if level not in _BELOW:
        return ()
    made = select(ReportRow.territory, ReportRow.digest).where(
        ReportRow.level == _BELOW[level], ReportRow.month == month, ReportRow.superseded_at.is_(None)
    )
    digests = {row.territory: row.digest for row in session.execute(made)}
    table = Region if level is CommitteeLevel.CENTRAL else Province
    asked = select(table.code, table.name_fr, table.name_ar).order_by(table.code)
    if level is CommitteeLevel.REGIONAL:
        asked = asked.where(Province.region_code == within.region_code)
    return tuple(
        RestsOn(territory=row.code, name_fr=row.name_fr, name_ar=row.name_ar, digest=digests.get(row.code))
        for row in session.execute(asked)
    )


def _name(session: Session, level: CommitteeLevel, territory: str) -> tuple[str, str]:
    if territory == COUNTRY:
        return "Royaume du Maroc", "المملكة المغربية"
    table = Region if level is CommitteeLevel.REGIONAL else Province
    row = session.execute(select(table.name_fr, table.name_ar).where(table.code == territory)).one()
    return row.name_fr, row.name_ar
