"""Any balance at any past date, from the entries alone; each seat of a body with what gave it."""

from datetime import date, timedelta

import pytest

from pki.quota.balances import BodyExplained, balances, explain
from pki.quota.grants.extras import approve_extra, request_extra
from pki.quota.kinds import OrderState, SeatPlace
from pki.quota.stopping import revoke_key
from pki.records import Records
from pki.registration.errors import BodyUnknown
from pki.status.tables import RevocationReason
from tests.pki.estate import BERRECHID, OFFICER, OUJDA, SECOND, T0, seated
from tests.pki.quota.estate import Bureau, settled
from tests.pki.quota.grants.estate import DEROUA, agreement_of, extra_granted, figures, moved

OPENED = date(2026, 1, 1)


def of_body(records: Records, **when: object) -> dict[str, int]:
    with records.reading() as session:
        found = balances(session, body_code=BERRECHID, **when)  # type: ignore[arg-type]
    return {each.account.value: each.units for each in found if each.book.value == "seat"}


def explained(records: Records, body: str = BERRECHID) -> BodyExplained:
    with records.reading() as session:
        return explain(session, body)


def test_each_day_and_what_was_known_of_it(bureau: Bureau) -> None:
    records = bureau.records
    holder, office = seated(records, BERRECHID)
    later = T0 + timedelta(days=3)
    bureau.order(holder, office, at=later)
    assert of_body(records, on=OPENED - timedelta(days=1)) == {}
    assert of_body(records, on=OPENED) == {"agreement": -5, "available": 5}
    assert of_body(records, on=later.date() - timedelta(days=1)) == {"agreement": -5, "available": 5}
    assert of_body(records, on=later.date()) == {"agreement": -5, "available": 4, "reserved": 1}
    assert of_body(records, known_at=T0 - timedelta(microseconds=1)) == {}
    assert of_body(records, known_at=T0) == {"agreement": -5, "available": 5}
    assert of_body(records, on=OPENED, known_at=later) == {"agreement": -5, "available": 5}
    assert of_body(records) == {"agreement": -5, "available": 4, "reserved": 1}


def test_the_agreements_own_accounts(sqlite_bureau: Bureau) -> None:
    sqlite_bureau.active()
    ceiling, granted, purchases, used = figures(sqlite_bureau.records)
    with sqlite_bureau.records.reading() as session:
        found = balances(session)
    assert (ceiling, purchases, used) == (None, 6000, 1)
    assert {each.agreement for each in found} == {agreement_of(sqlite_bureau.records)}
    seats = sum(each.units for each in found if each.book.value == "seat" and each.account.value == "agreement")
    assert seats == -granted
    assert sum(each.units for each in found) == 0
    used_by = [(each.body_code, each.units) for each in found if each.account.value == "used"]
    assert used_by == [(BERRECHID, 1)]


def test_each_seat_is_explained(sqlite_bureau: Bureau) -> None:
    records = sqlite_bureau.records
    live = sqlite_bureau.active()
    extra = extra_granted(records, 1)
    rest = [sqlite_bureau.requested() for _ in range(5)]
    found = explained(records)
    assert (found.granted, found.excess) == (6, 0)
    assert [seat.order for seat in found.seats] == [live, *rest]
    first, last = found.seats[0], found.seats[-1]
    assert (first.state, first.place) == (OrderState.ACTIVE, SeatPlace.LIVE)
    assert [(line.cause, line.account.value) for line in first.entries if line.change > 0] == [
        ("order.requested", "reserved"),
        ("order.active", "live"),
    ]
    assert first.granted_by is not None
    assert (first.granted_by.cause, first.granted_by.label) == ("wave.opened", "first")
    assert last.granted_by is not None
    assert last.granted_by.origin == f"extra:{extra.id}"


def test_what_is_taken_back_comes_from_the_last_grant(sqlite_bureau: Bureau) -> None:
    extra_granted(sqlite_bureau.records, 2)
    moved(sqlite_bureau.records, 1)
    found = explained(sqlite_bureau.records)
    assert [grant.change for grant in found.grants] == [5, 2, -1]
    receiver = explained(sqlite_bureau.records, DEROUA)
    assert [(grant.cause, grant.change) for grant in receiver.grants] == [("wave.opened", 5), ("transfer.moved", 1)]


def test_a_seat_that_is_free_again_is_not_in_use(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.active()
    revoke_key(sqlite_bureau.records, settled, order=order, reason=RevocationReason.KEY_COMPROMISE, by=OFFICER, at=T0)
    assert explained(sqlite_bureau.records).seats == ()


def test_a_body_without_seats(sqlite_records: Records) -> None:
    found = explained(sqlite_records, OUJDA)
    assert (found.granted, found.grants, found.seats) == (0, (), ())
    with pytest.raises(BodyUnknown):
        explained(sqlite_records, "99")


def test_recorded_later_than_in_effect(sqlite_records: Records) -> None:
    later = T0 + timedelta(days=10)
    extra = request_extra(sqlite_records, body_code=BERRECHID, seats=1, reason="x", by=OFFICER, at=T0)
    approve_extra(sqlite_records, extra=extra.id, digest=extra.digest, reason="y", by=SECOND, at=later)
    assert of_body(sqlite_records, known_at=later - timedelta(seconds=1))["available"] == 5
    assert of_body(sqlite_records, known_at=later)["available"] == 6
