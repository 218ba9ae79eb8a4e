"""Laws of custody over random histories, against a model that shares nothing with the room but its acts."""

import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from pki.quota.devices.errors import DeviceError, DeviceNotUsable
from pki.quota.devices.kinds import Condition, Custody, CustodyStep, DeviceState
from pki.quota.devices.positions import FROM
from pki.quota.devices.reading import devices, stock
from pki.quota.devices.tables import Device, DeviceCustody
from pki.quota.errors import QuotaError
from pki.quota.grants.extras import approve_extra, request_extra
from pki.quota.orders import cancel_key
from pki.quota.stopping import return_key
from pki.quota.transitions import Step
from pki.records import OrderId, Records
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, SECOND, T0, hasten
from tests.pki.quota.devices.estate import CENTRE, REGION, Storeroom
from tests.pki.quota.estate import settled

SERIALS = [f"A{number:03}" for number in range(8)]
SOME = st.lists(st.sampled_from(SERIALS), min_size=1, max_size=4, unique=True)
STORES = st.sampled_from([CENTRE, REGION, BERRECHID_PROVINCE, BERRECHID, "02.411"])
SERVING = {CENTRE, REGION, BERRECHID_PROVINCE, BERRECHID}
RECORDED = st.sampled_from(
    [step for step in CustodyStep if step in {CustodyStep.INITIALISE, CustodyStep.FAIL, CustodyStep.LOSE}]
    + [CustodyStep.FIND, CustodyStep.TO_SUPPLIER, CustodyStep.FROM_SUPPLIER, CustodyStep.DESTROY]
    + [CustodyStep.TAKE_BACK]
)


class Histories(RuleBasedStateMachine):
    """Devices, stores, orders and hand-overs in any order, on one file."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="khatam-devices-"))
        shutil.copyfile(self.template, self.folder / "records.sqlite")
        self.records = Records.open(f"sqlite+pysqlite:///{self.folder}/records.sqlite")
        hasten(self.records)
        self.room = Storeroom(self.records)
        extra = request_extra(self.records, body_code=BERRECHID, seats=500, reason="more", by=OFFICER, at=T0)
        approve_extra(self.records, extra=extra.id, digest=extra.digest, reason="yes", by=SECOND, at=T0)
        self.where: dict[str, tuple[str, str]] = {}
        """Who has it, and in whose figures it counts."""
        self.open: dict[int, tuple[str, set[str]]] = {}
        """Hand-overs under way: their sender, and what is still on the way."""
        self.orders: dict[str, OrderId] = {}
        """Orders under way or delivered, by the device that they name."""
        self.receive_some(SERIALS[:6])

    @rule(serials=SOME)
    def receive(self, serials: list[str]) -> None:
        self.receive_some(serials)

    def receive_some(self, serials: list[str]) -> None:
        done = self.room.receive(*serials)
        assert done.new == len(set(serials) - self.where.keys())
        for serial in serials:
            self.where.setdefault(serial, ("stock", CENTRE))

    @rule(first=st.sampled_from(SERIALS), more=SOME, to=STORES, astray=st.sampled_from([False] * 5 + [True]))
    def send(self, first: str, more: list[str], to: str, *, astray: bool) -> None:
        """From where the first one lies; the others with it if they lie there too, or all the same if astray."""
        if first not in self.where:
            return
        sender = self.where[first][1]
        serials = sorted({first} | {each for each in more if astray or self.where.get(each) == self.where[first]})
        may = {"stock", "promised", "used", "defective"}
        good = sender != to and all(self.where.get(each) in {(held, sender) for held in may} for each in serials)
        try:
            number = self.room.send(to, *serials, sender=sender).number
        except DeviceError:
            assert not good
            return
        assert good
        self.open[number] = (sender, set(serials))
        for each in serials:
            self.where[each] = (f"{number}/{self.where[each][0]}", to)

    @rule(which=st.integers(0, 5), missing=SOME, refused=SOME)
    def arrive(self, which: int, missing: list[str], refused: list[str]) -> None:
        if not self.open:
            return
        number = sorted(self.open)[which % len(self.open)]
        sender, on_the_way = self.open.pop(number)
        lost = on_the_way & set(missing)
        back = (on_the_way - lost) & set(refused)
        self.room.arrive(number, missing=sorted(lost), refused=sorted(back))
        for each in on_the_way:
            held, to = self.where[each][0].partition("/")[2], self.where[each][1]
            if each in lost:
                self.where[each] = ("lost", sender)
                if held == "promised":
                    self.orders.pop(each)
            else:
                self.where[each] = (held, sender if each in back else to)

    @rule(serial=st.sampled_from(SERIALS), delivered=st.booleans())
    def order(self, serial: str, *, delivered: bool) -> None:
        held, store = self.where.get(serial, ("unknown", CENTRE))
        good = held == "unknown" or (held == "stock" and store in SERVING)
        try:
            order = self.room.order(serial)
        except DeviceNotUsable:
            assert not good
            return
        assert good
        if held == "stock":
            self.orders[serial] = order
            self.where[serial] = ("promised", store)
            if delivered:
                self.deliver(serial)

    @rule(serial=st.sampled_from(SERIALS))
    def hand_out(self, serial: str) -> None:
        self.deliver(serial)

    def deliver(self, serial: str) -> None:
        held = self.where.get(serial, ("unknown", ""))[0]
        if not held.endswith("promised"):
            return
        self.room.walk(self.orders[serial], Step.APPROVE, Step.BUY, Step.ISSUE, Step.CONFIRM, Step.ACTIVATE)
        if held != "promised":
            self.open[int(held.partition("/")[0])][1].discard(serial)
        self.where[serial] = ("active", BERRECHID)

    @rule(serial=st.sampled_from(SERIALS), end=st.sampled_from(["cancel", "return", "block", "revoke"]))
    def stop(self, serial: str, end: str) -> None:
        order = self.orders.get(serial)
        if order is None:
            return
        held, store = self.where[serial]
        try:
            if end == "cancel":
                cancel_key(self.records, order=order, reason="r", by=OFFICER, at=T0)
            elif end == "return":
                return_key(self.records, settled, order=order, reason="r", by=OFFICER, at=T0)
            else:
                self.room.walk(order, Step(end))
        except QuotaError:
            return
        if end == "block":
            self.where[serial] = ("blocked", store)
            return
        del self.orders[serial]
        after = {"cancel": held.replace("promised", "stock"), "return": "used", "revoke": "ended"}
        self.where[serial] = (after[end], store)

    @rule(step=RECORDED, serial=st.sampled_from(SERIALS), elsewhere=st.none() | STORES)
    def record(self, step: CustodyStep, serial: str, elsewhere: str | None) -> None:
        held, at = self.where.get(serial, ("unknown", CENTRE))
        store = elsewhere or at
        leads = {
            CustodyStep.INITIALISE: {"used": "stock", "defective": "stock"},
            CustodyStep.FAIL: dict.fromkeys(("stock", "used", "promised", "defective"), "defective"),
            CustodyStep.LOSE: dict.fromkeys(("stock", "used", "promised", "defective", "blocked", "ended"), "lost"),
            CustodyStep.FIND: {"lost": "used"},
            CustodyStep.TO_SUPPLIER: dict.fromkeys(("stock", "used", "defective"), "supplier"),
            CustodyStep.FROM_SUPPLIER: {"supplier": "used"},
            CustodyStep.DESTROY: dict.fromkeys(("stock", "used", "defective"), "destroyed"),
            CustodyStep.TAKE_BACK: {"ended": "used"},
        }[step]
        good = at == store and held in leads
        try:
            self.room.step(step, store, serial)
        except DeviceError:
            assert not good
            return
        assert good
        self.where[serial] = (leads[held], store)
        if held in ("promised", "blocked"):
            self.orders.pop(serial)

    @invariant()
    def every_device_has_one_custodian(self) -> None:
        """The one that the model says; and the figures add up to what was received."""
        names = {"stock": "in-stock", "active": "with-holder", "ended": "due-back", "used": "returned"}
        names |= {"supplier": "at-supplier"}
        expected = {
            serial: ("in-transit" if "/" in held else names.get(held, held), store)
            for serial, (held, store) in self.where.items()
        }
        with self.records.reading() as session:
            found = {each.serial: (each.state.value, each.store) for each in devices(session)}
            figures = {(each.store, state): n for each in stock(session) for state, n in each.states.items() if n}
        assert found == expected
        counted = Counter((store, DeviceState(state)) for state, store in expected.values())
        assert figures == counted
        assert sum(figures.values()) == len(self.where) == self.room.in_all()

    @invariant()
    def the_chain_leads_to_where_the_device_stands(self) -> None:
        with self.records.reading() as session:
            rows = session.scalars(select(DeviceCustody).order_by(DeviceCustody.device_id, DeviceCustody.number)).all()
            stored = {each.id: each for each in session.scalars(select(Device))}
            last: dict[object, DeviceCustody] = {}
            for row in rows:
                before = last.get(row.device_id)
                assert row.number == (1 if before is None else before.number + 1)
                if before is None:
                    assert (row.step, row.custody) == (CustodyStep.RECEIVE, Custody.STORE)
                else:
                    assert before.custody in FROM[row.step]
                    assert before.in_effect <= row.in_effect
                last[row.device_id] = row
            assert last.keys() == stored.keys()
            for number, device in stored.items():
                row = last[number]
                for name in ("number", "custody", "condition", "store", "holder_id", "order_id", "promised_id"):
                    assert getattr(row, name) == getattr(device, name), name
                if device.custody is Custody.TRANSIT:
                    assert row.handover == device.handover
                assert device.condition is not Condition.USED or device.custody is not Custody.HOLDER

    def teardown(self) -> None:
        self.records.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.mark.timeout(300)
def test_random_histories(sqlite_template: Path) -> None:
    Histories.template = sqlite_template
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Histories,
        settings=settings(
            max_examples=8,
            stateful_step_count=35,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
