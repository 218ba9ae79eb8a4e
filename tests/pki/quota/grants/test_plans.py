"""Waves as planned and as they came."""

from datetime import date
from uuid import uuid4

import pytest

from pki.quota.errors import AgreementUnknown, RegionAlreadyOpen, RegionUnknown
from pki.quota.grants.errors import ProposalDecided, ProposalUnknown
from pki.quota.grants.plans import move_wave, open_planned_wave, plan_wave, wave_plans
from pki.quota.reading import allowances
from pki.quota.tables import Wave
from pki.quota.waves import Scope, WaveOpened
from pki.records import Records
from tests.pki.estate import OFFICER, OUJDA, T0, sign

DAY = date(2026, 12, 1)
EAST = Scope(regions=("02",))


def planned(records: Records, scope: Scope = EAST, planned_on: date = DAY) -> object:
    return plan_wave(
        records,
        agreement=sign(records, number="2"),
        label="second",
        scope=scope,
        planned_on=planned_on,
        by=OFFICER,
        at=T0,
    )


def opened(records: Records, plan: object, opens_on: date = DAY) -> WaveOpened:
    return open_planned_wave(records, plan=plan, opens_on=opens_on, by=OFFICER, at=T0)  # type: ignore[arg-type]


def moved(records: Records, plan: object, planned_on: date) -> object:
    return move_wave(records, plan=plan, planned_on=planned_on, reason="late stock", by=OFFICER, at=T0)  # type: ignore[arg-type]


def test_a_plan_grants_nothing(sqlite_records: Records) -> None:
    planned(sqlite_records)
    with sqlite_records.reading() as session:
        assert allowances(session, body_code=OUJDA) == []


def test_moved_twice_and_opened(records: Records) -> None:
    plan = moved(records, moved(records, planned(records), date(2026, 12, 15)), date(2027, 1, 5))
    with records.reading() as session:
        [before] = wave_plans(session)
    assert (before.first_planned_on, before.planned_on, before.times_moved) == (DAY, date(2027, 1, 5), 2)
    assert before.opened_on is None
    assert before.days_late(date(2026, 11, 1)) == 35
    wave = opened(records, plan, date(2027, 1, 10))
    with records.reading() as session:
        [after] = wave_plans(session)
        assert session.get_one(Wave, wave.id).label == "second"
        assert allowances(session, body_code=OUJDA)[0].opens_on == date(2027, 1, 10)
    assert (after.opened_on, after.wave, after.days_late(date(2030, 1, 1))) == (date(2027, 1, 10), wave.id, 40)


def test_what_is_over_stays_so(sqlite_records: Records) -> None:
    former = planned(sqlite_records)
    plan = moved(sqlite_records, former, date(2026, 12, 15))
    with pytest.raises(ProposalDecided):
        opened(sqlite_records, former)
    opened(sqlite_records, plan)
    for act in (lambda: opened(sqlite_records, plan), lambda: moved(sqlite_records, plan, DAY)):
        with pytest.raises(ProposalDecided):
            act()
    with pytest.raises(ProposalUnknown):
        opened(sqlite_records, uuid4())


def test_a_plan_that_cannot_open_stays_a_plan(records: Records) -> None:
    plan = planned(records, Scope(regions=("02", "06")))
    with pytest.raises(RegionAlreadyOpen):
        opened(records, plan)
    with records.reading() as session:
        assert [each.wave for each in wave_plans(session)] == [None]
        assert allowances(session, body_code=OUJDA) == []


def test_a_scope_of_everything(sqlite_records: Records) -> None:
    scope = Scope(regions=("10",), provinces=("02.411",), bodies=("03.061.01.03",))
    plan = planned(sqlite_records, scope)
    with sqlite_records.reading() as session:
        assert wave_plans(session)[0].scope == scope
    assert opened(sqlite_records, plan).communes > 1


def test_unknown_names(sqlite_records: Records) -> None:
    with pytest.raises(RegionUnknown):
        planned(sqlite_records, Scope(regions=("99",)))
    with pytest.raises(AgreementUnknown):
        plan_wave(
            sqlite_records,
            agreement=uuid4(),
            label="x",
            scope=Scope(regions=("02",)),
            planned_on=DAY,
            by=OFFICER,
            at=T0,
        )
