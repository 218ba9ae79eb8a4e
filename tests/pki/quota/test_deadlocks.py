"""A deadlock made on purpose: the act that the database breaks off runs again."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from pki.quota.due import revoke_all_owed
from pki.quota.kinds import OrderState, Replacement, SeatPlace
from pki.quota.orders import cancel_key
from pki.quota.replacing import replace_key
from pki.quota.stopping import expire_keys, revoke_key
from pki.quota.tables import Allowance, KeyOrder
from pki.records import Joined, OrderId, Records
from pki.registration.bodies import body_id
from pki.status.tables import RevocationReason
from tests.pki.estate import BERRECHID, OFFICER, T0
from tests.pki.quota.estate import Bureau, settled, unsettled

SECONDS = 30


# SQLite has one writer at a time: nothing waits for two things there.
pytestmark = pytest.mark.parametrize("records", ["postgresql"], indirect=True)


def crossed(records: Records, order: OrderId) -> threading.Thread:
    """Someone who holds the seats, and wants the order as soon as another waits for those seats."""
    holding = threading.Event()

    def cross() -> None:
        with records.writing() as session:
            session.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # the other one is broken off
            body = body_id(session, BERRECHID)
            session.execute(select(Allowance.body_id).where(Allowance.body_id == body).with_for_update())
            holding.set()
            waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            until = time.monotonic() + SECONDS
            while not session.scalar(waits) and time.monotonic() < until:
                time.sleep(0.01)
            session.execute(select(KeyOrder.id).where(KeyOrder.id == order).with_for_update())

    thread = threading.Thread(target=cross)
    thread.start()
    assert holding.wait(SECONDS)
    return thread


def test_it_runs_again(bureau: Bureau) -> None:
    order = bureau.requested()
    rival = crossed(bureau.records, order)
    cancel_key(bureau.records, order=order, reason="r", by=OFFICER, at=T0)
    rival.join()
    assert bureau.stands(order) == (OrderState.CANCELLED, SeatPlace.NONE)
    assert bureau.seats() == (0, 0)
    bureau.books_balance()


def test_a_key_is_replaced_all_the_same(bureau: Bureau) -> None:
    order = bureau.active()
    rival = crossed(bureau.records, order)
    new = replace_key(bureau.records, settled, order=order, why=Replacement.DAMAGED, by=OFFICER, at=T0)
    rival.join()
    assert bureau.stands(order) == (OrderState.REPLACED, SeatPlace.NONE)
    assert bureau.stands(new.id) == (OrderState.REQUESTED, SeatPlace.RESERVED)
    bureau.books_balance()


def test_sweeps_do_all_the_same_what_is_due(bureau: Bureau) -> None:
    ending, over = bureau.active(), bureau.active()
    superseded = RevocationReason.SUPERSEDED
    revoke_key(bureau.records, unsettled, order=ending, reason=superseded, by=OFFICER, at=T0)
    rival = crossed(bureau.records, ending)
    assert revoke_all_owed(bureau.records, settled, by=OFFICER, at=T0) == 1
    rival.join()
    at = max(each.not_after for each in bureau.view(over).certificates) + timedelta(seconds=1)
    rival = crossed(bureau.records, over)
    assert expire_keys(bureau.records, by=OFFICER, at=at) == 1
    rival.join()
    assert bureau.stands(ending)[0] is OrderState.REVOKED
    assert bureau.stands(over)[0] is OrderState.EXPIRED
    bureau.books_balance()


def test_in_an_open_transaction_its_savepoint_runs_again(bureau: Bureau) -> None:
    order = bureau.requested()
    with bureau.records.writing() as session:
        session.execute(text("SELECT 1"))
        rival = crossed(bureau.records, order)
        cancel_key(Joined(session), order=order, reason="r", by=OFFICER, at=T0)
    rival.join()
    assert bureau.stands(order) == (OrderState.CANCELLED, SeatPlace.NONE)
    bureau.books_balance()


def test_without_that_it_would_be_lost(bureau: Bureau) -> None:
    order = bureau.requested()
    rival = crossed(bureau.records, order)
    with pytest.raises(OperationalError, match="deadlock"):
        cancel_key.__wrapped__(bureau.records, order=order, reason="r", by=OFFICER, at=T0)  # type: ignore[attr-defined]
    rival.join()
    assert bureau.stands(order) == (OrderState.REQUESTED, SeatPlace.RESERVED)
