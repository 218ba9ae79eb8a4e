"""Civil days: 90, 30 and 7 before a key ends, 60 without use; the first and the last instant of each."""

from datetime import datetime, timedelta

import pytest

from pki.quota.alerts.kinds import AlertKind, AlertState, Family
from pki.quota.stopping import block_key
from pki.records import OrderId, civil_day, day_start
from tests.pki.estate import OFFICER, T0
from tests.pki.quota.alerts.estate import Watch
from tests.pki.quota.estate import Bureau

SECOND = timedelta(seconds=1)
E90, E30, E7, IDLE = AlertKind.EXPIRY_90, AlertKind.EXPIRY_30, AlertKind.EXPIRY_7, AlertKind.KEY_IDLE


@pytest.fixture
def active(sqlite_bureau: Bureau) -> OrderId:
    return sqlite_bureau.active()


@pytest.mark.parametrize(
    ("days", "first", "last"),
    [
        (91, set(), set()),
        (90, {E90}, {E90}),
        (31, {E90}, {E90}),
        (30, {E90, E30}, {E90, E30}),
        (8, {E90, E30}, {E90, E30}),
        (7, {E90, E30, E7}, {E90, E30, E7}),
        (1, {E90, E30, E7}, {E90, E30, E7}),
    ],
)
def test_days_before_the_end(
    sqlite_bureau: Bureau, active: OrderId, days: int, first: set[AlertKind], last: set[AlertKind]
) -> None:
    watch, day = Watch(sqlite_bureau.records), civil_day(not_after(sqlite_bureau, active)) - timedelta(days=days)
    watch.sweep(day_start(day), Family.EXPIRY)
    assert watch.stands(active) == first
    watch.sweep(day_start(day + timedelta(days=1)) - SECOND, Family.EXPIRY)
    assert watch.stands(active) == last


def test_the_last_instant_is_inside_and_the_next_one_is_over(sqlite_bureau: Bureau, active: OrderId) -> None:
    watch, end = Watch(sqlite_bureau.records), not_after(sqlite_bureau, active)
    watch.sweep(end, Family.EXPIRY)
    assert watch.stands(active) == {E90, E30, E7}
    watch.sweep(end + SECOND, Family.EXPIRY)
    assert watch.stands(active) == set()


def test_each_step_once_and_the_nearer_one_speaks(bureau: Bureau) -> None:
    order = bureau.active()
    watch, end = Watch(bureau.records), civil_day(not_after(bureau, order))
    spoke = []
    for days in (95, 90, 60, 30, 10, 7, 3):
        watch.sweep(day_start(end - timedelta(days=days)), Family.EXPIRY)
        spoke.append([each.kind for each in watch.lines()])
    assert spoke == [[], [E90], [E90], [E30], [E30], [E7], [E7]]
    assert [watch.count(kind) for kind in (E90, E30, E7)] == [1, 1, 1]
    superseded = {each.kind: each.superseded_by for each in watch.lines(state=AlertState.SUPERSEDED)}
    opened = {each.kind: each.id for each in watch.lines(state=None)}
    assert superseded == {E90: opened[E30], E30: opened[E7]}


@pytest.mark.parametrize(("days", "idle"), [(59, False), (60, True), (61, True)])
@pytest.mark.parametrize("used", [None, timedelta(days=5)])
def test_days_without_use(
    sqlite_bureau: Bureau, active: OrderId, days: int, idle: bool, used: timedelta | None
) -> None:
    """From its acceptance if it never signed, else from its last signature."""
    since = T0 if used is None else T0 + used
    watch = Watch(sqlite_bureau.records, {} if used is None else {active: since})
    day = civil_day(since) + timedelta(days=days)
    for at in (day_start(day), day_start(day + timedelta(days=1)) - SECOND):
        watch.sweep(at, Family.IDLE)
        assert (IDLE in watch.stands(active)) is idle


def test_a_signature_ends_idleness_and_the_next_sixty_days_are_another(sqlite_bureau: Bureau, active: OrderId) -> None:
    order, watch, at = active, Watch(sqlite_bureau.records), T0 + timedelta(days=70)
    watch.sweep(at, Family.IDLE)
    watch.used[order] = at
    watch.sweep(at, Family.IDLE)
    assert watch.stands(order) == set()
    watch.sweep(at + timedelta(days=60), Family.IDLE)
    assert [each.state for each in watch.lines(IDLE, state=None)] == [AlertState.OPEN, AlertState.CLOSED]


def test_a_blocked_key_is_not_idle(sqlite_bureau: Bureau, active: OrderId) -> None:
    watch, at = Watch(sqlite_bureau.records), T0 + timedelta(days=70)
    watch.sweep(at, Family.IDLE)
    block_key(sqlite_bureau.records, order=active, reason="lost", lost_since=None, by=OFFICER, at=at)
    watch.sweep(at, Family.IDLE)
    assert watch.lines(state=AlertState.CLOSED)[0].kind is IDLE


def not_after(bureau: Bureau, order: OrderId) -> datetime:
    """The end of the signature certificate."""
    return max(each.not_after for each in bureau.view(order).certificates)
