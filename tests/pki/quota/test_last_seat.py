"""Many at once: the last seat, and the same order many times. Never one too many, never a lost one."""

import contextlib

import pytest
from sqlalchemy import func, select

from pki.quota.errors import OrderAlreadyOpen, OrderStateRefused
from pki.quota.orders import cancel_key
from pki.quota.reading import ledger
from pki.quota.tables import KeyOrder
from tests.pki.conftest import CLIENTS
from tests.pki.estate import BERRECHID_PROVINCE, OFFICER, T0, seated
from tests.pki.quota.crowd import PAYER, at_once, contenders, fight, melee
from tests.pki.quota.estate import Bureau

ROUNDS = 50


@pytest.mark.timeout(400)  # a quarter of a minute on a quiet machine
def test_one_wins(bureau: Bureau) -> None:
    people = contenders(bureau)
    fight(bureau, people, lambda: at_once([lambda who=who: bureau.order(*who, PAYER) for who in people]), rounds=ROUNDS)


def test_same_order_twenty_times(bureau: Bureau) -> None:
    holder, office = seated(bureau.records, BERRECHID_PROVINCE)
    works = [lambda: bureau.order(holder, office, BERRECHID_PROVINCE)] * 20
    assert at_once(works) == {"done": 1, "OrderAlreadyOpen": 19}
    assert bureau.seats(BERRECHID_PROVINCE) == (1, 0)
    with bureau.records.reading() as session:
        assert session.scalar(select(func.count()).select_from(KeyOrder)) == 1
        assert len(ledger(session, body_code=BERRECHID_PROVINCE)) == 4
    bureau.books_balance()


def test_same_order_twenty_times_with_the_last_seat(bureau: Bureau) -> None:
    for _ in range(2):
        bureau.requested(BERRECHID_PROVINCE)
    holder, office = seated(bureau.records, BERRECHID_PROVINCE)
    works = [lambda: bureau.order(holder, office, BERRECHID_PROVINCE)] * 20
    assert at_once(works) == {"done": 1, "OrderAlreadyOpen": 19}
    assert bureau.seats(BERRECHID_PROVINCE) == (3, 0)
    bureau.books_balance()


def test_orders_and_cancellations_mixed(bureau: Bureau) -> None:
    """Seats come and go under many hands; at the end each is explained."""
    people = [seated(bureau.records, BERRECHID_PROVINCE) for _ in range(12)]

    def come_and_go(who: int) -> None:
        order = bureau.order(*people[who], BERRECHID_PROVINCE).id
        cancel_key(bureau.records, order=order, reason="r", by=OFFICER, at=T0)

    outcomes = at_once([lambda who=who: come_and_go(who) for who in range(12)])
    assert set(outcomes) <= {"done", "AllowanceExhausted"}
    assert outcomes["done"] >= 1
    assert bureau.seats(BERRECHID_PROVINCE) == (0, 0)
    bureau.books_balance()


def test_one_holder_orders_and_cancels_at_once(bureau: Bureau) -> None:
    """His new order meets his old one on its way out: either there is room, or it is named; never a deadlock."""
    holder, office = seated(bureau.records, BERRECHID_PROVINCE)

    def come_and_go() -> None:
        for _ in range(10):
            try:
                order = bureau.order(holder, office, BERRECHID_PROVINCE).id
            except OrderAlreadyOpen as refused:
                order = refused.order
            with contextlib.suppress(OrderStateRefused):
                cancel_key(bureau.records, order=order, reason="r", by=OFFICER, at=T0)

    assert at_once([come_and_go] * 6) == {"done": 6}
    assert bureau.seats(BERRECHID_PROVINCE) == (0, 0)
    bureau.books_balance()


def test_everything_at_once_on_few_bodies(bureau: Bureau) -> None:
    """Orders, cancellations, transfers and extras: refused for want of a seat at most, and each seat is explained."""
    outcomes = melee(bureau, each=2)
    assert set(outcomes) <= {"done", "AllowanceExhausted", "SeatsInUse"}
    assert outcomes["done"] >= CLIENTS // 4  # a quarter asks for more, and is never refused; the others as they meet
    bureau.books_balance()
