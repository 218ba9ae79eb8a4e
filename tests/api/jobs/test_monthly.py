"""The monthly reports as the workers make them: once, all but what fails, and again after a kill."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

import api.jobs.monthly
from api.jobs.monthly import BATCH, make_monthly_reports
from api.wiring import House
from pki.quota.rollout.committees import name_committee
from pki.quota.rollout.kinds import CommitteeLevel
from pki.quota.rollout.made import MadeReport, made_report, made_reports
from pki.records import Records
from pki.registration.extent import EVERYWHERE
from tests.pki.estate import OFFICER

WHEN = (datetime.now(UTC).replace(day=1) - timedelta(days=3)).replace(hour=12)
NEXT = (WHEN + timedelta(days=10)).replace(day=2)


def begin(house: House, *provinces: str) -> None:
    for code in provinces:
        name_committee(
            house.records,
            level=CommitteeLevel.LOCAL,
            territory=code,
            deed="Arrêté",
            named_on=date(2026, 1, 1),
            by=OFFICER,
            at=WHEN,
        )


def reports(house: House) -> dict[str, MadeReport]:
    with house.records.reading() as session:
        found = made_reports(session, within=EVERYWHERE)
    assert len(found) == len({each.territory for each in found})
    return {each.territory: each for each in found}


def test_a_months_reports_are_sealed_once_and_rest_on_each_other(house: House) -> None:
    begin(house, "06.117")
    make_monthly_reports(house, NEXT)
    first = reports(house)
    assert set(first) == {"06.117", "06", "MA"}
    assert all(row.file_sha256 and row.month == f"{WHEN:%Y-%m}" for row in first.values())
    assert first["06.117"].digest in first["06"].numbers
    assert first["06"].digest in first["MA"].numbers
    make_monthly_reports(house, NEXT + timedelta(days=5))
    assert {code: row.id for code, row in reports(house).items()} == {code: row.id for code, row in first.items()}


@pytest.fixture
def unsealed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sealing is left out; for one territory the worker is killed before it."""
    fatal: list[str] = []

    def seal(records: Records, *_: object, report: UUID, **__: object) -> None:
        with records.reading() as session:
            if made_report(session, report).territory in fatal:
                raise KeyboardInterrupt

    monkeypatch.setattr("api.reports.seal_report", seal)
    return fatal.append


@pytest.mark.usefixtures("unsealed")
def test_one_that_fails_stops_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(house, "06.117", "06.141")
    make = api.jobs.monthly.make_report

    def fail(*args: object, territory: str, **more: object) -> object:
        if territory == "06.117":
            raise OSError("no space left")
        return make(*args, territory=territory, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(api.jobs.monthly, "make_report", fail)
    make_monthly_reports(house, NEXT)
    assert set(reports(house)) == {"06.141", "06", "MA"}
    monkeypatch.setattr(api.jobs.monthly, "make_report", make)
    make_monthly_reports(house, NEXT)
    assert set(reports(house)) == {"06.117", "06.141", "06", "MA"}


def test_what_a_killed_worker_stored_is_sealed_by_the_next(
    house: House, unsealed: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(house, "06.117")
    unsealed("06.117")
    with pytest.raises(KeyboardInterrupt):
        make_monthly_reports(house, NEXT)
    stored = reports(house)
    assert set(stored) == {"06.117"}
    sealed = []
    monkeypatch.setattr(api.jobs.monthly, "seal_report", lambda *_, report, **__: sealed.append(report))
    monkeypatch.setattr("api.reports.seal_report", lambda *_, **__: None)
    make_monthly_reports(house, NEXT)
    assert sealed == [stored["06.117"].id]
    assert reports(house)["06.117"].digest == stored["06.117"].digest


@pytest.mark.usefixtures("unsealed")
def test_a_run_is_bounded(house: House) -> None:
    begin(house, "06.111", "06.117", "06.141", "06.181", "06.355", "06.371", "06.385", "06.461", "06.467")
    make_monthly_reports(house, NEXT)
    assert len(reports(house)) == BATCH
