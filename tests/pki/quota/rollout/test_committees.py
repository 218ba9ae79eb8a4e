"""Committees: one a territory, members and meetings with both times, struck and superseded, never edited."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pki.quota.rollout.committees import committees, name_committee, name_member, record_proposal
from pki.quota.rollout.errors import (
    BodyNotRolledOut,
    CommitteeExists,
    PersonRefused,
    RolloutDatesRefused,
    RolloutRecordInUse,
    RolloutRecordUnknown,
    RolloutTerritoryUnknown,
)
from pki.quota.rollout.kinds import CommitteeLevel, RolloutKind
from pki.quota.rollout.recording import strike_record
from pki.quota.rollout.windows import assess_window, windows
from pki.records import Records
from pki.registration.errors import BodyUnknown
from pki.registration.extent import EVERYWHERE, Extent
from tests.pki.estate import BERRECHID, OFFICER, OUJDA, T0, person
from tests.pki.quota.rollout.estate import FOUND, MET, NAMED, local_committee, meeting

GOVERNOR: dict[str, Any] = {"function": "Gouverneur", "body": "Province", "deed": "Arrêté 7", "chair": True}


def member(records: Records, committee: UUID, **more: Any) -> UUID:
    given: dict[str, Any] = GOVERNOR | {"name": "A. Alami", "starts_on": NAMED} | more
    return name_member(records, committee=committee, by=OFFICER, at=T0, **given)


def strike(records: Records, kind: RolloutKind, number: UUID) -> None:
    strike_record(records, kind=kind, number=number, reason="typed wrong", by=OFFICER, at=T0)


def test_a_territory_has_one_committee(records: Records) -> None:
    committee = local_committee(records)
    with pytest.raises(CommitteeExists):
        local_committee(records)
    strike(records, RolloutKind.COMMITTEE, committee)
    assert local_committee(records) != committee


@pytest.mark.parametrize(
    ("level", "territory"),
    [
        ("local", "06"),
        ("local", BERRECHID),
        ("regional", "06.117"),
        ("regional", "99"),
        ("central", "06"),
        ("central", ""),
    ],
)
def test_a_committee_answers_for_a_territory_of_its_level(sqlite_records: Records, level: str, territory: str) -> None:
    said: dict[str, Any] = {"deed": "d", "named_on": NAMED, "by": OFFICER, "at": T0}
    with pytest.raises(RolloutTerritoryUnknown):
        name_committee(sqlite_records, level=CommitteeLevel(level), territory=territory, **said)


def test_who_sees_which_committee(sqlite_records: Records) -> None:
    said: dict[str, Any] = {"deed": "d", "named_on": NAMED, "by": OFFICER, "at": T0}
    for level, territory in (
        ("central", "MA"),
        ("regional", "06"),
        ("regional", "02"),
        ("local", "06.117"),
        ("local", "02.411"),
    ):
        name_committee(sqlite_records, level=CommitteeLevel(level), territory=territory, **said)

    def seen(within: Extent) -> list[str]:
        with sqlite_records.reading() as session:
            return [each.territory for each in committees(session, within=within, on=MET)]

    assert seen(EVERYWHERE) == ["02", "02.411", "06", "06.117", "MA"]
    assert seen(Extent(region_code="06")) == ["06", "06.117"]
    assert seen(Extent(province_code="06.117")) == ["06.117"]
    assert seen(Extent(body_code=BERRECHID)) == []


def test_a_member_is_replaced_and_the_old_record_stays(records: Records) -> None:
    committee = local_committee(records)
    first = member(records, committee)
    ended = member(records, committee, ends_on=MET, supersedes=first)
    holder = person(records, name="Fatima Idrissi")
    second = member(records, committee, holder=holder, name=None, starts_on=MET)
    with records.reading() as session:
        before = committees(session, within=EVERYWHERE, on=NAMED)[0].members
        after = committees(session, within=EVERYWHERE, on=MET)[0].members
        kept = session.execute(text("SELECT count(*) FROM rollout_member")).scalar_one()
    assert [(each.id, each.name) for each in before] == [(ended, "A. Alami")]
    assert [(each.id, each.name) for each in after] == [(second, "Fatima Idrissi")]
    assert kept == 3
    with pytest.raises(RolloutRecordUnknown):
        member(records, committee, supersedes=first)
    with pytest.raises(DBAPIError), records.writing() as session:
        session.execute(text("UPDATE rollout_member SET name = 'B. Bennani'"))


def test_a_member_of_another_committee_is_not_superseded(sqlite_records: Records) -> None:
    here, there = local_committee(sqlite_records), local_committee(sqlite_records, "02.411")
    with pytest.raises(RolloutRecordUnknown):
        member(sqlite_records, there, supersedes=member(sqlite_records, here))


@pytest.mark.parametrize("who", [{"name": None}, {"name": " "}, {"holder": uuid4()}, {"holder": uuid4(), "name": None}])
def test_a_person_is_a_holder_or_a_name(sqlite_records: Records, who: dict[str, Any]) -> None:
    with pytest.raises(PersonRefused):
        member(sqlite_records, local_committee(sqlite_records), **who)


def test_dates_that_cannot_be(sqlite_records: Records) -> None:
    records = sqlite_records
    committee, before, to_come = local_committee(records), date(2026, 8, 31), date(2026, 11, 3)
    acts = [
        lambda: member(records, committee, starts_on=before),
        lambda: member(records, committee, starts_on=MET, ends_on=NAMED),
        lambda: meeting(records, committee, before),
        lambda: meeting(records, committee, to_come),
        lambda: record_proposal(records, committee=committee, made_on=to_come, text="t", by=OFFICER, at=T0),
        lambda: assess_window(
            records, body_code=BERRECHID, assessed_on=to_come, assessed_by="x", found=FOUND, by=OFFICER, at=T0
        ),
    ]
    for act in acts:
        with pytest.raises(RolloutDatesRefused):
            act()


def test_a_committee_with_meetings_is_not_struck(records: Records) -> None:
    committee = local_committee(records)
    held = meeting(records, committee)
    with pytest.raises(RolloutRecordInUse):
        strike(records, RolloutKind.COMMITTEE, committee)
    assert meeting(records, committee, date(2026, 9, 20))
    strike(records, RolloutKind.MEETING, held)
    with pytest.raises(RolloutRecordUnknown):
        strike(records, RolloutKind.MEETING, held)
    with records.reading() as session:
        line = committees(session, within=EVERYWHERE, on=MET)[0]
    assert (line.first_meeting, line.meetings) == (date(2026, 9, 20), 1)


def test_a_window_is_assessed_once_a_day_and_corrected(records: Records) -> None:
    said: dict[str, Any] = {"assessed_by": "M. Tazi, chef de division", "found": FOUND, "by": OFFICER, "at": T0}
    first = assess_window(records, body_code=BERRECHID, assessed_on=MET, **said)
    with pytest.raises(RolloutDatesRefused):
        assess_window(records, body_code=BERRECHID, assessed_on=MET, **said)
    second = assess_window(records, body_code=BERRECHID, assessed_on=MET, supersedes=first, **said)
    with pytest.raises(RolloutRecordUnknown):
        assess_window(records, body_code=OUJDA, assessed_on=MET, supersedes=second, **said)
    for code, error in (("06.117", BodyNotRolledOut), ("nowhere", BodyUnknown)):
        with pytest.raises(error):
            assess_window(records, body_code=code, assessed_on=MET, **said)
    with records.reading() as session:
        everywhere, here = windows(session), windows(session, within=Extent(province_code="06.117"))
    assert len(everywhere) == 104  # communes above 50,000 inhabitants, census of 2024
    assert [(each.body_code, each.assessment, each.found) for each in here if each.found] == [
        (BERRECHID, second, FOUND)
    ]
