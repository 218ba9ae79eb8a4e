"""Renewal, loss, damage, another road, succession: one seat, whoever has it; the old key's end by its reason."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from pki.journal.tables import EventRow
from pki.quota.corrections import follow_correction
from pki.quota.due import revoke_all_owed
from pki.quota.errors import (
    NoUsableKey,
    OfficeNotOver,
    OrderAlreadyOpen,
    OrderStateRefused,
    PayerRefused,
    ReplacementRefused,
)
from pki.quota.heirs import Successor
from pki.quota.kinds import OrderState, Replacement, Road, SeatPlace
from pki.quota.orders import cancel_key
from pki.quota.reading import ledger
from pki.quota.replacing import replace_key, retie_order
from pki.quota.stopping import block_key, expire_keys, revoke_key
from pki.quota.tables import KeyOrder
from pki.records import HolderId, OfficeId, OrderId
from pki.registration.kinds import OfficeFunction
from pki.registration.offices import OfficeRecording, end_office, write_office
from pki.status.blocks import block_of
from pki.status.revocation import Standing, certificate_state, revocation_of
from pki.status.tables import RevocationReason
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, OUJDA, SYSTEM, T0, ended, seated
from tests.pki.quota.estate import Bureau, settled, unsettled
from tests.pki.quota.test_last_seat import at_once

LATER = T0 + timedelta(hours=1)
STOPS = [Replacement.DAMAGED, Replacement.LOST, Replacement.COMPROMISED]


def replace(bureau: Bureau, order: OrderId, why: Replacement, **more: object) -> OrderId:
    given = {"by": OFFICER, "at": LATER} | more
    return replace_key(bureau.records, settled, order=order, why=why, **given).id  # type: ignore[arg-type]


def follower(bureau: Bureau, old: OrderId, body: str = BERRECHID_PROVINCE) -> Successor:
    """Who comes after the order's holder, whose office is over."""
    ended(bureau.records, bureau.view(old).office, T0.date())
    holder, office = seated(bureau.records, body)
    return Successor(holder=holder, office=office)


def full(bureau: Bureau) -> OrderId:
    """The province's three seats all taken by active keys; one of them."""
    first, _, _ = [bureau.active(BERRECHID_PROVINCE) for _ in range(3)]
    return first


def finish(bureau: Bureau, order: OrderId) -> None:
    bureau.submit(order)
    bureau.approve(order)
    bureau.issue(order)
    bureau.confirm(order)
    bureau.activate(order, at=LATER)


def revoked_for(bureau: Bureau, order: OrderId) -> RevocationReason | None:
    with bureau.records.reading() as session:
        found = {revocation_of(session, each) for each in bureau.view(order).certificates}
    return next(each.reason if each else None for each in found)


@pytest.mark.timeout(60)
def test_a_blocked_renewal_is_in_the_way_of_another(bureau: Bureau) -> None:
    """It waits for the old key's seat still: a second renewal is refused, and names it; in its own place one comes."""
    old = full(bureau)
    renewal = replace(bureau, old, Replacement.RENEWAL)
    bureau.submit(renewal)
    bureau.approve(renewal)
    bureau.issue(renewal)
    bureau.confirm(renewal)
    block_key(bureau.records, order=renewal, reason="r", lost_since=None, by=OFFICER, at=LATER)
    with pytest.raises(OrderAlreadyOpen) as refused:
        replace(bureau, old, Replacement.RENEWAL)
    assert refused.value.order == renewal
    assert bureau.stands(renewal) == (OrderState.BLOCKED, SeatPlace.AWAITED)
    finish(bureau, replace(bureau, renewal, Replacement.LOST, at=LATER))
    assert bureau.stands(old)[0] is OrderState.REPLACED
    bureau.books_balance()


@pytest.mark.parametrize("why", [*STOPS, Replacement.SUCCESSION])
def test_no_free_seat_is_needed(bureau: Bureau, why: Replacement) -> None:
    old = full(bureau)
    successor = follower(bureau, old) if why is Replacement.SUCCESSION else None
    new = replace(bureau, old, why, successor=successor)
    assert bureau.stands(old) == (OrderState.REPLACED, SeatPlace.NONE)
    assert bureau.stands(new) == (OrderState.REQUESTED, SeatPlace.RESERVED)
    assert bureau.seats(BERRECHID_PROVINCE) == (1, 2)
    with bureau.records.reading() as session:
        moved = [line for each in (old, new) for line in ledger(session, order=each) if line.cause == "order.replaced"]
    assert [(line.order, line.account.value, line.change) for line in moved] == [
        (old, "live", -1),
        (old, "available", 1),
        (new, "available", -1),
        (new, "reserved", 1),
    ]
    finish(bureau, new)
    assert bureau.seats(BERRECHID_PROVINCE) == (0, 3)
    bureau.books_balance()


@pytest.mark.parametrize("why", STOPS)
def test_it_stops_at_once(sqlite_bureau: Bureau, why: Replacement) -> None:
    old = sqlite_bureau.active()
    holder = sqlite_bureau.view(old).holder
    replace(sqlite_bureau, old, why, lost_since=T0)
    with pytest.raises(NoUsableKey):
        sqlite_bureau.held(holder, at=LATER)
    compromised = why in (Replacement.LOST, Replacement.COMPROMISED)
    expected = RevocationReason.KEY_COMPROMISE if compromised else RevocationReason.SUPERSEDED
    assert revoked_for(sqlite_bureau, old) is expected
    with sqlite_bureau.records.reading() as session:
        block = block_of(session, order=old, at=LATER)
    assert block is not None
    assert (block.blocked_at, block.lost_since) == (LATER, T0)


@pytest.mark.parametrize("why", [Replacement.RENEWAL, Replacement.ROAD_CHANGE])
def test_the_old_key_signs_until_the_new_one_is_accepted(bureau: Bureau, why: Replacement) -> None:
    old = full(bureau)
    holder = bureau.view(old).holder
    new = replace(bureau, old, why)
    assert bureau.stands(new) == (OrderState.REQUESTED, SeatPlace.AWAITED)
    assert bureau.seats(BERRECHID_PROVINCE) == (0, 3)
    assert bureau.held(holder, at=LATER).order == old
    finish(bureau, new)
    assert bureau.held(holder, at=LATER).order == new
    assert bureau.stands(old) == (OrderState.REPLACED, SeatPlace.NONE)
    assert bureau.stands(new) == (OrderState.ACTIVE, SeatPlace.LIVE)
    assert bureau.seats(BERRECHID_PROVINCE) == (0, 3)
    assert revoke_all_owed(bureau.records, unsettled, by=SYSTEM, at=LATER) == 0
    assert revoked_for(bureau, old) is None
    assert revoke_all_owed(bureau.records, settled, by=SYSTEM, at=LATER) == 1
    assert revoked_for(bureau, old) is RevocationReason.SUPERSEDED
    assert revoke_all_owed(bureau.records, settled, by=SYSTEM, at=LATER) == 0
    bureau.books_balance()


def test_revocation_waits_for_signatures(sqlite_bureau: Bureau) -> None:
    old = sqlite_bureau.active()
    more = {"order": old, "by": OFFICER, "at": LATER}
    successor = follower(sqlite_bureau, old, "06.117.01.03")
    replace_key(sqlite_bureau.records, unsettled, why=Replacement.SUCCESSION, successor=successor, **more)  # type: ignore[arg-type]
    assert revoked_for(sqlite_bureau, old) is None
    with sqlite_bureau.records.reading() as session:
        certificate = sqlite_bureau.view(old).certificates[0].id
        assert certificate_state(session, certificate=certificate, at=LATER).standing is Standing.BLOCKED
    assert revoke_all_owed(sqlite_bureau.records, settled, by=SYSTEM, at=LATER) == 1
    assert revoked_for(sqlite_bureau, old) is RevocationReason.CESSATION_OF_OPERATION


def test_compromise_waits_for_nothing(sqlite_bureau: Bureau) -> None:
    old = sqlite_bureau.active()
    replace_key(sqlite_bureau.records, unsettled, order=old, why=Replacement.LOST, by=OFFICER, at=LATER)
    assert revoked_for(sqlite_bureau, old) is RevocationReason.KEY_COMPROMISE


def test_compromise_of_a_replaced_key(sqlite_bureau: Bureau) -> None:
    old = sqlite_bureau.active()
    replace_key(sqlite_bureau.records, unsettled, order=old, why=Replacement.DAMAGED, by=OFFICER, at=LATER)
    revoke_key(
        sqlite_bureau.records, unsettled, order=old, reason=RevocationReason.KEY_COMPROMISE, by=OFFICER, at=LATER
    )
    assert revoked_for(sqlite_bureau, old) is RevocationReason.KEY_COMPROMISE
    assert sqlite_bureau.stands(old) == (OrderState.REPLACED, SeatPlace.NONE)
    assert revoke_all_owed(sqlite_bureau.records, settled, by=SYSTEM, at=LATER) == 0


def test_the_old_key_ends_while_its_renewal_is_under_way(bureau: Bureau) -> None:
    old = full(bureau)
    new = replace(bureau, old, Replacement.RENEWAL)
    revoke_key(bureau.records, settled, order=old, reason=RevocationReason.SUPERSEDED, by=OFFICER, at=LATER)
    assert bureau.stands(new) == (OrderState.REQUESTED, SeatPlace.RESERVED)
    assert bureau.seats(BERRECHID_PROVINCE) == (1, 2)
    finish(bureau, new)
    assert bureau.seats(BERRECHID_PROVINCE) == (0, 3)
    bureau.books_balance()


def test_expiry_passes_the_seat_to_the_renewal(sqlite_bureau: Bureau) -> None:
    old = sqlite_bureau.active()
    over = max(each.not_after for each in sqlite_bureau.view(old).certificates) + timedelta(seconds=1)
    new = replace(sqlite_bureau, old, Replacement.RENEWAL)
    assert expire_keys(sqlite_bureau.records, by=SYSTEM, at=over) == 1
    assert sqlite_bureau.stands(new) == (OrderState.REQUESTED, SeatPlace.RESERVED)
    sqlite_bureau.books_balance()


def test_a_loss_makes_the_renewal_the_replacement(sqlite_bureau: Bureau) -> None:
    old = full(sqlite_bureau)
    new = replace(sqlite_bureau, old, Replacement.RENEWAL)
    assert replace(sqlite_bureau, old, Replacement.LOST) == new
    assert sqlite_bureau.stands(new) == (OrderState.REQUESTED, SeatPlace.RESERVED)
    sqlite_bureau.books_balance()


def test_a_successor_ends_the_renewal(sqlite_bureau: Bureau) -> None:
    old = full(sqlite_bureau)
    renewal = replace(sqlite_bureau, old, Replacement.RENEWAL)
    new = replace(sqlite_bureau, old, Replacement.SUCCESSION, successor=follower(sqlite_bureau, old))
    assert sqlite_bureau.stands(renewal) == (OrderState.REPLACED, SeatPlace.NONE)
    assert sqlite_bureau.stands(new) == (OrderState.REQUESTED, SeatPlace.RESERVED)
    assert sqlite_bureau.seats(BERRECHID_PROVINCE) == (1, 2)
    sqlite_bureau.books_balance()


def test_a_renewal_is_itself_replaced(sqlite_bureau: Bureau) -> None:
    old = full(sqlite_bureau)
    renewal = replace(sqlite_bureau, old, Replacement.RENEWAL)
    again = replace(sqlite_bureau, renewal, Replacement.DAMAGED)
    assert sqlite_bureau.stands(again) == (OrderState.REQUESTED, SeatPlace.AWAITED)
    finish(sqlite_bureau, again)
    assert sqlite_bureau.stands(old) == (OrderState.REPLACED, SeatPlace.NONE)
    assert sqlite_bureau.seats(BERRECHID_PROVINCE) == (0, 3)
    sqlite_bureau.books_balance()


def test_a_renewal_given_up_leaves_the_old_key(sqlite_bureau: Bureau) -> None:
    old = sqlite_bureau.active()
    renewal = replace(sqlite_bureau, old, Replacement.RENEWAL)
    cancel_key(sqlite_bureau.records, order=renewal, reason="r", by=OFFICER, at=LATER)
    assert sqlite_bureau.stands(old) == (OrderState.ACTIVE, SeatPlace.LIVE)
    assert sqlite_bureau.seats() == (0, 1)
    sqlite_bureau.books_balance()


def test_an_order_under_way_leaves_its_seat_to_a_successor(sqlite_bureau: Bureau) -> None:
    old = sqlite_bureau.approved(BERRECHID_PROVINCE)
    new = replace(sqlite_bureau, old, Replacement.SUCCESSION, successor=follower(sqlite_bureau, old))
    assert sqlite_bureau.stands(old) == (OrderState.REPLACED, SeatPlace.NONE)
    assert sqlite_bureau.seats(BERRECHID_PROVINCE) == (1, 0)
    finish(sqlite_bureau, new)
    sqlite_bureau.books_balance()


@pytest.mark.parametrize("why", list(Replacement))
def test_two_replacements_at_once(bureau: Bureau, why: Replacement) -> None:
    old = full(bureau)
    successor = follower(bureau, old) if why is Replacement.SUCCESSION else None
    outcomes = at_once([lambda: replace(bureau, old, why, successor=successor)] * 8)
    lost = "OrderAlreadyOpen" if why in (Replacement.RENEWAL, Replacement.ROAD_CHANGE) else "OrderStateRefused"
    assert outcomes == {"done": 1, lost: 7}
    bureau.books_balance()


def test_acceptance_and_revocation_at_once(bureau: Bureau) -> None:
    """Both touch the renewal, its predecessor and the allowance: whoever is first, one seat, and no deadlock."""
    for _ in range(3):
        old = bureau.active(BERRECHID_PROVINCE)
        new = replace(bureau, old, Replacement.RENEWAL)
        bureau.submit(new)
        bureau.approve(new)
        bureau.issue(new)
        bureau.confirm(new)
        works = [
            lambda new=new: bureau.activate(new, at=LATER),
            lambda old=old: revoke_key(
                bureau.records, settled, order=old, reason=RevocationReason.SUPERSEDED, by=OFFICER, at=LATER
            ),
        ]
        assert set(at_once(works)) <= {"done", "OrderStateRefused"}
        assert bureau.stands(new) == (OrderState.ACTIVE, SeatPlace.LIVE)
        assert bureau.stands(old)[1] is SeatPlace.NONE
    assert bureau.seats(BERRECHID_PROVINCE) == (0, 3)
    bureau.books_balance()


def test_refusals(sqlite_bureau: Bureau) -> None:
    old = sqlite_bureau.active(BERRECHID_PROVINCE)
    holder, office = seated(sqlite_bureau.records, BERRECHID_PROVINCE)
    with pytest.raises(ReplacementRefused):
        replace(sqlite_bureau, old, Replacement.LOST, successor=Successor(holder=holder, office=office))
    other = sqlite_bureau.active(BERRECHID_PROVINCE)
    with pytest.raises(PayerRefused):
        replace(sqlite_bureau, other, Replacement.SUCCESSION, successor=follower(sqlite_bureau, other, OUJDA))
    block_key(sqlite_bureau.records, order=old, reason="r", lost_since=None, by=OFFICER, at=LATER)
    with pytest.raises(OrderStateRefused):
        replace(sqlite_bureau, old, Replacement.RENEWAL)
    replace(sqlite_bureau, old, Replacement.LOST)
    with pytest.raises(OrderStateRefused):
        replace(sqlite_bureau, old, Replacement.LOST)
    assert sqlite_bureau.seats(BERRECHID_PROVINCE) == (1, 1)


def test_nobody_succeeds_whoever_is_in_office(bureau: Bureau) -> None:
    """Nor if he is in another office of the body; for himself he orders anew what named one that is over."""
    old = bureau.active(BERRECHID_PROVINCE)
    view = bureau.view(old)
    holder, office = seated(bureau.records, BERRECHID_PROVINCE)
    taker = Successor(holder=holder, office=office)
    with pytest.raises(OfficeNotOver):
        replace(bureau, old, Replacement.SUCCESSION, successor=taker)
    with pytest.raises(OfficeNotOver):
        replace(bureau, old, Replacement.SUCCESSION)
    _, again = seated(bureau.records, BERRECHID_PROVINCE, holder=view.holder, starts_on=T0.date())
    ended(bureau.records, view.office, T0.date())
    with pytest.raises(OfficeNotOver) as refused:
        replace(bureau, old, Replacement.SUCCESSION, successor=taker)
    assert refused.value.office == again
    assert bureau.stands(old) == (OrderState.ACTIVE, SeatPlace.LIVE)
    new = replace(bureau, old, Replacement.SUCCESSION, successor=Successor(holder=view.holder, office=again))
    assert bureau.stands(new) == (OrderState.REQUESTED, SeatPlace.RESERVED)


def moved_office(bureau: Bureau, order: OrderId) -> tuple[HolderId, OfficeId]:
    view = bureau.view(order)
    end_office(bureau.records, office=view.office, ends_on=LATER.date(), reason="r", deed="d", by=OFFICER, at=LATER)
    return seated(bureau.records, holder=view.holder, starts_on=LATER.date(), at=LATER)


def test_a_reelected_holder_keeps_his_key(sqlite_bureau: Bureau) -> None:
    old = sqlite_bureau.active()
    holder, office = moved_office(sqlite_bureau, old)
    with sqlite_bureau.records.writing() as session:
        assert retie_order(session, settled, order=old, office=office, by=OFFICER, at=LATER) == old
    assert sqlite_bureau.view(old).office == office
    assert sqlite_bureau.held(holder, at=LATER).order == old


def test_what_was_asked_for_an_ended_office_is_asked_anew(sqlite_bureau: Bureau) -> None:
    old = sqlite_bureau.approved()
    _, office = moved_office(sqlite_bureau, old)
    with sqlite_bureau.records.writing() as session:
        new = retie_order(session, settled, order=old, office=office, by=OFFICER, at=LATER)
    assert sqlite_bureau.stands(old) == (OrderState.REPLACED, SeatPlace.NONE)
    assert sqlite_bureau.view(new).office == office
    finish(sqlite_bureau, new)
    sqlite_bureau.books_balance()


@pytest.mark.parametrize("approved", [False, True])
def test_orders_follow_the_corrected_record_of_their_office(sqlite_bureau: Bureau, approved: bool) -> None:
    old = sqlite_bureau.approved() if approved else sqlite_bureau.active()
    view, records = sqlite_bureau.view(old), sqlite_bureau.records
    correction = OfficeRecording(
        holder=view.holder,
        body_code=BERRECHID,
        function=OfficeFunction.COMMITTEE_MEMBER,
        starts_on=date(2021, 10, 1),
        deed="PV 1/2021, corrected",
        supersedes=view.office,
    )
    with records.writing() as session:
        office = write_office(session, correction, by=OFFICER, at=LATER)
    (tied,) = follow_correction(records, settled, former=view.office, office=office, by=OFFICER, at=LATER)
    assert sqlite_bureau.view(tied).office == office
    if approved:
        finish(sqlite_bureau, tied)
    assert sqlite_bureau.held(view.holder, at=LATER).order == tied
    sqlite_bureau.books_balance()


def test_an_order_left_behind_is_in_the_journal(sqlite_bureau: Bureau) -> None:
    """Its office is said to begin only tomorrow: the order stays, and why is known."""
    order, records = sqlite_bureau.active(), sqlite_bureau.records
    view = sqlite_bureau.view(order)
    correction = OfficeRecording(
        holder=view.holder,
        body_code=BERRECHID,
        function=OfficeFunction.COMMITTEE_MEMBER,
        starts_on=(LATER + timedelta(days=1)).date(),
        deed="PV 1/2021, corrected",
        supersedes=view.office,
    )
    with records.writing() as session:
        office = write_office(session, correction, by=OFFICER, at=LATER)
    assert follow_correction(records, settled, former=view.office, office=office, by=OFFICER, at=LATER) == ()
    assert sqlite_bureau.view(order).office == view.office
    with records.reading() as session:
        kinds = session.scalars(select(EventRow.kind).where(EventRow.subject == f"order:{order}")).all()
    assert "order.left-behind" in kinds


def test_the_database_refuses_to_wait_for_no_order(bureau: Bureau) -> None:
    order = bureau.requested()
    with pytest.raises(Exception, match="awaited_seat"), bureau.records.writing() as session:
        session.execute(update(KeyOrder).where(KeyOrder.id == order).values(seat=SeatPlace.AWAITED))


def test_a_second_renewal_is_named(sqlite_bureau: Bureau) -> None:
    old = sqlite_bureau.active()
    new = replace(sqlite_bureau, old, Replacement.RENEWAL)
    with pytest.raises(OrderAlreadyOpen) as refused:
        replace(sqlite_bureau, old, Replacement.ROAD_CHANGE, successor=None)
    assert refused.value.order == new
    assert sqlite_bureau.view(new).road is Road.SELF_MADE
