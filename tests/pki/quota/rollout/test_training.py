"""Training: who attended what; a key handed to an untrained holder is flagged until he is trained."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from pki.quota.rollout.errors import (
    PersonRefused,
    RolloutDatesRefused,
    RolloutRecordUnknown,
    RolloutTerritoryUnknown,
)
from pki.quota.rollout.kinds import RolloutKind
from pki.quota.rollout.recording import strike_record
from pki.quota.rollout.training import record_attendance, sessions, untrained_holders
from pki.records import OrderId, Records, civil_day
from pki.registration.extent import EVERYWHERE, Extent
from tests.pki.estate import BERRECHID, OFFICER, OUJDA, T0, person
from tests.pki.quota.estate import Bureau
from tests.pki.quota.rollout.estate import HELD, session_held

WHO: dict[str, Any] = {"by": OFFICER, "at": T0}


def untrained(records: Records, within: Extent = EVERYWHERE) -> list[OrderId]:
    with records.reading() as session:
        return [each.order for each in untrained_holders(session, within=within, on=civil_day(T0))]


def test_a_key_in_the_hand_of_an_untrained_holder_is_flagged(bureau: Bureau) -> None:
    records, order = bureau.records, bureau.approved()
    assert untrained(records) == []
    bureau.issue(order)
    bureau.confirm(order)
    assert untrained(records) == [order]
    bureau.activate(order)
    assert untrained(records, Extent(province_code="06.117")) == [order]
    assert untrained(records, Extent(region_code="02")) == []
    held = session_held(records)
    holder = bureau.view(order).holder
    attended = record_attendance(records, session_id=held, body_code=BERRECHID, holder=holder, **WHO)
    assert untrained(records) == []
    strike_record(records, kind=RolloutKind.ATTENDANCE, number=attended, reason="another person", **WHO)
    assert untrained(records) == [order]


def test_a_person_is_down_once_for_a_session(records: Records) -> None:
    held, holder = session_held(records), person(records)
    attended = record_attendance(records, session_id=held, body_code=BERRECHID, holder=holder, **WHO)
    with pytest.raises(PersonRefused):
        record_attendance(records, session_id=held, body_code=BERRECHID, holder=holder, **WHO)
    strike_record(records, kind=RolloutKind.ATTENDANCE, number=attended, reason="wrong", **WHO)
    record_attendance(records, session_id=held, body_code=BERRECHID, holder=holder, **WHO)
    record_attendance(records, session_id=held, body_code=BERRECHID, name="M. Tazi", **WHO)
    with records.reading() as session:
        assert [each.attended for each in sessions(session, within=Extent(region_code="06"))] == [2]
        assert sessions(session, within=Extent(region_code="02")) == []


def test_what_cannot_be_attended(sqlite_records: Records) -> None:
    records, holder = sqlite_records, person(sqlite_records)
    held = session_held(records)
    with pytest.raises(RolloutRecordUnknown):
        record_attendance(records, session_id=uuid4(), body_code=BERRECHID, holder=holder, **WHO)
    with pytest.raises(RolloutTerritoryUnknown):
        record_attendance(records, session_id=held, body_code=OUJDA, holder=holder, **WHO)
    to_come = session_held(records, held_on=date(2026, 12, 1))
    with pytest.raises(RolloutDatesRefused):
        record_attendance(records, session_id=to_come, body_code=BERRECHID, holder=holder, **WHO)
    with pytest.raises(RolloutTerritoryUnknown):
        session_held(records, "06.999")
    with pytest.raises(RolloutDatesRefused):
        session_held(records, held_on=date(2026, 8, 1))
    assert civil_day(T0) > HELD
