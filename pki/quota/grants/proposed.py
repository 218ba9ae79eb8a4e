"""Changes of what an agreement grants: proposed by one officer, applied by another over one digest. Steps only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor
from pki.quota.books import granted_by, write_movements
from pki.quota.grants.consent import require_digest, require_other
from pki.quota.grants.effects import TierEffect
from pki.quota.grants.errors import NotDueYet, ProposalChanged, ProposalDecided, ProposalUnknown
from pki.quota.grants.tables import Proposed
from pki.quota.seats import change_granted
from pki.quota.tables import Allowance
from pki.quota.waves import raise_seats_granted
from pki.records import civil_day

Change = TypeVar("Change", bound=Proposed)


def put_forward(
    session: Session,
    table: type[Change],
    *,
    agreement: UUID,
    values: Mapping[str, object],
    digest: str,
    by: Actor,
    at: datetime,
) -> UUID:
    """Keep a proposal; a former one of its kind for the agreement that nobody applied is superseded."""
    proposal = uuid4()
    session.execute(
        update(table)
        .where(table.agreement_id == agreement, table.applied_at.is_(None), table.superseded_at.is_(None))
        .values(superseded_at=at)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        insert(table).values(
            id=proposal, agreement_id=agreement, digest=digest, proposed_at=at, proposed_by=str(by), **values
        )
    )
    return proposal


def waiting(
    session: Session, table: type[Change], kind: str, proposal: UUID, *, digest: str, by: Actor, at: datetime
) -> Change:
    """The proposal, locked, if `by` may apply it and has seen it.

    :raise ProposalUnknown: no such proposal.
    :raise ProposalDecided: it was applied before, or superseded.
    :raise OwnProposal: `by` proposed it.
    :raise ProposalChanged: the digest is of something else.
    :raise NotDueYet: the day from which it is in effect has not come.
    """
    found = session.scalars(
        select(table).where(table.id == proposal).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise ProposalUnknown(kind, proposal)
    if found.applied_at is not None or found.superseded_at is not None:
        raise ProposalDecided(kind, proposal)
    require_other(kind, proposal, by=by, apart=(found.proposed_by,))
    require_digest(kind, given=digest, current=found.digest)
    if civil_day(at) < found.in_effect:
        # Its seats can be ordered from now on: the books of a day before would not have them.
        raise NotDueYet(kind, found.in_effect)
    return found


def mark_applied(session: Session, table: type[Change], proposal: UUID, *, by: Actor, at: datetime) -> None:
    """It is done, once."""
    session.execute(
        update(table)
        .where(table.id == proposal)
        .values(applied_at=at, applied_by=str(by))
        .execution_options(synchronize_session=False)
    )


def move_grants(
    session: Session, effect: TierEffect, *, kind: str, origin: str, cause: str, in_effect: date, at: datetime
) -> None:
    """Move every allowance as the effect says. A body left with more in use than granted keeps what it has.

    In effect from that day on; for a body that opens later, from its opening on.

    :raise ProposalChanged: an allowance is not what was simulated.
    :raise SeatCeilingReached: the agreement covers fewer seats than there would be.
    """
    raise_seats_granted(session, effect.agreement, effect.granted_after - effect.granted_before)
    movements = []
    for each in sorted(effect.changes, key=lambda change: change.body):
        if each.granted_before is None or each.granted_after is None or each.granted_after == each.granted_before:
            continue
        held = session.execute(
            select(Allowance.granted, Allowance.opens_on).where(Allowance.body_id == each.body).with_for_update()
        ).one_or_none()
        change = each.granted_after - each.granted_before
        if (
            held is None
            or held.granted != each.granted_before
            or not change_granted(session, body_id=each.body, agreement_id=effect.agreement, change=change)
        ):
            raise ProposalChanged(kind, "")
        moved = granted_by(
            body_id=each.body,
            agreement_id=effect.agreement,
            change=change,
            origin=origin,
            # Before it opens it has nothing that could be taken from it.
            in_effect=max(in_effect, held.opens_on),
        )
        movements.append(moved)
    if movements:
        write_movements(session, movements, cause=cause, in_effect=in_effect, at=at)
