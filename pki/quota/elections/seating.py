"""A new council: its offices recorded from the list, its keys kept, handed on, ordered or ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from pki.errors import PkiError
from pki.journal.acts import Actor, ActorKind, record
from pki.quota.elections.councils import CouncilFacts, councils
from pki.quota.elections.errors import (
    CouncilAlreadySeated,
    CouncilNotFrozen,
    ElectionDayRefused,
    OfficialsMissing,
)
from pki.quota.elections.kinds import MINUTES, CouncilState, KeyOutcome, OutgoingKeys
from pki.quota.elections.matching import PRESIDENT
from pki.quota.elections.places import SeatedPlace, end_keys, provide_key, take_office
from pki.quota.elections.plans import require_plan
from pki.quota.elections.tables import Council, ElectedOfficial, SeatedOfficial
from pki.quota.kinds import Road
from pki.quota.owed import SignaturesSettled
from pki.records import HolderId, OfficeId, OrderId, Records, again_after_deadlock, civil_day
from pki.registration.errors import BodyUnknown
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.tables import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatedCouncil:
    """What was recorded for one council."""

    body_code: str
    places: tuple[SeatedPlace, ...]
    ended: tuple[OrderId, ...]
    """Keys that nobody follows, revoked or to be."""
    left: tuple[OrderId, ...]
    """Keys that stay as they are, for no office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyCouncil:
    """A frozen council whose list names a president: what his row says of the election."""

    body_code: str
    elected_on: date
    deed: str


@again_after_deadlock
def seat_council(
    records: Records,
    settled: SignaturesSettled,
    *,
    plan: UUID,
    body_code: str,
    elected_on: date,
    deed: str,
    outgoing: OutgoingKeys = OutgoingKeys.REVOKE,
    road: Literal[Road.SELF_MADE, Road.SUPPLIED] = Road.SELF_MADE,
    by: Actor,
    at: datetime,
) -> SeatedCouncil:
    """Record the new council and provide for its keys (`matching.decide`): one transaction, once.

    Re-elected persons keep their key; it belongs to their new office from now on. A successor's order takes the
    seat of a key whose holder left, which stops at once; so no successor needs a free seat. Keys that nobody
    follows are revoked as soon as their signatures allow.

    :raise CouncilNotFrozen: the outgoing council did not end. `CouncilAlreadySeated`: a second time.
    :raise OfficialsMissing: the list names no president.
    :raise ElectionDayRefused: before the freeze, or to come.
    :raise SecondOfficerNeeded: farther back than `MINUTES`, in a register that was declared complete for then, and
        it is not one officer who seats by another officer's list that says that day.
    :raise HolderInOffice: one of the new officials sits in another council's bureau, which is not frozen yet.
    """
    with records.writing() as session:
        require_plan(session, plan)
        body = _lock_frozen(session, plan, body_code)
        (facts,) = councils(session, plan, at=at, body_id=body)
        _refuse_day(facts, elected_on, at=at)
        if not any(each.place == PRESIDENT for each in facts.incoming):
            raise OfficialsMissing(body_code)
        _refuse_alone(session, facts, elected_on, by=by, at=at)
        decision = facts.decision()
        offices = {
            each.incoming.official: take_office(
                session, facts.code, each, elected_on=elected_on, deed=deed, by=by, at=at
            )
            for each in decision.places
        }
        places = [
            provide_key(
                session,
                settled,
                each,
                offices[each.incoming.official],
                body_code=facts.code,
                road=road,
                by=by,
                at=at,
            )
            for each in sorted(decision.places, key=lambda each: _TURNS[each.outcome])
        ]
        ended, left = end_keys(session, settled, decision.keys, outgoing=outgoing, by=by, at=at)
        seated = SeatedCouncil(body_code=body_code, places=tuple(places), ended=ended, left=left)
        _record(session, seated, plan=plan, body=body, offices=offices, elected_on=elected_on, deed=deed, by=by, at=at)
    return seated


def ready_councils(session: Session, *, plan: UUID, within: Extent = EVERYWHERE) -> list[ReadyCouncil]:
    """Frozen councils inside the extent, not seated yet, whose president is on the list; by code."""
    asked = (
        select(Body.code, ElectedOfficial.elected_on, ElectedOfficial.deed)
        .join(Council, Council.body_id == Body.id)
        .join(ElectedOfficial, (ElectedOfficial.body_id == Body.id) & (ElectedOfficial.plan_id == Council.plan_id))
        .where(
            Council.plan_id == plan,
            Council.state == CouncilState.FROZEN,
            ElectedOfficial.place == PRESIDENT,
            ElectedOfficial.superseded_at.is_(None),
            within.bodies(),
        )
        .order_by(Body.code)
    )
    return [
        ReadyCouncil(body_code=code, elected_on=elected_on, deed=deed)
        for code, elected_on, deed in session.execute(asked)
    ]


def seat_ready(
    records: Records,
    settled: SignaturesSettled,
    *,
    plan: UUID,
    within: Extent = EVERYWHERE,
    outgoing: OutgoingKeys = OutgoingKeys.REVOKE,
    road: Literal[Road.SELF_MADE, Road.SUPPLIED] = Road.SELF_MADE,
    refused: Callable[[str, PkiError], None] = lambda _code, _why: None,
    by: Actor,
    at: datetime,
) -> Iterator[SeatedCouncil]:
    """Seat every council that is ready, one transaction each, as its president's row says. Stopped, run it again.

    One that is refused is left for the next run: its official sits in another bureau still, its list is wrong.

    :param refused: told of each such council, by code.
    """
    with records.reading() as session:
        ready = ready_councils(session, plan=plan, within=within)
    for each in ready:
        try:
            yield seat_council(
                records,
                settled,
                plan=plan,
                body_code=each.body_code,
                elected_on=each.elected_on,
                deed=each.deed,
                outgoing=outgoing,
                road=road,
                by=by,
                at=at,
            )
        except CouncilAlreadySeated:
            continue  # somebody else was at work on the same plan
        except PkiError as why:
            refused(each.body_code, why)


_TURNS = {
    # First what frees or takes nothing, then seats that pass, then the free ones.
    KeyOutcome.KEPT: 0,
    KeyOutcome.SUCCEEDS: 1,
    KeyOutcome.ORDERED: 2,
    KeyOutcome.NO_SEAT: 3,
    KeyOutcome.NONE: 4,
}


def _lock_frozen(session: Session, plan: UUID, body_code: str) -> UUID:
    """The body; rival acts on its council wait for this transaction."""
    body = session.scalar(select(Body.id).where(Body.code == body_code))
    if body is None:
        raise BodyUnknown(body_code)
    state = session.scalar(
        select(Council.state).where(Council.plan_id == plan, Council.body_id == body).with_for_update()
    )
    if state is None:
        raise CouncilNotFrozen(body_code)
    if state is CouncilState.SEATED:
        raise CouncilAlreadySeated(body_code)
    return body


def _refuse_day(facts: CouncilFacts, elected_on: date, *, at: datetime) -> None:
    assert facts.frozen_on is not None
    if elected_on < facts.frozen_on:
        raise ElectionDayRefused(facts.code, elected_on, f"the outgoing council is in office until {facts.frozen_on}")
    if elected_on > civil_day(at):
        raise ElectionDayRefused(facts.code, elected_on, "that day has not come yet")


def _refuse_alone(session: Session, facts: CouncilFacts, elected_on: date, *, by: Actor, at: datetime) -> None:
    """Offices that begin long ago are two officers': who brought the list that says so, and who seats."""
    # THREAT: months after the freeze one officer seats from its day on, and gives a right to sign in the past.
    # DEFENCE: beyond the time that minutes take, each row says that day itself, and was brought by another officer.
    #   The command line is nobody's second person: who has the machine can be any account on it.
    # TEST: tests/pki/quota/elections/test_wave.py::test_an_election_long_ago_takes_two_officers
    rows = session.execute(
        select(ElectedOfficial.elected_on, ElectedOfficial.imported_by).where(
            ElectedOfficial.id.in_([each.official for each in facts.incoming])
        )
    ).all()
    by_others = by.kind is ActorKind.OFFICER and all(
        row.elected_on == elected_on
        and row.imported_by != str(by)
        and row.imported_by.partition(":")[0] == ActorKind.OFFICER.value
        for row in rows
    )
    if not by_others:
        MINUTES.refuse_office(session, facts.body_id, elected_on, corrects=False, at=at)


def _record(
    session: Session,
    seated: SeatedCouncil,
    *,
    plan: UUID,
    body: UUID,
    offices: dict[UUID, tuple[HolderId, OfficeId]],
    elected_on: date,
    deed: str,
    by: Actor,
    at: datetime,
) -> None:
    session.execute(
        update(Council)
        .where(Council.plan_id == plan, Council.body_id == body, Council.state == CouncilState.FROZEN)
        .values(state=CouncilState.SEATED, elected_on=elected_on, deed=deed, seated_at=at, seated_by=str(by))
        .execution_options(synchronize_session=False)
    )
    official_of = {office: official for official, (_, office) in offices.items()}
    session.execute(
        insert(SeatedOfficial),
        [
            {
                "official_id": official_of[each.office],
                "plan_id": plan,
                "body_id": body,
                "office_id": each.office,
                "holder_id": each.holder,
                "order_id": each.order,
                "outcome": each.outcome,
            }
            for each in seated.places
        ],
    )
    facts: dict[str, object] = {"plan": plan, "elected_on": elected_on, "deed": deed}
    facts["places"] = [{"office": each.office, "outcome": each.outcome, "order": each.order} for each in seated.places]
    facts |= {"ended": list(seated.ended), "left": list(seated.left)}
    record(session, kind="election.council-seated", subject=f"body:{seated.body_code}", by=by, at=at, facts=facts)
