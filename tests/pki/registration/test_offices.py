"""Offices: dated, one president at a time, superseded and never edited."""

import dataclasses
import threading
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from pki.records import HolderId, OfficeId, Records
from pki.registration.errors import (
    BodyUnknown,
    EndBeforeStart,
    FunctionNotInBody,
    HolderInOffice,
    HolderUnknown,
    OfficeOccupied,
    OfficeUnknown,
    RankRefused,
)
from pki.registration.kinds import OfficeFunction
from pki.registration.office_records import office_records
from pki.registration.offices import OfficeRecording, current_end, record_office, write_office
from pki.registration.tables import Office, OfficeEnd
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, T0, ended, person, seated

PRESIDENT = OfficeFunction.PRESIDENT


def record(
    records: Records,
    holder: HolderId,
    body: str = BERRECHID,
    function: OfficeFunction = PRESIDENT,
    *,
    rank: int | None = None,
    starts_on: date = date(2026, 1, 1),
) -> OfficeId:
    return record_office(
        records,
        holder=holder,
        body_code=body,
        function=function,
        rank=rank,
        starts_on=starts_on,
        deed="PV",
        by=OFFICER,
        at=T0,
    )


def end(records: Records, office: OfficeId, ends_on: date) -> None:
    ended(records, office, ends_on)


def test_second_president_is_refused_until_the_first_ended(records: Records) -> None:
    _, first = seated(records, function=PRESIDENT)
    successor = person(records)
    with pytest.raises(OfficeOccupied) as refused:
        record(records, successor)
    assert refused.value.occupant == first
    end(records, first, date(2026, 2, 1))
    with pytest.raises(OfficeOccupied):
        record(records, successor, starts_on=date(2026, 1, 31))
    record(records, successor, starts_on=date(2026, 2, 1))


def test_corrected_end_does_not_reach_into_the_successors_time(records: Records) -> None:
    _, first = seated(records, function=PRESIDENT)
    end(records, first, date(2026, 2, 1))
    record(records, person(records), starts_on=date(2026, 2, 1))
    end(records, first, date(2026, 1, 15))
    with pytest.raises(OfficeOccupied):
        end(records, first, date(2026, 2, 2))


def test_two_presidents_at_once(records: Records) -> None:
    candidates, outcomes = [person(records) for _ in range(8)], []
    start = threading.Barrier(len(candidates))

    def run(holder: HolderId) -> None:
        start.wait()
        try:
            record(records, holder)
            outcomes.append("recorded")
        except Exception as error:  # noqa: BLE001
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=run, args=(holder,)) for holder in candidates]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["OfficeOccupied"] * 7 + ["recorded"]


def test_committee_members_are_many(records: Records) -> None:
    for _ in range(3):
        record(records, person(records), function=OfficeFunction.COMMITTEE_MEMBER)


def test_presidents_of_two_communes(sqlite_records: Records) -> None:
    record(sqlite_records, person(sqlite_records))
    record(sqlite_records, person(sqlite_records), body="06.117.01.05")


@pytest.mark.parametrize(
    ("body", "function"),
    [
        (BERRECHID, OfficeFunction.GOVERNOR),
        (BERRECHID_PROVINCE, OfficeFunction.PRESIDENT),
        (BERRECHID, OfficeFunction.PACHA),
    ],
)
def test_function_that_the_body_has_not(sqlite_records: Records, body: str, function: OfficeFunction) -> None:
    with pytest.raises(FunctionNotInBody):
        record(sqlite_records, person(sqlite_records), body, function)


@pytest.mark.parametrize(
    ("function", "rank"), [(OfficeFunction.VICE_PRESIDENT, None), (OfficeFunction.VICE_PRESIDENT, 0), (PRESIDENT, 1)]
)
def test_rank(sqlite_records: Records, function: OfficeFunction, rank: int | None) -> None:
    with pytest.raises(RankRefused):
        record(sqlite_records, person(sqlite_records), function=function, rank=rank)


def test_end_before_start(sqlite_records: Records) -> None:
    office = record(sqlite_records, person(sqlite_records))
    with pytest.raises(EndBeforeStart):
        end(sqlite_records, office, date(2025, 12, 31))


def test_unknown_names(sqlite_records: Records) -> None:
    nobody, nothing = HolderId(uuid4()), OfficeId(uuid4())
    with pytest.raises(HolderUnknown):
        record(sqlite_records, nobody)
    with pytest.raises(BodyUnknown):
        record(sqlite_records, person(sqlite_records), body="99.99")
    with pytest.raises(OfficeUnknown):
        end(sqlite_records, nothing, date(2026, 1, 1))


def test_every_end_stays_on_record(records: Records) -> None:
    office = record(records, person(records))
    for day in (1, 2, 3):
        end(records, office, date(2026, 5, day))
    with records.reading() as session:
        count = func.count()
        assert session.scalar(select(count).select_from(OfficeEnd)) == 3
        current = select(OfficeEnd.ends_on).where(OfficeEnd.superseded_at.is_(None))
        assert session.scalars(current).one() == date(2026, 5, 3)


_OFFICES_ARE_NEVER_EDITED = [
    "UPDATE office SET starts_on = '2020-01-01'",
    "UPDATE office SET deed = 'another'",
    "DELETE FROM office",
    "UPDATE office_end SET ends_on = '2020-01-01'",
    "DELETE FROM office_end",
    "UPDATE office_end SET superseded_at = NULL WHERE superseded_at IS NOT NULL",
]


def test_offices_are_never_edited(records: Records) -> None:
    office = record(records, person(records))
    end(records, office, date(2026, 5, 1))
    end(records, office, date(2026, 5, 2))
    for statement in _OFFICES_ARE_NEVER_EDITED:
        with pytest.raises(DBAPIError, match="append-only"), records.writing() as session:
            session.connection().exec_driver_sql(statement)


def test_refused_correction_changes_nothing(records: Records) -> None:
    holder, office = seated(records, function=PRESIDENT)
    with pytest.raises(OfficeUnknown):
        record_office(
            records,
            holder=person(records),
            body_code=BERRECHID,
            function=PRESIDENT,
            starts_on=T0.date(),
            deed="PV",
            supersedes=office,
            by=OFFICER,
            at=T0,
        )
    with records.reading() as session:
        assert session.scalars(select(Office.holder_id).where(Office.superseded_at.is_(None))).all() == [holder]


def test_every_record_is_shown_with_both_its_times(records: Records) -> None:
    holder, day, later = person(records, name="Karim Alami"), T0.date(), T0 + timedelta(hours=1)
    wrong = record(records, holder, starts_on=day)
    ended(records, wrong, day + timedelta(days=8))
    ended(records, wrong, day + timedelta(days=9), at=later)
    right = record_office(
        records,
        holder=holder,
        body_code=BERRECHID,
        function=PRESIDENT,
        starts_on=day + timedelta(days=1),
        deed="PV 2",
        supersedes=wrong,
        by=OFFICER,
        at=later,
    )
    with records.reading() as session:
        found = {each.office: each for each in office_records(session, body_code=BERRECHID, after=None, limit=9)}
        first, second = sorted(found)
        assert [each.office for each in office_records(session, body_code=BERRECHID, after=None, limit=1)] == [first]
        assert [each.office for each in office_records(session, body_code=BERRECHID, after=first, limit=9)] == [second]
        assert office_records(session, body_code=BERRECHID_PROVINCE, after=None, limit=9) == []
    assert (found[wrong].superseded_at, found[right].superseded_at) == (later, None)
    assert (found[wrong].name_latin, found[wrong].recorded_at) == ("Karim Alami", T0)
    assert [(each.ends_on, each.recorded_at, each.superseded_at) for each in found[wrong].ends] == [
        (day + timedelta(days=8), T0, later),
        (day + timedelta(days=9), later, None),
    ]
    assert [(each.ends_on, each.recorded_at) for each in found[right].ends] == [(day + timedelta(days=9), later)]


def test_a_corrected_office_ends_when_it_did(records: Records) -> None:
    """Its holder is not in office again by it, and whoever came after him keeps the place."""
    holder, day = person(records), T0.date()
    wrong = record(records, holder, starts_on=day)
    ended(records, wrong, day + timedelta(days=8))
    after = record(records, person(records), starts_on=day + timedelta(days=8))
    recording = OfficeRecording(
        holder=holder, body_code=BERRECHID, function=PRESIDENT, starts_on=day, deed="PV 2", supersedes=wrong
    )
    with records.writing() as session:
        right = write_office(session, recording, by=OFFICER, at=T0)
        assert current_end(session, right) == day + timedelta(days=8)
    with pytest.raises(OfficeOccupied):
        record(records, person(records), starts_on=day + timedelta(days=9))
    ended(records, after, day + timedelta(days=20))
    late = dataclasses.replace(recording, supersedes=right, starts_on=day + timedelta(days=9))
    with pytest.raises(EndBeforeStart), records.writing() as session:
        write_office(session, late, by=OFFICER, at=T0)


def test_a_rank_is_one_persons(records: Records) -> None:
    record(records, person(records), function=OfficeFunction.VICE_PRESIDENT, rank=1)
    record(records, person(records), function=OfficeFunction.VICE_PRESIDENT, rank=2)
    record(records, person(records), function=OfficeFunction.VICE_PRESIDENT, rank=1, body="06.117.01.05")
    with pytest.raises(OfficeOccupied):
        record(records, person(records), function=OfficeFunction.VICE_PRESIDENT, rank=1)


@pytest.mark.parametrize(
    ("body", "function", "rank"),
    [
        (BERRECHID, OfficeFunction.VICE_PRESIDENT, 1),
        ("06.117.01.05", PRESIDENT, None),
        ("06.117.01.05", OfficeFunction.VICE_PRESIDENT, 3),
    ],
)
def test_a_president_sits_in_one_bureau(
    records: Records, body: str, function: OfficeFunction, rank: int | None
) -> None:
    holder, first = seated(records, function=PRESIDENT)
    with pytest.raises(HolderInOffice) as refused:
        record(records, holder, body, function, rank=rank)
    assert refused.value.office == first
    end(records, first, date(2026, 1, 1))
    second = record(records, holder, body, function, rank=rank)
    end(records, first, date(2025, 12, 1))
    with pytest.raises(HolderInOffice):
        end(records, first, date(2026, 1, 2))
    end(records, second, date(2026, 5, 1))


def test_two_bureaus_at_once(records: Records) -> None:
    """Two officers in two communes: the person's own row decides."""
    holder, outcomes = person(records), []
    start = threading.Barrier(4)

    def run(body: str) -> None:
        start.wait()
        try:
            record(records, holder, body)
            outcomes.append("recorded")
        except HolderInOffice:
            outcomes.append("refused")

    threads = [threading.Thread(target=run, args=(f"06.117.01.{n:02}",)) for n in (3, 5, 7, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["recorded", "refused", "refused", "refused"]


def test_a_committee_member_may_be_a_president(sqlite_records: Records) -> None:
    holder, _ = seated(sqlite_records)
    record(sqlite_records, holder)
