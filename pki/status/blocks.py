"""Blocks: the local, immediate stop of a key, apart from its authority's revocation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.records import Instant, OrderId

from .errors import AlreadyBlocked, LossInFuture, LossToldLater, NotBlocked
from .tables import BlockRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block. In [lost_since, blocked_at) nobody can tell who signed."""

    id: UUID
    order: OrderId
    reported_at: datetime
    lost_since: datetime | None
    blocked_at: datetime
    reason: str


def record_block(
    session: Session,
    *,
    order: OrderId,
    reason: str,
    lost_since: datetime | None,
    at: datetime,
    by: Actor,
    reported_at: datetime | None = None,
) -> Block:
    """Stop a key from this instant on. A step: the caller commits.

    :param reported_at: when the loss was told, if earlier than now.
    :raise LossInFuture: nothing was blocked.
    :raise AlreadyBlocked: with the instant from which it is.
    """
    if lost_since is not None and lost_since > at:
        raise LossInFuture(lost_since)
    row = {
        "id": uuid4(),
        "order_id": order,
        "reported_at": min(reported_at or at, at),
        "lost_since": lost_since,
        "blocked_at": at,
        "reason": reason,
    }
    block = insert_into(session, BlockRow).on_conflict_do_nothing().returning(BlockRow.id)
    if session.connection().execute(block, row).one_or_none() is None:
        held = block_of(session, order=order, at=at)
        raise AlreadyBlocked(order, at if held is None else held.blocked_at)
    facts = {"reason": reason, "lost_since": None if lost_since is None else lost_since.isoformat()}
    record(session, kind="key.blocked", subject=f"order:{order}", by=by, at=at, facts=facts)
    return _block(session.get_one(BlockRow, row["id"]))


def lift_block(session: Session, *, order: OrderId, reason: str, at: datetime, by: Actor) -> None:
    """End the block of a key that was found again. A step: the caller commits.

    :raise NotBlocked: nothing was lifted.
    """
    lifted = session.execute(
        update(BlockRow)
        .where(BlockRow.order_id == order, BlockRow.lifted_at.is_(None))
        .values(lifted_at=at, lifted_reason=reason)
        .returning(BlockRow.id)
    ).one_or_none()
    if lifted is None:
        raise NotBlocked(order)
    record(session, kind="key.block-lifted", subject=f"order:{order}", by=by, at=at, facts={"reason": reason})


def antedate_loss(
    session: Session, block: Block, *, reason: str, lost_since: datetime, at: datetime, by: Actor
) -> Block:
    """The key was lost earlier than its block says: another takes its place, from the same instant on. A step.

    What was said before stays on record, as a block that never held: it ends when it began.

    :raise LossToldLater: not earlier: nothing was changed.
    :raise NotBlocked: it was lifted meanwhile.
    """
    # THREAT: a later report moves the instant of loss forward, and what the thief signed is authentic again.
    # DEFENCE: it only ever moves back; of a key that was blocked without one, back from its block.
    # TEST: tests/pki/quota/test_losses.py::test_a_loss_is_never_told_later
    recorded = block.blocked_at if block.lost_since is None else block.lost_since
    if lost_since >= recorded:
        raise LossToldLater(lost_since, recorded)
    superseded = session.execute(
        update(BlockRow)
        .where(BlockRow.id == block.id, BlockRow.lifted_at.is_(None))
        .values(lifted_at=block.blocked_at, lifted_reason="lost since earlier")
        .returning(BlockRow.id)
        .execution_options(synchronize_session=False)
    )
    if superseded.scalar_one_or_none() is None:
        raise NotBlocked(block.order)
    row = BlockRow(
        order_id=block.order, reported_at=at, lost_since=lost_since, blocked_at=block.blocked_at, reason=reason
    )
    session.add(row)
    session.flush()
    facts = {
        "reason": reason,
        "lost_since": lost_since.isoformat(),
        "before": None if block.lost_since is None else block.lost_since.isoformat(),
    }
    record(session, kind="key.loss-antedated", subject=f"order:{block.order}", by=by, at=at, facts=facts)
    return _block(row)


_AT = bindparam("at", type_=Instant())
_HOLDING = (
    select(BlockRow)
    .where(
        BlockRow.order_id == bindparam("order"),
        BlockRow.blocked_at <= _AT,
        or_(BlockRow.lifted_at.is_(None), BlockRow.lifted_at > _AT),
    )
    .order_by(BlockRow.blocked_at)
    .limit(1)
)


def block_of(session: Session, *, order: OrderId, at: datetime) -> Block | None:
    """The block that holds at that instant, if any."""
    row = session.scalars(_HOLDING, {"order": order, "at": at}).one_or_none()
    return None if row is None else _block(row)


def _block(row: BlockRow) -> Block:
    return Block(
        id=row.id,
        order=OrderId(row.order_id),
        reported_at=row.reported_at,
        lost_since=row.lost_since,
        blocked_at=row.blocked_at,
        reason=row.reason,
    )
