"""Stages are computed: each is reached by the record that says so, and by nothing else."""

import time
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event

from pki.quota.grants.census import apply_census, propose_census
from pki.quota.rollout.errors import BodyNotRolledOut
from pki.quota.rollout.kinds import Stage
from pki.quota.rollout.stages import LicenceUse, plan_stage
from pki.quota.rollout.training import record_attendance
from pki.quota.rollout.windows import assess_window, windows
from pki.records import Records, civil_day
from pki.registration.census import CountedBody, record_census
from pki.registration.errors import BodyUnknown
from pki.registration.extent import Extent
from tests.pki.estate import BERRECHID, OFFICER, OUJDA, SECOND, T0
from tests.pki.quota.estate import Bureau
from tests.pki.quota.grants.estate import agreement_of
from tests.pki.quota.rollout.estate import FOUND, HELD, MET, NAMED, local_committee, meeting, session_held, stages

SMALL = "06.117.01.07"
"""El Gara, below 50,000 inhabitants."""
FIGURES = {SMALL: 50_001, BERRECHID: 50_000}
WHO: dict[str, Any] = {"by": OFFICER, "at": T0}
DAY = civil_day(T0)


def test_each_stage_by_its_own_record(bureau: Bureau) -> None:
    records = bureau.records
    expected: dict[Stage, date] = {Stage.ALLOWANCE_OPEN: date(2026, 1, 1)}
    assert stages(records)[BERRECHID].reached == expected
    committee = local_committee(records)
    expected[Stage.COMMITTEE_NAMED] = NAMED
    assert stages(records)[BERRECHID].reached == expected
    meeting(records, committee, date(2026, 9, 20))
    meeting(records, committee)
    expected[Stage.FIRST_MEETING] = MET
    assert stages(records)[BERRECHID].reached == expected
    assert stages(records)[SMALL].reached == expected
    assert stages(records)[OUJDA].reached == {}
    assess_window(records, body_code=BERRECHID, assessed_on=MET, assessed_by="x", found=FOUND, **WHO)
    expected[Stage.WINDOW_ASSESSED] = MET
    assert stages(records)[BERRECHID].reached == expected
    record_attendance(records, session_id=session_held(records), body_code=BERRECHID, name="M. Tazi", **WHO)
    expected[Stage.TRAINED] = HELD
    assert stages(records)[BERRECHID].reached == expected
    order = bureau.approved()
    expected[Stage.ORDERED] = DAY
    assert stages(records)[BERRECHID].reached == expected
    bureau.issue(order)
    bureau.confirm(order)
    expected[Stage.DELIVERED] = DAY
    assert stages(records)[BERRECHID].reached == expected
    once = {BERRECHID: LicenceUse(first_on=MET, recent=3)}
    assert stages(records, licences=once)[BERRECHID].reached == expected | {Stage.FIRST_SIGNATURE: MET}
    often = {BERRECHID: LicenceUse(first_on=MET, recent=4)}
    found = stages(records, licences=often)[BERRECHID]
    assert found.stage is Stage.REGULAR_USE
    assert set(found.reached) == set(Stage)


def test_an_applied_census_moves_the_single_windows(bureau: Bureau) -> None:
    """El Gara passes 50,000 inhabitants, Berrechid falls below; a commune that was not counted stays."""
    records, due = bureau.records, Stage.WINDOW_ASSESSED
    counts = [
        CountedBody(line=1, code=SMALL, population=50_001),
        CountedBody(line=2, code=BERRECHID, population=50_000),
    ]
    record_census(records, counts, census="RGPH 2034", by=OFFICER, at=T0)
    proposal = propose_census(
        records, agreement=agreement_of(records), census="RGPH 2034", in_effect=DAY, by=OFFICER, at=T0
    )

    def seen() -> list[str]:
        with records.reading() as session:
            return [each.body_code for each in windows(session)]

    before = seen()
    assert (BERRECHID in before, SMALL in before) == (True, False)
    with pytest.raises(BodyNotRolledOut):
        plan_stage(records, body_codes=[SMALL], stage=due, planned_on=date(2026, 10, 1), **WHO)
    apply_census(records, proposal=proposal.id, digest=proposal.digest, by=SECOND, at=T0)
    assert seen() == sorted({*before, SMALL} - {BERRECHID})
    plan_stage(records, body_codes=[SMALL], stage=due, planned_on=date(2026, 10, 1), **WHO)
    for code in (SMALL, BERRECHID):
        assess_window(records, body_code=code, assessed_on=MET, assessed_by="x", found=FOUND, **WHO)
    found = stages(records)
    assert found[SMALL].reached[due] == MET
    assert (found[BERRECHID].applies(due), due in found[BERRECHID].reached) == (False, False)


def test_planned_against_real(records: Records) -> None:
    bodies = (BERRECHID, SMALL)
    said: dict[str, Any] = {"body_codes": bodies, "planned_on": date(2026, 10, 1)} | WHO
    assert plan_stage(records, stage=Stage.ORDERED, **said) == 2
    plan_stage(records, stage=Stage.ALLOWANCE_OPEN, **said)
    found = stages(records)
    assert [found[code].late(DAY) for code in bodies] == [(Stage.ORDERED,)] * 2
    assert found[SMALL].late(date(2026, 10, 1)) == ()
    plan_stage(records, body_codes=[SMALL], stage=Stage.ORDERED, planned_on=date(2027, 1, 1), **WHO)
    found = stages(records)
    assert found[SMALL].planned[Stage.ORDERED] == date(2027, 1, 1)
    assert [found[code].late(DAY) for code in bodies] == [(Stage.ORDERED,), ()]


def test_what_is_not_planned(sqlite_records: Records) -> None:
    said: dict[str, Any] = {"planned_on": DAY} | WHO
    cases = [(["06.117"], Stage.ORDERED, BodyNotRolledOut), ([SMALL], Stage.WINDOW_ASSESSED, BodyNotRolledOut)]
    for codes, stage, error in [*cases, ([BERRECHID, "nowhere"], Stage.ORDERED, BodyUnknown)]:
        with pytest.raises(error):
            plan_stage(sqlite_records, body_codes=codes, stage=stage, **said)
    assert stages(sqlite_records)[BERRECHID].planned == {}


def test_the_country_costs_as_many_statements_as_a_commune(bureau: Bureau) -> None:
    records = bureau.records
    local_committee(records)
    bureau.delivered()
    said: list[str] = []
    event.listen(records.reading_engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    one = stages(records, Extent(body_code=BERRECHID))
    alone = len(said)
    started = time.perf_counter()
    country = stages(records)
    taken = time.perf_counter() - started
    assert (len(one), len(country)) == (1, 1503)
    assert len(said) == 2 * alone
    assert alone <= 11
    assert taken < 2
    assert country[BERRECHID] == one[BERRECHID]
