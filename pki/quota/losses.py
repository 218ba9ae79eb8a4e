"""Since when a key is lost: how far back one officer may say so, and what is said of a key that is blocked. Steps.

From that instant until its block nobody can tell who signed with it: each such signature is undetermined.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from pki.ca.certificates import certificates_of_order
from pki.journal.acts import Actor
from pki.quota.errors import LossLongAgo
from pki.quota.policy import QuotaPolicy
from pki.quota.unlocking import CAUSE, end_releases
from pki.records import OrderId
from pki.status.blocks import Block, antedate_loss, lift_block, record_block
from pki.status.errors import LossBeforeKey
from pki.status.revocation import antedate_invalidity


def judge_loss(
    session: Session, *, order: OrderId, lost_since: datetime, alone: QuotaPolicy | None, at: datetime
) -> None:
    """Hold a report of loss to the key's own time, and to what one officer may put in doubt.

    :param alone: of an officer who stands below the centre. None: he stands there.
    :raise LossBeforeKey: before the first certificate of the key.
    :raise LossLongAgo: farther back than an officer below the centre reports.
    """
    # THREAT: one officer reports a key lost since years ago, and every licence it ever signed is in doubt.
    # DEFENCE: not before the key's certificate; below the centre not farther back than a set time, from today on.
    # TEST: tests/pki/quota/test_losses.py
    begun = min((each.not_before for each in certificates_of_order(session, order)), default=lost_since)
    if lost_since < begun:
        raise LossBeforeKey(lost_since, begun)
    if alone is not None and lost_since < at - alone.loss_told_alone:
        raise LossLongAgo(lost_since, alone.loss_told_alone)


def told_again(
    session: Session, held: Block, *, reason: str, lost_since: datetime | None, by: Actor, at: datetime
) -> datetime:
    """A report on a key that is blocked; return since when it is. It is stopped as before, and lost since earlier.

    Certificates of it that are revoked already are invalid since then, too (RFC 5280, 5.3.2).
    Blocked only because its device is being unlocked: that ends.

    :raise LossToldLater: it would take back a doubt that is on record.
    """
    end_releases(session, order=held.order, at=at)
    if held.reason == CAUSE:
        # One block ends at the instant at which the next begins: there is none between them.
        lift_block(session, order=held.order, reason="reported meanwhile", at=at, by=by)
        record_block(session, order=held.order, reason=reason, lost_since=lost_since, at=at, by=by)
    elif lost_since is not None and lost_since != held.lost_since:
        antedate_loss(session, held, reason=reason, lost_since=lost_since, at=at, by=by)
    if lost_since is not None:
        for certificate in certificates_of_order(session, held.order):
            antedate_invalidity(session, certificate=certificate, since=lost_since, at=at, by=by)
    return held.blocked_at
