"""What the records say of councils, for a preview of many or the seating of one: always a few queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from pki.quota.elections.kinds import COUNCILS, ELECTED, CouncilState
from pki.quota.elections.matching import CouncilDecision, Incoming, KeyAtHand, OutgoingOffice, decide
from pki.quota.elections.tables import Council, ElectedOfficial, FrozenOffice
from pki.quota.kinds import SeatPlace
from pki.quota.tables import Allowance, KeyOrder
from pki.quota.transitions import STANDING_STATES
from pki.records import HolderId, OfficeId, OrderId, civil_day
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body, Holder, Office, OfficeEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class CouncilFacts:
    """One council: as it is, as it goes, as it comes."""

    body_id: UUID
    code: str
    kind: BodyKind
    name_fr: str
    name_ar: str
    province_code: str | None
    state: CouncilState | None
    """None: nothing happened yet."""
    frozen_on: date | None
    outgoing: tuple[OutgoingOffice, ...]
    keys: tuple[KeyAtHand, ...]
    incoming: tuple[Incoming, ...]
    free: int

    def decision(self) -> CouncilDecision:
        """What is, or would be, done with its keys."""
        return decide(self.outgoing, self.keys, self.incoming, free=self.free)


def councils(
    session: Session, plan: UUID, *, at: datetime, body_id: UUID | None = None, within: Extent = EVERYWHERE
) -> list[CouncilFacts]:
    """Every council inside the extent, or one; by code."""
    scope = select(Body.id).where(Body.kind.in_(list(COUNCILS)), within.bodies())
    if body_id is not None:
        scope = scope.where(Body.id == body_id)
    bodies = session.scalars(select(Body).where(Body.id.in_(scope)).order_by(Body.code)).all()
    states = {
        row.body_id: row
        for row in session.scalars(select(Council).where(Council.plan_id == plan, Council.body_id.in_(scope)))
    }
    outgoing = _outgoing(session, plan, scope, set(states), at=at)
    keys, incoming, free = _keys(session, scope), _incoming(session, plan, scope), _free(session, scope, at=at)
    return [
        CouncilFacts(
            body_id=body.id,
            code=body.code,
            kind=body.kind,
            name_fr=body.name_fr,
            name_ar=body.name_ar,
            province_code=body.province_code,
            state=states[body.id].state if body.id in states else None,
            frozen_on=states[body.id].frozen_on if body.id in states else None,
            outgoing=tuple(outgoing[body.id]),
            keys=tuple(keys[body.id]),
            incoming=tuple(incoming[body.id]),
            free=free.get(body.id, 0),
        )
        for body in bodies
    ]


_Scope = Select[UUID]


def _outgoing(
    session: Session, plan: UUID, scope: _Scope, frozen: set[UUID], *, at: datetime
) -> defaultdict[UUID, list[OutgoingOffice]]:
    """Of a frozen council, what ended with it; of another, what is in effect today."""
    day = civil_day(at)
    columns = select(
        Office.body_id, Office.id, Office.holder_id, Office.function, Office.rank, Holder.name_ar, Holder.name_latin
    ).join(Holder, Holder.id == Office.holder_id)
    ended = columns.join(FrozenOffice, FrozenOffice.office_id == Office.id).where(
        FrozenOffice.plan_id == plan, Office.body_id.in_(scope)
    )
    standing = columns.outerjoin(
        OfficeEnd, (OfficeEnd.office_id == Office.id) & OfficeEnd.superseded_at.is_(None)
    ).where(
        Office.body_id.in_(scope),
        Office.function.in_(list(ELECTED)),
        Office.superseded_at.is_(None),
        Office.starts_on <= day,
        or_(OfficeEnd.ends_on.is_(None), OfficeEnd.ends_on > day),
    )
    found: defaultdict[UUID, list[OutgoingOffice]] = defaultdict(list)
    for asked, of_frozen in ((ended, True), (standing, False)):
        for row in session.execute(asked.order_by(Office.function, Office.rank, Office.id)):
            if (row.body_id in frozen) is of_frozen:
                found[row.body_id].append(
                    OutgoingOffice(
                        office=OfficeId(row.id),
                        holder=HolderId(row.holder_id),
                        function=row.function,
                        rank=row.rank,
                        name_ar=row.name_ar,
                        name_latin=row.name_latin,
                    )
                )
    return found


def _keys(session: Session, scope: _Scope) -> defaultdict[UUID, list[KeyAtHand]]:
    found: defaultdict[UUID, list[KeyAtHand]] = defaultdict(list)
    rows = session.execute(
        select(KeyOrder.body_id, KeyOrder.id, KeyOrder.holder_id, KeyOrder.office_id, KeyOrder.seat)
        .where(KeyOrder.body_id.in_(scope), KeyOrder.state.in_(STANDING_STATES), KeyOrder.seat != SeatPlace.AWAITED)
        .order_by(KeyOrder.requested_at, KeyOrder.id)
    )
    for row in rows:
        found[row.body_id].append(
            KeyAtHand(
                order=OrderId(row.id),
                holder=HolderId(row.holder_id),
                office=OfficeId(row.office_id),
                has_seat=row.seat is not SeatPlace.NONE,
            )
        )
    return found


def _incoming(session: Session, plan: UUID, scope: _Scope) -> defaultdict[UUID, list[Incoming]]:
    found: defaultdict[UUID, list[Incoming]] = defaultdict(list)
    rows = session.execute(
        select(ElectedOfficial, Holder.id)
        .outerjoin(Holder, Holder.cin_hash == ElectedOfficial.cin_hash)
        .where(
            ElectedOfficial.plan_id == plan,
            ElectedOfficial.body_id.in_(scope),
            ElectedOfficial.superseded_at.is_(None),
        )
    )
    for official, known in rows:
        holder: UUID | None = known
        found[official.body_id].append(
            Incoming(
                official=official.id,
                holder=None if holder is None else HolderId(holder),
                function=official.function,
                rank=official.rank,
                name_ar=official.name_ar,
                name_latin=official.name_latin,
            )
        )
    return found


def _free(session: Session, scope: _Scope, *, at: datetime) -> dict[UUID, int]:
    rows = session.execute(
        select(Allowance.body_id, Allowance.granted - Allowance.reserved - Allowance.live).where(
            Allowance.body_id.in_(scope), Allowance.opens_on <= civil_day(at)
        )
    )
    return {body: max(0, left) for body, left in rows}
