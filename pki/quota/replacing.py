"""A key replaced by another in its seat: renewed, broken, lost, made in another way, or left to a successor.

A renewed key signs on, and has the seat, until the new one is accepted; any other stops at once. Either way
one seat is enough, and no free one is needed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pki.ca.intents import abandon_of_order
from pki.journal.acts import Actor, record
from pki.quota.advancing import RENEWING, advance, locked_order
from pki.quota.devices.following import lose_device, promise_device
from pki.quota.due import revoke_owed
from pki.quota.errors import OfficeNotOver, OrderStateRefused, PayerRefused, ReplacementRefused
from pki.quota.heirs import SIGNS_ON, Successor, insert_heir, order_beside, order_in_a_free_seat
from pki.quota.kinds import OrderState, Replacement, Road, SeatPlace
from pki.quota.losses import judge_loss
from pki.quota.orders import OrderView, key_order, require_office
from pki.quota.owed import SignaturesSettled, owe_revocation
from pki.quota.policy import QuotaPolicy
from pki.quota.stopping import end_key, stop_here
from pki.quota.tables import KeyOrder
from pki.quota.transitions import LIVING_STATES, TRANSITIONS, Step
from pki.records import HolderId, OfficeId, OrderId, Records, again_after_deadlock
from pki.registration.standing import StandingOffice, offices_not_over
from pki.registration.tables import Body
from pki.status.tables import RevocationReason

REASONS = {
    Replacement.RENEWAL: RevocationReason.SUPERSEDED,
    Replacement.ROAD_CHANGE: RevocationReason.SUPERSEDED,
    Replacement.DAMAGED: RevocationReason.SUPERSEDED,
    Replacement.LOST: RevocationReason.KEY_COMPROMISE,
    Replacement.COMPROMISED: RevocationReason.KEY_COMPROMISE,
    Replacement.SUCCESSION: RevocationReason.CESSATION_OF_OPERATION,
}


@again_after_deadlock
def replace_key(
    records: Records,
    settled: SignaturesSettled,
    *,
    order: OrderId,
    why: Replacement,
    successor: Successor | None = None,
    lost_since: datetime | None = None,
    alone: QuotaPolicy | None = None,
    by: Actor,
    at: datetime,
) -> OrderView:
    """Order a key that takes this one's place and its seat; return the new order.

    Its purchase is used at its issue, as any key's. A loss that is reported while a renewal is under way makes
    that renewal the replacement.

    :param successor: None: the same holder, office and road.
    :param alone: of an officer who stands below the centre: how far back he may report a loss. None: he stands there.
    :raise OrderStateRefused: the order ended, or was replaced before; or it is to sign on and does not sign.
    :raise LossInFuture: as a block; so `LossBeforeKey`, `LossLongAgo`, `LossToldLater`.
    :raise ReplacementRefused: another person's key, without a succession; a loss of a key that does not stop.
    :raise OfficeNotCurrent: the new key's office is not in effect.
    :raise OfficeNotOver: a succession, and the old key's holder is in office.
    :raise PayerRefused: the seat's payer has nothing to do with that office.
    :raise OrderAlreadyOpen: another order of that holder for the body is under way.
    :raise AllowanceExhausted: only for a key already held, which has no seat to give.
    :raise DeviceNotUsable: the inventory has the new key's device elsewhere, or not fit for a key.
    """
    with records.writing() as session:
        found = locked_order(session, order)
        if why is Replacement.SUCCESSION:
            _refuse_sitting(session, found, successor, at=at)
        if lost_since is not None:
            judge_loss(session, order=order, lost_since=lost_since, alone=alone, at=at)
        new = replace_order(
            session, settled, order=order, why=why, successor=successor, lost_since=lost_since, by=by, at=at
        )
        return key_order(session, new)


def replace_order(
    session: Session,
    settled: SignaturesSettled,
    *,
    order: OrderId,
    why: Replacement,
    successor: Successor | None = None,
    lost_since: datetime | None = None,
    by: Actor,
    at: datetime,
) -> OrderId:
    """As `replace_key`; a step of the caller's transaction."""
    new = _replaced(session, settled, order=order, why=why, successor=successor, lost_since=lost_since, by=by, at=at)
    # Devices last, after order, agreement and allowance, as in every act.
    if why is Replacement.LOST:
        lose_device(session, order, by=by, at=at)
    promise_device(session, new, session.get_one(KeyOrder, new).device_serial, by=by, at=at)
    return new


def _replaced(
    session: Session,
    settled: SignaturesSettled,
    *,
    order: OrderId,
    why: Replacement,
    successor: Successor | None,
    lost_since: datetime | None,
    by: Actor,
    at: datetime,
) -> OrderId:
    found = locked_order(session, order)
    if (found.state, Step.REPLACE) not in TRANSITIONS or (why in SIGNS_ON and found.state is not OrderState.ACTIVE):
        raise OrderStateRefused(order, found.state.value, f"be replaced ({why.value})")
    if lost_since is not None and (why in SIGNS_ON or found.state not in LIVING_STATES):
        raise ReplacementRefused(order, "there is no key that stops and could have been lost")
    taker = successor or _same(found)
    if taker.holder != found.holder_id and why is not Replacement.SUCCESSION:
        raise ReplacementRefused(order, "another person gets a key in this seat only by succession")
    standing = require_office(session, holder=taker.holder, office=taker.office, at=at)
    if why in SIGNS_ON:
        if standing.body_id != found.body_id:
            raise ReplacementRefused(order, "it signs on for another body than the new one's")
        return order_beside(session, found, taker, standing, why=why, by=by, at=at)
    renewal = _renewal_of(session, order)
    if renewal is not None and (why is Replacement.SUCCESSION or taker.office != renewal.office_id):
        _give_up(session, settled, renewal, by=by, at=at)
        renewal = None
    return _order_instead(
        session, settled, found, taker, standing=standing, why=why, renewal=renewal, lost_since=lost_since, by=by, at=at
    )


def retie_order(
    session: Session, settled: SignaturesSettled, *, order: OrderId, office: OfficeId, by: Actor, at: datetime
) -> OrderId:
    """Its holder has a new office: the key stays, and belongs to that office from now on. A step.

    What was approved for an order names its office: before the key exists, a new order takes its place.

    :raise OfficeNotCurrent: the office is not the holder's, or not in effect.
    """
    found = locked_order(session, order)
    holder = HolderId(found.holder_id)
    require_office(session, holder=holder, office=office, at=at)
    if found.office_id == office:
        return order
    if found.state not in LIVING_STATES:
        taker = Successor(holder=holder, office=office, road=_road(found), device_serial=found.device_serial)
        return replace_order(session, settled, order=order, why=Replacement.SUCCESSION, successor=taker, by=by, at=at)
    facts = {"office": office, "before": found.office_id}
    session.execute(
        update(KeyOrder)
        .where(KeyOrder.id == order)
        .values(office_id=office)
        .execution_options(synchronize_session="fetch")
    )
    record(session, kind="order.office-changed", subject=f"order:{order}", by=by, at=at, facts=facts)
    return order


def give_up_order(
    session: Session, settled: SignaturesSettled, *, order: OrderId, cause: str, by: Actor, at: datetime
) -> None:
    """End an order in whose seat nobody follows: its key is revoked as soon as its signatures allow. A step.

    Before there is a key the order is cancelled at once.

    :raise OrderStateRefused: it ended already.
    """
    found = locked_order(session, order)
    reason = REASONS[Replacement.SUCCESSION]
    renewal = _renewal_of(session, order)
    if renewal is not None:
        _give_up(session, settled, renewal, by=by, at=at)
    if found.state in LIVING_STATES:
        end_key(session, settled, order=order, reason=reason, cause=cause, by=by, at=at)
        return
    advance(session, order, Step.CANCEL, by=by, at=at, facts={"reason": cause})
    abandon_of_order(session, order=order, at=at)
    owe_revocation(session, order=order, reason=reason, cause=cause, by=by, at=at)
    revoke_owed(session, settled, order=order, by=by, at=at)


def _order_instead(
    session: Session,
    settled: SignaturesSettled,
    old: KeyOrder,
    taker: Successor,
    *,
    standing: StandingOffice,
    why: Replacement,
    renewal: KeyOrder | None,
    lost_since: datetime | None,
    by: Actor,
    at: datetime,
) -> OrderId:
    """The old one ends here; an order in its seat."""
    number, seat, state = OrderId(old.id), old.seat, old.state
    _refuse_payer(session, old, standing)
    if state in LIVING_STATES:
        stop_here(session, old, reason=why.value, lost_since=lost_since, by=by, at=at)
    made: list[OrderId] = []

    def insert() -> OrderId:
        made.append(insert_heir(session, old, taker, standing, why=why, seat=SeatPlace.RESERVED, by=by, at=at))
        return made[0]

    advance(
        session,
        number,
        Step.REPLACE,
        successor=insert if renewal is None else None,
        by=by,
        at=at,
        facts={"why": why, "holder": taker.holder, "office": taker.office},
    )
    if renewal is not None:
        made.append(OrderId(renewal.id))
    elif seat is SeatPlace.AWAITED:
        # A renewal that is itself replaced: the key that it was to renew still has the seat.
        made.append(insert_heir(session, old, taker, standing, why=why, seat=SeatPlace.AWAITED, by=by, at=at))
    elif seat is SeatPlace.NONE:
        made.append(order_in_a_free_seat(session, old, taker, standing, why=why, by=by, at=at))
    abandon_of_order(session, order=number, at=at)
    reason = REASONS[why]
    owe_revocation(session, order=number, reason=reason, cause=why.value, by=by, at=at)
    # Also if it was owed before, for a reason that waits.
    compromised = reason is RevocationReason.KEY_COMPROMISE
    revoke_owed(session, settled, order=number, compromised=compromised, by=by, at=at)
    return made[0]


def _refuse_sitting(session: Session, order: KeyOrder, successor: Successor | None, *, at: datetime) -> None:
    """Whoever is in an office of the body goes on with his key; he himself may leave what names an office that is over.

    An election needs no such look: it ends the whole council's offices, and keeps the keys of the re-elected.
    """
    # THREAT: an officer stops the key of a president in office, and gives his seat to somebody else, as a succession.
    # DEFENCE: by hand nobody is succeeded whose office in that body is not over, read in the act's own transaction.
    # TEST: tests/pki/quota/test_replacing.py::test_nobody_succeeds_whoever_is_in_office
    held = offices_not_over(session, holder=HolderId(order.holder_id), body_id=order.body_id, at=at)
    if successor is None or successor.holder == order.holder_id:
        held &= {OfficeId(order.office_id)}
    if held:
        raise OfficeNotOver(OrderId(order.id), min(held))


def _renewal_of(session: Session, order: OrderId) -> KeyOrder | None:
    return session.scalars(RENEWING, {"order": order}).one_or_none()


def _give_up(session: Session, settled: SignaturesSettled, renewal: KeyOrder, *, by: Actor, at: datetime) -> None:
    """A renewal whose seat goes to somebody else ends with the key that it was to renew."""
    number = OrderId(renewal.id)
    advance(session, number, Step.REPLACE, by=by, at=at, facts={"why": Replacement.SUCCESSION})
    abandon_of_order(session, order=number, at=at)
    reason = REASONS[Replacement.SUCCESSION]
    owe_revocation(session, order=number, reason=reason, cause=Replacement.SUCCESSION.value, by=by, at=at)
    revoke_owed(session, settled, order=number, by=by, at=at)


def _refuse_payer(session: Session, old: KeyOrder, standing: StandingOffice) -> None:
    if old.payer_body_id is None or old.payer_body_id == standing.body_id:
        return
    code = session.scalars(select(Body.code).where(Body.id == old.payer_body_id)).one()
    if code != standing.province_code:
        raise PayerRefused(code)


def _same(order: KeyOrder) -> Successor:
    return Successor(
        holder=HolderId(order.holder_id), office=OfficeId(order.office_id), road=_road(order), device_serial=None
    )


def _road(order: KeyOrder) -> Literal[Road.SELF_MADE, Road.SUPPLIED]:
    return Road.SUPPLIED if order.road is Road.SUPPLIED else Road.SELF_MADE
