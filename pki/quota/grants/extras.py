"""Seats beyond the tier: asked for with a reason, decided by another officer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.quota.books import granted_by, granting_agreement, write_movements
from pki.quota.errors import AgreementSucceeded
from pki.quota.grants.consent import digest_of, require_digest, require_other
from pki.quota.grants.errors import CentralOfficerNeeded, ProposalDecided, ProposalUnknown
from pki.quota.grants.tables import ExtraRequest
from pki.quota.kinds import Decision
from pki.quota.policy import QuotaPolicy
from pki.quota.seats import change_granted
from pki.quota.waves import raise_seats_granted
from pki.records import Records, again_after_deadlock, civil_day
from pki.registration.bodies import body_id
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.tables import Body

_KIND = "request for extra seats"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """Extra seats as asked for, and what became of it: who, when, why."""

    id: UUID
    body_code: str
    agreement: UUID
    seats: int
    reason: str
    digest: str
    """SHA-256, hex: what an approval names."""
    requested_at: datetime
    requested_by: str
    decision: Decision | None
    decided_at: datetime | None
    decided_by: str | None
    decision_reason: str | None


def request_extra(records: Records, *, body_code: str, seats: int, reason: str, by: Actor, at: datetime) -> Extra:
    """Ask for seats beyond those of the body's tier; another officer decides.

    :param seats: 1 or more.
    :raise WaveNotOpen: the body has no seats of its own yet.
    """
    extra = uuid4()
    with records.writing() as session:
        body = body_id(session, body_code)
        agreement = granting_agreement(session, body_id=body, body_code=body_code, at=at)
        facts = {"body": body_code, "agreement": agreement, "seats": seats, "reason": reason}
        digest = digest_of("khatam-extra-v1", facts | {"id": extra, "requested_by": str(by)})
        session.execute(
            insert(ExtraRequest).values(
                id=extra,
                body_id=body,
                agreement_id=agreement,
                seats=seats,
                reason=reason,
                digest=digest,
                requested_at=at,
                requested_by=str(by),
            )
        )
        record(session, kind="extra.requested", subject=f"extra:{extra}", by=by, at=at, facts=facts)
        return _extra(session, extra)


@again_after_deadlock
def approve_extra(
    records: Records,
    *,
    extra: UUID,
    digest: str,
    reason: str,
    alone: QuotaPolicy | None = None,
    by: Actor,
    at: datetime,
) -> Extra:
    """Grant the seats that were asked for, once.

    :param alone: of an officer who stands below the centre: how many a body gets without it. None: he stands there.
    :raise CentralOfficerNeeded: with those that the body got lately they are more.
    :raise OwnProposal: `by` asked for them.
    :raise ProposalChanged: the digest is of something else.
    :raise ProposalDecided: it was decided before.
    :raise SeatCeilingReached: the agreement covers fewer.
    """
    with records.writing() as session:
        found = _undecided(session, extra, by=by)
        require_digest(_KIND, given=digest, current=found.digest)
        _decide(session, extra, Decision.APPROVED, reason=reason, by=by, at=at)
        raise_seats_granted(session, found.agreement_id, found.seats)
        if alone is not None:
            # THREAT: seats that only the centre may grant are asked for and granted in many small pieces.
            # DEFENCE: what a body got within the policy's time counts together, read under the agreement's lock.
            # TEST: tests/pki/quota/grants/test_extras.py::test_many_seats_in_small_requests_are_many_seats
            seats = _granted_since(session, found.body_id, at - alone.counted_together)
            if alone.needs_above(seats):
                raise CentralOfficerNeeded(_extra(session, extra).body_code, seats)
        if not change_granted(session, body_id=found.body_id, agreement_id=found.agreement_id, change=found.seats):
            raise AgreementSucceeded(_extra(session, extra).body_code)
        granted = granted_by(
            body_id=found.body_id, agreement_id=found.agreement_id, change=found.seats, origin=f"extra:{extra}"
        )
        write_movements(session, [granted], cause="extra.approved", in_effect=civil_day(at), at=at)
        facts: dict[str, object] = {"digest": digest, "seats": found.seats, "reason": reason}
        record(session, kind="extra.approved", subject=f"extra:{extra}", by=by, at=at, facts=facts)
        return _extra(session, extra)


def refuse_extra(records: Records, *, extra: UUID, reason: str, by: Actor, at: datetime) -> Extra:
    """Refuse the seats that were asked for, once.

    :raise OwnProposal: `by` asked for them.
    :raise ProposalDecided: it was decided before.
    """
    with records.writing() as session:
        _undecided(session, extra, by=by)
        _decide(session, extra, Decision.REFUSED, reason=reason, by=by, at=at)
        record(session, kind="extra.refused", subject=f"extra:{extra}", by=by, at=at, facts={"reason": reason})
        return _extra(session, extra)


def extra_of(session: Session, extra: UUID) -> Extra:
    """What was asked for, as it stands.

    :raise ProposalUnknown: no such request.
    """
    if session.get(ExtraRequest, extra) is None:
        raise ProposalUnknown(_KIND, extra)
    return _extra(session, extra)


def extras(
    session: Session,
    *,
    within: Extent = EVERYWHERE,
    waiting: bool = False,
    after: UUID | None = None,
    limit: int | None = None,
) -> list[Extra]:
    """What was asked for by bodies inside the extent, oldest first; what nobody decided yet, if asked.

    At most `limit` of those that come after `after`.

    :raise ProposalUnknown: no request `after`.
    """
    asked = select(ExtraRequest, Body.code).join(Body, Body.id == ExtraRequest.body_id).where(within.bodies())
    if waiting:
        asked = asked.where(ExtraRequest.decided_at.is_(None))
    if after is not None:
        then = extra_of(session, after).requested_at
        same = and_(ExtraRequest.requested_at == then, ExtraRequest.id > after)
        asked = asked.where(or_(ExtraRequest.requested_at > then, same))
    asked = asked.order_by(ExtraRequest.requested_at, ExtraRequest.id).limit(limit)
    asked = asked.execution_options(populate_existing=True)
    return [_seen(row, code) for row, code in session.execute(asked)]


def _undecided(session: Session, extra: UUID, *, by: Actor) -> ExtraRequest:
    found = session.scalars(
        select(ExtraRequest).where(ExtraRequest.id == extra).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise ProposalUnknown(_KIND, extra)
    if found.decided_at is not None:
        raise ProposalDecided(_KIND, extra)
    require_other(_KIND, extra, by=by, apart=(found.requested_by,))
    return found


def _decide(session: Session, extra: UUID, decision: Decision, *, reason: str, by: Actor, at: datetime) -> None:
    decided = session.execute(
        update(ExtraRequest)
        .where(ExtraRequest.id == extra, ExtraRequest.decided_at.is_(None))
        .values(decision=decision, decided_at=at, decided_by=str(by), decision_reason=reason)
        .returning(ExtraRequest.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if decided is None:
        raise ProposalDecided(_KIND, extra)


def _granted_since(session: Session, body: UUID, since: datetime) -> int:
    """Extra seats that the body got since that instant (inside), in this transaction too."""
    asked = select(func.sum(ExtraRequest.seats)).where(
        ExtraRequest.body_id == body, ExtraRequest.decision == Decision.APPROVED, ExtraRequest.decided_at >= since
    )
    return int(session.scalar(asked) or 0)


def _extra(session: Session, extra: UUID) -> Extra:
    row, code = session.execute(
        select(ExtraRequest, Body.code)
        .join(Body, Body.id == ExtraRequest.body_id)
        .where(ExtraRequest.id == extra)
        .execution_options(populate_existing=True)
    ).one()
    return _seen(row, code)


def _seen(row: ExtraRequest, body_code: str) -> Extra:
    return Extra(
        id=row.id,
        body_code=body_code,
        agreement=row.agreement_id,
        seats=row.seats,
        reason=row.reason,
        digest=row.digest,
        requested_at=row.requested_at,
        requested_by=row.requested_by,
        decision=row.decision,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        decision_reason=row.decision_reason,
    )
