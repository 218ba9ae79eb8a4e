"""What the books say of a balance that was moved behind their back."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from pki.quota.differences import differences
from pki.quota.kinds import Account, Book
from pki.quota.tables import AgreementBook, Allowance, LedgerEntry
from pki.records import Records, civil_day
from pki.registration.bodies import body_id
from tests.pki.estate import BERRECHID, OUJDA, T0
from tests.pki.quota.grants.estate import agreement_of

Tamper = Callable[[Records, Session], object]


def allowance(**values: int) -> Tamper:
    return lambda _, session: session.execute(
        update(Allowance).where(Allowance.body_id == body_id(session, BERRECHID)).values(**values)
    )


def agreement(name: str) -> Tamper:
    return lambda _, session: session.execute(update(AgreementBook).values({name: getattr(AgreementBook, name) + 1}))


def entry(body: str, book: Book, account: Account) -> Tamper:
    def tamper(records: Records, session: Session) -> None:
        said = {"movement_id": uuid4(), "book": book, "account": account, "change": 1, "cause": "a hand"}
        said |= {"agreement_id": agreement_of(records), "body_id": body_id(session, body)}
        session.execute(insert(LedgerEntry).values(in_effect=civil_day(T0), recorded_at=T0, **said))

    return tamper


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (allowance(live=1), {("seat/live", 1, 0), ("seat/available", 4, 5)}),
        (allowance(reserved=2), {("seat/reserved", 2, 0), ("seat/available", 3, 5)}),
        (allowance(granted=4), {("seat/available", 4, 5), ("seat/agreement", -4, -5), ("agreement/seats", 0, 0)}),
        (allowance(live=6, excess=1), {("seat/live", 6, 0), ("seat/available", -1, 5), ("seat/excess", 1, 0)}),
        (agreement("purchases_used"), {("agreement/used", 1, 0), ("agreement/unused", 0, 0)}),
        (agreement("purchases_granted"), {("agreement/granted", 0, 0), ("agreement/unused", 0, 0)}),
        (agreement("seats_granted"), {("agreement/seats", 0, 0)}),
        (entry(OUJDA, Book.SEAT, Account.LIVE), {("seat/live", 0, 1), ("movement", 0, 1)}),
        (entry(BERRECHID, Book.SEAT, Account.LIVE), {("seat/live", 0, 1), ("movement", 0, 1)}),
        (entry(BERRECHID, Book.PURCHASE, Account.USED), {("agreement/used", 0, 1), ("movement", 0, 1)}),
    ],
)
def test_each_is_named(records: Records, tamper: Tamper, expected: set[tuple[str, int, int]]) -> None:
    with records.reading() as session:
        assert differences(session) == []
    with records.writing() as session:
        tamper(records, session)
    with records.reading() as session:
        found = differences(session)
    assert {each.what.rpartition("/")[0] for each in found} == {what for what, *_ in expected}
    for what, stored, recomputed in expected:
        (each,) = (each for each in found if each.what.rpartition("/")[0] == what)
        assert each.stored != each.recomputed
        if stored != recomputed:
            assert (each.stored, each.recomputed) == (stored, recomputed)
