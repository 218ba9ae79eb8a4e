"""The agreement's own figures afterwards: amended, and purchases given back for a mistake of the authority."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.quota.advancing import locked_order
from pki.quota.books import Movement, write_movements
from pki.quota.errors import AgreementUnknown, OrderStateRefused
from pki.quota.grants.errors import (
    AmendmentEmpty,
    AmendmentExists,
    CeilingBelowGranted,
    NotDueYet,
    PurchaseNotUsed,
)
from pki.quota.grants.tables import AgreementAmendment, PurchaseReturn
from pki.quota.kinds import Account, Book, SeatPlace
from pki.quota.tables import Agreement, AgreementBook, KeyOrder, LedgerEntry
from pki.records import OrderId, Records, again_after_deadlock, civil_day


@again_after_deadlock
def amend_agreement(
    records: Records,
    *,
    agreement: UUID,
    number: str,
    seats_ceiling: int | None = None,
    purchases_added: int = 0,
    reason: str,
    in_effect: date,
    by: Actor,
    at: datetime,
) -> UUID:
    """Record an amendment: another ceiling of seats, up or down, and purchases added.

    :param seats_ceiling: None: as it was.
    :param purchases_added: 0 or more.
    :raise AmendmentEmpty: it changes nothing.
    :raise CeilingBelowGranted: more seats are granted than the new ceiling.
    :raise AmendmentExists: the agreement has one of that number.
    :raise NotDueYet: the day from which it is in effect has not come.
    """
    if seats_ceiling is None and not purchases_added:
        raise AmendmentEmpty
    if civil_day(at) < in_effect:
        # What it adds can be used from now on: the books of a day before would not have it.
        raise NotDueYet("amendment", in_effect)
    with records.writing() as session:
        amendment = _insert_amendment(
            session,
            {
                "agreement_id": agreement,
                "number": number,
                "seats_ceiling": seats_ceiling,
                "purchases_added": purchases_added,
                "reason": reason,
                "in_effect": in_effect,
                "recorded_at": at,
                "recorded_by": str(by),
            },
        )
        if seats_ceiling is not None:
            _set_ceiling(session, agreement, seats_ceiling)
        if purchases_added:
            session.execute(
                update(AgreementBook)
                .where(AgreementBook.agreement_id == agreement)
                .values(purchases_granted=AgreementBook.purchases_granted + purchases_added)
                .execution_options(synchronize_session=False)
            )
            added = Movement(
                book=Book.PURCHASE,
                taken_from=Account.AGREEMENT,
                given_to=Account.UNUSED,
                amount=purchases_added,
                agreement_id=agreement,
                body_id=None,
                order_id=None,
                origin=f"amendment:{amendment}",
            )
            write_movements(session, [added], cause="agreement.amended", in_effect=in_effect, at=at)
        facts: dict[str, object] = {"number": number, "seats_ceiling": seats_ceiling, "reason": reason}
        facts |= {"purchases_added": purchases_added, "in_effect": in_effect, "amendment": amendment}
        record(session, kind="agreement.amended", subject=f"agreement:{agreement}", by=by, at=at, facts=facts)
    return amendment


@again_after_deadlock
def give_back_purchase(records: Records, *, order: OrderId, reason: str, by: Actor, at: datetime) -> None:
    """Give the order's purchase back to the agreement: the authority made a mistake. Once for an order.

    :param reason: what the mistake was.
    :raise OrderStateRefused: its key still lives: revoke or return it first.
    :raise PurchaseNotUsed: it used none, or gave it back before.
    """
    with records.writing() as session:
        found = locked_order(session, order)
        if found.seat is not SeatPlace.NONE:
            # THREAT: a purchase comes back while its key goes on signing, and the agreement pays for one too few.
            # DEFENCE: only of an order that holds no seat, once by a primary key, only what its entries say was used.
            # TEST: tests/pki/quota/grants/test_purchases.py::test_a_living_key_keeps_its_purchase
            raise OrderStateRefused(order, found.state.value, "give its purchase back")
        paid_by = _agreement_that_paid(session, order)
        if paid_by is None or not _first(session, order, reason, by, at):
            raise PurchaseNotUsed(order)
        session.execute(
            update(AgreementBook)
            .where(AgreementBook.agreement_id == paid_by)
            .values(purchases_used=AgreementBook.purchases_used - 1)
            .execution_options(synchronize_session=False)
        )
        _write_return(session, found, agreement=paid_by, at=at)
        record(session, kind="purchase.given-back", subject=f"order:{order}", by=by, at=at, facts={"reason": reason})


def _insert_amendment(session: Session, values: dict[str, object]) -> UUID:
    if session.scalar(select(Agreement.id).where(Agreement.id == values["agreement_id"])) is None:
        assert isinstance(values["agreement_id"], UUID)
        raise AgreementUnknown(values["agreement_id"])
    amendment = session.execute(
        insert_into(session, AgreementAmendment)
        .values(id=uuid4(), **values)
        .on_conflict_do_nothing(index_elements=["agreement_id", "number"])
        .returning(AgreementAmendment.id)
    ).scalar_one_or_none()
    if amendment is None:
        raise AmendmentExists(str(values["number"]))
    return amendment


def _set_ceiling(session: Session, agreement: UUID, ceiling: int) -> None:
    done = session.execute(
        update(AgreementBook)
        .where(AgreementBook.agreement_id == agreement, AgreementBook.seats_granted <= ceiling)
        .values(seats_ceiling=ceiling)
        .returning(AgreementBook.agreement_id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if done is None:
        granted = session.scalars(
            select(AgreementBook.seats_granted).where(AgreementBook.agreement_id == agreement)
        ).one()
        raise CeilingBelowGranted(asked=ceiling, granted=granted)


def _agreement_that_paid(session: Session, order: OrderId) -> UUID | None:
    """Whose purchase the order used and holds, by its entries: a later agreement may have taken its seat over."""
    return session.scalar(
        select(LedgerEntry.agreement_id)
        .where(LedgerEntry.order_id == order, LedgerEntry.book == Book.PURCHASE, LedgerEntry.account == Account.USED)
        .group_by(LedgerEntry.agreement_id)
        .having(func.sum(LedgerEntry.change) == 1)
    )


def _first(session: Session, order: OrderId, reason: str, by: Actor, at: datetime) -> bool:
    added = session.execute(
        insert_into(session, PurchaseReturn)
        .values(order_id=order, reason=reason, recorded_at=at, recorded_by=str(by))
        .on_conflict_do_nothing(index_elements=["order_id"])
        .returning(PurchaseReturn.order_id)
    )
    return added.scalar_one_or_none() is not None


def _write_return(session: Session, order: KeyOrder, *, agreement: UUID, at: datetime) -> None:
    moved = Movement(
        book=Book.PURCHASE,
        taken_from=Account.USED,
        given_to=Account.UNUSED,
        amount=1,
        agreement_id=agreement,
        body_id=order.payer_body_id,
        order_id=OrderId(order.id),
    )
    write_movements(session, [moved], cause="purchase.given-back", in_effect=civil_day(at), at=at)
