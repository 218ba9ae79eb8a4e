"""The second book: amended, and given back only for the authority's mistake."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from pki.quota.differences import differences
from pki.quota.errors import AgreementUnknown, OrderStateRefused
from pki.quota.grants.errors import (
    AmendmentEmpty,
    AmendmentExists,
    CeilingBelowGranted,
    NotDueYet,
    PurchaseNotUsed,
)
from pki.quota.grants.purchases import amend_agreement, give_back_purchase
from pki.quota.orders import cancel_key
from pki.quota.reading import ledger
from pki.quota.stopping import return_key, revoke_key
from pki.records import OrderId, Records, civil_day
from pki.status.tables import RevocationReason
from tests.pki.estate import OFFICER, T0
from tests.pki.quota.estate import Bureau, settled
from tests.pki.quota.grants.estate import agreement_of, figures

DAY = civil_day(T0)


def amended(records: Records, number: str = "A1", *, in_effect: date = DAY, **change: int) -> None:
    amend_agreement(
        records,
        agreement=agreement_of(records),
        number=number,
        seats_ceiling=change.get("seats_ceiling"),
        purchases_added=change.get("purchases_added", 0),
        reason="budget",
        in_effect=in_effect,
        by=OFFICER,
        at=T0,
    )


def given_back(records: Records, order: OrderId) -> None:
    give_back_purchase(records, order=order, reason="the name was misspelt at the authority", by=OFFICER, at=T0)


def test_purchases_added(records: Records) -> None:
    amended(records, purchases_added=500)
    assert figures(records)[2] == 6500
    with records.reading() as session:
        entries = [each for each in ledger(session) if each.cause == "agreement.amended"]
        assert differences(session) == []
    assert [(each.account.value, each.change, each.body_code) for each in entries] == [
        ("agreement", -500, None),
        ("unused", 500, None),
    ]


def test_the_ceiling_up_and_down_never_below_what_is_granted(records: Records) -> None:
    granted = figures(records)[1]
    amended(records, seats_ceiling=granted + 10)
    amended(records, "A2", seats_ceiling=granted)
    with pytest.raises(CeilingBelowGranted) as refused:
        amended(records, "A3", seats_ceiling=granted - 1)
    assert (refused.value.asked, refused.value.granted) == (granted - 1, granted)
    assert figures(records)[0] == granted
    amended(records, "A3", seats_ceiling=granted + 1)


def test_refused(sqlite_records: Records) -> None:
    with pytest.raises(AmendmentEmpty):
        amended(sqlite_records)
    amended(sqlite_records, purchases_added=1)
    with pytest.raises(AmendmentExists):
        amended(sqlite_records, purchases_added=1)
    assert figures(sqlite_records)[2] == 6001
    with pytest.raises(AgreementUnknown):
        amend_agreement(
            sqlite_records,
            agreement=uuid4(),
            number="A1",
            purchases_added=1,
            reason="",
            in_effect=DAY,
            by=OFFICER,
            at=T0,
        )


def test_given_back_once(bureau: Bureau) -> None:
    order = bureau.active()
    used = figures(bureau.records)[3]
    revoke_key(bureau.records, settled, order=order, reason=RevocationReason.SUPERSEDED, by=OFFICER, at=T0)
    assert figures(bureau.records)[3] == used
    given_back(bureau.records, order)
    assert figures(bureau.records)[3] == used - 1
    with pytest.raises(PurchaseNotUsed):
        given_back(bureau.records, order)
    assert figures(bureau.records)[3] == used - 1
    bureau.books_balance()


def test_a_living_key_keeps_its_purchase(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.active()
    with pytest.raises(OrderStateRefused):
        given_back(sqlite_bureau.records, order)
    return_key(sqlite_bureau.records, settled, order=order, reason="leaves", by=OFFICER, at=T0)
    given_back(sqlite_bureau.records, order)
    sqlite_bureau.books_balance()


def test_an_order_that_used_none(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.requested()
    cancel_key(sqlite_bureau.records, order=order, reason="no longer", by=OFFICER, at=T0)
    with pytest.raises(PurchaseNotUsed):
        given_back(sqlite_bureau.records, order)


def test_not_before_its_day(records: Records) -> None:
    """What is added tomorrow is not used today, and the books of today do not have it."""
    before = figures(records)
    with pytest.raises(NotDueYet):
        amended(records, purchases_added=500, in_effect=DAY + timedelta(days=1))
    assert figures(records) == before
