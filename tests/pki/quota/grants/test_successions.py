"""A later agreement takes over: keys live on, both books balance, and the former grants no more."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from pki.quota.balances import balances, explain
from pki.quota.errors import AgreementSucceeded, SeatCeilingReached
from pki.quota.grants import successions
from pki.quota.grants.effects import TierEffect
from pki.quota.grants.errors import OwnProposal, ProposalChanged, ProposalDecided, SuccessionRefused
from pki.quota.grants.extras import approve_extra
from pki.quota.grants.purchases import give_back_purchase
from pki.quota.grants.successions import SuccessionProposal, apply_succession, propose_succession, simulate_succession
from pki.quota.grants.transfers import consent_to_transfer, transfer_of
from pki.quota.kinds import Account, Book, OrderState, SeatPlace
from pki.quota.orders import cancel_key
from pki.quota.stopping import revoke_key
from pki.quota.tables import KeyOrder
from pki.quota.waves import open_wave
from pki.records import OrderId, Records, civil_day
from pki.status.tables import RevocationReason
from tests.pki.estate import BERRECHID, OFFICER, OUJDA, SECOND, SYSTEM, T0, TIERS, seated, sign
from tests.pki.quota.estate import Bureau, settled
from tests.pki.quota.grants.estate import agreement_of, asked, ever_below_nothing, extra_granted, figures, line, offered

NEXT, DAY = "2029/01", date(2026, 11, 2)
FEWER = (*TIERS[:2], replace(TIERS[2], keys=2), TIERS[3])


def proposed(
    records: Records, *, purchases: int = 0, seats: int | None = None, fewer: bool = False, signed: bool = True
) -> SuccessionProposal:
    if signed:
        sign(records, number=NEXT, purchases=3000, seats=seats, tiers=FEWER if fewer else TIERS)
    return propose_succession(
        records,
        agreement=agreement_of(records),
        successor=agreement_of(records, NEXT),
        purchases_carried=purchases,
        in_effect=DAY,
        by=OFFICER,
        at=T0,
    )


def applied(records: Records, proposal: SuccessionProposal) -> TierEffect:
    return apply_succession(records, proposal=proposal.id, digest=proposal.digest, by=SECOND, at=T0)


def agreements_of(records: Records, *orders: OrderId) -> set[UUID | None]:
    with records.reading() as session:
        return set(session.scalars(select(KeyOrder.agreement_id).where(KeyOrder.id.in_(orders))))


def test_keys_live_on_in_their_seats(bureau: Bureau) -> None:
    records = bureau.records
    live, requested, over = bureau.active(), bureau.requested(), bureau.requested()
    cancel_key(records, order=over, reason="r", by=OFFICER, at=T0)
    before, seats = figures(records), bureau.seats()
    applied(records, proposed(records, purchases=1000))
    assert bureau.seats() == seats == (1, 1)
    assert bureau.stands(live) == (OrderState.ACTIVE, SeatPlace.LIVE)
    assert agreements_of(records, live, requested) == {agreement_of(records, NEXT)}
    assert agreements_of(records, over) == {agreement_of(records)}
    assert figures(records) == (0, 0, before[2] - 1000, 1)
    assert figures(records, NEXT) == (None, before[1], 4000, 0)
    bureau.books_balance()
    with records.reading() as session:
        left = [each for each in balances(session) if each.agreement == agreement_of(records)]
        found = explain(session, BERRECHID)
    assert {(each.book, each.account) for each in left} == {
        (Book.PURCHASE, Account.AGREEMENT),
        (Book.PURCHASE, Account.UNUSED),
        (Book.PURCHASE, Account.USED),
    }
    assert {each.order for each in found.seats} == {live, requested}
    assert {each.granted_by.cause for each in found.seats if each.granted_by} == {"agreement.succeeded"}
    # And they go on by the successor's books.
    bureau.submit(requested)
    bureau.approve(requested)
    bureau.issue(requested)
    assert figures(records, NEXT)[3] == 1
    assert agreements_of(records, bureau.requested()) == {agreement_of(records, NEXT)}
    bureau.books_balance()


def test_other_tiers_and_extras_that_stay(bureau: Bureau) -> None:
    records = bureau.records
    extra_granted(records, 1)
    for _ in range(4):
        bureau.requested()
    proposal = proposed(records, fewer=True)
    change = next(each for each in proposal.effect.changes if each.body_code == BERRECHID)
    assert (change.granted_before, change.granted_after, change.excess_after) == (6, 3, 1)
    applied(records, proposal)
    assert (line(records).granted, line(records).excess) == (3, 1)
    assert figures(records, NEXT)[1] == proposal.effect.granted_after
    bureau.books_balance()


def test_applied_late_no_day_is_below_nothing(bureau: Bureau) -> None:
    """A key ordered after the planned day, and a body that opens after it, change books when they came."""
    records = bureau.records
    bureau.active()
    wave: dict[str, Any] = {"label": "east", "body_codes": [OUJDA], "opens_on": date(2027, 6, 1)}
    open_wave(records, agreement=agreement_of(records), by=SYSTEM, at=T0, **wave)
    sign(records, number=NEXT)
    said: dict[str, Any] = {"agreement": agreement_of(records), "successor": agreement_of(records, NEXT)}
    said |= {"purchases_carried": 5, "by": OFFICER, "at": T0}
    with pytest.raises(SuccessionRefused, match="in effect from 2026-01-01"):
        propose_succession(records, **said, in_effect=date(2025, 12, 31))
    applied(records, propose_succession(records, **said, in_effect=date(2026, 10, 1)))
    assert ever_below_nothing(records) == []
    bureau.books_balance()


def test_a_purchase_goes_back_to_the_agreement_that_paid_it(bureau: Bureau) -> None:
    records, order = bureau.records, bureau.active()
    applied(records, proposed(records))
    revoke_key(records, settled, order=order, reason=RevocationReason.SUPERSEDED, by=OFFICER, at=T0)
    give_back_purchase(records, order=order, reason="misspelt at the authority", by=OFFICER, at=T0)
    assert (figures(records)[3], figures(records, NEXT)[3]) == (0, 0)
    bureau.books_balance()


def test_the_former_agreement_grants_no_more(sqlite_bureau: Bureau) -> None:
    records = sqlite_bureau.records
    extra, transfer = asked(records), offered(records)
    applied(records, proposed(records))
    with pytest.raises(SeatCeilingReached):
        approve_extra(records, extra=extra.id, digest=extra.digest, reason="r", by=SECOND, at=T0)
    with pytest.raises(ProposalDecided):
        consent_to_transfer(records, transfer=transfer.id, digest=transfer.digest, by=SECOND, at=T0)
    with records.reading() as session:
        assert transfer_of(session, transfer.id).end_reason == "another agreement took over"
    wave = {"label": "east", "body_codes": [OUJDA], "opens_on": civil_day(T0), "by": SYSTEM, "at": T0}
    with pytest.raises(SeatCeilingReached):
        open_wave(records, agreement=agreement_of(records), **wave)  # type: ignore[arg-type]
    open_wave(records, agreement=agreement_of(records, NEXT), **wave)  # type: ignore[arg-type]
    sqlite_bureau.books_balance()


def test_what_was_simulated_is_what_is_taken_over(records: Records) -> None:
    proposal = proposed(records)
    extra_granted(records, 1)
    with pytest.raises(ProposalChanged):
        applied(records, proposal)
    assert figures(records, NEXT)[1] == 0
    applied(records, proposed(records, signed=False))
    assert line(records).granted == 6


def test_two_officers_once(sqlite_records: Records) -> None:
    former = proposed(sqlite_records)
    proposal = proposed(sqlite_records, signed=False)
    with pytest.raises(ProposalDecided):
        applied(sqlite_records, former)
    with pytest.raises(OwnProposal):
        apply_succession(sqlite_records, proposal=proposal.id, digest=proposal.digest, by=OFFICER, at=T0)
    applied(sqlite_records, proposal)
    with pytest.raises(ProposalDecided):
        applied(sqlite_records, proposal)
    with pytest.raises(SuccessionRefused):
        proposed(sqlite_records, signed=False)


def test_refused(sqlite_records: Records) -> None:
    records = sqlite_records
    sign(records, number=NEXT)
    former, successor = agreement_of(records), agreement_of(records, NEXT)
    with records.reading() as session:
        for pair, purchases in (((former, former), 0), ((successor, former), 0), ((former, successor), 6001)):
            with pytest.raises(SuccessionRefused):
                simulate_succession(session, *pair, purchases_carried=purchases)


def test_never_above_the_successors_ceiling(sqlite_records: Records) -> None:
    proposal = proposed(sqlite_records, seats=10)
    assert proposal.effect.above_ceiling == figures(sqlite_records)[1] - 10
    with pytest.raises(SeatCeilingReached):
        applied(sqlite_records, proposal)
    assert figures(sqlite_records)[1] > 0


def test_orders_meanwhile(bureau: Bureau) -> None:
    """Whoever orders in that instant gets a seat of one agreement or of the other, or is told to ask anew."""
    records = bureau.records
    extra_granted(records, 8)
    people = [seated(records, BERRECHID) for _ in range(8)]
    proposal = proposed(records)

    def order(number: int) -> OrderId | None:
        if number == 4:
            applied(records, proposal)
            return None
        try:
            return bureau.order(*people[number]).id
        except AgreementSucceeded:
            return None

    with ThreadPoolExecutor(8) as pool:
        orders = [each for each in pool.map(order, range(8)) if each is not None]
    assert agreements_of(records, *orders) <= {agreement_of(records, NEXT)}
    assert bureau.seats() == (len(orders), 0)
    bureau.books_balance()


@pytest.mark.parametrize("records", ["postgresql"], indirect=True)
def test_an_order_before_the_locks_leaves_when_it_came(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    """Applied late, with a key ordered just before the allowances' locks: no day of the former is below nothing."""
    records, person = bureau.records, seated(bureau.records, BERRECHID)
    sign(records, number=NEXT)
    proposal = propose_succession(
        records,
        agreement=agreement_of(records),
        successor=agreement_of(records, NEXT),
        purchases_carried=0,
        in_effect=date(2026, 10, 1),
        by=OFFICER,
        at=T0,
    )
    take_over = successions._take_over

    def after_an_order(*given: Any) -> Any:
        bureau.order(*person)
        return take_over(*given)

    monkeypatch.setattr(successions, "_take_over", after_an_order)
    applied(records, proposal)
    assert bureau.seats() == (1, 0)
    assert ever_below_nothing(records) == []
    bureau.books_balance()


def test_agreement_after_agreement(sqlite_bureau: Bureau) -> None:
    """At every step the two books tell the same as the entries, and the seats are where they were."""
    records, orders = sqlite_bureau.records, [sqlite_bureau.requested()]
    for _ in range(2):
        succeed(records)
        sqlite_bureau.books_balance()
        orders.append(sqlite_bureau.requested())
    cancel_key(records, order=orders.pop(0), reason="r", by=OFFICER, at=T0)
    sqlite_bureau.books_balance()
    assert sqlite_bureau.seats() == (2, 0)


def succeed(records: Records) -> None:
    """The agreement that grants Berrechid its seats is followed by a fresh one."""
    with records.reading() as session:
        former = next(each.agreement for each in balances(session, body_code=BERRECHID) if each.book is Book.SEAT)
    proposal = propose_succession(
        records,
        agreement=former,
        successor=sign(records, number=f"after {former}"),
        purchases_carried=1,
        in_effect=DAY,
        by=OFFICER,
        at=T0,
    )
    applied(records, proposal)
