"""Orders: what reserves a seat, what is refused, what each step does to state, seat and books."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from pki.ca.intents import intents_of_order
from pki.journal.tables import EventRow
from pki.quota.advancing import advance
from pki.quota.errors import (
    AllowanceExhausted,
    NoUsableKey,
    OfficeNotCurrent,
    OrderAlreadyOpen,
    OrderStateRefused,
    OrderUnknown,
    PayerRefused,
    WaveNotOpen,
)
from pki.quota.kinds import OrderState, Road, SeatPlace
from pki.quota.orders import cancel_key, issue_enrolment_ticket, key_order
from pki.quota.reading import ledger
from pki.quota.tables import Allowance, KeyOrder
from pki.quota.transitions import TRANSITIONS, Step
from pki.records import OrderId
from pki.registration.errors import BodyUnknown
from pki.registration.offices import end_office
from pki.tickets import TicketKind, redeem_ticket
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, OUJDA, SYSTEM, T0, person, seated
from tests.pki.quota.estate import Bureau


def test_order_reserves_a_seat(bureau: Bureau) -> None:
    holder, office = seated(bureau.records)
    order = bureau.order(holder, office)
    assert (order.state, order.seat, order.road) == (OrderState.REQUESTED, SeatPlace.RESERVED, Road.SELF_MADE)
    assert (order.holder, order.office, order.body_code, order.payer_code) == (holder, office, BERRECHID, BERRECHID)
    assert bureau.seats() == (1, 0)
    bureau.books_balance()


def test_province_may_pay(sqlite_bureau: Bureau) -> None:
    holder, office = seated(sqlite_bureau.records)
    sqlite_bureau.order(holder, office, BERRECHID_PROVINCE)
    assert sqlite_bureau.seats(BERRECHID_PROVINCE) == (1, 0)
    assert sqlite_bureau.seats() == (0, 0)


def test_others_may_not(sqlite_bureau: Bureau) -> None:
    holder, office = seated(sqlite_bureau.records)
    with pytest.raises(PayerRefused):
        sqlite_bureau.order(holder, office, "06.117.01.05")
    with pytest.raises(BodyUnknown):
        sqlite_bureau.order(holder, office, "99.99")


def test_beyond_the_allowance(bureau: Bureau) -> None:
    for _ in range(3):
        bureau.requested(BERRECHID_PROVINCE)
    holder, office = seated(bureau.records, BERRECHID_PROVINCE)
    with pytest.raises(AllowanceExhausted) as refused:
        bureau.order(holder, office, BERRECHID_PROVINCE)
    assert (refused.value.body_code, refused.value.granted) == (BERRECHID_PROVINCE, 3)
    assert bureau.seats(BERRECHID_PROVINCE) == (3, 0)
    bureau.books_balance()


def test_wave_not_open(bureau: Bureau) -> None:
    holder, office = seated(bureau.records, OUJDA)
    with pytest.raises(WaveNotOpen) as refused:
        bureau.order(holder, office, OUJDA)
    assert (refused.value.body_code, refused.value.opens_on) == (OUJDA, None)
    with bureau.records.reading() as session:
        assert ledger(session, body_code=OUJDA) == []


def test_second_order_for_the_same_body(bureau: Bureau) -> None:
    holder, office = seated(bureau.records)
    first = bureau.order(holder, office)
    with pytest.raises(OrderAlreadyOpen) as refused:
        bureau.order(holder, office)
    assert refused.value.order == first.id
    assert bureau.seats() == (1, 0)
    cancel_key(bureau.records, order=first.id, reason="typo", by=OFFICER, at=T0)
    bureau.order(holder, office)
    assert bureau.seats() == (1, 0)
    bureau.books_balance()


def test_second_order_with_the_last_seat(sqlite_bureau: Bureau) -> None:
    """Not `exhausted`: what is in the way is his own order."""
    for _ in range(2):
        sqlite_bureau.requested(BERRECHID_PROVINCE)
    holder, office = seated(sqlite_bureau.records, BERRECHID_PROVINCE)
    sqlite_bureau.order(holder, office, BERRECHID_PROVINCE)
    with pytest.raises(OrderAlreadyOpen):
        sqlite_bureau.order(holder, office, BERRECHID_PROVINCE)


def test_office_must_be_in_effect(sqlite_bureau: Bureau) -> None:
    records = sqlite_bureau.records
    holder, office = seated(records)
    with pytest.raises(OfficeNotCurrent):
        sqlite_bureau.order(person(records), office)
    _, future = seated(records, holder=holder, starts_on=date(2027, 1, 1))
    with pytest.raises(OfficeNotCurrent):
        sqlite_bureau.order(holder, future)
    end_office(records, office=office, ends_on=date(2026, 11, 2), reason="r", deed="d", by=OFFICER, at=T0)
    with pytest.raises(OfficeNotCurrent):
        sqlite_bureau.order(holder, office)


def test_exhausted_allowance_stops_no_signature(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.active(BERRECHID_PROVINCE)
    for _ in range(2):
        sqlite_bureau.requested(BERRECHID_PROVINCE)
    assert sqlite_bureau.held(sqlite_bureau.view(order).holder).order == order


def test_whole_life_in_the_ledger(bureau: Bureau) -> None:
    order = bureau.active()
    assert bureau.stands(order) == (OrderState.ACTIVE, SeatPlace.LIVE)
    assert bureau.seats() == (0, 1)
    with bureau.records.reading() as session:
        lines = ledger(session, order=order)
        kinds = session.scalars(
            select(EventRow.kind).where(EventRow.subject == f"order:{order}").order_by(EventRow.leaf_id)
        ).all()
    assert [(line.cause, line.account.value, line.change, line.body_code) for line in lines] == [
        ("order.requested", "available", -1, BERRECHID),
        ("order.requested", "reserved", 1, BERRECHID),
        ("certificates.issued", "unused", -1, BERRECHID),
        ("certificates.issued", "used", 1, BERRECHID),
        ("order.active", "reserved", -1, BERRECHID),
        ("order.active", "live", 1, BERRECHID),
    ]
    assert kinds == [
        "order.requested",
        "order.requests-submitted",
        "order.approved",
        "order.purchase-used",
        "certificate.issued",
        "certificate.issued",
        "order.personalised",
        "order.delivered",
        "order.active",
    ]
    bureau.books_balance()


def test_acceptance_signs_with_the_delivered_key_and_nothing_else_does(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.delivered()
    holder = sqlite_bureau.view(order).holder
    with pytest.raises(NoUsableKey) as refused:
        sqlite_bureau.held(holder)
    assert refused.value.reason == "not-accepted"
    assert sqlite_bureau.held(holder, accepting=True).order == order
    sqlite_bureau.activate(order)
    held = sqlite_bureau.held(holder)
    assert held.order == order
    assert len(held.chain) == 1
    with pytest.raises(NoUsableKey):
        sqlite_bureau.held(holder, accepting=True)


def test_nobody_without_a_key(sqlite_bureau: Bureau) -> None:
    with pytest.raises(NoUsableKey) as refused:
        sqlite_bureau.held(person(sqlite_bureau.records))
    assert refused.value.reason == "no-key"


def test_key_is_used_within_its_validity(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.active()
    view = sqlite_bureau.view(order)
    signature = next(each for each in view.certificates if each.purpose.value == "signature")
    assert sqlite_bureau.held(view.holder, at=signature.not_after).certificate_id == signature.id
    with pytest.raises(NoUsableKey) as refused:
        sqlite_bureau.held(view.holder, at=signature.not_after + timedelta(seconds=1))
    assert refused.value.reason == "expired"


@pytest.mark.parametrize("state", OrderState)
def test_transition_table(sqlite_bureau: Bureau, state: OrderState) -> None:
    """Every pair: a step that the table does not have changes nothing."""
    order, seat = _in_state(sqlite_bureau, state)

    def take(order: OrderId, step: Step) -> None:
        with sqlite_bureau.records.writing() as session:
            advance(session, order, step, by=SYSTEM, at=T0)

    for step in Step:
        expected = TRANSITIONS.get((state, step))
        if expected is None:
            with pytest.raises(OrderStateRefused) as refused:
                take(order, step)
            assert (refused.value.state, refused.value.step) == (state.value, step.value)
            assert sqlite_bureau.stands(order) == (state, seat)
        else:
            other, held = _in_state(sqlite_bureau, state)
            take(other, step)
            assert sqlite_bureau.stands(other) == (expected.state, held if expected.seat is None else expected.seat)
    sqlite_bureau.books_balance()


_WAY = {
    OrderState.REQUESTED: [],
    OrderState.APPROVED: [Step.APPROVE],
    OrderState.PERSONALISED: [Step.APPROVE, Step.ISSUE],
    OrderState.DELIVERED: [Step.APPROVE, Step.ISSUE, Step.CONFIRM],
    OrderState.ACTIVE: [Step.APPROVE, Step.ISSUE, Step.CONFIRM, Step.ACTIVATE],
    OrderState.BLOCKED: [Step.APPROVE, Step.ISSUE, Step.CONFIRM, Step.ACTIVATE, Step.BLOCK],
    OrderState.REVOKED: [Step.APPROVE, Step.ISSUE, Step.REVOKE],
    OrderState.EXPIRED: [Step.APPROVE, Step.ISSUE, Step.EXPIRE],
    OrderState.RETURNED: [Step.APPROVE, Step.ISSUE, Step.CONFIRM, Step.RETURN],
    OrderState.REPLACED: [Step.APPROVE, Step.REPLACE],
    OrderState.CANCELLED: [Step.CANCEL],
}


def _in_state(bureau: Bureau, state: OrderState) -> tuple[OrderId, SeatPlace]:
    order = bureau.requested()
    with bureau.records.writing() as session:
        for step in _WAY[state]:
            advance(session, order, step, by=SYSTEM, at=T0)
    found = bureau.stands(order)
    assert found[0] is state
    return order, found[1]


_DATABASE_REFUSES_A_SEAT_OUT_OF_PLACE = [
    {"seat": SeatPlace.NONE},
    {"seat": SeatPlace.LIVE},
    {"state": OrderState.ACTIVE},
    {"state": OrderState.CANCELLED},
    {"payer_body_id": None},
    {"road": Road.ALREADY_HELD},
]


def test_database_refuses_a_seat_out_of_place(bureau: Bureau) -> None:
    order = bureau.requested()
    for values in _DATABASE_REFUSES_A_SEAT_OUT_OF_PLACE:
        with pytest.raises(IntegrityError), bureau.records.writing() as session:
            session.execute(update(KeyOrder).where(KeyOrder.id == order).values(values))


_DATABASE_REFUSES_AN_OVERDRAWN_ALLOWANCE = [{"reserved": -1}, {"live": -1}, {"live": 6}, {"granted": 0}]


def test_database_refuses_an_overdrawn_allowance(bureau: Bureau) -> None:
    bureau.requested()
    for values in _DATABASE_REFUSES_AN_OVERDRAWN_ALLOWANCE:
        with pytest.raises(IntegrityError), bureau.records.writing() as session:
            session.execute(update(Allowance).where(Allowance.reserved == 1).values(values))


_LEDGER_STAYS_AS_WRITTEN = ["UPDATE ledger_entry SET change = change * 2", "DELETE FROM ledger_entry"]


def test_ledger_stays_as_written(bureau: Bureau) -> None:
    for statement in _LEDGER_STAYS_AS_WRITTEN:
        with pytest.raises(DBAPIError, match="append-only"), bureau.records.writing() as session:
            session.connection().exec_driver_sql(statement)


def test_enrolment_ticket(bureau: Bureau) -> None:
    order = bureau.requested()
    ticket = issue_enrolment_ticket(bureau.records, order=order, by=OFFICER, at=T0)
    with bureau.records.writing() as session:
        got = redeem_ticket(session, ticket=ticket, jkt="key", at=T0)
    assert (got.kind, got.subject, got.holder) == (TicketKind.ENROLMENT, order, bureau.view(order).holder)


def test_no_ticket_once_delivered(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.delivered()
    with pytest.raises(OrderStateRefused):
        issue_enrolment_ticket(sqlite_bureau.records, order=order, by=OFFICER, at=T0)


def test_unknown_order(sqlite_bureau: Bureau) -> None:
    with sqlite_bureau.records.reading() as session, pytest.raises(OrderUnknown):
        key_order(session, uuid4())


def test_cancel_frees_the_seat_until_the_approval_is_used(bureau: Bureau) -> None:
    order = bureau.approved()
    cancel_key(bureau.records, order=order, reason="left", by=OFFICER, at=T0)
    assert bureau.stands(order) == (OrderState.CANCELLED, SeatPlace.NONE)
    assert bureau.seats() == (0, 0)
    with bureau.records.reading() as session:
        assert intents_of_order(session, order) == ()  # nothing prepared for it is ever signed
    issued = bureau.approved()
    bureau.issue(issued)
    with pytest.raises(OrderStateRefused):
        cancel_key(bureau.records, order=issued, reason="left", by=OFFICER, at=T0)
    bureau.books_balance()
