"""What a body is granted and what it has in use, changed together: the excess is never out of step.

Steps only. Each is one conditional statement; its movement is for the caller (`pki.quota.books`).
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, case, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from pki.quota.tables import Allowance


def in_use() -> ColumnElement[int]:
    """Seats of an allowance that orders hold."""
    return Allowance.reserved + Allowance.live


def excess_of(granted: ColumnElement[int] | InstrumentedAttribute[int], used: ColumnElement[int]) -> ColumnElement[int]:
    """How many more are used than granted; none otherwise."""
    return case((used > granted, used - granted), else_=0)


def change_granted(
    session: Session, *, body_id: UUID, agreement_id: UUID | None = None, change: int, only_available: bool = False
) -> bool:
    """Raise or lower what a body is granted, its excess with it, in one statement. Its movement is for the caller.

    :param agreement_id: change it only while it is this one that grants it.
    :param only_available: lower it by seats that nobody uses, or not at all.
    :return: False: it would go below nothing, or below what is in use, or another agreement grants it by now; nothing
        was changed.
    """
    after = Allowance.granted + change
    changed = update(Allowance).where(Allowance.body_id == body_id, after >= 0)
    if agreement_id is not None:
        changed = changed.where(Allowance.agreement_id == agreement_id)
    if only_available:
        changed = changed.where(in_use() <= after)
    done = session.execute(
        changed.values(granted=after, excess=excess_of(after, in_use()))
        .returning(Allowance.body_id)
        .execution_options(synchronize_session=False)
    )
    return done.scalar_one_or_none() is not None


def take_live_seat(session: Session, *, body_id: UUID, agreement_id: UUID) -> int | None:
    """Count a key that is in the field already as live, above what is granted if need be; return the excess.

    Its movement is for the caller. None: another agreement grants the body's seats by now; nothing was changed.
    """
    after = in_use() + 1
    taken = session.execute(
        update(Allowance)
        .where(Allowance.body_id == body_id, Allowance.agreement_id == agreement_id)
        .values(live=Allowance.live + 1, excess=excess_of(Allowance.granted, after))
        .returning(Allowance.excess)
        .execution_options(synchronize_session=False)
    )
    return taken.scalar_one_or_none()
