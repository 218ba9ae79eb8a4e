"""What a place in a new council brings: its office, and its key kept, handed on, ordered or ended. Steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor
from pki.quota.elections.kinds import KeyEnd, KeyOutcome, OutgoingKeys
from pki.quota.elections.matching import KeyDecision, PlaceDecision
from pki.quota.elections.tables import ElectedOfficial
from pki.quota.errors import AllowanceExhausted, WaveNotOpen
from pki.quota.heirs import Successor
from pki.quota.kinds import Replacement, Road, SeatPlace
from pki.quota.orders import request_key
from pki.quota.owed import SignaturesSettled
from pki.quota.replacing import give_up_order, replace_order, retie_order
from pki.quota.tables import KeyOrder
from pki.records import HolderId, Joined, OfficeId, OrderId
from pki.registration.holders import enrol_protected
from pki.registration.offices import OfficeRecording, write_office
from pki.registration.protection import ProtectedNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatedPlace:
    """One new office and its key."""

    office: OfficeId
    holder: HolderId
    place: str
    outcome: KeyOutcome
    order: OrderId | None


def take_office(
    session: Session, body_code: str, place: PlaceDecision, *, elected_on: date, deed: str, by: Actor, at: datetime
) -> tuple[HolderId, OfficeId]:
    """Enrol the person if the register does not know him, and record his office."""
    incoming = place.incoming
    holder = incoming.holder
    if holder is None:
        official = session.get_one(ElectedOfficial, incoming.official)
        holder = enrol_protected(
            session,
            name_ar=official.name_ar,
            name_latin=official.name_latin,
            number=ProtectedNumber(encrypted=official.cin_encrypted, keyed_hash=official.cin_hash),
            email=official.email,
            phone=official.phone,
            by=by,
            at=at,
        )
    recording = OfficeRecording(
        holder=holder,
        body_code=body_code,
        function=incoming.function,
        rank=incoming.rank,
        starts_on=elected_on,
        deed=deed,
    )
    # It reaches back to the end of the outgoing council at most, and further than minutes take by two officers.
    return holder, write_office(session, recording, by=by, at=at)


def provide_key(
    session: Session,
    settled: SignaturesSettled,
    place: PlaceDecision,
    taken: tuple[HolderId, OfficeId],
    *,
    body_code: str,
    road: Literal[Road.SELF_MADE, Road.SUPPLIED],
    by: Actor,
    at: datetime,
) -> SeatedPlace:
    """Do what was decided for the key of one new office."""
    (holder, office), outcome, order = taken, place.outcome, place.order
    if outcome is KeyOutcome.KEPT:
        assert order is not None
        order = _keep(session, settled, order, office, by=by, at=at)
    elif outcome is KeyOutcome.SUCCEEDS:
        assert order is not None
        taker = Successor(holder=holder, office=office, road=road)
        why = Replacement.SUCCESSION
        order = replace_order(session, settled, order=order, why=why, successor=taker, by=by, at=at)
    elif outcome is KeyOutcome.ORDERED:
        try:
            order = request_key(
                Joined(session), holder=holder, office=office, payer_body_code=body_code, road=road, by=by, at=at
            ).id
        except (AllowanceExhausted, WaveNotOpen):
            # Somebody took the free seat meanwhile. Nobody before him had a key: the council is seated all the same.
            outcome = KeyOutcome.NO_SEAT
    return SeatedPlace(office=office, holder=holder, place=place.incoming.place, outcome=outcome, order=order)


def _keep(
    session: Session, settled: SignaturesSettled, order: OrderId, office: OfficeId, *, by: Actor, at: datetime
) -> OrderId:
    """The key goes on for the new office, and a renewal of it with it."""
    renewal = session.scalar(
        select(KeyOrder.id).where(KeyOrder.replaces_id == order, KeyOrder.seat == SeatPlace.AWAITED)
    )
    kept = retie_order(session, settled, order=order, office=office, by=by, at=at)
    if renewal is not None:
        retie_order(session, settled, order=OrderId(renewal), office=office, by=by, at=at)
    return kept


def end_keys(
    session: Session,
    settled: SignaturesSettled,
    keys: tuple[KeyDecision, ...],
    *,
    outgoing: OutgoingKeys,
    by: Actor,
    at: datetime,
) -> tuple[tuple[OrderId, ...], tuple[OrderId, ...]]:
    """Give up the keys that nobody follows; return those, and those that stay as they are."""
    ended, left = [], []
    for each in keys:
        if each.end is KeyEnd.LEFT or (each.end is KeyEnd.ENDED and outgoing is OutgoingKeys.KEEP):
            left.append(each.key.order)
        elif each.end is KeyEnd.ENDED:
            give_up_order(session, settled, order=each.key.order, cause="office-ended", by=by, at=at)
            ended.append(each.key.order)
    return tuple(ended), tuple(left)
