"""Laws of the books over random histories: never overdrawn, and every balance is what its entries say."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from pki.quota.books import differences
from pki.quota.errors import QuotaError
from pki.quota.kinds import OrderState, Road, SeatPlace
from pki.quota.orders import request_key
from pki.quota.reading import allowances, ledger
from pki.quota.tables import KeyOrder
from pki.quota.transitions import Step, advance
from pki.records import HolderId, OfficeId, OrderId, Records
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, T0, seated, without_fsync

BODIES = (BERRECHID, BERRECHID_PROVINCE)


class Histories(RuleBasedStateMachine):
    """Orders and steps in any order, on one file."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="khatam-history-"))
        shutil.copyfile(self.template, self.folder / "records.sqlite")
        self.records = Records.open(f"sqlite+pysqlite:///{self.folder}/records.sqlite")
        without_fsync(self.records)
        self.people: list[tuple[HolderId, OfficeId, str]] = []
        self.orders: list[OrderId] = []
        self.at = T0

    @initialize()
    def enrol(self) -> None:
        for body in BODIES:
            for _ in range(4):
                self.people.append((*seated(self.records, body), body))

    @rule(who=st.integers(0, 7), from_province=st.booleans())
    def order(self, who: int, *, from_province: bool) -> None:
        holder, office, body = self.people[who]
        payer = BERRECHID_PROVINCE if from_province else body
        try:
            order = request_key(
                self.records, holder=holder, office=office, payer_body_code=payer, by=OFFICER, at=self.at
            )
        except QuotaError:
            return
        self.orders.append(order.id)

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

    @rule(which=st.integers(0, 30))
    def whole_life(self, which: int) -> None:
        for step in (Step.APPROVE, Step.ISSUE, Step.CONFIRM, Step.ACTIVATE):
            self.advance(which, step)

    @invariant()
    def never_overdrawn(self) -> None:
        with self.records.reading() as session:
            for body in BODIES:
                line = allowances(session, body_code=body)[0]
                assert line.reserved >= 0
                assert line.live >= 0
                assert line.reserved + line.live <= line.granted

    @invariant()
    def every_seat_is_an_orders(self) -> None:
        """A body can name the order behind each seat taken, and each order the entries behind its seat."""
        with self.records.reading() as session:
            orders = session.execute(select(KeyOrder.id, KeyOrder.seat, KeyOrder.state, KeyOrder.road)).all()
            taken = sum(line.reserved + line.live for body in BODIES for line in allowances(session, body_code=body))
            assert taken == sum(order.seat is not SeatPlace.NONE for order in orders)
            for order in orders:
                assert order.road is Road.SELF_MADE
                seats = {"reserved": 0, "live": 0}
                for line in ledger(session, order=order.id):
                    if line.account.value in seats:
                        seats[line.account.value] += line.change
                held = {place.value: int(order.seat is place) for place in (SeatPlace.RESERVED, SeatPlace.LIVE)}
                assert seats == held
                if order.state is OrderState.ACTIVE:
                    assert order.seat is SeatPlace.LIVE

    def teardown(self) -> None:
        with self.records.reading() as session:
            assert differences(session) == []
        self.records.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.mark.timeout(300)
def test_random_histories(sqlite_template: Path) -> None:
    Histories.template = sqlite_template
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Histories,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
