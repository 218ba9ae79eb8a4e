"""Sixty-four clients at once: in threads, and in processes with threads."""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache

from sqlalchemy import select

from pki.quota.grants.extras import approve_extra, request_extra
from pki.quota.grants.transfers import consent_to_transfer, propose_transfer
from pki.quota.kinds import OrderState, TransferSide
from pki.quota.orders import cancel_key, request_key
from pki.quota.policy import QuotaPolicy
from pki.quota.tables import KeyOrder
from pki.records import HolderId, OfficeId, Records
from tests.pki.conftest import CLIENTS
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, SECOND, T0, seated
from tests.pki.quota.estate import Bureau

PAYER = BERRECHID_PROVINCE
"""It has three seats."""
PROCESSES = 8
Person = tuple[HolderId, OfficeId]


def at_once(works: Sequence[Callable[[], object]]) -> Counter[str]:
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


def contenders(bureau: Bureau) -> list[Person]:
    """Sixty-four people of a body that has one seat left."""
    for _ in range(2):
        bureau.requested(PAYER)
    return [seated(bureau.records, PAYER) for _ in range(CLIENTS)]


def fight(bureau: Bureau, people: Sequence[Person], together: Callable[[], Counter[str]], *, rounds: int) -> None:
    """Let all of them order the last seat, round after round: one has it, and gives it back."""
    holders = [holder for holder, _ in people]
    won = select(KeyOrder.id).where(KeyOrder.state == OrderState.REQUESTED, KeyOrder.holder_id.in_(holders))
    for number in range(rounds):
        assert together() == {"done": 1, "AllowanceExhausted": len(people) - 1}, number
        assert bureau.seats(PAYER) == (3, 0)
        with bureau.records.reading() as session:
            winner = session.scalars(won).one()
        cancel_key(bureau.records, order=winner, reason="again", by=OFFICER, at=T0)
    bureau.books_balance()


@contextmanager
def processes(records: Records, people: Sequence[Person]) -> Iterator[Callable[[], Counter[str]]]:
    """What has the people order at once from processes of their own, each with as many threads as it has people."""
    url = records.writing_engine.url.render_as_string(hide_password=False)
    shares = [list(people[first::PROCESSES]) for first in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:

        def together() -> Counter[str]:
            found: Counter[str] = Counter()
            for share in [pool.submit(_share, url, share) for share in shares]:
                found += share.result()
            return found

        yield together


def melee(bureau: Bureau, *, each: int) -> Counter[str]:
    """Sixty-four clients on three bodies: order and cancel, hand seats to and fro, be granted more."""
    records, deroua, policy = bureau.records, "06.117.01.05", QuotaPolicy(four_eyes_above=1_000_000)
    people = {body: [seated(records, body) for _ in range(CLIENTS // 4)] for body in (BERRECHID, PAYER)}

    def come_and_go(who: Person, body: str) -> None:
        order = request_key(records, holder=who[0], office=who[1], payer_body_code=body, by=OFFICER, at=T0).id
        cancel_key(records, order=order, reason="r", by=OFFICER, at=T0)

    def hand_over(number: int) -> None:
        giver, receiver = ((BERRECHID, deroua), (deroua, BERRECHID))[number % 2]
        said = {"giver_code": giver, "receiver_code": receiver, "reason": "r", "side": TransferSide.GIVER}
        moving = propose_transfer(records, policy, seats=1, by=OFFICER, at=T0, **said)  # type: ignore[arg-type]
        consent_to_transfer(records, transfer=moving.id, digest=moving.digest, by=SECOND, at=T0)

    def be_granted(number: int) -> None:
        body = (BERRECHID, deroua, PAYER)[number % 3]
        extra = request_extra(records, body_code=body, seats=1, reason="r", by=OFFICER, at=T0)
        approve_extra(records, extra=extra.id, digest=extra.digest, reason="r", by=SECOND, at=T0)

    def client(number: int) -> None:
        for _ in range(each):
            match number % 4:
                case 0:
                    come_and_go(people[BERRECHID][number // 4], BERRECHID)
                case 1:
                    come_and_go(people[PAYER][number // 4], PAYER)
                case 2:
                    hand_over(number // 4)
                case _:
                    be_granted(number // 4)

    return at_once([lambda number=number: client(number) for number in range(CLIENTS)])  # type: ignore[misc]


def _share(url: str, people: Sequence[Person]) -> Counter[str]:
    return at_once([lambda who=who: _ordered(url, who) for who in people])  # type: ignore[misc]


def _ordered(url: str, who: Person) -> None:
    request_key(_opened(url), holder=who[0], office=who[1], payer_body_code=PAYER, by=OFFICER, at=T0)


@cache
def _opened(url: str) -> Records:
    return Records.open(url)
