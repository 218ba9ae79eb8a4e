"""Column types, civil days, and what the two session factories promise."""

import threading
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError, StatementError

from pki.journal.tables import EventRow
from pki.records import Records, civil_day, day_start
from pki.registration.tables import Body, Holder
from tests.pki.estate import BERRECHID, T0, person


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 6, 30, 22, 59, 59, tzinfo=UTC), date(2026, 6, 30)),
        (datetime(2026, 6, 30, 23, 0, tzinfo=UTC), date(2026, 7, 1)),
        # In Ramadan the clocks stand one hour back (UTC+0): 2026 from 15 February to 22 March.
        (datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC), date(2026, 2, 28)),
        (datetime(2026, 3, 1, 0, 0, tzinfo=UTC), date(2026, 3, 1)),
    ],
)
def test_civil_day(at: datetime, day: date) -> None:
    assert civil_day(at) == day


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 2, 15), date(2026, 3, 1), date(2026, 3, 22)])
def test_day_start_is_the_first_instant_of_its_day(day: date) -> None:
    start = day_start(day)
    assert start.tzinfo is UTC
    assert civil_day(start) == day
    assert civil_day(start - timedelta(microseconds=1)) == day - timedelta(days=1)


def test_instants_come_back_aware_and_equal(records: Records) -> None:
    casablanca_summer = timezone(timedelta(hours=1))
    at = datetime(2026, 7, 1, 0, 30, 0, 123_456, tzinfo=casablanca_summer)
    holder = person(records)
    with records.writing() as session:
        session.execute(update(Holder).where(Holder.id == holder).values(enrolled_at=at))
    with records.reading() as session:
        found = session.scalars(select(Holder.enrolled_at).where(Holder.id == holder)).one()
        earlier = session.scalars(select(Holder.id).where(Holder.enrolled_at < at + timedelta(microseconds=1))).all()
    assert found == at
    assert found.tzinfo is UTC
    assert holder in earlier


def test_naive_instant_is_refused(sqlite_records: Records) -> None:
    with pytest.raises(StatementError), sqlite_records.reading() as session:
        session.execute(select(EventRow).where(EventRow.at > T0.replace(tzinfo=None)))


def test_enumerations_are_checked_by_the_database(records: Records) -> None:
    with pytest.raises(IntegrityError), records.writing() as session:
        session.connection().exec_driver_sql(f"UPDATE body SET kind = 'kingdom' WHERE code = '{BERRECHID}'")


def test_reading_changes_nothing(records: Records) -> None:
    with records.reading() as session:
        session.execute(update(Body).values(name_fr="changed"))
    with records.reading() as session:
        assert session.scalars(select(Body.id).where(Body.name_fr == "changed")).all() == []


def test_foreign_keys_hold(records: Records) -> None:
    with pytest.raises(IntegrityError), records.writing() as session:
        session.execute(update(Body).where(Body.code == BERRECHID).values(province_code="99.999"))


def test_writers_wait_for_each_other(records: Records) -> None:
    """64 writers, none locked out (a plain BEGIN on SQLite locks half of them out)."""
    failures: list[Exception] = []

    def run() -> None:
        try:
            with records.writing() as session:
                body = session.scalars(select(Body).where(Body.code == BERRECHID).with_for_update()).one()
                body.population = (body.population or 0) + 1
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    with records.reading() as session:
        before = session.scalars(select(Body.population).where(Body.code == BERRECHID)).one()
    threads = [threading.Thread(target=run) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with records.reading() as session:
        after = session.scalars(select(Body.population).where(Body.code == BERRECHID)).one()
    assert failures == []
    assert before is not None
    assert after == before + 64
