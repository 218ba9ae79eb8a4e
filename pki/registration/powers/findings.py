"""Findings: absence over a month, substitution by the governor, special committees. Steps, called by `proposals`.

What a special committee may sign is what the act that named it says: nothing is a current affair by itself.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.records import OfficeId
from pki.registration.errors import FindingRefused, FindingUnknown, OfficeUnknown
from pki.registration.kinds import MECHOUAR_COMMUNES, ActKind, BodyKind, OfficeFunction
from pki.registration.offices import locked_body
from pki.registration.powers.history import spelled_acts
from pki.registration.powers.kinds import FindingKind
from pki.registration.powers.tables import Finding
from pki.registration.rules import DELEGABLE
from pki.registration.tables import Body, Office, OfficeEnd

_ARTICLES = {
    FindingKind.ABSENCE: "113-14 art. 109",
    FindingKind.SUBSTITUTION: "113-14 art. 76",
    FindingKind.SPECIAL_COMMITTEE: "113-14 art. 74",
}
_MAY_BE_ABSENT = frozenset({OfficeFunction.PRESIDENT, OfficeFunction.VICE_PRESIDENT, OfficeFunction.PACHA})


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecording:
    """A finding to be recorded, in effect on the civil days [starts_on, ends_on); None: until further notice."""

    kind: FindingKind
    body_code: str
    office: OfficeId | None = None
    """Whose place is taken; None for a special committee."""
    replacement: OfficeId | None = None
    """Of a president's absence when no vice-president is there: the councillor who replaces him, the longest-serving,
    then the oldest, as the finding says. None: by rank."""
    number: str
    acts: frozenset[ActKind] = frozenset()
    """Of a substitution: the acts he refused to do. Of a special committee: those that its act counts as current
    affairs, maybe none. Of an absence: left empty, the replacement has all powers."""
    starts_on: date
    ends_on: date | None = None
    deed: str
    scan_sha256: str
    supersedes: UUID | None = None
    """An earlier record of the same finding: its end became known, or it was wrong."""


def write_finding(
    session: Session, recording: FindingRecording, *, by: Actor, confirmed_by: Actor, at: datetime
) -> UUID:
    """Record a finding. A step.

    :raise FindingRefused: the law does not know it; with the reason and the article.
    :raise FindingUnknown: no current record of the finding that it takes the place of.
    """
    body = locked_body(session, recording.body_code)
    if recording.supersedes is not None:
        _supersede(session, recording, body, at=at)
    acts = _accepted(session, body, recording)
    finding = uuid4()
    session.execute(
        insert(Finding).values(
            id=finding,
            kind=recording.kind,
            body_id=body.id,
            office_id=recording.office,
            replacement_id=recording.replacement,
            number=recording.number,
            acts=spelled_acts(acts),
            starts_on=recording.starts_on,
            ends_on=recording.ends_on,
            deed=recording.deed,
            scan_sha256=recording.scan_sha256,
            recorded_at=at,
            recorded_by=str(by),
            confirmed_by=str(confirmed_by),
        )
    )
    facts: dict[str, object] = {"kind": recording.kind, "body": body.code, "office": recording.office}
    facts["replacement"] = recording.replacement
    facts |= {"number": recording.number, "acts": spelled_acts(acts), "scan": recording.scan_sha256}
    facts |= {"starts_on": recording.starts_on, "ends_on": recording.ends_on, "supersedes": recording.supersedes}
    record(session, kind="finding.recorded", subject=f"finding:{finding}", by=by, at=at, facts=facts)
    return finding


def current_finding(session: Session, finding: UUID) -> Finding:
    """The record of that id.

    :raise FindingUnknown: there is none, or another took its place.
    """
    row = session.scalar(select(Finding).where(Finding.id == finding, Finding.superseded_at.is_(None)))
    if row is None:
        raise FindingUnknown(finding)
    return row


def a_month_after(day: date) -> date:
    """The same day of the next month, or its last day; the last of the calendar has none after it."""
    if (day.year, day.month) == (date.max.year, date.max.month):
        return date.max
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)  # noqa: PLR2004 - December
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _accepted(session: Session, body: Body, recording: FindingRecording) -> frozenset[ActKind]:
    """The acts that the finding gives to another."""
    article = _ARTICLES[recording.kind]
    if recording.ends_on is not None and recording.ends_on <= recording.starts_on:
        raise FindingRefused("it ends before it starts", article)
    if not recording.acts <= DELEGABLE:
        raise FindingRefused("it names an act that nobody signs in another's place", article)
    _refuse_twice(session, body, recording, article)
    if recording.replacement is not None and recording.kind is not FindingKind.ABSENCE:
        raise FindingRefused("only of an absence does a councillor take the place", article)
    if recording.kind is FindingKind.SPECIAL_COMMITTEE:
        if recording.office is not None or body.kind is not BodyKind.COMMUNE or body.code in MECHOUAR_COMMUNES:
            raise FindingRefused("a special committee sits in the place of a commune's council", article)
        return recording.acts
    function = _function(session, body, recording, article)
    if recording.kind is FindingKind.SUBSTITUTION:
        if function is not OfficeFunction.PRESIDENT or body.kind is not BodyKind.COMMUNE or not recording.acts:
            raise FindingRefused("the governor does named acts in the place of a commune's president", article)
        return recording.acts
    return _accepted_absence(session, body, recording, function, article)


def _accepted_absence(
    session: Session, body: Body, recording: FindingRecording, function: OfficeFunction, article: str
) -> frozenset[ActKind]:
    if function not in _MAY_BE_ABSENT or body.kind is not BodyKind.COMMUNE:
        raise FindingRefused("nobody takes this office's place by law", article)
    if recording.ends_on is not None and recording.ends_on <= a_month_after(recording.starts_on):
        raise FindingRefused("an absence of a month or less is no replacement: delegate instead", article)
    if recording.acts:
        raise FindingRefused("the replacement has all powers: it names none", article)
    if recording.replacement is not None:
        _accept_councillor(session, body, recording, function, article)
    return DELEGABLE


def _accept_councillor(
    session: Session, body: Body, recording: FindingRecording, absent: OfficeFunction, article: str
) -> None:
    """A councillor of the same council, in office, and no vice-president on record who is there on the first day."""
    if absent is not OfficeFunction.PRESIDENT or body.code in MECHOUAR_COMMUNES:
        raise FindingRefused("a councillor takes the place of a commune's president alone", article)
    named = _in_effect(session, body, recording.replacement, on=recording.starts_on, article=article)
    if named is not OfficeFunction.COUNCILLOR:
        raise FindingRefused("it names somebody who is no councillor: the others replace him by rank", article)
    absences = select(Finding.office_id).where(
        Finding.kind == FindingKind.ABSENCE,
        Finding.body_id == body.id,
        Finding.superseded_at.is_(None),
        Finding.starts_on <= recording.starts_on,
        or_(Finding.ends_on.is_(None), Finding.ends_on > recording.starts_on),
    )
    there = (
        select(Office.id)
        .outerjoin(OfficeEnd, (OfficeEnd.office_id == Office.id) & OfficeEnd.superseded_at.is_(None))
        .where(Office.body_id == body.id, Office.function == OfficeFunction.VICE_PRESIDENT)
        .where(Office.superseded_at.is_(None), Office.starts_on <= recording.starts_on)
        .where(or_(OfficeEnd.ends_on.is_(None), OfficeEnd.ends_on > recording.starts_on))
        .where(Office.id.not_in(absences))
    )
    # THREAT: a finding hands the president's powers to a friend on the council, past the vice-presidents.
    # DEFENCE: refused while a vice-president on record is there; while one comes back later, the turn is his again.
    # TEST: tests/pki/registration/test_findings.py::test_a_councillor_only_when_no_vice_president_is_there
    if session.scalar(there.limit(1)) is not None:
        raise FindingRefused("a vice-president is there: he takes the place by rank", article)


def _function(session: Session, body: Body, recording: FindingRecording, article: str) -> OfficeFunction:
    """The function of the office whose place is taken; it is in effect on the first day."""
    if recording.office is None:
        raise FindingRefused("it names nobody whose place is taken", article)
    return _in_effect(session, body, recording.office, on=recording.starts_on, article=article)


def _in_effect(session: Session, body: Body, office: OfficeId | None, *, on: date, article: str) -> OfficeFunction:
    """The function of an office of that body in effect on that day."""
    assert office is not None
    row = session.execute(
        select(Office.function, Office.starts_on, OfficeEnd.ends_on)
        .outerjoin(OfficeEnd, (OfficeEnd.office_id == Office.id) & OfficeEnd.superseded_at.is_(None))
        .where(Office.id == office, Office.body_id == body.id, Office.superseded_at.is_(None))
    ).one_or_none()
    if row is None:
        raise OfficeUnknown(office)
    if on < row.starts_on or (row.ends_on is not None and row.ends_on <= on):
        raise FindingRefused("that office is not in effect on its first day", article)
    function: OfficeFunction = row.function
    return function


def _refuse_twice(session: Session, body: Body, recording: FindingRecording, article: str) -> None:
    others = select(Finding.id).where(
        Finding.body_id == body.id,
        Finding.kind == recording.kind,
        Finding.office_id.is_(None) if recording.office is None else Finding.office_id == recording.office,
        Finding.superseded_at.is_(None),
        or_(Finding.ends_on.is_(None), Finding.ends_on > recording.starts_on),
    )
    if recording.ends_on is not None:
        others = others.where(Finding.starts_on < recording.ends_on)
    if session.scalar(others.limit(1)) is not None:
        raise FindingRefused("the same was found for some of these days already: take that record's place", article)


def _supersede(session: Session, recording: FindingRecording, body: Body, *, at: datetime) -> None:
    office = Finding.office_id.is_(None) if recording.office is None else Finding.office_id == recording.office
    done = session.execute(
        update(Finding)
        .where(Finding.id == recording.supersedes, Finding.kind == recording.kind, Finding.body_id == body.id, office)
        .where(Finding.superseded_at.is_(None))
        .values(superseded_at=at)
        .returning(Finding.id)
    ).scalar_one_or_none()
    if done is None:
        assert recording.supersedes is not None
        raise FindingUnknown(recording.supersedes)
