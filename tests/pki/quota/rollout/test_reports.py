"""Reports: what they count, what they rest on, and that what was reported stays as it was."""

import csv
import hashlib
import io
import json
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pki.quota.rollout.committees import record_proposal
from pki.quota.rollout.errors import MonthRefused, ReportUnknown, RolloutTerritoryUnknown
from pki.quota.rollout.gathering import gather_report
from pki.quota.rollout.kinds import CommitteeLevel, Stage
from pki.quota.rollout.made import (
    FORMULA,
    MadeReport,
    made_report,
    made_reports,
    record_seal,
    report_csv,
    sealed_report,
    store_report,
)
from pki.quota.rollout.report import RolloutReport
from pki.quota.rollout.stages import LicenceUse, RegularUse, plan_stage
from pki.quota.rollout.training import record_attendance
from pki.quota.stopping import block_key
from pki.records import Records
from pki.registration.extent import EVERYWHERE, Extent
from tests.pki.estate import BERRECHID, OFFICER, T0
from tests.pki.quota.estate import Bureau
from tests.pki.quota.rollout.estate import local_committee, meeting, session_held

WHO: dict[str, Any] = {"by": OFFICER, "at": T0}
MONTH = "2026-11"


def gathered(
    records: Records, level: str = "local", territory: str = "06.117", month: str = MONTH, **licences: LicenceUse
) -> RolloutReport:
    with records.reading() as session:
        return gather_report(
            session,
            level=CommitteeLevel(level),
            territory=territory,
            month=month,
            licences={code.replace("_", "."): use for code, use in licences.items()},
            policy=RegularUse(),
            at=T0,
        )


def made(records: Records, level: str = "local", territory: str = "06.117") -> MadeReport:
    return store_report(records, gathered(records, level, territory), **WHO)


def test_it_counts_what_is_on_record(bureau: Bureau) -> None:
    records = bureau.records
    committee = local_committee(records)
    meeting(records, committee, date(2026, 11, 2))
    record_proposal(records, committee=committee, made_on=date(2026, 11, 1), text="Un second scanner.", **WHO)
    record_proposal(records, committee=committee, made_on=date(2026, 10, 31), text="Du mois passé.", **WHO)
    plan_stage(records, body_codes=[BERRECHID], stage=Stage.TRAINED, planned_on=date(2026, 10, 1), **WHO)
    held = session_held(records, held_on=date(2026, 11, 2))
    lost, trained = bureau.active(), bureau.active()
    block_key(records, order=lost, reason="lost", lost_since=None, **WHO)
    report = gathered(records, **{BERRECHID.replace(".", "_"): LicenceUse(first_on=date(2026, 11, 1), recent=4)})
    assert report.seats == {"bodies": 23, "granted": 80, "reserved": 0, "live": 2, "bodies_without_free_seat": 0}
    assert {state: count for state, count in report.keys.items() if count} == {"active": 1, "blocked": 1}
    assert report.losses == {"blocked_in_month": 1, "standing": 1}
    assert report.committees == {"named": 1, "members": 0, "meetings_in_month": 1}
    assert [(each.body, each.stage, each.days) for each in report.late] == [(BERRECHID, Stage.TRAINED, 32)]
    assert [each.text for each in report.proposals] == ["Un second scanner."]
    assert report.training["untrained_keys"] == 1
    stages = {each.stage: each for each in report.stages}
    assert (stages[Stage.COMMITTEE_NAMED].reached, stages[Stage.COMMITTEE_NAMED].applies) == (22, 22)
    assert (stages[Stage.WINDOW_ASSESSED].reached, stages[Stage.WINDOW_ASSESSED].applies) == (0, 3)
    assert (stages[Stage.REGULAR_USE].reached, stages[Stage.TRAINED].late) == (1, 1)
    record_attendance(records, session_id=held, body_code=BERRECHID, holder=bureau.view(trained).holder, **WHO)
    after = gathered(records)
    assert after.training["untrained_keys"] == 0
    assert after.training["attended_in_month"] == 1
    assert after.late == ()


def test_every_commune_is_reported_once_at_each_level(sqlite_records: Records) -> None:
    levels = {"local": "06.117", "regional": "06", "central": "MA"}
    counts = {level: len(gathered(sqlite_records, level, code).communes) for level, code in levels.items()}
    assert counts == {"local": 22, "regional": 153, "central": 1503}


def test_a_report_rests_on_those_of_the_level_below(sqlite_records: Records) -> None:
    records = sqlite_records
    local = made(records)
    regional = made(records, "regional", "06")
    central = made(records, "central", "MA").plain()
    under = {each["territory"]: each["digest"] for each in regional.plain()["rests_on"]}
    assert under.pop("06.117") == local.digest
    assert len(under) == 8
    assert set(under.values()) == {None}
    assert {each["territory"]: each["digest"] for each in central["rests_on"]}["06"] == regional.digest
    assert local.plain()["rests_on"] == []


def test_what_was_reported_stays(records: Records) -> None:
    first = made(records)
    local_committee(records)
    second = made(records)
    with records.reading() as session:
        again = made_report(session, first.id)
        both = made_reports(session, within=Extent(province_code="06.117"), month=MONTH)
        assert made_reports(session, within=Extent(region_code="02")) == []
        assert made_reports(session, within=Extent(body_code=BERRECHID)) == []
        assert len(made_reports(session, within=EVERYWHERE)) == 2
    assert (again.numbers, again.digest) == (first.numbers, first.digest)
    assert again.superseded_at == T0
    assert {each.id for each in both} == {first.id, second.id}
    assert hashlib.sha256(again.numbers.encode()).hexdigest() == again.digest
    assert second.digest != first.digest
    for column in ("numbers", "digest", "month"):
        with pytest.raises(DBAPIError), records.writing() as session:
            session.execute(text(f"UPDATE rollout_report SET {column} = 'x'"))
    with pytest.raises(DBAPIError), records.writing() as session:
        session.execute(text("DELETE FROM rollout_report"))


def test_the_first_seal_stays(records: Records) -> None:
    report = made(records).id
    one = record_seal(records, report=report, base_sha256="a" * 64, file_sha256="b" * 64, **WHO)
    two = record_seal(records, report=report, base_sha256="a" * 64, file_sha256="c" * 64, **WHO)
    assert one.file_sha256 == two.file_sha256 == "b" * 64
    with records.reading() as session:
        found = sealed_report(session, "b" * 64)
        assert found is not None
        assert found.id == report
        assert sealed_report(session, "c" * 64) is None
        with pytest.raises(ReportUnknown):
            made_report(session, uuid4())


@pytest.mark.parametrize("month", ["2026-12", "2026-13", "2026-1", "26-11", "", "2026-11-01", "٢٠٢٦-11"])
def test_months_of_no_report(sqlite_records: Records, month: str) -> None:
    with pytest.raises(MonthRefused):
        gathered(sqlite_records, month=month)


def test_territories_of_no_report(sqlite_records: Records) -> None:
    for level, territory in (("local", "06"), ("regional", "06.117"), ("central", "06"), ("local", "MA")):
        with pytest.raises(RolloutTerritoryUnknown):
            gathered(sqlite_records, level, territory)


def test_the_table_says_the_same_numbers(sqlite_records: Records) -> None:
    report = made(sqlite_records).plain()
    lines = list(csv.DictReader(io.StringIO(report_csv(report))))
    communes = [line for line in lines if (line["section"], line["measure"]) == ("commune", "granted")]
    granted = {line["code"]: int(line["value"]) for line in communes}
    assert granted == {each["body"]: each["granted"] for each in report["communes"]}
    seats = {line["measure"]: int(line["value"]) for line in lines if line["section"] == "seats"}
    assert seats == report["seats"]
    assert json.dumps(report)


def test_no_cell_is_a_formula(sqlite_records: Records) -> None:
    records = sqlite_records
    committee = local_committee(records)
    for start in FORMULA:
        record_proposal(records, committee=committee, made_on=date(2026, 11, 1), text=f"{start}HYPERLINK(1)", **WHO)
    cells = [cell for line in csv.reader(io.StringIO(report_csv(made(records).plain()))) for cell in line]
    assert sum("HYPERLINK" in cell for cell in cells) == len(FORMULA)
    assert not [cell for cell in cells if cell.startswith(FORMULA)]
