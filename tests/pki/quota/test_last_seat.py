"""Many at once: the last seat, and the same order many times. Never one too many, never a lost one."""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable

from sqlalchemy import func, select

from pki.quota.errors import OrderAlreadyOpen, OrderStateRefused
from pki.quota.kinds import OrderState
from pki.quota.orders import cancel_key
from pki.quota.reading import ledger
from pki.quota.tables import KeyOrder
from tests.pki.estate import BERRECHID_PROVINCE, OFFICER, T0, seated
from tests.pki.quota.estate import Bureau

ROUNDS, CLIENTS = 5, 24


def at_once(works: list[Callable[[], object]]) -> Counter[str]:
    """Run all of them together; what each came to: `done`, or its error's name."""
    outcomes: list[str] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
            outcomes.append("done")
        except Exception as error:  # noqa: BLE001
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(outcomes)


def test_one_wins(bureau: Bureau) -> None:
    people = [seated(bureau.records, BERRECHID_PROVINCE) for _ in range(CLIENTS)]
    for _ in range(2):
        bureau.requested(BERRECHID_PROVINCE)
    for _ in range(ROUNDS):
        works = [lambda who=who: bureau.order(*who, BERRECHID_PROVINCE) for who in people]
        assert at_once(works) == {"done": 1, "AllowanceExhausted": CLIENTS - 1}
        assert bureau.seats(BERRECHID_PROVINCE) == (3, 0)
        with bureau.records.reading() as session:
            last = select(KeyOrder.id).where(KeyOrder.state == OrderState.REQUESTED)
            winner = session.scalars(last.where(KeyOrder.holder_id.in_([holder for holder, _ in people]))).one()
        cancel_key(bureau.records, order=winner, reason="again", by=OFFICER, at=T0)
    bureau.books_balance()


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
