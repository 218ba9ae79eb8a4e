"""Seats that move from one body to another, with the consent of both sides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from pki.journal.acts import Actor, record
from pki.quota.books import granted_by, granting_agreement, write_movements
from pki.quota.errors import AgreementSucceeded
from pki.quota.grants.consent import digest_of, require_digest, require_other
from pki.quota.grants.errors import ProposalDecided, ProposalUnknown, SeatsInUse, TransferRefused
from pki.quota.grants.tables import SeatTransfer
from pki.quota.kinds import TransferSide
from pki.quota.policy import QuotaPolicy
from pki.quota.seats import change_granted
from pki.quota.tables import Allowance
from pki.records import Records, again_after_deadlock, civil_day
from pki.registration.bodies import body_id
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.tables import Body

_KIND = "transfer"
_SAME = (
    "id", "seats", "reason", "digest", "needs_approval", "proposed_side", "proposed_at", "proposed_by", "consented_at",
    "consented_by", "approved_at", "approved_by", "moved_at", "ended_at", "ended_by", "end_reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A transfer as it stands."""

    id: UUID
    giver_code: str
    receiver_code: str
    seats: int
    reason: str
    digest: str
    """SHA-256, hex: what consent and approval name."""
    needs_approval: bool
    """An officer above both bodies must approve it too."""
    proposed_side: TransferSide
    proposed_at: datetime
    proposed_by: str
    consented_at: datetime | None
    consented_by: str | None
    approved_at: datetime | None
    approved_by: str | None
    moved_at: datetime | None
    ended_at: datetime | None
    """Refused or withdrawn."""
    ended_by: str | None
    end_reason: str | None

    @property
    def consenting_code(self) -> str:
        """The body whose consent it waits for, or had: the side that did not propose it."""
        return self.receiver_code if self.proposed_side is TransferSide.GIVER else self.giver_code


@again_after_deadlock
def propose_transfer(
    records: Records,
    policy: QuotaPolicy,
    *,
    giver_code: str,
    receiver_code: str,
    seats: int,
    reason: str,
    side: TransferSide,
    by: Actor,
    at: datetime,
) -> Transfer:
    """Offer seats to another body, or ask it for some. Nothing moves before every consent is there.

    An officer above both must approve if the seats, with those that the giver gave or the receiver received lately and
    with those that either has on offer, are more than the policy leaves to two officers.

    :param seats: 1 or more.
    :param side: the body for which `by` speaks. That he may is for the caller to know.
    :raise WaveNotOpen: one of them has no seats yet.
    :raise TransferRefused: the same body twice, or two agreements.
    """
    transfer = uuid4()
    with records.writing() as session:
        giver, receiver = body_id(session, giver_code), body_id(session, receiver_code)
        if giver == receiver:
            raise TransferRefused("giver and receiver are one body")
        agreement = granting_agreement(session, body_id=giver, body_code=giver_code, at=at)
        if granting_agreement(session, body_id=receiver, body_code=receiver_code, at=at) != agreement:
            raise TransferRefused("the two bodies have their seats by different agreements")
        # THREAT: seats that only an officer above both sides may let go are moved in many small transfers.
        # DEFENCE: what a side moved within the policy's time, or has on offer, counts together, read under both locks.
        # TEST: tests/pki/quota/grants/test_transfers.py::test_many_seats_in_small_transfers_are_many_seats
        others = _moved_or_offered(session, giver=giver, receiver=receiver, since=at - policy.counted_together)
        needs_approval = policy.needs_above(seats + others)
        facts: dict[str, object] = {"giver": giver_code, "receiver": receiver_code, "seats": seats, "reason": reason}
        facts |= {"agreement": agreement, "side": side, "needs_approval": needs_approval}
        session.execute(
            insert(SeatTransfer).values(
                id=transfer,
                agreement_id=agreement,
                giver_id=giver,
                receiver_id=receiver,
                seats=seats,
                reason=reason,
                digest=digest_of("khatam-transfer-v1", facts | {"id": transfer, "proposed_by": str(by)}),
                needs_approval=needs_approval,
                proposed_side=side,
                proposed_at=at,
                proposed_by=str(by),
            )
        )
        record(session, kind="transfer.proposed", subject=f"transfer:{transfer}", by=by, at=at, facts=facts)
        return transfer_of(session, transfer)


@again_after_deadlock
def consent_to_transfer(records: Records, *, transfer: UUID, digest: str, by: Actor, at: datetime) -> Transfer:
    """The other side agrees; the seats move now, unless an officer above both has yet to approve.

    That `by` speaks for `consenting_code` is for the caller to know.

    :raise OwnProposal: `by` proposed or approved it.
    :raise ProposalChanged: the digest is of something else.
    :raise ProposalDecided: it moved, ended, or has this consent.
    :raise SeatsInUse: the giver has fewer available seats; nothing was recorded, not even the consent.
    """
    with records.writing() as session:
        found = _open(session, transfer)
        if found.consented_at is not None:
            raise ProposalDecided(_KIND, transfer)
        require_other(_KIND, transfer, by=by, apart=(found.proposed_by, found.approved_by))
        require_digest(_KIND, given=digest, current=found.digest)
        session.execute(
            update(SeatTransfer).where(SeatTransfer.id == transfer).values(consented_at=at, consented_by=str(by))
        )
        record(session, kind="transfer.consented", subject=f"transfer:{transfer}", by=by, at=at)
        if found.approved_at is not None or not found.needs_approval:
            _move(session, found, by=by, at=at)
        return transfer_of(session, transfer)


@again_after_deadlock
def approve_transfer(records: Records, *, transfer: UUID, digest: str, by: Actor, at: datetime) -> Transfer:
    """An officer above both bodies agrees to a transfer that needs it; the seats move once the other side has, too.

    :raise OwnProposal: `by` proposed it or consented to it.
    :raise ProposalChanged: the digest is of something else.
    :raise ProposalDecided: it moved, ended, is approved, or needs no approval.
    :raise SeatsInUse: the giver has fewer available seats; nothing was recorded.
    """
    with records.writing() as session:
        found = _open(session, transfer)
        if found.approved_at is not None or not found.needs_approval:
            raise ProposalDecided(_KIND, transfer)
        require_other(_KIND, transfer, by=by, apart=(found.proposed_by, found.consented_by))
        require_digest(_KIND, given=digest, current=found.digest)
        session.execute(
            update(SeatTransfer).where(SeatTransfer.id == transfer).values(approved_at=at, approved_by=str(by))
        )
        record(session, kind="transfer.approved", subject=f"transfer:{transfer}", by=by, at=at)
        if found.consented_at is not None:
            _move(session, found, by=by, at=at)
        return transfer_of(session, transfer)


def end_transfer(records: Records, *, transfer: UUID, reason: str, by: Actor, at: datetime) -> Transfer:
    """Refuse it, or withdraw it, before it moved.

    :raise ProposalDecided: it moved or ended before.
    """
    with records.writing() as session:
        _open(session, transfer)
        session.execute(
            update(SeatTransfer)
            .where(SeatTransfer.id == transfer)
            .values(ended_at=at, ended_by=str(by), end_reason=reason)
        )
        facts = {"reason": reason}
        record(session, kind="transfer.ended", subject=f"transfer:{transfer}", by=by, at=at, facts=facts)
        return transfer_of(session, transfer)


def transfer_of(session: Session, transfer: UUID) -> Transfer:
    """The transfer as it stands.

    :raise ProposalUnknown: no such transfer.
    """
    found = _seen(session, SeatTransfer.id == transfer)
    if not found:
        raise ProposalUnknown(_KIND, transfer)
    return found[0]


def transfers(
    session: Session, *, within: Extent = EVERYWHERE, after: UUID | None = None, limit: int | None = None
) -> list[Transfer]:
    """Transfers with a side inside the extent, oldest first, at most `limit` of those that come after `after`.

    :raise ProposalUnknown: no transfer `after`.
    """
    inside = select(Body.id).where(within.bodies())
    where = [or_(SeatTransfer.giver_id.in_(inside), SeatTransfer.receiver_id.in_(inside))]
    if after is not None:
        then = transfer_of(session, after).proposed_at
        same = and_(SeatTransfer.proposed_at == then, SeatTransfer.id > after)
        where.append(or_(SeatTransfer.proposed_at > then, same))
    return _seen(session, *where, limit=limit)


def _moved_or_offered(session: Session, *, giver: UUID, receiver: UUID, since: datetime) -> int:
    """Seats that the one gave or the other received since that instant (inside), or may by what is open: the more."""
    session.execute(
        select(Allowance.body_id)
        .where(Allowance.body_id.in_((giver, receiver)))
        .order_by(Allowance.body_id)
        .with_for_update()
    )
    # One that is open counts whatever its age: of any two that move within the time, the later saw the earlier.
    counts = or_(SeatTransfer.moved_at >= since, SeatTransfer.moved_at.is_(None) & SeatTransfer.ended_at.is_(None))
    return max(
        int(session.scalar(select(func.sum(SeatTransfer.seats)).where(side, counts)) or 0)
        for side in (SeatTransfer.giver_id == giver, SeatTransfer.receiver_id == receiver)
    )


def _open(session: Session, transfer: UUID) -> SeatTransfer:
    found = session.scalars(
        select(SeatTransfer)
        .where(SeatTransfer.id == transfer)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise ProposalUnknown(_KIND, transfer)
    if found.moved_at is not None or found.ended_at is not None:
        raise ProposalDecided(_KIND, transfer)
    return found


def _move(session: Session, transfer: SeatTransfer, *, by: Actor, at: datetime) -> None:
    """Both sides, each by one statement, the smaller body id first."""
    # THREAT: two transfers that cross each other wait for each other, or a seat in use is given away.
    # DEFENCE: allowances are changed in the order of their ids; the giver's statement takes available seats or none.
    # TEST: tests/pki/quota/grants/test_transfers.py::test_crossing_transfers
    changes = {transfer.giver_id: -transfer.seats, transfer.receiver_id: transfer.seats}
    for body in sorted(changes):
        if not change_granted(
            session,
            body_id=body,
            agreement_id=transfer.agreement_id,
            change=changes[body],
            only_available=changes[body] < 0,
        ):
            row = session.execute(
                select(Body.code, Allowance.granted - Allowance.reserved - Allowance.live, Allowance.agreement_id)
                .join(Allowance, Allowance.body_id == Body.id)
                .where(Body.id == body)
            ).one()
            if row.agreement_id != transfer.agreement_id:
                raise AgreementSucceeded(row[0])
            raise SeatsInUse(body_code=row[0], asked=transfer.seats, available=row[1])
    movements = [
        granted_by(body_id=body, agreement_id=transfer.agreement_id, change=change, origin=f"transfer:{transfer.id}")
        for body, change in changes.items()
    ]
    write_movements(session, movements, cause="transfer.moved", in_effect=civil_day(at), at=at)
    session.execute(update(SeatTransfer).where(SeatTransfer.id == transfer.id).values(moved_at=at))
    facts = {"seats": transfer.seats, "digest": transfer.digest}
    record(session, kind="transfer.moved", subject=f"transfer:{transfer.id}", by=by, at=at, facts=facts)


def _seen(session: Session, *where: object, limit: int | None = None) -> list[Transfer]:
    giver, receiver = aliased(Body), aliased(Body)
    asked = (
        select(SeatTransfer, giver.code, receiver.code)
        .join(giver, giver.id == SeatTransfer.giver_id)
        .join(receiver, receiver.id == SeatTransfer.receiver_id)
        .where(*where)  # type: ignore[arg-type]
        .order_by(SeatTransfer.proposed_at, SeatTransfer.id)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [
        Transfer(giver_code=gives, receiver_code=receives, **{name: getattr(row, name) for name in _SAME})
        for row, gives, receives in session.execute(asked)
    ]
