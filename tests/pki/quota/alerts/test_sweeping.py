"""One crossing, one alert: over seats, over random histories, and by a hundred sweeps at once."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from pki.journal.tables import EventRow
from pki.quota.alerts.kinds import AlertKind, AlertState, Family
from pki.quota.alerts.sweeping import Swept
from pki.quota.alerts.tables import Alert
from pki.quota.grants.extras import approve_extra, request_extra
from pki.quota.orders import cancel_key
from pki.quota.tables import Allowance
from pki.records import Records
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, SECOND, T0, hasten
from tests.pki.quota.alerts.estate import Watch
from tests.pki.quota.crowd import at_once
from tests.pki.quota.estate import Bureau

HOUR = timedelta(hours=1)
S80, S100 = AlertKind.SEATS_80, AlertKind.SEATS_100
BOTH = (S80, S100)
LOADS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 8)), min_size=1, max_size=8)


def extra(bureau: Bureau, seats: int) -> None:
    asked = request_extra(bureau.records, body_code=BERRECHID, seats=seats, reason="r", by=OFFICER, at=T0)
    approve_extra(bureau.records, extra=asked.id, digest=asked.digest, reason="r", by=SECOND, at=T0)


def test_a_crossing_opens_one_and_its_end_closes_it(bureau: Bureau) -> None:
    watch, at = Watch(bureau.records), T0
    for _ in range(3):  # of five
        bureau.requested()
    assert watch.sweep(at, Family.SEATS) == Swept(opened=0, closed=0)
    order = bureau.requested()
    assert watch.sweep(at, Family.SEATS) == Swept(opened=1, closed=0)
    assert watch.sweep(at + HOUR, Family.SEATS) == Swept(opened=0, closed=0)
    (line,) = watch.lines()
    assert (line.kind, line.body_code, line.detail, line.opened_at, line.closed_at) == (S80, BERRECHID, "4/5", T0, None)
    cancel_key(bureau.records, order=order, reason="r", by=OFFICER, at=T0)
    assert watch.sweep(at + 2 * HOUR, Family.SEATS) == Swept(opened=0, closed=1)
    (closed,) = watch.lines(state=None)
    assert (closed.id, closed.state, closed.closed_at) == (line.id, AlertState.CLOSED, at + 2 * HOUR)
    bureau.requested()
    watch.sweep(at + 3 * HOUR, Family.SEATS)
    assert watch.count(S80) == 2


def test_the_notice_of_the_last_seat_supersedes_the_earlier_one(bureau: Bureau) -> None:
    watch = Watch(bureau.records)
    for _ in range(4):
        bureau.requested()
    watch.sweep(T0, Family.SEATS)
    bureau.requested()
    assert watch.sweep(T0 + HOUR, Family.SEATS) == Swept(opened=1, closed=0)
    (full,) = watch.lines()
    (earlier,) = watch.lines(state=AlertState.SUPERSEDED)
    assert (full.kind, full.detail, earlier.kind, earlier.superseded_by) == (S100, "5/5", S80, full.id)
    extra(bureau, 1)  # five of six: four fifths still
    assert watch.sweep(T0 + 2 * HOUR, Family.SEATS) == Swept(opened=0, closed=1)
    (left,) = watch.lines()
    assert (left.id, left.detail, left.superseded_by) == (earlier.id, "5/6", None)
    extra(bureau, 1)  # five of seven
    assert watch.sweep(T0 + 3 * HOUR, Family.SEATS) == Swept(opened=0, closed=1)
    assert watch.lines() == []


def test_a_sweep_that_looked_earlier_changes_nothing(sqlite_bureau: Bureau) -> None:
    watch = Watch(sqlite_bureau.records)
    watch.sweep(T0 + HOUR, Family.SEATS)
    for _ in range(3):
        sqlite_bureau.requested(BERRECHID_PROVINCE)
    assert watch.sweep(T0, Family.SEATS) == Swept(opened=0, closed=0)
    assert watch.sweep(T0 + HOUR, Family.SEATS) == Swept(opened=2, closed=0)


def test_a_hundred_sweeps_at_once_open_one(bureau: Bureau) -> None:
    for _ in range(3):
        bureau.requested(BERRECHID_PROVINCE)
    watch = Watch(bureau.records)
    works = [lambda late=late: watch.sweep(T0 + timedelta(milliseconds=late % 7), Family.SEATS) for late in range(100)]
    assert at_once(works) == {"done": 100}  # type: ignore[arg-type]
    found = {(each.kind, each.state) for each in watch.lines(state=None)}
    assert found == {(S80, AlertState.SUPERSEDED), (S100, AlertState.OPEN)}
    assert (watch.count(S80), watch.count(S100)) == (1, 1)
    with bureau.records.reading() as session:
        assert session.scalars(select(EventRow.subject).where(EventRow.kind == "alerts.swept")).all() == [
            "alerts:seats"
        ]


def test_the_database_keeps_one_open_and_each_as_it_was_told(bureau: Bureau) -> None:
    order, *_ = [bureau.requested(BERRECHID_PROVINCE) for _ in range(3)]
    watch = Watch(bureau.records)
    watch.sweep(T0, Family.SEATS)
    columns = "kind, subject_id, body_id, detail, opened_at"
    again = f"INSERT INTO quota_alert (id, {columns}) SELECT :id, {columns} FROM quota_alert WHERE kind = 'seats_80'"
    refused(bureau.records, again, id="0" * 32)
    refused(bureau.records, again.replace("SELECT :id, kind", "SELECT :id, 'key_idle'"), id="0" * 32)  # of no order
    cancel_key(bureau.records, order=order, reason="r", by=OFFICER, at=T0)
    watch.sweep(T0 + HOUR, Family.SEATS)
    for change in ("opened_at = '2020-01-01'", "kind = 'seats_100'", "closed_at = NULL"):
        refused(bureau.records, f"UPDATE quota_alert SET {change} WHERE kind = 'seats_80'")
    refused(bureau.records, "DELETE FROM quota_alert")


def refused(records: Records, statement: str, **given: str) -> None:
    with pytest.raises(DBAPIError), records.writing() as session:
        session.execute(text(statement), given)


@pytest.fixture(scope="module")
def country(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    """One file for all the examples: each takes a body of its own."""
    path = tmp_path_factory.mktemp("alerts") / "records.sqlite"
    shutil.copyfile(sqlite_template, path)
    records = Records.open(f"sqlite+pysqlite:///{path}")
    hasten(records)
    yield records
    records.close()


_hours = iter(range(10**6))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(loads=LOADS)
def test_over_random_histories_each_crossing_opens_one(country: Records, loads: list[tuple[int, int]]) -> None:
    """Granted and in use at each sweep: as many alerts as times that a share was reached, open if it is now."""
    watch = Watch(country)
    with country.writing() as session:
        session.execute(update(Allowance).values(granted=5, reserved=0, live=0, excess=0))
        body = session.scalars(
            select(Allowance.body_id).where(Allowance.body_id.not_in(select(Alert.body_id))).limit(1)
        ).one()
    begun, last = dict.fromkeys(BOTH, 0), dict.fromkeys(BOTH, False)
    for granted, used in loads:
        with country.writing() as session:
            taken = {"granted": granted, "live": used, "excess": max(0, used - granted)}
            session.execute(update(Allowance).where(Allowance.body_id == body).values(**taken))
        watch.sweep(_later(), Family.SEATS)
        for kind, share in ((S80, 80), (S100, 100)):
            reached = used > 0 and used * 100 >= granted * share
            begun[kind] += reached and not last[kind]
            last[kind] = reached
        with country.reading() as session:
            asked = select(Alert.id, Alert.kind, Alert.closed_at, Alert.superseded_by).where(Alert.body_id == body)
            rows = session.execute(asked).all()
        standing = {each.kind: each for each in rows if each.closed_at is None}
        assert {kind: sum(each.kind is kind for each in rows) for kind in BOTH} == begun
        assert {kind for kind in BOTH if kind in standing} == {kind for kind in BOTH if last[kind]}
        if S80 in standing:
            assert standing[S80].superseded_by == (standing[S100].id if S100 in standing else None)


def _later() -> datetime:
    return T0 + timedelta(hours=next(_hours))
