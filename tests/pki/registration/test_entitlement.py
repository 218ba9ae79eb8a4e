"""The one answer, over a matrix of dates: both bounds, recorded later, incomplete registers, what was known when."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from pki.records import HolderId, Records, day_start
from pki.registration.bodies import register_body
from pki.registration.entitlement import Answer, Entitlement, Reason, entitlement
from pki.registration.kinds import ActKind, BodyKind, OfficeFunction
from pki.registration.offices import OfficeRecording, record_office, write_office
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, declared, ended, person, seated

STARTS, ENDS = date(2026, 3, 1), date(2026, 6, 1)
EARLY = datetime(2026, 1, 5, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
MECHOUAR = "06.141.01.81"


def ask(
    records: Records,
    holder: HolderId | None,
    at: datetime,
    *,
    body: str = BERRECHID,
    act: ActKind = ActKind.LICENCE,
    known_at: datetime | None = None,
) -> Entitlement:
    with records.reading() as session:
        return entitlement(session, holder=holder, body_code=body, act=act, at=at, known_at=known_at)


def declare(records: Records, complete_from: date, body: str = BERRECHID, at: datetime = EARLY) -> None:
    declared(records, body, complete_from, at=at)


# What stands on record before each row of the matrix: an office from STARTS, recorded EARLY, and ...
NEVER, BEFORE, AT_ONCE, AFTER = None, timedelta(days=-30), timedelta(0), timedelta(days=30)
Y, N, U = Answer.YES, Answer.NO, Answer.UNKNOWN


@pytest.mark.parametrize(
    ("end_recorded", "complete", "at", "expected"),
    [
        # Never ended. The first day counts from its first instant in Casablanca, the day before does not.
        (NEVER, True, day_start(STARTS), (Y, Reason.OFFICE_CURRENT)),
        (NEVER, False, day_start(STARTS), (Y, Reason.OFFICE_CURRENT)),
        (NEVER, True, day_start(STARTS) - INSTANT, (N, Reason.NO_OFFICE)),
        (NEVER, False, day_start(STARTS) - INSTANT, (U, Reason.REGISTER_INCOMPLETE)),
        (NEVER, True, day_start(ENDS) + timedelta(days=900), (Y, Reason.OFFICE_CURRENT)),
        # Ended, recorded thirty days before its effect: in office to the last instant of the last day.
        (BEFORE, True, day_start(ENDS) - INSTANT, (Y, Reason.OFFICE_CURRENT)),
        (BEFORE, True, day_start(ENDS), (N, Reason.OFFICE_ENDED)),
        (BEFORE, False, day_start(ENDS), (N, Reason.OFFICE_ENDED)),
        (BEFORE, False, day_start(ENDS) - INSTANT, (Y, Reason.OFFICE_CURRENT)),
        # Ended, recorded at the first instant out of office.
        (AT_ONCE, False, day_start(ENDS), (N, Reason.OFFICE_ENDED)),
        (AT_ONCE, False, day_start(ENDS) - INSTANT, (Y, Reason.OFFICE_CURRENT)),
        # Ended, recorded thirty days after: in between nobody could know.
        (AFTER, True, day_start(ENDS) - INSTANT, (Y, Reason.OFFICE_CURRENT)),
        (AFTER, True, day_start(ENDS), (U, Reason.OFFICE_ENDED_RECORDED_LATER)),
        (AFTER, False, day_start(ENDS), (U, Reason.OFFICE_ENDED_RECORDED_LATER)),
        (AFTER, True, day_start(ENDS) + AFTER - INSTANT, (U, Reason.OFFICE_ENDED_RECORDED_LATER)),
        (AFTER, True, day_start(ENDS) + AFTER, (N, Reason.OFFICE_ENDED)),
        (AFTER, False, day_start(ENDS) + AFTER, (N, Reason.OFFICE_ENDED)),
    ],
)
def test_date_matrix(
    sqlite_records: Records,
    end_recorded: timedelta | None,
    complete: bool,
    at: datetime,
    expected: tuple[Answer, Reason],
) -> None:
    holder, office = seated(sqlite_records, function=OfficeFunction.PRESIDENT, starts_on=STARTS, at=EARLY)
    if complete:
        declare(sqlite_records, date(2021, 9, 24))
    if end_recorded is not None:
        ended(sqlite_records, office, ENDS, at=day_start(ENDS) + end_recorded)
    got = ask(sqlite_records, holder, at)
    assert (got.answer, got.reason) == expected
    assert got.article == "113-14 art. 101"
    if got.answer is Y:
        assert (got.office, got.function) == (office, OfficeFunction.PRESIDENT)
        assert got.chain == (f"president@{BERRECHID}",)


@pytest.mark.parametrize(
    ("day", "answer"),
    [(date(2026, 2, 28), Answer.UNKNOWN), (date(2026, 3, 1), Answer.NO), (date(2026, 3, 2), Answer.NO)],
)
def test_declared_day_is_inside(sqlite_records: Records, day: date, answer: Answer) -> None:
    declare(sqlite_records, date(2026, 3, 1))
    holder = person(sqlite_records)
    assert ask(sqlite_records, holder, day_start(day)).answer is answer
    assert ask(sqlite_records, None, day_start(day)).answer is answer


def test_earliest_declaration_counts(sqlite_records: Records) -> None:
    declare(sqlite_records, date(2026, 3, 1))
    declare(sqlite_records, date(2025, 1, 1))
    assert ask(sqlite_records, None, day_start(date(2025, 1, 1))).answer is Answer.NO


def test_office_recorded_after_its_signature(sqlite_records: Records) -> None:
    """In effect, so yes; and the answer says that it was recorded later."""
    late = datetime(2026, 5, 1, tzinfo=UTC)
    holder, _ = seated(sqlite_records, function=OfficeFunction.PRESIDENT, starts_on=STARTS, at=late)
    got = ask(sqlite_records, holder, day_start(STARTS))
    assert (got.answer, got.reason, got.recorded_at) == (Answer.YES, Reason.OFFICE_RECORDED_LATER, late)
    declare(sqlite_records, STARTS)
    then = ask(sqlite_records, holder, day_start(STARTS), known_at=late - INSTANT)
    assert (then.answer, then.reason) == (Answer.NO, Reason.NO_OFFICE)
    assert ask(sqlite_records, holder, day_start(STARTS), known_at=late).answer is Answer.YES


def test_what_was_known_when(sqlite_records: Records) -> None:
    holder, office = seated(sqlite_records, function=OfficeFunction.PRESIDENT, starts_on=STARTS, at=EARLY)
    recorded = day_start(ENDS) + timedelta(days=30)
    ended(sqlite_records, office, ENDS, at=recorded)
    at = day_start(ENDS) + timedelta(days=5)
    assert ask(sqlite_records, holder, at).reason is Reason.OFFICE_ENDED_RECORDED_LATER
    assert ask(sqlite_records, holder, at, known_at=recorded - INSTANT).reason is Reason.OFFICE_CURRENT
    assert ask(sqlite_records, holder, at, known_at=recorded).reason is Reason.OFFICE_ENDED_RECORDED_LATER


def test_corrected_end(sqlite_records: Records) -> None:
    """A later record takes the place of the earlier one; both stay, and what was known then still counts."""
    holder, office = seated(sqlite_records, function=OfficeFunction.PRESIDENT, starts_on=STARTS, at=EARLY)

    def end(ends_on: date, at: datetime) -> None:
        ended(sqlite_records, office, ends_on, at=at)

    end(ENDS, day_start(ENDS))
    signed = day_start(ENDS) + timedelta(days=10)
    assert ask(sqlite_records, holder, signed).reason is Reason.OFFICE_ENDED
    corrected = signed + timedelta(days=10)
    end(ENDS + timedelta(days=1), corrected)
    # Ended either way, and the register said so when he signed.
    assert ask(sqlite_records, holder, signed).reason is Reason.OFFICE_ENDED
    assert ask(sqlite_records, holder, day_start(ENDS)).reason is Reason.OFFICE_CURRENT
    end(ENDS + timedelta(days=60), corrected + timedelta(days=1))
    assert ask(sqlite_records, holder, signed).reason is Reason.OFFICE_CURRENT
    assert ask(sqlite_records, holder, signed, known_at=signed).reason is Reason.OFFICE_ENDED


def test_superseded_office(sqlite_records: Records) -> None:
    holder, wrong = seated(sqlite_records, function=OfficeFunction.PRESIDENT, starts_on=STARTS, at=EARLY)
    later = datetime(2026, 4, 1, tzinfo=UTC)
    corrected = OfficeRecording(
        holder=holder,
        body_code=BERRECHID,
        function=OfficeFunction.PRESIDENT,
        starts_on=date(2026, 3, 10),
        deed="PV corrected",
        supersedes=wrong,
    )
    with sqlite_records.writing() as session:
        right = write_office(session, corrected, by=OFFICER, at=later)
    assert ask(sqlite_records, holder, day_start(STARTS)).answer is Answer.UNKNOWN
    assert ask(sqlite_records, holder, day_start(STARTS), known_at=EARLY).office == wrong
    assert ask(sqlite_records, holder, later).office == right


@pytest.mark.parametrize(
    ("function", "body", "act", "expected"),
    [
        (OfficeFunction.PRESIDENT, BERRECHID, ActKind.LICENCE, (Y, Reason.OFFICE_CURRENT)),
        (OfficeFunction.PRESIDENT, BERRECHID, ActKind.REFUSAL, (Y, Reason.OFFICE_CURRENT)),
        (OfficeFunction.PRESIDENT, BERRECHID, ActKind.OPINION, (N, Reason.FUNCTION_MAY_NOT)),
        (OfficeFunction.PRESIDENT, BERRECHID, ActKind.KEY_ACCEPTANCE, (Y, Reason.OFFICE_CURRENT)),
        (OfficeFunction.COMMITTEE_MEMBER, BERRECHID, ActKind.LICENCE, (N, Reason.FUNCTION_MAY_NOT)),
        (OfficeFunction.COMMITTEE_MEMBER, BERRECHID, ActKind.OPINION, (Y, Reason.OFFICE_CURRENT)),
        (OfficeFunction.COMMITTEE_MEMBER, BERRECHID, ActKind.MINUTES, (Y, Reason.OFFICE_CURRENT)),
        (OfficeFunction.SECRETARY, BERRECHID, ActKind.MINUTES, (Y, Reason.OFFICE_CURRENT)),
        (OfficeFunction.SECRETARY, BERRECHID, ActKind.OPINION, (N, Reason.FUNCTION_MAY_NOT)),
        (OfficeFunction.DIRECTOR_OF_SERVICES, BERRECHID, ActKind.LICENCE, (N, Reason.FUNCTION_MAY_NOT)),
        (OfficeFunction.COMMITTEE_MEMBER, BERRECHID_PROVINCE, ActKind.OPINION, (Y, Reason.OFFICE_CURRENT)),
        (OfficeFunction.GOVERNOR, BERRECHID_PROVINCE, ActKind.LICENCE, (N, Reason.ACT_NOT_OF_BODY)),
        # Art. 113: in a méchouar commune the pacha has the president's powers.
        (OfficeFunction.PACHA, MECHOUAR, ActKind.LICENCE, (Y, Reason.OFFICE_CURRENT)),
        (OfficeFunction.PRESIDENT, MECHOUAR, ActKind.LICENCE, (N, Reason.FUNCTION_MAY_NOT)),
        (OfficeFunction.PACHA_ASSISTANT, MECHOUAR, ActKind.LICENCE, (U, Reason.DELEGATION_NOT_RECORDED)),
    ],
)
def test_functions(
    sqlite_records: Records, function: OfficeFunction, body: str, act: ActKind, expected: tuple[Answer, Reason]
) -> None:
    holder, _ = seated(sqlite_records, body, function, at=EARLY)
    declare(sqlite_records, date(2021, 9, 24), body)
    got = ask(sqlite_records, holder, EARLY, body=body, act=act)
    assert (got.answer, got.reason) == expected


def test_vice_president_may_hold_a_delegation_that_is_not_kept_here(sqlite_records: Records) -> None:
    holder = person(sqlite_records)
    record_office(
        sqlite_records,
        holder=holder,
        body_code=BERRECHID,
        function=OfficeFunction.VICE_PRESIDENT,
        rank=1,
        starts_on=STARTS,
        deed="PV",
        by=OFFICER,
        at=EARLY,
    )
    declare(sqlite_records, STARTS)
    got = ask(sqlite_records, holder, day_start(STARTS))
    assert (got.answer, got.reason) == (Answer.UNKNOWN, Reason.DELEGATION_NOT_RECORDED)


def test_wrong_function_in_an_incomplete_register_is_not_a_no(sqlite_records: Records) -> None:
    """He may hold another office that is not on record."""
    holder, _ = seated(sqlite_records)
    got = ask(sqlite_records, holder, EARLY)
    assert (got.answer, got.reason) == (Answer.UNKNOWN, Reason.REGISTER_INCOMPLETE)


def test_office_elsewhere_does_not_count(sqlite_records: Records) -> None:
    holder, _ = seated(sqlite_records, "06.117.01.05", OfficeFunction.PRESIDENT)
    declare(sqlite_records, date(2021, 9, 24))
    assert ask(sqlite_records, holder, EARLY).reason is Reason.NO_OFFICE


def test_agency_member(records: Records) -> None:
    register_body(
        records,
        code="AU-BERRECHID",
        kind=BodyKind.URBAN_AGENCY,
        name_fr="Agence urbaine",
        name_ar="الوكالة الحضرية",
        province_code=BERRECHID_PROVINCE,
        by=OFFICER,
        at=EARLY,
    )
    holder, office = seated(records, "AU-BERRECHID")
    got = ask(records, holder, EARLY, body="AU-BERRECHID", act=ActKind.OPINION)
    assert (got.answer, got.office, got.article) == (Answer.YES, office, "RGC art. 29")


def test_unknown_body(sqlite_records: Records) -> None:
    got = ask(sqlite_records, person(sqlite_records), EARLY, body="99.999.01.01")
    assert (got.answer, got.reason) == (Answer.UNKNOWN, Reason.BODY_UNKNOWN)


def test_second_office_after_an_ended_one(sqlite_records: Records) -> None:
    """Re-elected: the ended office says no, the current one says yes; yes is the answer."""
    holder, first = seated(sqlite_records, function=OfficeFunction.PRESIDENT, starts_on=STARTS, at=EARLY)
    ended(sqlite_records, first, ENDS, at=day_start(ENDS))
    _, second = seated(
        sqlite_records, function=OfficeFunction.PRESIDENT, holder=holder, starts_on=ENDS, at=day_start(ENDS)
    )
    got = ask(sqlite_records, holder, day_start(ENDS))
    assert (got.answer, got.office) == (Answer.YES, second)


def test_asks_nothing_of_the_clock(sqlite_records: Records) -> None:
    """The same question has the same answer whatever the session did before."""
    holder, _ = seated(sqlite_records, function=OfficeFunction.PRESIDENT, starts_on=STARTS, at=EARLY)

    def once(session: Session) -> Entitlement:
        return entitlement(
            session, holder=holder, body_code=BERRECHID, act=ActKind.LICENCE, at=day_start(STARTS), known_at=EARLY
        )

    with sqlite_records.reading() as session:
        assert once(session) == once(session)


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("signed", [date(2026, 4, 1), date(2026, 6, 1)])
def test_a_record_that_is_replaced_voids_nothing(sqlite_records: Records, complete: bool, signed: date) -> None:
    """He was on record when he signed: that the record was wrong, or is said to be, leaves a doubt, never a no."""
    holder, office = seated(sqlite_records, function=OfficeFunction.PRESIDENT, starts_on=STARTS, at=EARLY)
    if complete:
        declare(sqlite_records, date(2021, 9, 24))
    corrected = datetime(2026, 7, 1, tzinfo=UTC)
    recording = OfficeRecording(
        holder=holder,
        body_code=BERRECHID,
        function=OfficeFunction.PRESIDENT,
        starts_on=date(2026, 7, 1),
        deed="PV 2",
        supersedes=office,
    )
    with sqlite_records.writing() as session:
        write_office(session, recording, by=OFFICER, at=corrected)
    got = ask(sqlite_records, holder, day_start(signed))
    assert (got.answer, got.reason) == (Answer.UNKNOWN, Reason.OFFICE_ENDED_RECORDED_LATER)
    assert got.recorded_at == corrected
    assert ask(sqlite_records, holder, day_start(STARTS) - INSTANT).answer is (
        Answer.NO if complete else Answer.UNKNOWN
    )
    assert ask(sqlite_records, holder, corrected).answer is Answer.YES
    known = ask(sqlite_records, holder, day_start(signed), known_at=corrected - INSTANT)
    assert known.answer is Answer.YES


def test_a_record_that_ended_before_it_was_replaced_says_no(sqlite_records: Records) -> None:
    holder, office = seated(sqlite_records, function=OfficeFunction.PRESIDENT, starts_on=STARTS, at=EARLY)
    ended(sqlite_records, office, date(2026, 4, 1), at=EARLY)
    declare(sqlite_records, date(2021, 9, 24))
    recording = OfficeRecording(
        holder=holder,
        body_code=BERRECHID,
        function=OfficeFunction.COMMITTEE_MEMBER,
        starts_on=date(2026, 7, 1),
        deed="PV 2",
        supersedes=office,
    )
    with sqlite_records.writing() as session:
        write_office(session, recording, by=OFFICER, at=datetime(2026, 7, 1, tzinfo=UTC))
    assert ask(sqlite_records, holder, day_start(ENDS)).answer is Answer.NO
