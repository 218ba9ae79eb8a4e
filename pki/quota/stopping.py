"""What stops a key: a block here at once, revocation, expiry, return. Each but the block frees its seat.

No revocation but a compromised key's is made while a signature of the key has no time-stamp: it is owed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.ca.certificates import certificates_of_order
from pki.ca.profile import CertificatePurpose
from pki.ca.tables import CertificateOrigin, CertificateRow
from pki.journal.acts import Actor
from pki.quota.advancing import advance, locked_order
from pki.quota.due import is_owed, pay, revoke_certificates, revoke_owed
from pki.quota.errors import OrderStateRefused
from pki.quota.kinds import OrderState
from pki.quota.losses import judge_loss, told_again
from pki.quota.owed import SignaturesSettled, owe_revocation
from pki.quota.policy import QuotaPolicy
from pki.quota.tables import KeyOrder
from pki.quota.transitions import LIVING_STATES, STANDING_STATES, Step
from pki.quota.unlocking import end_releases
from pki.records import OrderId, Records, again_after_deadlock
from pki.status.blocks import block_of, record_block
from pki.status.tables import RevocationReason


@again_after_deadlock
def block_key(
    records: Records,
    *,
    order: OrderId,
    reason: str,
    lost_since: datetime | None,
    alone: QuotaPolicy | None = None,
    by: Actor,
    at: datetime,
) -> datetime:
    """Stop a key from this instant on, and return that instant. A key that is blocked stays blocked since it was.

    Its seat stays taken until the key is revoked, expired or returned. Told of one that is blocked, or was when it
    ended, an earlier loss counts from now on.

    :param alone: of an officer who stands below the centre: how far back he may report. None: he stands there.
    :raise LossInFuture: `lost_since` lies after `at`. `LossBeforeKey`: before there was a key.
    :raise LossLongAgo: farther back than `alone` allows.
    :raise LossToldLater: it is blocked, and lost since earlier.
    :raise OrderStateRefused: there is no key yet, or none any more.
    """
    with records.writing() as session:
        found = locked_order(session, order)
        if lost_since is not None:
            judge_loss(session, order=order, lost_since=lost_since, alone=alone, at=at)
        if found.state is not OrderState.BLOCKED and (lost_since is None or not _ended_blocked(session, found, at=at)):
            advance(session, order, Step.BLOCK, by=by, at=at, facts={"reason": reason, "lost_since": lost_since})
        return stop_here(session, found, reason=reason, lost_since=lost_since, by=by, at=at)


def _ended_blocked(session: Session, order: KeyOrder, *, at: datetime) -> bool:
    return order.state not in STANDING_STATES and block_of(session, order=OrderId(order.id), at=at) is not None


def stop_here(
    session: Session, order: KeyOrder, *, reason: str, lost_since: datetime | None, by: Actor, at: datetime
) -> datetime:
    """Block a key, whatever becomes of its order; return since when it is blocked. A step.

    :raise LossInFuture: `lost_since` lies after `at`. `LossToldLater`: it is blocked, and lost since earlier.
    """
    number = OrderId(order.id)
    held = block_of(session, order=number, at=at)
    if held is not None:
        return told_again(session, held, reason=reason, lost_since=lost_since, by=by, at=at)
    end_releases(session, order=number, at=at)
    return record_block(session, order=number, reason=reason, lost_since=lost_since, at=at, by=by).blocked_at


@again_after_deadlock
def revoke_key(
    records: Records, settled: SignaturesSettled, *, order: OrderId, reason: RevocationReason, by: Actor, at: datetime
) -> None:
    """Revoke every certificate of a key for good; its seat is free again.

    While a signature of it would suffer, a key that is not compromised is blocked, and revoked later, by `revoke_owed`.
    A key already held is revoked at its own issuer first, and then here, once that issuer's list says so.

    A key that ended, and whose certificates wait for their revocation, is revoked for this reason; or waits on.

    :raise RevocationNotOurs: it does not yet. Block the key meanwhile.
    :raise OrderStateRefused: there is no key yet, or none any more.
    """
    with records.writing() as session:
        found = locked_order(session, order)
        living = found.state in LIVING_STATES
        if not living and not is_owed(session, order):
            raise OrderStateRefused(order, found.state.value, Step.REVOKE.value)
        # What another issuer revoked is revoked: nothing waits.
        waits = reason is not RevocationReason.KEY_COMPROMISE and _is_ours(session, order)
        if waits and not settled(session, order):
            if living:
                if found.state is not OrderState.BLOCKED:
                    advance(session, found, Step.BLOCK, by=by, at=at, facts={"reason": reason})
                stop_here(session, found, reason=reason.value, lost_since=None, by=by, at=at)
            owe_revocation(session, order=order, reason=reason, cause="order.revoked", by=by, at=at)
            return
        revoke_certificates(session, order, reason=reason, by=by, at=at)
        if living:
            advance(session, found, Step.REVOKE, by=by, at=at, facts={"reason": reason})
        pay(session, order, at=at)


@again_after_deadlock
def return_key(
    records: Records, settled: SignaturesSettled, *, order: OrderId, reason: str, by: Actor, at: datetime
) -> None:
    """The holder gave his device back: the seat is free again, certificates of ours are revoked.

    As soon as no signature of the key would suffer; it signs no more at once, and is blocked until then.

    :raise OrderStateRefused: he has no key of that order.
    """
    with records.writing() as session:
        found = _living(session, order, Step.RETURN)
        ours, cessation = _is_ours(session, order), RevocationReason.CESSATION_OF_OPERATION
        if ours:
            owe_revocation(session, order=order, reason=cessation, cause="order.returned", by=by, at=at)
        advance(session, found, Step.RETURN, by=by, at=at, facts={"reason": reason})
        if not revoke_owed(session, settled, order=order, by=by, at=at) and ours:
            stop_here(session, found, reason=cessation.value, lost_since=None, by=by, at=at)


def end_key(
    session: Session,
    settled: SignaturesSettled,
    *,
    order: OrderId,
    reason: RevocationReason,
    cause: str,
    by: Actor,
    at: datetime,
) -> None:
    """Revoke a key that nobody follows in its seat, as soon as its signatures allow. A step.

    Until then it has its seat; whether it may sign is for the register to say.

    :raise OrderStateRefused: there is no key yet, or none any more.
    """
    _living(session, order, Step.REVOKE)
    owe_revocation(session, order=order, reason=reason, cause=cause, by=by, at=at)
    revoke_owed(session, settled, order=order, by=by, at=at)


def _is_ours(session: Session, order: OrderId) -> bool:
    return any(each.origin is CertificateOrigin.ISSUED for each in certificates_of_order(session, order))


def expire_keys(records: Records, *, by: Actor, at: datetime) -> int:
    """Free the seats of keys whose signature certificate is over at `at`; return how many. Safe to run again."""
    with records.reading() as session:
        over = session.scalars(
            select(KeyOrder.id)
            .join(CertificateRow, CertificateRow.order_id == KeyOrder.id)
            .where(
                KeyOrder.state.in_(LIVING_STATES),
                CertificateRow.purpose == CertificatePurpose.SIGNATURE,
                CertificateRow.not_after < at,
            )
            .order_by(KeyOrder.requested_at)
        ).all()
    return sum(_expire_one(records, OrderId(order), by=by, at=at) for order in over)


@again_after_deadlock
def _expire_one(records: Records, order: OrderId, *, by: Actor, at: datetime) -> bool:
    with records.writing() as session:
        found = locked_order(session, order)
        if found.state not in LIVING_STATES:
            return False
        advance(session, found, Step.EXPIRE, by=by, at=at)
        return True


def _living(session: Session, order: OrderId, step: Step) -> KeyOrder:
    found = locked_order(session, order)
    if found.state not in LIVING_STATES:
        raise OrderStateRefused(order, found.state.value, step.value)
    return found
