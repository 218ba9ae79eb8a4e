"""Seats between bodies: both sides agree, available seats only, no deadlock."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pki.journal.acts import Actor, ActorKind
from pki.quota.differences import differences
from pki.quota.errors import WaveNotOpen
from pki.quota.grants.errors import OwnProposal, ProposalChanged, ProposalDecided, SeatsInUse, TransferRefused
from pki.quota.grants.transfers import (
    approve_transfer,
    consent_to_transfer,
    end_transfer,
    propose_transfer,
    transfers,
)
from pki.quota.kinds import TransferSide
from pki.quota.policy import QuotaPolicy
from pki.quota.reading import ledger
from pki.quota.waves import open_wave
from pki.records import Records, civil_day
from tests.pki.estate import BERRECHID, OFFICER, OUJDA, SECOND, SYSTEM, T0, sign
from tests.pki.quota.estate import Bureau
from tests.pki.quota.grants.estate import DEROUA, figures, line, moved, offered

EL_GARA = "06.117.01.07"
THIRD = Actor(kind=ActorKind.OFFICER, id="00000000-0000-4000-8000-000000000003")


def balanced(records: Records) -> None:
    with records.reading() as session:
        assert differences(session) == []


def test_moved_with_both_sides_in_the_ledger(records: Records) -> None:
    granted = figures(records)[1]
    transfer = moved(records, 2)
    assert transfer.moved_at == T0
    assert (line(records).granted, line(records, DEROUA).granted) == (3, 7)
    assert figures(records)[1] == granted
    with records.reading() as session:
        sides = {
            code: [
                (entry.account.value, entry.change)
                for entry in ledger(session, body_code=code)
                if entry.origin == f"transfer:{transfer.id}"
            ]
            for code in (BERRECHID, DEROUA)
        }
    assert sorted(sides[BERRECHID]) == [("agreement", 2), ("available", -2)]
    assert sorted(sides[DEROUA]) == [("agreement", -2), ("available", 2)]
    balanced(records)


def test_nothing_moves_before_the_other_side_agrees(sqlite_records: Records) -> None:
    offered(sqlite_records, 2)
    assert (line(sqlite_records).granted, line(sqlite_records, DEROUA).granted) == (5, 5)


@pytest.mark.parametrize("approval_first", [True, False])
def test_above_the_number_an_officer_above_both_agrees_too(sqlite_records: Records, *, approval_first: bool) -> None:
    transfer = offered(sqlite_records, 3, above=2)
    assert transfer.needs_approval
    acts = [(consent_to_transfer, SECOND), (approve_transfer, THIRD)]
    for act, by in reversed(acts) if approval_first else acts:
        assert line(sqlite_records).granted == 5
        act(sqlite_records, transfer=transfer.id, digest=transfer.digest, by=by, at=T0)
    assert line(sqlite_records).granted == 2
    balanced(sqlite_records)


def test_at_the_number_two_are_enough(sqlite_records: Records) -> None:
    transfer = offered(sqlite_records, 2, above=2)
    with pytest.raises(ProposalDecided):
        approve_transfer(sqlite_records, transfer=transfer.id, digest=transfer.digest, by=THIRD, at=T0)
    consent_to_transfer(sqlite_records, transfer=transfer.id, digest=transfer.digest, by=SECOND, at=T0)
    assert line(sqlite_records).granted == 3


def test_many_seats_in_small_transfers_are_many_seats(records: Records) -> None:
    """What a body gives counts together, and what one receives: moved within thirty days, or on offer."""
    month = timedelta(days=30)

    def needs(at: datetime = T0, giver: str = BERRECHID, receiver: str = DEROUA) -> bool:
        said = {"giver_code": giver, "receiver_code": receiver, "seats": 1, "reason": "r", "side": TransferSide.GIVER}
        made = propose_transfer(records, QuotaPolicy(four_eyes_above=2), by=OFFICER, at=at, **said)  # type: ignore[arg-type]
        end_transfer(records, transfer=made.id, reason="r", by=OFFICER, at=at)
        return made.needs_approval

    open_one = offered(records, 2)
    assert needs(T0 + 10 * month)  # on offer, however long
    end_transfer(records, transfer=open_one.id, reason="r", by=OFFICER, at=T0)
    assert not needs()
    moved(records, 2)
    assert needs(T0 + month)
    assert needs(T0 + month, receiver=EL_GARA)  # the giver's
    assert needs(T0 + month, giver=EL_GARA)  # the receiver's
    assert not needs(T0 + month, giver=DEROUA, receiver=BERRECHID)
    assert not needs(T0 + month + timedelta(seconds=1))


def test_small_transfers_proposed_at_once(records: Records) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: offered(records, 1, above=2), range(4)))
    assert sorted(each.needs_approval for each in made) == [False, False, True, True]


def test_nobody_agrees_with_himself(sqlite_records: Records) -> None:
    transfer = offered(sqlite_records, 3)
    for act in (consent_to_transfer, approve_transfer):
        with pytest.raises(OwnProposal):
            act(sqlite_records, transfer=transfer.id, digest=transfer.digest, by=OFFICER, at=T0)
    consent_to_transfer(sqlite_records, transfer=transfer.id, digest=transfer.digest, by=SECOND, at=T0)
    with pytest.raises(OwnProposal):
        approve_transfer(sqlite_records, transfer=transfer.id, digest=transfer.digest, by=SECOND, at=T0)


@pytest.mark.parametrize(
    "said",
    [
        "consented_by = proposed_by, consented_at = proposed_at",
        "moved_at = proposed_at",
        "consented_by = 'x', consented_at = proposed_at, moved_at = proposed_at",
        "seats = 1",
    ],
)
def test_the_database_says_so_too(records: Records, said: str) -> None:
    offered(records, 3)
    with pytest.raises(DBAPIError), records.writing() as session:
        session.execute(text(f"UPDATE seat_transfer SET {said}"))


def test_seats_in_use_stay(bureau: Bureau) -> None:
    for _ in range(4):
        bureau.requested()
    transfer = offered(bureau.records, 2)
    with pytest.raises(SeatsInUse) as refused:
        consent_to_transfer(bureau.records, transfer=transfer.id, digest=transfer.digest, by=SECOND, at=T0)
    assert refused.value.available == 1
    with bureau.records.reading() as session:
        assert transfers(session)[0].consented_at is None
    assert (line(bureau.records).granted, line(bureau.records, DEROUA).granted) == (5, 5)
    bureau.books_balance()


def test_asked_for_by_the_receiver(sqlite_records: Records) -> None:
    transfer = propose_transfer(
        sqlite_records,
        QuotaPolicy(four_eyes_above=2),
        giver_code=BERRECHID,
        receiver_code=DEROUA,
        seats=1,
        reason="one more site",
        side=TransferSide.RECEIVER,
        by=OFFICER,
        at=T0,
    )
    assert transfer.consenting_code == BERRECHID


def test_ended_or_moved_is_over(sqlite_records: Records) -> None:
    transfer = offered(sqlite_records, 1)
    end_transfer(sqlite_records, transfer=transfer.id, reason="kept after all", by=OFFICER, at=T0)
    with pytest.raises(ProposalDecided):
        consent_to_transfer(sqlite_records, transfer=transfer.id, digest=transfer.digest, by=SECOND, at=T0)
    with pytest.raises(ProposalDecided):
        end_transfer(sqlite_records, transfer=moved(sqlite_records).id, reason="", by=OFFICER, at=T0)


def test_refused(sqlite_records: Records) -> None:
    with pytest.raises(TransferRefused):
        offered(sqlite_records, 1, receiver=BERRECHID)
    with pytest.raises(WaveNotOpen):
        offered(sqlite_records, 1, receiver=OUJDA)
    day, other = civil_day(T0), sign(sqlite_records, number="2")
    open_wave(sqlite_records, agreement=other, label="east", region_codes=["02"], opens_on=day, by=SYSTEM, at=T0)
    with pytest.raises(TransferRefused):
        offered(sqlite_records, 1, receiver=OUJDA)
    first, second = offered(sqlite_records, 1), offered(sqlite_records, 2)
    with pytest.raises(ProposalChanged):
        consent_to_transfer(sqlite_records, transfer=first.id, digest=second.digest, by=SECOND, at=T0)


def test_crossing_transfers(records: Records) -> None:
    """Ten there, ten back, all at once: none waits for ever, and every seat is somewhere."""
    waiting = [
        offered(records, 1, giver=giver, receiver=receiver, above=100)
        for giver, receiver in [(BERRECHID, DEROUA), (DEROUA, BERRECHID)] * 10
    ]

    def consent(number: int) -> bool:
        one = waiting[number]
        try:
            consent_to_transfer(records, transfer=one.id, digest=one.digest, by=SECOND, at=T0)
        except SeatsInUse:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(consent, range(len(waiting))))
    assert line(records).granted + line(records, DEROUA).granted == 10
    balanced(records)
