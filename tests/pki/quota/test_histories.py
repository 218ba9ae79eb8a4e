"""Laws of the books over random histories: never overdrawn, and every balance is what its entries say."""

import shutil
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.quota.advancing import advance
from pki.quota.balances import balances, explain
from pki.quota.differences import differences
from pki.quota.errors import QuotaError
from pki.quota.grants.census import apply_census, propose_census
from pki.quota.grants.extras import approve_extra, refuse_extra, request_extra
from pki.quota.grants.field_lines import KeyInField
from pki.quota.grants.opening import import_keys_in_field
from pki.quota.grants.purchases import give_back_purchase
from pki.quota.grants.transfers import consent_to_transfer, propose_transfer
from pki.quota.heirs import Successor
from pki.quota.kinds import Account, OrderState, Replacement, Road, SeatPlace, TransferSide
from pki.quota.orders import request_key
from pki.quota.policy import QuotaPolicy
from pki.quota.reading import AllowanceLine, allowances, ledger
from pki.quota.replacing import replace_order
from pki.quota.tables import KeyOrder
from pki.quota.transitions import Step
from pki.records import HolderId, OfficeId, OrderId, Records
from pki.registration.census import CountedBody, record_census
from pki.registration.kinds import OfficeFunction
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, PROTECTION, SECOND, T0, hasten, seated
from tests.pki.quota.estate import settled
from tests.pki.quota.grants.estate import DEROUA, agreement_of

BODIES = (BERRECHID, BERRECHID_PROVINCE, DEROUA)
CENSUSES = {"low": (15_000, 30_000), "middle": (30_000, 60_000), "high": (60_000, 15_000)}
"""Inhabitants of Berrechid and of Deroua, by tiers of three, four and five keys."""
Seats = dict[str, int]


class Histories(RuleBasedStateMachine):
    """Orders and steps in any order, on one file."""

    template: Path
    """With the people and the censuses in it."""
    people: list[tuple[HolderId, OfficeId, str]]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="khatam-history-"))
        shutil.copyfile(self.template, self.folder / "records.sqlite")
        self.records = Records.open(f"sqlite+pysqlite:///{self.folder}/records.sqlite")
        hasten(self.records)
        self.orders: list[OrderId] = []
        self.seen: list[tuple[datetime, str, Seats]] = []
        self.in_field = 0
        self.agreement = agreement_of(self.records)
        self.at = T0

    @rule(body=st.sampled_from(BODIES), seats=st.integers(1, 3), granted=st.booleans())
    def extra(self, body: str, seats: int, *, granted: bool) -> None:
        self.at += timedelta(hours=1)
        extra = request_extra(self.records, body_code=body, seats=seats, reason="more", by=OFFICER, at=self.at)
        if granted:
            approve_extra(self.records, extra=extra.id, digest=extra.digest, reason="yes", by=SECOND, at=self.at)
        else:
            refuse_extra(self.records, extra=extra.id, reason="no", by=SECOND, at=self.at)

    @rule(bodies=st.permutations(BODIES), seats=st.integers(1, 4))
    def transfer(self, bodies: list[str], seats: int) -> None:
        self.at += timedelta(hours=1)
        giver, receiver = bodies[:2]
        before = self.line(giver)
        transfer = propose_transfer(
            self.records,
            QuotaPolicy(four_eyes_above=100),
            giver_code=giver,
            receiver_code=receiver,
            seats=seats,
            reason="elsewhere",
            side=TransferSide.GIVER,
            by=OFFICER,
            at=self.at,
        )
        try:
            consent_to_transfer(self.records, transfer=transfer.id, digest=transfer.digest, by=SECOND, at=self.at)
        except QuotaError:
            assert before.granted - before.reserved - before.live < seats
        else:
            assert self.line(giver).excess == 0

    @rule(census=st.sampled_from([*CENSUSES]))
    def count(self, census: str) -> None:
        self.at += timedelta(hours=1)
        try:
            proposal = propose_census(
                self.records, agreement=self.agreement, census=census, in_effect=self.at.date(), by=OFFICER, at=self.at
            )
        except QuotaError:
            return
        apply_census(self.records, proposal=proposal.id, digest=proposal.digest, by=SECOND, at=self.at)

    @rule(body=st.sampled_from(BODIES), many=st.integers(1, 3))
    def find_in_the_field(self, body: str, many: int) -> None:
        self.at += timedelta(hours=1)
        keys = [self.found_key(body, self.in_field + number) for number in range(many)]
        self.in_field += many
        done = import_keys_in_field(self.records, PROTECTION, keys, by=OFFICER, at=self.at)
        assert (done.opened, done.refused) == (many, ())
        with self.records.reading() as session:
            known = {seat.order for seat in explain(session, body).seats}
        self.orders += sorted(known - set(self.orders))

    def found_key(self, body: str, number: int) -> KeyInField:
        return KeyInField(
            line=number,
            body_code=body,
            function=OfficeFunction.COMMITTEE_MEMBER,
            rank=None,
            name_ar="سلمى",
            name_latin="Salma",
            cin=f"ZA{number}",
            starts_on=date(2021, 9, 24),
            deed="",
            certificate=None,
            serial=f"f{number}",
            device_serial=None,
            paid_by=None,
        )

    @rule(which=st.integers(0, 30))
    def give_back(self, which: int) -> None:
        if not self.orders:
            return
        self.at += timedelta(hours=1)
        try:
            order = self.orders[which % len(self.orders)]
            give_back_purchase(self.records, order=order, reason="a mistake", by=OFFICER, at=self.at)
        except QuotaError:
            return

    def line(self, body: str) -> AllowanceLine:
        with self.records.reading() as session:
            return allowances(session, body_code=body)[0]

    @rule(who=st.integers(0, 11), from_province=st.booleans())
    def order(self, who: int, *, from_province: bool) -> None:
        self.at += timedelta(hours=1)
        holder, office, body = self.people[who]
        payer = BERRECHID_PROVINCE if from_province else body
        try:
            order = request_key(
                self.records, holder=holder, office=office, payer_body_code=payer, by=OFFICER, at=self.at
            )
        except QuotaError:
            return
        self.orders.append(order.id)
        assert self.line(payer).excess == 0

    @rule(which=st.integers(0, 30), step=st.sampled_from(Step))
    def advance(self, which: int, step: Step) -> None:
        if not self.orders:
            return
        self.at += timedelta(hours=1)
        try:
            with self.records.writing() as session:
                advance(session, self.orders[which % len(self.orders)], step, by=OFFICER, at=self.at)
        except QuotaError:
            return

    @rule(which=st.integers(0, 30), why=st.sampled_from(Replacement), who=st.integers(0, 11))
    def replace(self, which: int, why: Replacement, who: int) -> None:
        if not self.orders:
            return
        self.at += timedelta(hours=1)
        holder, office, _body = self.people[who]
        successor = Successor(holder=holder, office=office) if why is Replacement.SUCCESSION else None
        old = self.orders[which % len(self.orders)]
        try:
            with self.records.writing() as session:  # as an election does: it asks for no office's end
                new = replace_order(session, settled, order=old, why=why, successor=successor, by=OFFICER, at=self.at)
        except QuotaError:
            return
        if new not in self.orders:
            self.orders.append(new)

    @rule(which=st.integers(0, 30))
    def whole_life(self, which: int) -> None:
        for step in (Step.APPROVE, Step.BUY, Step.ISSUE, Step.CONFIRM, Step.ACTIVATE):
            self.advance(which, step)

    @invariant()
    def never_overdrawn(self) -> None:
        with self.records.reading() as session:
            for body in BODIES:
                line = allowances(session, body_code=body)[0]
                assert line.reserved >= 0
                assert line.live >= 0
                assert line.granted >= 0
                assert line.excess == max(0, line.reserved + line.live - line.granted)

    @invariant()
    def the_entries_say_what_stands(self) -> None:
        with self.records.reading() as session:
            for body in BODIES:
                line = allowances(session, body_code=body)[0]
                stands = {"agreement": -line.granted, "reserved": line.reserved, "live": line.live}
                stands["available"] = line.granted - line.reserved - line.live
                self.seen.append((self.at, body, {account: units for account, units in stands.items() if units}))
                assert self.recomputed(session, body, self.at) == self.seen[-1][2]
                explained = explain(session, body)
                assert len(explained.seats) == line.reserved + line.live
                assert sum(seat.granted_by is None for seat in explained.seats) == line.excess
                assert sum(grant.change for grant in explained.grants) == line.granted

    def recomputed(self, session: Session, body: str, known_at: datetime) -> Seats:
        found = balances(session, body_code=body, known_at=known_at)
        return {each.account.value: each.units for each in found if each.account not in (Account.USED, Account.UNUSED)}

    @invariant()
    def every_seat_is_an_orders(self) -> None:
        """A body can name the order behind each seat taken, and each order the entries behind its seat."""
        with self.records.reading() as session:
            orders = session.execute(select(KeyOrder.id, KeyOrder.seat, KeyOrder.state, KeyOrder.road)).all()
            taken = sum(line.reserved + line.live for body in BODIES for line in allowances(session, body_code=body))
            assert taken == sum(order.seat in (SeatPlace.RESERVED, SeatPlace.LIVE) for order in orders)
            for order in orders:
                assert order.road in (Road.SELF_MADE, Road.SUPPLIED)
                seats = {"reserved": 0, "live": 0}
                for line in ledger(session, order=order.id):
                    if line.account.value in seats:
                        seats[line.account.value] += line.change
                held = {place.value: int(order.seat is place) for place in (SeatPlace.RESERVED, SeatPlace.LIVE)}
                assert seats == held
                if order.state is OrderState.ACTIVE:
                    assert order.seat is SeatPlace.LIVE
                bought = [line.change for line in ledger(session, order=order.id) if line.account is Account.USED]
                assert bought in ([], [1], [1, -1])  # one at most, given back once at most

    @invariant()
    def who_waits_for_a_seat_waits_for_one_that_is_taken(self) -> None:
        with self.records.reading() as session:
            orders = {each.id: each for each in session.scalars(select(KeyOrder))}
            waiting = [each for each in orders.values() if each.seat is SeatPlace.AWAITED]
            for each in waiting:
                assert each.replaces_id is not None
                assert orders[each.replaces_id].seat in (SeatPlace.RESERVED, SeatPlace.LIVE)
            assert len({each.replaces_id for each in waiting}) == len(waiting)

    def teardown(self) -> None:
        with self.records.reading() as session:
            assert differences(session) == []
            # Every instant since the first is still what it was then.
            for at, body, stood in self.seen[:: max(1, len(self.seen) // 12)]:
                last = [each for each in self.seen if each[:2] == (at, body)][-1]
                assert self.recomputed(session, body, at) == last[2], stood
        self.records.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def enrol(records: Records) -> list[tuple[HolderId, OfficeId, str]]:
    """Four committee members a body, and three censuses to count by."""
    for census, people in CENSUSES.items():
        rows = [CountedBody(line=1, code=BERRECHID, population=people[0])]
        rows.append(CountedBody(line=2, code=DEROUA, population=people[1]))
        record_census(records, rows, census=census, by=OFFICER, at=T0)
    return [(*seated(records, body), body) for body in BODIES for _ in range(4)]


@pytest.mark.timeout(300)
def test_random_histories(sqlite_records: Records, tmp_path: Path) -> None:
    Histories.people = enrol(sqlite_records)
    sqlite_records.close()  # the last connection empties the write-ahead log into the file
    Histories.template = tmp_path / "records.sqlite"
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Histories,
        settings=settings(
            max_examples=10,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
