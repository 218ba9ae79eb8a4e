"""Orders that take another's place: beside it while it signs on, in its seat, or in a free one. Steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import uuid4

from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.quota.books import Movement, granting_agreement, reserve_seat, write_movements
from pki.quota.kinds import Account, Book, OrderState, Replacement, Road, SeatPlace
from pki.quota.orders import insert_order
from pki.quota.tables import KeyOrder
from pki.records import HolderId, OfficeId, OrderId, civil_day
from pki.registration.standing import StandingOffice

SIGNS_ON = frozenset({Replacement.RENEWAL, Replacement.ROAD_CHANGE})
"""Until the new key is accepted. With every other reason the old one stops at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """Who gets the new key, for which office, by which road."""

    holder: HolderId
    office: OfficeId
    road: Literal[Road.SELF_MADE, Road.SUPPLIED] = Road.SELF_MADE
    device_serial: str | None = None


def order_beside(
    session: Session,
    old: KeyOrder,
    taker: Successor,
    standing: StandingOffice,
    *,
    why: Replacement,
    by: Actor,
    at: datetime,
) -> OrderId:
    """An order under way while the old key signs on."""
    if old.seat is SeatPlace.NONE:
        return order_in_a_free_seat(session, old, taker, standing, why=why, by=by, at=at)
    return insert_heir(session, old, taker, standing, why=why, seat=SeatPlace.AWAITED, by=by, at=at)


def order_in_a_free_seat(
    session: Session,
    old: KeyOrder,
    taker: Successor,
    standing: StandingOffice,
    *,
    why: Replacement,
    by: Actor,
    at: datetime,
) -> OrderId:
    """A key already held has no seat to give: the new one takes a free one, as any order does."""
    agreement = granting_agreement(session, body_id=standing.body_id, body_code=standing.body_code, at=at)
    order = insert_heir(
        session,
        old,
        taker,
        standing,
        why=why,
        seat=SeatPlace.RESERVED,
        payer={"payer_body_id": standing.body_id, "agreement_id": agreement},
        by=by,
        at=at,
    )
    reserve_seat(session, body_id=standing.body_id, body_code=standing.body_code, agreement_id=agreement, at=at)
    reserved = Movement(
        book=Book.SEAT,
        taken_from=Account.AVAILABLE,
        given_to=Account.RESERVED,
        amount=1,
        agreement_id=agreement,
        body_id=standing.body_id,
        order_id=order,
    )
    write_movements(session, [reserved], cause="order.requested", in_effect=civil_day(at), at=at)
    return order


def insert_heir(
    session: Session,
    old: KeyOrder,
    taker: Successor,
    standing: StandingOffice,
    *,
    why: Replacement,
    seat: SeatPlace,
    payer: dict[str, object] | None = None,
    by: Actor,
    at: datetime,
) -> OrderId:
    """Record the order, its seat as the caller provides for it.

    :param payer: who pays from now on; None: who paid for the old one.
    """
    order = OrderId(uuid4())
    replaces = old.replaces_id if seat is SeatPlace.AWAITED and why not in SIGNS_ON else old.id
    values = {
        "id": order,
        "holder_id": taker.holder,
        "office_id": taker.office,
        "body_id": standing.body_id,
        "road": taker.road,
        "device_serial": taker.device_serial,
        "state": OrderState.REQUESTED,
        "seat": seat,
        "replaces_id": replaces,
        "requested_at": at,
        "requested_by": str(by),
    }
    insert_order(session, values | (payer or {"payer_body_id": old.payer_body_id, "agreement_id": old.agreement_id}))
    facts: dict[str, object] = {"holder": taker.holder, "office": taker.office, "road": taker.road}
    facts |= {"device_serial": taker.device_serial, "replaces": replaces, "why": why}
    record(session, kind="order.requested", subject=f"order:{order}", by=by, at=at, facts=facts)
    return order
