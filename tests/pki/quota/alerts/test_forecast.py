"""When seats will run out: whole numbers, only with enough events, and what is no growth counts as none."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pki.quota.alerts.forecast import DAYS, ENOUGH, HORIZON_DAYS, Forecast, Level, Unforeseen, forecasts, foresee
from pki.quota.grants.field_lines import KeyInField
from pki.quota.grants.opening import import_keys_in_field
from pki.quota.heirs import Successor
from pki.quota.kinds import Replacement, Road
from pki.quota.orders import cancel_key
from pki.quota.replacing import replace_key
from pki.records import Records, civil_day, day_start
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.kinds import OfficeFunction
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, OUJDA, PROTECTION, T0, ended, seated
from tests.pki.quota.estate import Bureau, settled

TODAY = date(2026, 11, 2)
HERE = Extent(body_code=BERRECHID)


@pytest.mark.parametrize(
    ("seats", "available", "rhythm", "days", "why"),
    [
        (10, 5, (5, 5), 30, None),
        (10, 5, (5, 4), 38, None),  # 37.5 days: the last seat goes on the thirty-eighth
        (10, 1, (9, 9), 4, None),
        (10, 0, (9, 9), None, Unforeseen.EXHAUSTED),
        (0, 0, (0, 0), None, Unforeseen.NO_SEATS),
        (10, 5, (ENOUGH - 1, 4), None, Unforeseen.TOO_FEW_EVENTS),
        (10, 5, (6, 0), None, Unforeseen.NOT_GROWING),
        (10, 5, (6, -2), None, Unforeseen.NOT_GROWING),
        (10**9, 10**9, (5, 1), None, Unforeseen.FAR),
    ],
)
def test_the_date_or_why_there_is_none(
    seats: int, available: int, rhythm: tuple[int, int], days: int | None, why: Unforeseen | None
) -> None:
    events, growth = rhythm
    found = foresee(code="x", seats=seats, available=available, events=events, growth=growth, today=TODAY)
    assert (found.ends_on, found.why) == (None if days is None else TODAY + timedelta(days=days), why)


@given(available=st.integers(0, 10**7), events=st.integers(0, 10**4), growth=st.integers(-(10**4), 10**4))
def test_a_date_or_a_reason_never_both(available: int, events: int, growth: int) -> None:
    """On the date the rhythm has taken every seat, on the day before it had not."""
    found = foresee(code=None, seats=1, available=available, events=events, growth=growth, today=TODAY)
    assert (found.ends_on is None) is (found.why is not None)
    if found.ends_on is not None:
        days = (found.ends_on - TODAY).days
        assert (days - 1) * growth < available * DAYS <= days * growth
        assert 0 < days <= HORIZON_DAYS
        assert events >= ENOUGH


def here(bureau: Bureau, *, within: Extent = HERE, level: Level = Level.BODY, days: int = 0) -> Forecast:
    with bureau.records.reading() as session:
        (found,) = forecasts(session, level=level, within=within, at=T0 + timedelta(days=days))
    return found


def test_from_orders_and_what_was_given_back(bureau: Bureau) -> None:
    orders = [bureau.requested() for _ in range(4)]  # of five
    assert here(bureau) == Forecast(
        code=BERRECHID, available=1, events=4, growth=4, ends_on=None, why=Unforeseen.TOO_FEW_EVENTS
    )
    cancel_key(bureau.records, order=orders[0], reason="r", by=OFFICER, at=T0)
    found = here(bureau)
    assert (found.available, found.events, found.growth, found.ends_on) == (2, 5, 3, TODAY + timedelta(days=20))
    bureau.requested()
    bureau.requested()
    assert here(bureau).why is Unforeseen.EXHAUSTED
    everywhere = here(bureau, within=EVERYWHERE, level=Level.COUNTRY)
    assert (everywhere.code, everywhere.events, everywhere.growth) == (None, 7, 5)
    assert everywhere.available > 2000
    assert everywhere.why is Unforeseen.FAR


def test_thirty_civil_days_with_today(sqlite_bureau: Bureau) -> None:
    for _ in range(3):
        sqlite_bureau.requested()
    assert [here(sqlite_bureau, days=days).events for days in (29, 30)] == [3, 0]
    assert civil_day(day_start(TODAY)) == TODAY


def test_a_seat_that_passes_on_is_no_event(sqlite_bureau: Bureau) -> None:
    bureau = sqlite_bureau
    order = bureau.active()
    ended(bureau.records, bureau.view(order).office, TODAY)
    holder, office = seated(bureau.records)
    taker = Successor(holder=holder, office=office, road=Road.SELF_MADE)
    replace_key(bureau.records, settled, order=order, why=Replacement.SUCCESSION, successor=taker, by=OFFICER, at=T0)
    found = here(bureau)
    assert (found.available, found.events, found.growth) == (4, 1, 1)


def test_keys_that_were_in_the_field_are_no_growth(sqlite_bureau: Bureau) -> None:
    said = {"body_code": BERRECHID, "function": OfficeFunction.COMMITTEE_MEMBER, "rank": None, "deed": "PV"}
    said |= {"name_ar": "سلمى", "name_latin": "Salma", "starts_on": date(2021, 9, 24), "certificate": None}
    said |= {"device_serial": None, "paid_by": None}
    keys = [KeyInField(line=each, cin=f"QA{each}", serial=f"a{each}", **said) for each in range(3)]  # type: ignore[arg-type]
    assert import_keys_in_field(sqlite_bureau.records, PROTECTION, keys, by=OFFICER, at=T0).opened == 3
    found = here(sqlite_bureau)
    assert (found.available, found.events, found.growth) == (2, 0, 0)


def test_by_province_and_region(sqlite_bureau: Bureau) -> None:
    sqlite_bureau.requested()
    sqlite_bureau.requested(BERRECHID_PROVINCE)
    with sqlite_bureau.records.reading() as session:
        provinces = {each.code: each for each in forecasts(session, level=Level.PROVINCE, at=T0)}
        regions = {each.code: each for each in forecasts(session, level=Level.REGION, at=T0)}
        bodies = forecasts(session, level=Level.BODY, within=Extent(province_code=BERRECHID_PROVINCE), at=T0)
    assert (provinces[BERRECHID_PROVINCE].events, regions["06"].events) == (2, 2)
    assert provinces[BERRECHID_PROVINCE].available == sum(each.available for each in bodies)
    assert OUJDA[:2] not in regions  # no allowance there
    assert sum(each.events for each in provinces.values()) == 2


def test_a_country_without_allowances(sqlite_records: Records) -> None:
    with sqlite_records.reading() as session:
        (found,) = forecasts(session, level=Level.COUNTRY, within=Extent(body_code=OUJDA), at=T0)
    assert (found.available, found.why) == (0, Unforeseen.NO_SEATS)
