"""Revocations that are due: made once the key's signatures allow, at once for a compromised key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from pki.ca.certificates import certificates_of_order
from pki.ca.tables import CertificateOrigin
from pki.journal.acts import Actor
from pki.quota.advancing import advance, locked_order
from pki.quota.owed import SignaturesSettled
from pki.quota.tables import DueRevocation
from pki.quota.transitions import LIVING_STATES, Step
from pki.records import OrderId, Records, again_after_deadlock
from pki.status.blocks import block_of
from pki.status.errors import AlreadyRevoked, RevocationNotOurs
from pki.status.revocation import revocation_of, revoke
from pki.status.tables import RevocationReason

_OWED = (DueRevocation.order_id == bindparam("order")) & DueRevocation.done_at.is_(None)
_DUE = select(DueRevocation).where(_OWED)
_DONE = update(DueRevocation).where(_OWED).values(done_at=bindparam("on")).execution_options(synchronize_session=False)


def revoke_owed(
    session: Session,
    settled: SignaturesSettled,
    *,
    order: OrderId,
    compromised: bool = False,
    by: Actor,
    at: datetime,
) -> bool:
    """Revoke what is owed of one order, unless a signature of it would suffer; whether it is done. A step.

    A compromised key waits for nothing. A certificate issued elsewhere waits for its issuer's list.

    :param compromised: whatever it was owed for.
    """
    due = session.scalars(_DUE, {"order": order}).one_or_none()
    if due is None:
        return False
    # THREAT: a mayor's licences of his last day, not time-stamped yet, die with his key.
    # DEFENCE: revocation for reasons other than compromise waits until every signature of the key has its time.
    # TEST: tests/pki/quota/test_replacing.py::test_revocation_waits_for_signatures
    reason = RevocationReason.KEY_COMPROMISE if compromised else due.reason
    if reason is not RevocationReason.KEY_COMPROMISE and not settled(session, order):
        return False
    try:
        with session.begin_nested():
            revoke_certificates(session, order, reason=reason, by=by, at=at)
    except RevocationNotOurs:
        return False
    if locked_order(session, order).state in LIVING_STATES:
        advance(session, order, Step.REVOKE, by=by, at=at, facts={"reason": reason, "cause": due.cause})
    pay(session, order, at=at)
    return True


def revoke_all_owed(records: Records, settled: SignaturesSettled, *, by: Actor, at: datetime) -> int:
    """Revoke whatever is owed and allowed by now; return how many keys. Each is a transaction; safe to run again."""
    with records.reading() as session:
        owed = session.scalars(
            select(DueRevocation.order_id).where(DueRevocation.done_at.is_(None)).order_by(DueRevocation.due_at)
        ).all()
    return sum(_revoke_one_owed(records, settled, OrderId(order), by=by, at=at) for order in owed)


@again_after_deadlock
def _revoke_one_owed(records: Records, settled: SignaturesSettled, order: OrderId, *, by: Actor, at: datetime) -> bool:
    with records.writing() as session:
        locked_order(session, order)
        return revoke_owed(session, settled, order=order, by=by, at=at)


def is_owed(session: Session, order: OrderId) -> bool:
    """Whether the order's certificates wait for their revocation."""
    asked = select(DueRevocation.order_id).where(DueRevocation.order_id == order, DueRevocation.done_at.is_(None))
    return session.execute(asked).first() is not None


def pay(session: Session, order: OrderId, *, at: datetime) -> None:
    """Nothing is owed of the order any more. A step."""
    session.execute(_DONE, {"order": order, "on": at})


def revoke_certificates(session: Session, order: OrderId, *, reason: RevocationReason, by: Actor, at: datetime) -> None:
    """Revoke every certificate of ours; what another issuer certified must be revoked there already. A step.

    :raise RevocationNotOurs: it is not yet.
    """
    block = block_of(session, order=order, at=at)
    lost_since = None if block is None else block.lost_since
    for certificate in certificates_of_order(session, order):
        if certificate.origin is CertificateOrigin.REGISTERED:
            if revocation_of(session, certificate) is None:
                raise RevocationNotOurs(certificate.id)
            continue
        try:
            # RFC 5280, 5.3.2: the revocation says what the block says, to whoever asks the lists alone.
            revoke(session, certificate=certificate.id, reason=reason, invalidity_date=lost_since, at=at, by=by)
        except AlreadyRevoked:
            continue
