"""Block, revocation, expiry, return: what each does to the key and to its seat."""

from datetime import timedelta

import pytest

from pki.quota.due import revoke_all_owed
from pki.quota.errors import NoUsableKey, OrderStateRefused
from pki.quota.kinds import OrderState, Replacement, SeatPlace
from pki.quota.replacing import replace_key
from pki.quota.stopping import block_key, expire_keys, return_key, revoke_key
from pki.records import OrderId
from pki.status.blocks import block_of
from pki.status.errors import LossInFuture
from pki.status.revocation import Standing, certificate_state, revocation_of
from pki.status.tables import RevocationReason
from tests.pki.estate import OFFICER, SYSTEM, T0
from tests.pki.quota.estate import Bureau, settled, unsettled

LATER = T0 + timedelta(hours=1)


def block(bureau: Bureau, order: OrderId, **more: object) -> object:
    return block_key(
        bureau.records,
        order=order,
        reason="lost",
        **({"lost_since": None, "by": OFFICER, "at": LATER} | more),  # type: ignore[arg-type]
    )


def revoke(bureau: Bureau, order: OrderId) -> None:
    revoke_key(bureau.records, settled, order=order, reason=RevocationReason.KEY_COMPROMISE, by=OFFICER, at=LATER)


def test_blocked_key_signs_no_more(bureau: Bureau) -> None:
    order = bureau.active()
    holder = bureau.view(order).holder
    bureau.held(holder, at=LATER)
    assert block(bureau, order, lost_since=T0) == LATER
    with pytest.raises(NoUsableKey) as refused:
        bureau.held(holder, at=LATER)
    assert refused.value.reason == "blocked"
    assert bureau.stands(order) == (OrderState.BLOCKED, SeatPlace.LIVE)
    bureau.books_balance()


def test_reported_twice(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.active()
    block(sqlite_bureau, order)
    assert block(sqlite_bureau, order, at=LATER + timedelta(days=1)) == LATER


def test_lost_in_the_future(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.active()
    with pytest.raises(LossInFuture):
        block(sqlite_bureau, order, lost_since=LATER + timedelta(seconds=1))
    assert sqlite_bureau.stands(order) == (OrderState.ACTIVE, SeatPlace.LIVE)


def test_lost_before_it_was_accepted(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.delivered()
    block(sqlite_bureau, order)
    assert sqlite_bureau.stands(order) == (OrderState.BLOCKED, SeatPlace.RESERVED)
    with pytest.raises(OrderStateRefused):
        sqlite_bureau.activate(order)
    revoke(sqlite_bureau, order)
    assert sqlite_bureau.seats() == (0, 0)
    sqlite_bureau.books_balance()


def test_nothing_to_block(sqlite_bureau: Bureau) -> None:
    with pytest.raises(OrderStateRefused):
        block(sqlite_bureau, sqlite_bureau.requested())


def test_revocation_frees_the_seat(bureau: Bureau) -> None:
    order = bureau.active()
    block(bureau, order)
    revoke(bureau, order)
    assert bureau.stands(order) == (OrderState.REVOKED, SeatPlace.NONE)
    assert bureau.seats() == (0, 0)
    with bureau.records.reading() as session:
        for certificate in bureau.view(order).certificates:
            state = certificate_state(session, certificate=certificate.id, at=LATER + timedelta(seconds=1))
            assert state.standing is Standing.REVOKED
    with pytest.raises(OrderStateRefused):
        revoke(bureau, order)
    bureau.books_balance()


def test_purchase_is_not_given_back(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.active()
    revoke(sqlite_bureau, order)
    sqlite_bureau.active()
    sqlite_bureau.books_balance()


def test_returned_device(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.active()
    return_key(sqlite_bureau.records, settled, order=order, reason="left", by=OFFICER, at=LATER)
    assert sqlite_bureau.stands(order) == (OrderState.RETURNED, SeatPlace.NONE)
    with pytest.raises(NoUsableKey):
        sqlite_bureau.held(sqlite_bureau.view(order).holder, at=LATER)
    sqlite_bureau.books_balance()


def test_expiry_frees_seats_once(sqlite_bureau: Bureau) -> None:
    orders = [sqlite_bureau.active(), sqlite_bureau.delivered()]
    over = max(each.not_after for order in orders for each in sqlite_bureau.view(order).certificates)
    assert expire_keys(sqlite_bureau.records, by=SYSTEM, at=over) == 0
    assert expire_keys(sqlite_bureau.records, by=SYSTEM, at=over + timedelta(seconds=1)) == 2
    assert expire_keys(sqlite_bureau.records, by=SYSTEM, at=over + timedelta(seconds=1)) == 0
    assert sqlite_bureau.seats() == (0, 0)
    sqlite_bureau.books_balance()


def revoked_for(bureau: Bureau, order: OrderId) -> RevocationReason | None:
    with bureau.records.reading() as session:
        (found,) = {revocation_of(session, each) for each in bureau.view(order).certificates}
    return None if found is None else found.reason


def test_a_returned_key_is_revoked_once_its_signatures_have_their_time(bureau: Bureau) -> None:
    order = bureau.active()
    return_key(bureau.records, unsettled, order=order, reason="left", by=OFFICER, at=LATER)
    assert bureau.stands(order) == (OrderState.RETURNED, SeatPlace.NONE)
    assert revoked_for(bureau, order) is None
    with bureau.records.reading() as session:
        assert block_of(session, order=order, at=LATER) is not None
    with pytest.raises(NoUsableKey):
        bureau.held(bureau.view(order).holder, at=LATER)
    assert revoke_all_owed(bureau.records, unsettled, by=SYSTEM, at=LATER) == 0
    assert revoke_all_owed(bureau.records, settled, by=SYSTEM, at=LATER) == 1
    assert revoked_for(bureau, order) is RevocationReason.CESSATION_OF_OPERATION
    bureau.books_balance()


@pytest.mark.parametrize("compromised", [False, True])
def test_a_revocation_blocks_while_a_signature_waits(bureau: Bureau, compromised: bool) -> None:
    """It is made once every signature has its time; or at once, if the key turns out to be compromised meanwhile."""
    order = bureau.active()
    superseded = RevocationReason.SUPERSEDED
    revoke_key(bureau.records, unsettled, order=order, reason=superseded, by=OFFICER, at=LATER)
    assert bureau.stands(order) == (OrderState.BLOCKED, SeatPlace.LIVE)
    assert revoked_for(bureau, order) is None
    with pytest.raises(NoUsableKey):
        bureau.held(bureau.view(order).holder, at=LATER)
    if compromised:
        replace_key(bureau.records, unsettled, order=order, why=Replacement.LOST, by=OFFICER, at=LATER)
        assert revoked_for(bureau, order) is RevocationReason.KEY_COMPROMISE
    else:
        assert revoke_all_owed(bureau.records, settled, by=SYSTEM, at=LATER) == 1
        assert bureau.stands(order) == (OrderState.REVOKED, SeatPlace.NONE)
        assert revoked_for(bureau, order) is superseded
    assert revoke_all_owed(bureau.records, settled, by=SYSTEM, at=LATER) == 0
    bureau.books_balance()
