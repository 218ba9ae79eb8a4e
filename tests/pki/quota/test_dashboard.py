"""The dashboard's numbers against those of the records, one deviation each."""

from dataclasses import replace

from sqlalchemy import text

from pki.quota.dashboard import Dashboard, Standing, national_dashboard
from pki.quota.kinds import OrderState
from pki.quota.orders import cancel_key
from pki.quota.reading import allowances
from pki.registration.extent import EVERYWHERE, Extent
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, OUJDA, T0
from tests.pki.quota.estate import Bureau


def seen(bureau: Bureau, within: Extent = EVERYWHERE) -> Dashboard:
    with bureau.records.reading() as session:
        return national_dashboard(session, within=within)


def province(bureau: Bureau) -> Standing:
    (found,) = seen(bureau, Extent(province_code=BERRECHID_PROVINCE)).provinces
    return found


def test_an_untouched_country(bureau: Bureau) -> None:
    total = seen(bureau).total
    with bureau.records.reading() as session:
        granted = [line.granted for line in allowances(session)]
    assert (total.opened, total.granted, total.communes) == (len(granted), sum(granted), 1503)
    assert (total.reserved, total.live, total.excess, total.at_80, total.at_100) == (0, 0, 0, 0, 0)
    assert total.communes_without_key == 1503
    assert set(total.orders.values()) == {0}


def test_provinces_add_up(bureau: Bureau) -> None:
    bureau.requested()
    bureau.requested(BERRECHID_PROVINCE)
    found = seen(bureau)
    assert len([each for each in found.provinces if each.province_code]) == 75
    assert sum(each.bodies for each in found.provinces) == found.total.bodies
    assert found.total.reserved == 2
    assert [each.reserved for each in found.provinces if each.province_code == BERRECHID_PROVINCE] == [2]


def test_an_active_key(bureau: Bureau) -> None:
    before = province(bureau)
    bureau.active()
    after = province(bureau)
    orders = {**before.orders, OrderState.ACTIVE: 1}
    fewer = before.communes_without_key - 1
    assert after == replace(before, live=1, communes_without_key=fewer, orders=orders)
    (purchases,) = seen(bureau).purchases
    assert (purchases.used, purchases.left) == (1, purchases.granted - 1)


def test_an_order_that_ended_is_history(bureau: Bureau) -> None:
    before = province(bureau)
    order = bureau.requested()
    assert province(bureau) == replace(before, reserved=1, orders={**before.orders, OrderState.REQUESTED: 1})
    cancel_key(bureau.records, order=order, reason="r", by=OFFICER, at=T0)
    assert province(bureau) == before


def test_from_four_fifths_on_a_body_is_nearly_exhausted(bureau: Bureau) -> None:
    counted = []
    for _ in range(5):  # of five
        bureau.requested()
        counted.append((province(bureau).at_80, province(bureau).at_100))
    assert counted == [(0, 0), (0, 0), (0, 0), (1, 0), (1, 1)]


def test_more_in_use_than_granted(bureau: Bureau) -> None:
    with bureau.records.writing() as session:
        session.execute(text("UPDATE allowance SET live = granted + 2, excess = 2 WHERE granted = 5"))
        bodies = session.execute(text("SELECT count(*) FROM allowance WHERE granted = 5")).scalar_one()
    total = seen(bureau).total
    assert (total.excess, total.at_80, total.at_100) == (2 * bodies, bodies, bodies)


def test_a_body_alone(bureau: Bureau) -> None:
    found = seen(bureau, Extent(body_code=BERRECHID))
    assert (found.total.bodies, found.total.granted, found.purchases) == (1, 5, ())
    unopened = seen(bureau, Extent(body_code=OUJDA)).total
    assert (unopened.bodies, unopened.opened, unopened.granted) == (1, 0, 0)
