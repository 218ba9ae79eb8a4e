"""Councils frozen and seated: the morning after, between two councils, run again, stopped half-way."""

import shutil
import threading
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from sqlalchemy import func, select

from pki.journal.tables import Leaf
from pki.quota.elections import places, seating
from pki.quota.elections.errors import (
    CouncilAlreadyFrozen,
    CouncilAlreadySeated,
    CouncilMissing,
    CouncilNotFrozen,
    ElectionDayRefused,
    OfficialsMissing,
    PlanExists,
)
from pki.quota.elections.freezing import freeze_council
from pki.quota.elections.kinds import KeyOutcome, OutgoingKeys
from pki.quota.elections.plans import draft_plan, plan_status
from pki.quota.elections.preview import Doubt, Move, dry_run
from pki.quota.elections.seating import SeatedCouncil, seat_ready
from pki.quota.elections.sheets import council_sheets
from pki.quota.elections.signatories import AbleToSign, Unable, able_to_sign
from pki.quota.errors import AllowanceExhausted
from pki.quota.kinds import OrderState, SeatPlace
from pki.quota.orders import request_key
from pki.quota.tables import KeyOrder
from pki.records import Joined, Records, day_start
from pki.registration.entitlement import Answer, Reason, entitlement
from pki.registration.errors import HolderInOffice, SecondOfficerNeeded
from pki.registration.extent import Extent
from pki.registration.kinds import ActKind, OfficeFunction
from pki.registration.tables import Office
from pki.status.tables import RevocationReason
from tests.pki.estate import (
    BERRECHID,
    BERRECHID_PROVINCE,
    OFFICER,
    SECOND,
    SYSTEM,
    T0,
    declared,
    ended,
    hasten,
    person,
    seated,
)
from tests.pki.quota.elections.estate import DEED, ELECTED_ON, Wave, cin, listed, new_council, row
from tests.pki.quota.estate import Bureau, settled, unsettled
from tests.pki.quota.test_last_seat import at_once
from tests.pki.quota.test_replacing import revoked_for

LATER = T0 + timedelta(hours=1)


def seat_all(wave: Wave) -> list[SeatedCouncil]:
    return list(seat_ready(wave.records, settled, plan=wave.plan, by=OFFICER, at=LATER))


def berrechid(wave: Wave, *, at: datetime) -> AbleToSign:
    with wave.records.reading() as session:
        (found,) = able_to_sign(session, at=at, within=Extent(province_code=BERRECHID_PROVINCE))
    return found


def test_the_morning_after_no_successor_is_refused_for_quota(sqlite_wave: Wave) -> None:
    """A whole province, every allowance exactly full, every office in new hands."""
    wave = sqlite_wave
    communes = wave.communes(BERRECHID_PROVINCE)
    rows = []
    for commune in communes:
        wave.full(commune)
        line = wave.allowance(commune)
        assert line.reserved + line.live == line.granted
        rows += new_council(commune, line.granted)
    assert len(communes) > 15
    assert wave.load(listed(*rows)).errors == ()
    for commune in communes:
        wave.freeze(commune)
    seated_councils = seat_all(wave)
    assert [each.body_code for each in seated_councils] == communes
    outcomes = [place.outcome for council in seated_councils for place in council.places]
    assert len(outcomes) == len(rows)
    assert set(outcomes) == {KeyOutcome.SUCCEEDS}
    for commune in communes:
        line = wave.allowance(commune)
        assert (line.reserved, line.live) == (line.granted, 0)
    wave.books_balance()
    with wave.records.reading() as session:
        preview = dry_run(session, plan=wave.plan, at=LATER, within=Extent(province_code=BERRECHID_PROVINCE))
    assert preview.headline == f"{len(communes)} communes: {len(communes)} change, 0 keep"
    assert preview.whole.seated == len(communes)


def test_whoever_is_seated_beyond_the_seats_is_told(wave: Wave) -> None:
    """Offices that had no key before get none; the president gets one where there is a seat."""
    wave.official(BERRECHID, None)
    wave.load(listed(*new_council(BERRECHID, 3)))
    wave.freeze(BERRECHID)
    (council,) = seat_all(wave)
    assert [place.outcome for place in council.places] == [KeyOutcome.ORDERED, KeyOutcome.NONE, KeyOutcome.NONE]
    wave.books_balance()


def test_a_full_commune_is_seated_even_if_its_new_president_must_wait(wave: Wave) -> None:
    for _ in range(wave.allowance(BERRECHID).granted):
        holder, office = seated(wave.records)
        wave.key(holder, office, BERRECHID)
    wave.load(listed(*new_council(BERRECHID, 1)))
    wave.freeze(BERRECHID)
    (council,) = seat_all(wave)
    assert [place.outcome for place in council.places] == [KeyOutcome.NO_SEAT]
    with pytest.raises(AllowanceExhausted):
        request_key(
            wave.records,
            holder=council.places[0].holder,
            office=council.places[0].office,
            payer_body_code=BERRECHID,
            by=OFFICER,
            at=LATER,
        )


def test_reelected_persons_keep_their_keys(wave: Wave) -> None:
    (president, old_office), (vice, vice_office) = wave.official(BERRECHID, None), wave.official(BERRECHID, 1)
    kept, other = wave.key(president, old_office, BERRECHID), wave.key(vice, vice_office, BERRECHID)
    wave.load(
        listed(
            row(BERRECHID, "president", None, wave.ids[vice]), row(BERRECHID, "vice_president", 1, wave.ids[president])
        )
    )
    wave.freeze(BERRECHID)
    council = wave.seat(BERRECHID, at=LATER)
    assert {place.place: (place.outcome, place.order) for place in council.places} == {
        "president": (KeyOutcome.KEPT, other),
        "vice_president/1": (KeyOutcome.KEPT, kept),
    }
    with wave.records.reading() as session:
        orders = {each.id: (each.state, each.office_id) for each in session.scalars(select(KeyOrder))}
    assert all(orders[each][0] is OrderState.ACTIVE for each in (kept, other))
    assert orders[other][1] == next(each.office for each in council.places if each.place == "president")
    wave.books_balance()


def test_keys_that_nobody_follows(bureau: Bureau) -> None:
    wave = Wave(bureau.records)
    holder, office = wave.official(BERRECHID, 4)
    order = bureau.order(holder, office).id
    bureau.submit(order)
    bureau.approve(order)
    bureau.issue(order)
    bureau.confirm(order)
    bureau.activate(order)
    wave.load(listed(*new_council(BERRECHID, 1)))
    wave.freeze(BERRECHID)
    with pytest.raises(CouncilNotFrozen):
        wave.seat("06.117.01.07")
    # The president takes the seat of the vice-president who left: nobody follows in that one's office.
    council = wave.seat(BERRECHID, at=LATER)
    assert [place.outcome for place in council.places] == [KeyOutcome.SUCCEEDS]
    assert revoked_for(bureau, order) is RevocationReason.CESSATION_OF_OPERATION
    wave.books_balance()


@pytest.mark.parametrize("outgoing", OutgoingKeys)
def test_more_keys_than_successors(bureau: Bureau, outgoing: OutgoingKeys) -> None:
    wave = Wave(bureau.records)
    wave.key(*wave.official(BERRECHID, None), BERRECHID)
    extra = bureau.active()
    holder, office = wave.official(BERRECHID, 2)
    second = wave.key(holder, office, BERRECHID)
    wave.load(listed(*new_council(BERRECHID, 1)))
    wave.freeze(BERRECHID)
    council = wave.seat(BERRECHID, at=LATER, outgoing=outgoing)
    assert bureau.stands(extra) == (OrderState.ACTIVE, SeatPlace.LIVE)
    if outgoing is OutgoingKeys.REVOKE:
        assert council.ended == (second,)
        assert council.left == ()
    else:
        assert council.left == (second,)
        assert bureau.stands(second) == (OrderState.ACTIVE, SeatPlace.LIVE)
    wave.books_balance()


def test_between_two_councils_nobody_signs(wave: Wave) -> None:
    president, office = wave.official(BERRECHID, None)
    wave.key(president, office, BERRECHID)
    frozen_at = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

    def answer(at: datetime) -> tuple[Answer, Reason]:
        with wave.records.reading() as session:
            said = entitlement(session, holder=president, body_code=BERRECHID, act=ActKind.LICENCE, at=at)
        return said.answer, said.reason

    at = frozen_at
    freeze_council(
        wave.records, plan=wave.plan, body_code=BERRECHID, ends_on=date(2026, 11, 2), deed=DEED, by=OFFICER, at=at
    )
    assert answer(frozen_at)[0] is Answer.NO
    # That very morning, before anybody could know: the register cannot tell. The day before: yes.
    assert answer(frozen_at - timedelta(seconds=1)) == (Answer.UNKNOWN, Reason.OFFICE_ENDED_RECORDED_LATER)
    # The day begins at midnight in Morocco.
    assert answer(day_start(date(2026, 11, 2)) - timedelta(seconds=1))[0] is Answer.YES
    found = berrechid(wave, at=frozen_at)
    assert found.without_signatory == (BERRECHID,)


def test_a_freeze_for_tomorrow_lets_today_be(wave: Wave) -> None:
    president, _ = wave.official(BERRECHID, None)
    freeze_council(
        wave.records, plan=wave.plan, body_code=BERRECHID, ends_on=date(2026, 11, 3), deed=DEED, by=OFFICER, at=T0
    )
    with wave.records.reading() as session:
        ask = {"holder": president, "body_code": BERRECHID, "act": ActKind.LICENCE}
        midnight = day_start(date(2026, 11, 3))
        today = entitlement(session, at=midnight - timedelta(seconds=1), **ask)  # type: ignore[arg-type]
        tomorrow = entitlement(session, at=midnight, **ask)  # type: ignore[arg-type]
    assert (today.answer, tomorrow.answer) == (Answer.YES, Answer.NO)


def test_steps_are_taken_once_and_in_turn(wave: Wave) -> None:
    wave.official(BERRECHID, None)
    with pytest.raises(CouncilMissing):
        wave.freeze(BERRECHID_PROVINCE)
    wave.freeze(BERRECHID)
    with pytest.raises(CouncilAlreadyFrozen):
        wave.freeze(BERRECHID)
    with pytest.raises(OfficialsMissing):
        wave.seat(BERRECHID)
    wave.load(listed(*new_council(BERRECHID, 1)))
    with pytest.raises(ElectionDayRefused):
        wave.seat(BERRECHID, elected_on=ELECTED_ON - timedelta(days=1))
    with pytest.raises(ElectionDayRefused):
        wave.seat(BERRECHID, elected_on=date(2026, 11, 3))
    wave.seat(BERRECHID)
    with pytest.raises(CouncilAlreadySeated):
        wave.seat(BERRECHID)
    assert [error.code.value for error in wave.load(listed(*new_council(BERRECHID, 1))).errors] == ["council-seated"]
    with pytest.raises(PlanExists) as refused:
        draft_plan(wave.records, label="2026", by=OFFICER, at=T0)
    assert refused.value.plan == wave.plan
    with wave.records.reading() as session:
        status = plan_status(session, wave.plan)
    assert (status.officials, status.bodies, status.frozen, status.seated) == (1, 1, 0, 1)


def test_two_officers_seat_one_council_at_once(wave: Wave) -> None:
    wave.key(*wave.official(BERRECHID, None), BERRECHID)
    wave.load(listed(*new_council(BERRECHID, 2)))
    wave.freeze(BERRECHID)
    assert at_once([lambda: wave.seat(BERRECHID, at=LATER)] * 6) == {"done": 1, "CouncilAlreadySeated": 5}
    with wave.records.reading() as session:
        presidents = select(func.count()).select_from(Office).where(Office.function == OfficeFunction.PRESIDENT)
        assert session.scalar(presidents) == 2
    wave.books_balance()


class Stopped(Exception):
    """The process ends here."""


def world(wave: Wave) -> tuple[int, ...]:
    """Everything that a doubled step would show in."""
    with wave.records.reading() as session:
        orders = session.execute(select(KeyOrder.state, func.count()).group_by(KeyOrder.state).order_by(KeyOrder.state))
        offices = session.scalar(select(func.count()).select_from(Office))
        leaves = session.scalar(select(func.count()).select_from(Leaf))
        return (offices or 0, leaves or 0, *(number for _, number in orders))


@settings(max_examples=6, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@for_all(stops=st.lists(st.integers(1, 40), min_size=1, max_size=3))
def test_stopped_anywhere_and_run_again(
    sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory, stops: list[int]
) -> None:
    """What was begun when it stopped is undone whole; what was done is not done again."""
    ends = []
    for interrupted in ([], stops):
        path = tmp_path_factory.mktemp("stopped") / "records.sqlite"
        shutil.copyfile(sqlite_template, path)
        records = Records.open(f"sqlite+pysqlite:///{path}")
        hasten(records)
        wave = Wave(records)
        communes = wave.communes(BERRECHID_PROVINCE)[:4]
        rows = []
        for commune in communes:
            wave.key(*wave.official(commune, None), commune)
            rows += new_council(commune, 2)
        wave.load(listed(*rows))
        for commune in communes:
            wave.freeze(commune)
        for stop in interrupted:
            with pytest.MonkeyPatch.context() as patched:
                _stop_after(patched, stop)
                try:
                    seat_all(wave)
                except Stopped:
                    wave.books_balance()
        seat_all(wave)
        assert seat_all(wave) == []
        wave.books_balance()
        ends.append(world(wave))
        records.close()
    assert ends[0] == ends[1]


def _stop_after(patched: pytest.MonkeyPatch, statements: int) -> None:
    """The process ends at the so-manieth act of the seating."""
    left = [statements]

    def counting(kept: Any) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            left[0] -= 1
            if left[0] <= 0:
                raise Stopped
            return kept(*args, **more)

        return call

    for name in ("record", "insert", "update"):
        patched.setattr(seating, name, counting(getattr(seating, name)))
    for name in ("write_office", "enrol_protected", "replace_order"):
        patched.setattr(places, name, counting(getattr(places, name)))


def test_the_end_of_a_council_long_ago_takes_two_officers(wave: Wave) -> None:
    wave.official(BERRECHID, None)
    with pytest.raises(SecondOfficerNeeded):
        wave.freeze(BERRECHID, at=T0 + timedelta(days=7))
    assert wave.freeze(BERRECHID, at=T0 + timedelta(days=6)) == 1


def frozen(wave: Wave, ends_on: date, *, at: datetime) -> int:
    return freeze_council(
        wave.records, plan=wave.plan, body_code=BERRECHID, ends_on=ends_on, deed=DEED, by=OFFICER, at=at
    )


def test_a_council_of_nobody_does_not_reach_back(wave: Wave) -> None:
    """Nothing ends by it, and a later seating begins on its day: it would backdate an office by one officer."""
    _, office = wave.official(BERRECHID, None)
    ended(wave.records, office, date(2026, 9, 1))
    declared(wave.records, BERRECHID, date(2021, 9, 24))
    with pytest.raises(SecondOfficerNeeded):
        frozen(wave, date(2026, 9, 2), at=T0)
    # The day on which two officers ended what there was.
    assert frozen(wave, date(2026, 9, 1), at=T0) == 0


def test_an_office_recorded_meanwhile_ends_with_its_council(wave: Wave) -> None:
    """Whoever writes down a vice-president while the council is frozen does not leave one in office after it."""
    wave.official(BERRECHID, None)
    holder, started, ended_with = person(wave.records), threading.Event(), []

    def freeze() -> None:
        started.wait()
        ended_with.append(wave.freeze(BERRECHID))

    thread = threading.Thread(target=freeze)
    thread.start()
    with wave.records.writing() as session:
        seated(Joined(session), BERRECHID, OfficeFunction.VICE_PRESIDENT, holder=holder, rank=1)
        started.set()
        time.sleep(0.4)
    thread.join()
    assert ended_with == [2]


def test_a_council_does_not_end_in_a_day_that_nobody_sees(wave: Wave) -> None:
    """Frozen once, seated after that day alone: a slip of a digit would lock the commune."""
    wave.official(BERRECHID, None)
    for day in (date(9999, 12, 31), date(2027, 11, 3)):
        with pytest.raises(ElectionDayRefused):
            frozen(wave, day, at=T0)
    assert frozen(wave, date(2027, 11, 2), at=T0) == 1


def test_an_election_long_ago_takes_two_officers(wave: Wave) -> None:
    """Whoever seats a council late says of its day what another officer's list says, or nothing."""
    wave.official(BERRECHID, None)
    declared(wave.records, BERRECHID, date(2021, 9, 24))
    wave.load(listed(*new_council(BERRECHID, 2)))
    wave.freeze(BERRECHID)
    late = T0 + timedelta(days=30)
    with pytest.raises(SecondOfficerNeeded):
        wave.seat(BERRECHID, at=late)  # he brought the list himself
    with pytest.raises(SecondOfficerNeeded):
        wave.seat(BERRECHID, elected_on=date(2026, 11, 3), by=SECOND, at=late)  # the list says another day
    with pytest.raises(SecondOfficerNeeded):
        wave.seat(BERRECHID, by=SYSTEM, at=late)  # whoever has the machine may be the one who brought it
    assert len(wave.seat(BERRECHID, by=SECOND, at=late).places) == 2


def test_a_list_brought_at_the_command_line_is_no_officers(wave: Wave) -> None:
    wave.official(BERRECHID, None)
    declared(wave.records, BERRECHID, date(2021, 9, 24))
    wave.load(listed(*new_council(BERRECHID, 1)), by=SYSTEM)
    wave.freeze(BERRECHID)
    with pytest.raises(SecondOfficerNeeded):
        wave.seat(BERRECHID, by=SECOND, at=T0 + timedelta(days=30))
    assert len(wave.seat(BERRECHID, by=SYSTEM, at=LATER).places) == 1


def test_one_council_that_is_refused_does_not_stop_the_others(wave: Wave) -> None:
    communes = wave.communes(BERRECHID_PROVINCE)[:3]
    rows = [line for commune in communes for line in new_council(commune, 1)]
    wave.load(listed(rows[0].replace(str(ELECTED_ON), "2026-10-01"), *rows[1:]))  # before the freeze
    for commune in communes:
        wave.freeze(commune)
    refused: dict[str, str] = {}
    run = seat_ready(
        wave.records,
        settled,
        plan=wave.plan,
        refused=lambda code, why: refused.update({code: type(why).__name__}),
        by=OFFICER,
        at=LATER,
    )
    assert [each.body_code for each in run] == communes[1:]
    assert refused == {communes[0]: "ElectionDayRefused"}


def test_who_sits_in_another_bureau_waits_for_its_end(wave: Wave) -> None:
    other = "06.117.01.05"
    vice, _ = wave.official(other, 1)
    wave.load(listed(row(BERRECHID, "president", None, wave.ids[vice])))
    wave.freeze(BERRECHID)
    with pytest.raises(HolderInOffice):
        wave.seat(BERRECHID, at=LATER)
    assert seat_all(wave) == []
    wave.freeze(other)
    assert [each.body_code for each in seat_all(wave)] == [BERRECHID]


def test_preview_says_who_goes_and_what_somebody_should_look_at(wave: Wave) -> None:
    president, office = wave.official(BERRECHID, None)
    order = wave.key(president, office, BERRECHID)
    other = "06.117.01.07"
    again, _ = wave.official(other, None)
    twice = cin()
    wave.load(
        listed(
            row(BERRECHID, "president", None, twice, name="Alaoui Ahmed El"),
            row(other, "president", None, wave.ids[again], name="Someone Else"),
            row("06.117.01.05", "president", None, twice),
        )
    )
    before = world(wave)
    with wave.records.reading() as session:
        preview = dry_run(session, plan=wave.plan, at=LATER, within=Extent(province_code=BERRECHID_PROVINCE))
        whole = dry_run(session, plan=wave.plan, at=LATER)
    assert world(wave) == before
    (tally,) = preview.provinces
    assert (tally.change, tally.keep) == (2, 1)
    assert tally.without_officials == tally.communes - 3 == len(preview.without_officials)
    assert [(each.place, each.move) for each in preview.offices if each.body_code == BERRECHID] == [
        ("president", Move.LOSES),
        ("president", Move.GETS),
    ]
    assert [(each.order, each.end.value) for each in preview.keys] == [(order, "passed")]
    doubts = {(each.body_code, each.doubt) for each in preview.look_at}
    assert (BERRECHID, Doubt.SAME_NAME_OTHER_ID) in doubts
    assert (other, Doubt.SAME_ID_OTHER_NAME) in doubts
    assert sum(doubt is Doubt.PRESIDENT_TWICE for _, doubt in doubts) == 1
    assert whole.headline.startswith("1,503 communes, 41 arrondissements: 2 change, 1 keep")


def test_count_of_communes_able_to_sign(bureau: Bureau) -> None:
    wave = Wave(bureau.records)
    president, office = wave.official(BERRECHID, None)
    assert why(wave) is Unable.NO_KEY
    order = bureau.order(president, office).id
    assert why(wave) is Unable.KEY_UNDER_WAY
    bureau.submit(order)
    bureau.approve(order)
    bureau.issue(order)
    bureau.confirm(order)
    assert why(wave) is Unable.KEY_NOT_ACCEPTED
    bureau.activate(order)
    assert why(wave) is None
    assert berrechid(wave, at=LATER).able == 1
    wave.load(listed(*new_council(BERRECHID, 1)))
    wave.freeze(BERRECHID)
    assert berrechid(wave, at=LATER).without_signatory == (BERRECHID,)
    wave.seat(BERRECHID, at=LATER)
    assert why(wave) is Unable.KEY_UNDER_WAY
    over = max(each.not_after for each in bureau.view(order).certificates)
    assert BERRECHID not in berrechid(wave, at=over + timedelta(days=1)).without_signatory


def why(wave: Wave) -> Unable | None:
    found = berrechid(wave, at=LATER)
    return next((each.why for each in found.unable if each.body_code == BERRECHID), None)


def test_revocation_of_the_outgoing_waits_for_signatures(bureau: Bureau) -> None:
    wave = Wave(bureau.records)
    president, office = wave.official(BERRECHID, None)
    order = bureau.order(president, office).id
    bureau.submit(order)
    bureau.approve(order)
    bureau.issue(order)
    bureau.confirm(order)
    bureau.activate(order)
    wave.load(listed(*new_council(BERRECHID, 1)))
    wave.freeze(BERRECHID)
    list(seat_ready(wave.records, unsettled, plan=wave.plan, by=OFFICER, at=LATER))
    assert bureau.stands(order) == (OrderState.REPLACED, SeatPlace.NONE)
    assert revoked_for(bureau, order) is None


def test_a_sheet_tells_who_came_and_who_went(sqlite_wave: Wave) -> None:
    wave = sqlite_wave
    order = wave.key(*wave.official(BERRECHID, None), BERRECHID)
    wave.load(listed(*new_council(BERRECHID, 2)))
    wave.freeze(BERRECHID)
    with wave.records.reading() as session:
        assert council_sheets(session, plan=wave.plan) == []
    council = wave.seat(BERRECHID, at=LATER)
    with wave.records.reading() as session:
        (sheet,) = council_sheets(session, plan=wave.plan, within=Extent(body_code=BERRECHID))
    assert [(each.function.value, each.outcome, each.order) for each in sheet.places] == [
        ("president", KeyOutcome.SUCCEEDS, council.places[0].order),
        ("vice_president", KeyOutcome.NONE, None),
    ]
    assert [(each.function.value, each.order) for each in sheet.gone] == [("president", order)]
