"""Delegations: who may let whom sign what. Steps; paper deeds come through `proposals`, signed ones from a ceremony."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID, uuid4

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.records import OfficeId, Records
from pki.registration.errors import (
    DelegationExists,
    DelegationRefused,
    DelegationUnknown,
    EndBeforeStart,
    OfficeUnknown,
)
from pki.registration.kinds import ActKind, OfficeFunction
from pki.registration.offices import locked_body
from pki.registration.powers.history import spelled_acts
from pki.registration.powers.kinds import DeedKind, DelegationMode
from pki.registration.powers.tables import Delegation, DelegationEnd
from pki.registration.retroactivity import STRICT, Retroactivity
from pki.registration.rules import DELEGABLE, rule_of
from pki.registration.tables import Body, Office, OfficeEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationDeed:
    """What a deed of delegation says. Both offices are of one body; the days are [starts_on, ends_on)."""

    number: str
    from_office: OfficeId
    to_office: OfficeId
    mode: DelegationMode = DelegationMode.SIGNATURE
    acts: frozenset[ActKind] = DELEGABLE
    sector: str | None = None
    """Of powers: the one sector (organic law 113-14, art. 103)."""
    starts_on: date
    ends_on: date | None = None
    """None: until it is revoked, or either office ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperDeed:
    """The paper that a delegation is recorded from."""

    scan_sha256: str
    bulletin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationRecording:
    """A delegation to be recorded from paper."""

    deed: DelegationDeed
    paper: PaperDeed
    supersedes: UUID | None = None
    """A record of the same two offices that was wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationEnding:
    """A revocation: `ends_on` is the first civil day on which the delegation no longer counts."""

    delegation: UUID
    ends_on: date
    reason: str
    deed: str


_REFUSED: Mapping[OfficeFunction, tuple[str, str]] = MappingProxyType(
    {
        OfficeFunction.DIRECTOR_OF_SERVICES: ("administrative management only, never these acts", "113-14 art. 104"),
        OfficeFunction.PACHA_ASSISTANT: ("in méchouar communes only", "113-14 art. 113"),
    }
)


def refuse_deed(session: Session, deed: DelegationDeed) -> Body:
    """Refuse a delegation that the law does not know; return the body, locked. A step.

    :raise OfficeUnknown: an office is not on record.
    :raise DelegationRefused: with the reason and the article.
    :raise DelegationExists: the body has one of that number.
    """
    giver, taker = _office(session, deed.from_office), _office(session, deed.to_office)
    body = locked_body(session, giver.code)
    rule = rule_of(ActKind.LICENCE, body.kind, body.code)
    if rule is None or not rule.deputies:
        raise DelegationRefused("nobody signs licences for this body", "113-14 art. 101")
    article = rule.delegation_article
    if giver.function not in rule.functions:
        # THREAT: who signs on a delegation passes it on, and nobody knows any more who answers for a licence.
        # DEFENCE: only the office whose own act it is delegates it; a deputy's delegation is refused.
        # TEST: tests/pki/registration/test_delegations.py::test_no_onward_delegation
        raise DelegationRefused("this office has no power of its own to delegate; none is passed on", article)
    if taker.body_id != giver.body_id:
        raise DelegationRefused("the two offices are of different bodies", article)
    if taker.function not in rule.deputies:
        reason, other = _REFUSED.get(taker.function, ("only vice-presidents may receive it", article))
        raise DelegationRefused(reason, other)
    if not deed.acts or not deed.acts <= DELEGABLE:
        raise DelegationRefused("it names no act, or one that is not delegated", article)
    _refuse_days(deed, giver, taker, article)
    if deed.mode is DelegationMode.POWERS:
        _refuse_second_sector(session, deed, article)
    same = select(Delegation.id).where(
        Delegation.body_id == body.id, Delegation.number == deed.number, Delegation.superseded_at.is_(None)
    )
    if session.scalar(same) is not None:
        raise DelegationExists(body.code, deed.number)
    return body


def write_delegation(
    session: Session,
    deed: DelegationDeed,
    *,
    document: str | None = None,
    paper: PaperDeed | None = None,
    supersedes: UUID | None = None,
    by: Actor,
    confirmed_by: Actor | None = None,
    at: datetime,
) -> UUID:
    """Record a delegation, from the document signed here or from paper. A step.

    :param document: the reference of the deed signed in a ceremony.
    :param confirmed_by: of a paper deed: the second officer.
    :raise DelegationRefused: and the other refusals of `refuse_deed`.
    """
    if supersedes is not None:
        _supersede(session, supersedes, deed, at=at)
    body = refuse_deed(session, deed)
    delegation = uuid4()
    session.execute(
        insert(Delegation).values(
            id=delegation,
            body_id=body.id,
            number=deed.number,
            from_office_id=deed.from_office,
            to_office_id=deed.to_office,
            mode=deed.mode,
            acts=spelled_acts(deed.acts),
            sector=deed.sector,
            starts_on=deed.starts_on,
            ends_on=deed.ends_on,
            deed_kind=DeedKind.SIGNED if paper is None else DeedKind.PAPER,
            document_reference=document,
            scan_sha256=None if paper is None else paper.scan_sha256,
            bulletin=None if paper is None else paper.bulletin,
            recorded_at=at,
            recorded_by=str(by),
            confirmed_by=None if confirmed_by is None else str(confirmed_by),
        )
    )
    facts: dict[str, object] = {"number": deed.number, "body": body.code, "mode": deed.mode, "sector": deed.sector}
    facts |= {"from": deed.from_office, "to": deed.to_office, "acts": spelled_acts(deed.acts)}
    facts |= {"starts_on": deed.starts_on, "ends_on": deed.ends_on, "document": document, "supersedes": supersedes}
    facts |= {"scan": None if paper is None else paper.scan_sha256}
    record(session, kind="delegation.recorded", subject=f"delegation:{delegation}", by=by, at=at, facts=facts)
    return delegation


def end_delegation(
    records: Records, *, ending: DelegationEnding, retroactivity: Retroactivity = STRICT, by: Actor, at: datetime
) -> None:
    """Record that a delegation is revoked. A later record takes an earlier one's place.

    :raise DelegationUnknown: no current record of it.
    :raise EndBeforeStart: it would end before it starts.
    :raise SecondOfficerNeeded: its end, or the end that it corrects, lies before today.
    """
    with records.writing() as session:
        for day in (ending.ends_on, current_delegation_end(session, ending.delegation)):
            if day is not None:
                retroactivity.refuse(day, at=at)
        write_delegation_end(session, ending, by=by, at=at)


def write_delegation_end(session: Session, ending: DelegationEnding, *, by: Actor, at: datetime) -> None:
    """Record a revocation; whether it reaches back is not asked. A step.

    :raise DelegationUnknown: and the other refusals of `end_delegation`.
    """
    row = current_delegation(session, ending.delegation)
    locked_body(session, session.scalars(select(Body.code).where(Body.id == row.body_id)).one())
    if ending.ends_on < row.starts_on:
        raise EndBeforeStart(row.starts_on, ending.ends_on)
    session.execute(
        update(DelegationEnd)
        .where(DelegationEnd.delegation_id == ending.delegation, DelegationEnd.superseded_at.is_(None))
        .values(superseded_at=at)
    )
    session.execute(
        insert(DelegationEnd).values(
            id=uuid4(),
            delegation_id=ending.delegation,
            ends_on=ending.ends_on,
            reason=ending.reason,
            deed=ending.deed,
            recorded_at=at,
            recorded_by=str(by),
        )
    )
    facts = {"ends_on": ending.ends_on, "reason": ending.reason, "deed": ending.deed}
    subject = f"delegation:{ending.delegation}"
    record(session, kind="delegation.ended", subject=subject, by=by, at=at, facts=facts)


def current_delegation(session: Session, delegation: UUID) -> Delegation:
    """The record of that id.

    :raise DelegationUnknown: there is none, or another took its place.
    """
    row = session.scalar(select(Delegation).where(Delegation.id == delegation, Delegation.superseded_at.is_(None)))
    if row is None:
        raise DelegationUnknown(delegation)
    return row


def current_delegation_end(session: Session, delegation: UUID) -> date | None:
    """The revocation on record: the first civil day on which it no longer counts."""
    return session.scalar(
        select(DelegationEnd.ends_on).where(
            DelegationEnd.delegation_id == delegation, DelegationEnd.superseded_at.is_(None)
        )
    )


def _office(session: Session, office: OfficeId) -> Row[UUID, OfficeFunction, UUID, date, date, str]:
    row = session.execute(
        select(Office.id, Office.function, Office.body_id, Office.starts_on, OfficeEnd.ends_on, Body.code)
        .join(Body, Body.id == Office.body_id)
        .outerjoin(OfficeEnd, (OfficeEnd.office_id == Office.id) & OfficeEnd.superseded_at.is_(None))
        .where(Office.id == office, Office.superseded_at.is_(None))
    ).one_or_none()
    if row is None:
        raise OfficeUnknown(office)
    return row


def _refuse_days(
    deed: DelegationDeed,
    giver: Row[UUID, OfficeFunction, UUID, date, date, str],
    taker: Row[UUID, OfficeFunction, UUID, date, date, str],
    article: str,
) -> None:
    if deed.ends_on is not None and deed.ends_on <= deed.starts_on:
        raise DelegationRefused("it ends before it starts", article)
    for office in (giver, taker):
        if deed.starts_on < office.starts_on or (office.ends_on is not None and office.ends_on <= deed.starts_on):
            raise DelegationRefused("one of the two offices is not in effect on its first day", article)


def _refuse_second_sector(session: Session, deed: DelegationDeed, article: str) -> None:
    """Powers are of one sector for each vice-president (art. 103)."""
    if not deed.sector:
        raise DelegationRefused("powers are delegated for one sector, and it names none", article)
    ends_on = DelegationEnd.ends_on
    others = (
        select(Delegation.id)
        .outerjoin(
            DelegationEnd, (DelegationEnd.delegation_id == Delegation.id) & DelegationEnd.superseded_at.is_(None)
        )
        .where(
            Delegation.to_office_id == deed.to_office,
            Delegation.mode == DelegationMode.POWERS,
            Delegation.sector != deed.sector,
            Delegation.superseded_at.is_(None),
            or_(Delegation.ends_on.is_(None), Delegation.ends_on > deed.starts_on),
            or_(ends_on.is_(None), (ends_on > deed.starts_on) & (ends_on > Delegation.starts_on)),
        )
    )
    if deed.ends_on is not None:
        others = others.where(Delegation.starts_on < deed.ends_on)
    if session.scalar(others.limit(1)) is not None:
        raise DelegationRefused("this vice-president holds the powers of another sector in that time", article)


def _supersede(session: Session, delegation: UUID, deed: DelegationDeed, *, at: datetime) -> None:
    done = session.execute(
        update(Delegation)
        .where(
            Delegation.id == delegation,
            Delegation.from_office_id == deed.from_office,
            Delegation.to_office_id == deed.to_office,
            Delegation.superseded_at.is_(None),
        )
        .values(superseded_at=at)
        .returning(Delegation.id)
    ).scalar_one_or_none()
    if done is None:
        raise DelegationUnknown(delegation)
