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
        (allowance(live=1), {"seat/live": 1, "seat/available": -1}),
        (allowance(reserved=2), {"seat/reserved": 2, "seat/available": -2}),
        (allowance(granted=4), {"seat/available": -1, "seat/agreement": 1, "agreement/seats": 1}),
        (allowance(live=6, excess=1), {"seat/live": 6, "seat/available": -6, "seat/excess": 1}),
        (agreement("purchases_used"), {"agreement/used": 1, "agreement/unused": -1}),
        (agreement("purchases_granted"), {"agreement/granted": -1, "agreement/unused": 1}),
        (agreement("seats_granted"), {"agreement/seats": 1}),
        (entry(OUJDA, Book.SEAT, Account.LIVE), {"seat/live": -1, "movement": -1}),
        (entry(BERRECHID, Book.SEAT, Account.LIVE), {"seat/live": -1, "movement": -1}),
        (entry(BERRECHID, Book.PURCHASE, Account.USED), {"agreement/used": -1, "movement": -1}),
    ],
)
def test_each_is_named(records: Records, tamper: Tamper, expected: dict[str, int]) -> None:
    """By how much the stored figure is above what its entries say."""
    with records.reading() as session:
        assert differences(session) == []
    with records.writing() as session:
        tamper(records, session)
    with records.reading() as session:
        found = differences(session)
    assert {each.what.rpartition("/")[0]: each.stored - each.recomputed for each in found} == expected
    assert len(found) == len(expected)
