"""Which monthly reports are owed, and that each is made once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from pki.quota.rollout.gathering import gather_report
from pki.quota.rollout.kinds import CommitteeLevel, Stage
from pki.quota.rollout.made import MadeReport, record_seal, store_report
from pki.quota.rollout.monthly import ended_month, owed_reports
from pki.quota.rollout.stages import RegularUse, plan_stage
from pki.quota.rollout.tables import ReportRow
from pki.records import Records, day_start
from tests.pki.estate import OFFICER, T0
from tests.pki.quota.rollout.estate import local_committee

ENDED = day_start(date(2026, 12, 1))
FES, COMMUNE_OF_FES = "03.231", "03.231.01.15"
NEXT = ENDED + timedelta(hours=2)
INSTANT = timedelta(microseconds=1)


def owed(records: Records, at: datetime = NEXT) -> list[tuple[str, str]]:
    with records.reading() as session:
        return [(each.level.value, each.territory) for each in owed_reports(session, at=at)]


def made(records: Records, at: datetime, *, unless_since: datetime | None = None, month: str = "2026-11") -> MadeReport:
    with records.reading() as session:
        report = gather_report(
            session,
            level=CommitteeLevel.LOCAL,
            territory="06.117",
            month=month,
            licences={},
            policy=RegularUse(),
            at=at,
        )
    return store_report(records, report, unless_since=unless_since, by=OFFICER, at=at)


@pytest.mark.parametrize(
    ("at", "month"),
    [
        (ENDED - INSTANT, "2026-10"),
        (ENDED, "2026-11"),
        (datetime(2027, 1, 15, tzinfo=UTC), "2026-12"),
        (datetime(2026, 7, 31, 22, 59, 59, tzinfo=UTC), "2026-06"),
        (datetime(2026, 7, 31, 23, tzinfo=UTC), "2026-07"),
    ],
)
def test_a_month_ends_at_midnight_in_morocco(at: datetime, month: str) -> None:
    assert ended_month(at)[0] == month


def test_where_nothing_began_nothing_is_owed(sqlite_records: Records) -> None:
    """The first wave opened on the first of January; Fès-Meknès is not in it, and names a committee in November."""
    assert owed(sqlite_records, day_start(date(2026, 1, 31))) == []
    opened = owed(sqlite_records)
    assert [level for level, _ in opened] == sorted(
        (level for level, _ in opened), key=["local", "regional", "central"].index
    )
    local_committee(sqlite_records, FES)
    assert set(owed(sqlite_records)) - set(opened) == {("local", FES), ("regional", FES[:2])}
    assert owed(sqlite_records, ENDED - INSTANT) == owed(sqlite_records, ENDED - 25 * timedelta(days=1)) == opened


def test_a_planned_stage_is_a_stage(sqlite_records: Records) -> None:
    opened, day = owed(sqlite_records), date(2027, 1, 1)
    plan_stage(sqlite_records, body_codes=[COMMUNE_OF_FES], stage=Stage.TRAINED, planned_on=day, by=OFFICER, at=T0)
    assert set(owed(sqlite_records)) - set(opened) == {("local", FES), ("regional", FES[:2])}


def test_made_in_the_month_is_not_the_months_report(sqlite_records: Records) -> None:
    records = sqlite_records
    local_committee(records)
    early = made(records, ENDED - INSTANT)
    assert ("local", "06.117") in owed(records)
    late = made(records, ENDED, unless_since=ENDED)
    assert late.id != early.id
    with records.reading() as session:
        [unsealed] = [each for each in owed_reports(session, at=NEXT) if each.territory == "06.117"]
    assert unsealed.stored == late.id
    record_seal(records, report=late.id, base_sha256="a" * 64, file_sha256="b" * 64, by=OFFICER, at=NEXT)
    assert ("local", "06.117") not in owed(records)
    assert ("regional", "06") in owed(records)


def test_two_workers_make_one(records: Records) -> None:
    local_committee(records)
    made(records, ENDED - INSTANT)
    moments = [NEXT + timedelta(seconds=number) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda at: made(records, at, unless_since=ENDED), moments))
    assert len({each.id for each in found}) == 1
    with records.reading() as session:
        assert session.scalar(select(func.count()).select_from(ReportRow)) == 2
