"""The committees of the three levels: named by a deed, their members, meetings and proposals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, false, func, literal, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pki.journal.acts import Actor
from pki.quota.rollout.errors import CommitteeExists, RolloutDatesRefused, RolloutRecordUnknown, RolloutTerritoryUnknown
from pki.quota.rollout.kinds import COUNTRY, CommitteeLevel, RolloutKind
from pki.quota.rollout.recording import insert_record, person, refuse_future, require_current
from pki.quota.rollout.tables import Committee, Meeting, Member, Proposal
from pki.records import HolderId, Records
from pki.registration.extent import Extent
from pki.registration.tables import Holder, Province, Region


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    """A member as he is read."""

    id: UUID
    holder: HolderId | None
    name: str
    function: str
    body: str
    chair: bool
    starts_on: date
    ends_on: date | None
    deed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitteeLine:
    """A committee as it is read, with its members on that day."""

    id: UUID
    level: CommitteeLevel
    territory: str
    deed: str
    named_on: date
    first_meeting: date | None
    meetings: int
    proposals: int
    members: tuple[MemberLine, ...]


def committee_extent(session: Session, level: CommitteeLevel, territory: str) -> Extent:
    """The part of the country that a committee of that level and territory answers for.

    :raise RolloutTerritoryUnknown: no such territory at that level.
    """
    asked, extent = {
        CommitteeLevel.CENTRAL: (select(literal(territory == COUNTRY)), Extent()),
        CommitteeLevel.REGIONAL: (select(Region.code).where(Region.code == territory), Extent(region_code=territory)),
        CommitteeLevel.LOCAL: (
            select(Province.code).where(Province.code == territory),
            Extent(province_code=territory),
        ),
    }[level]
    if not session.scalar(asked):
        raise RolloutTerritoryUnknown(level.value, territory)
    return extent


def name_committee(
    records: Records, *, level: CommitteeLevel, territory: str, deed: str, named_on: date, by: Actor, at: datetime
) -> UUID:
    """Record the order that names a committee. A new composition is members, not another committee.

    :param territory: code of the region or province, `MA` for the central one.
    :raise RolloutTerritoryUnknown: no such territory at that level.
    :raise CommitteeExists: it has one.
    :raise RolloutDatesRefused: named on a day to come.
    """
    refuse_future(named_on, at=at)
    try:
        with records.writing() as session:
            extent = committee_extent(session, level, territory)
            values = {
                "level": level,
                "territory": territory,
                "region_code": extent.region_code,
                "province_code": extent.province_code,
                "deed": deed,
                "named_on": named_on,
            }
            return insert_record(session, RolloutKind.COMMITTEE, values, by=by, at=at)
    except IntegrityError as error:
        raise CommitteeExists(territory) from error


def name_member(
    records: Records,
    *,
    committee: UUID,
    holder: HolderId | None = None,
    name: str | None = None,
    function: str,
    body: str,
    chair: bool = False,
    starts_on: date,
    ends_on: date | None = None,
    deed: str,
    supersedes: UUID | None = None,
    by: Actor,
    at: datetime,
) -> UUID:
    """Record a member in [starts_on, ends_on): a holder on record, or a plain name.

    :param supersedes: his earlier record, whose place this one takes: corrected, or with its end.
    :raise RolloutRecordUnknown: no such committee, or no such current record of one of its members.
    :raise PersonRefused: not exactly one of the two.
    :raise RolloutDatesRefused: an end before the start, a start before the committee was named.
    """
    if ends_on is not None and ends_on < starts_on:
        raise RolloutDatesRefused("the end lies before the start")
    with records.writing() as session:
        _committee(session, committee, since=starts_on)
        if supersedes is not None:
            _require_member_of(session, supersedes, committee)
        values = person(session, holder, name) | {
            "committee_id": committee,
            "function": function,
            "body": body,
            "chair": chair,
            "starts_on": starts_on,
            "ends_on": ends_on,
            "deed": deed,
        }
        return insert_record(session, RolloutKind.MEMBER, values, supersedes=supersedes, by=by, at=at)


def record_meeting(
    records: Records, *, committee: UUID, held_on: date, present: int, minutes: str, by: Actor, at: datetime
) -> UUID:
    """Record a meeting that was held.

    :raise RolloutRecordUnknown: no such committee.
    :raise RolloutDatesRefused: to come, or before the committee was named.
    """
    refuse_future(held_on, at=at)
    with records.writing() as session:
        _committee(session, committee, since=held_on)
        values = {"committee_id": committee, "held_on": held_on, "present": present, "minutes": minutes}
        return insert_record(session, RolloutKind.MEETING, values, by=by, at=at)


def record_proposal(records: Records, *, committee: UUID, made_on: date, text: str, by: Actor, at: datetime) -> UUID:
    """Record what a committee proposes.

    :raise RolloutRecordUnknown: no such committee.
    :raise RolloutDatesRefused: to come, or before the committee was named.
    """
    refuse_future(made_on, at=at)
    with records.writing() as session:
        _committee(session, committee, since=made_on)
        values = {"committee_id": committee, "made_on": made_on, "text": text}
        return insert_record(session, RolloutKind.PROPOSAL, values, by=by, at=at)


def committee_territory(session: Session, committee: UUID) -> tuple[CommitteeLevel, str]:
    """Level and territory of a committee in force.

    :raise RolloutRecordUnknown: no such committee.
    """
    row = session.execute(
        select(Committee.level, Committee.territory).where(Committee.id == committee, Committee.superseded_at.is_(None))
    ).one_or_none()
    if row is None:
        raise RolloutRecordUnknown(RolloutKind.COMMITTEE.value, committee)
    return row.level, row.territory


def committees(session: Session, *, within: Extent, on: date) -> list[CommitteeLine]:
    """The committees that answer for a part of the extent and no more, by territory, with their members on that day."""
    first, counted = _meetings(session)
    proposals = {
        row[0]: row[1]
        for row in session.execute(
            select(Proposal.committee_id, func.count())
            .where(Proposal.superseded_at.is_(None))
            .group_by(Proposal.committee_id)
        )
    }
    members: dict[UUID, list[MemberLine]] = {}
    asked = (
        select(Member, Holder.name_latin)
        .outerjoin(Holder, Holder.id == Member.holder_id)
        .where(Member.superseded_at.is_(None), Member.starts_on <= on)
        .where(or_(Member.ends_on.is_(None), Member.ends_on > on))
        .order_by(Member.chair.desc(), Member.recorded_at, Member.id)
    )
    for member, name_latin in session.execute(asked):
        members.setdefault(member.committee_id, []).append(_member_line(member, name_latin))
    found = session.scalars(_inside(within).order_by(Committee.territory))
    return [
        CommitteeLine(
            id=each.id,
            level=each.level,
            territory=each.territory,
            deed=each.deed,
            named_on=each.named_on,
            first_meeting=first.get(each.id),
            meetings=counted.get(each.id, 0),
            proposals=proposals.get(each.id, 0),
            members=tuple(members.get(each.id, ())),
        )
        for each in found
    ]


def _inside(within: Extent) -> Select[Committee]:
    asked = select(Committee).where(Committee.superseded_at.is_(None))
    if within.region_code is not None:
        provinces = select(Province.code).where(Province.region_code == within.region_code)
        return asked.where(or_(Committee.region_code == within.region_code, Committee.province_code.in_(provinces)))
    if within.province_code is not None:
        return asked.where(Committee.province_code == within.province_code)
    return asked if within.everywhere else asked.where(false())


def _meetings(session: Session) -> tuple[dict[UUID, date], dict[UUID, int]]:
    rows = session.execute(
        select(Meeting.committee_id, func.min(Meeting.held_on), func.count())
        .where(Meeting.superseded_at.is_(None))
        .group_by(Meeting.committee_id)
    ).all()
    return {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}


def _member_line(member: Member, name_latin: str | None) -> MemberLine:
    name = member.name or name_latin
    assert name is not None
    return MemberLine(
        id=member.id,
        holder=None if member.holder_id is None else HolderId(member.holder_id),
        name=name,
        function=member.function,
        body=member.body,
        chair=member.chair,
        starts_on=member.starts_on,
        ends_on=member.ends_on,
        deed=member.deed,
    )


def _committee(session: Session, committee: UUID, *, since: date) -> None:
    require_current(session, RolloutKind.COMMITTEE, committee)
    named_on = session.scalars(select(Committee.named_on).where(Committee.id == committee)).one()
    if since < named_on:
        raise RolloutDatesRefused(f"the committee was named on {named_on}, after that day")


def _require_member_of(session: Session, member: UUID, committee: UUID) -> None:
    if session.scalar(select(Member.id).where(Member.id == member, Member.committee_id == committee)) is None:
        raise RolloutRecordUnknown(RolloutKind.MEMBER.value, member)
