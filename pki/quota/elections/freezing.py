"""A council's end, from its recorded act: its offices end, and with them what rests on them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.quota.elections.errors import CouncilAlreadyFrozen, CouncilMissing, ElectionDayRefused
from pki.quota.elections.kinds import AHEAD, COUNCILS, ELECTED, MINUTES, CouncilState
from pki.quota.elections.plans import require_plan
from pki.quota.elections.tables import Council, FrozenOffice
from pki.records import OfficeId, Records, again_after_deadlock, civil_day
from pki.registration.errors import BodyUnknown
from pki.registration.offices import OfficeEnding, end_in_time
from pki.registration.tables import Body, Office, OfficeEnd

REASON = "the council's mandate ended"


@again_after_deadlock
def freeze_council(
    records: Records, *, plan: UUID, body_code: str, ends_on: date, deed: str, by: Actor, at: datetime
) -> int:
    """End the council's offices: `ends_on` is the first civil day without them. Return how many ended.

    Nobody of it signs for the body from the later of two instants on: this act, and the first of that day. No
    key is revoked for that: the right ended, not the key. One transaction; a council is frozen once.

    :raise PlanUnknown: `BodyUnknown`: none.
    :raise CouncilMissing: a body without an elected council.
    :raise CouncilAlreadyFrozen: in this plan, or in another that has not seated its successor.
    :raise EndBeforeStart: one of its offices begins later.
    :raise ElectionDayRefused: a day more than `AHEAD` from now.
    :raise SecondOfficerNeeded: farther back than `MINUTES`: two officers end the offices first, on that day.
    """
    # THREAT: between two councils an outgoing president signs with his key, which is good.
    # DEFENCE: his office ends by this act; every signature asks the register, whatever the key's state.
    # TEST: tests/pki/quota/elections/test_wave.py::test_between_two_councils_nobody_signs
    with records.writing() as session:
        require_plan(session, plan)
        body = _council_body(session, body_code)
        if ends_on > civil_day(at) + AHEAD:
            raise ElectionDayRefused(body_code, ends_on, "a council's end is recorded a year ahead at most")
        freeze = insert_into(session, Council).on_conflict_do_nothing().returning(Council.body_id)
        row = {
            "plan_id": plan,
            "body_id": body,
            "state": CouncilState.FROZEN,
            "frozen_on": ends_on,
            "freeze_deed": deed,
            "frozen_at": at,
            "frozen_by": str(by),
        }
        if session.connection().execute(freeze, row).scalar_one_or_none() is None:
            known = select(Council.frozen_on).where(Council.body_id == body).order_by(Council.frozen_at.desc())
            raise CouncilAlreadyFrozen(body_code, session.scalars(known.limit(1)).one())
        ended = _standing(session, body, ends_on)
        if not ended and not _ended_on(session, body, ends_on):
            # THREAT: of a council that nobody sits in an end long ago is recorded, and its successor seated from
            #   then on: an office backdated into a complete register by one officer.
            # DEFENCE: where nothing ends by it, the day itself is asked, unless the register knows it as such an end.
            # TEST: tests/pki/quota/elections/test_wave.py::test_a_council_of_nobody_does_not_reach_back
            MINUTES.refuse_office(session, body, ends_on, corrects=False, at=at)
        for office in ended:
            ending = OfficeEnding(office=office, ends_on=ends_on, reason=REASON, deed=deed)
            end_in_time(session, ending, retroactivity=MINUTES, by=by, at=at)
        if ended:
            session.execute(
                insert(FrozenOffice),
                [{"office_id": office, "plan_id": plan, "body_id": body} for office in ended],
            )
        facts: dict[str, object] = {"plan": plan, "ends_on": ends_on, "deed": deed, "offices": len(ended)}
        record(session, kind="election.council-frozen", subject=f"body:{body_code}", by=by, at=at, facts=facts)
    return len(ended)


def _council_body(session: Session, code: str) -> UUID:
    # Locked as for every office that is recorded: who records one at the same time waits, or is waited for.
    asked = select(Body.id, Body.kind).where(Body.code == code).with_for_update(key_share=True)
    found = session.execute(asked).one_or_none()
    if found is None:
        raise BodyUnknown(code)
    if found.kind not in COUNCILS:
        raise CouncilMissing(code)
    body: UUID = found.id
    return body


def _ended_on(session: Session, body: UUID, day: date) -> bool:
    """Whether one of its elected offices ended that day."""
    found = (
        select(Office.id)
        .join(OfficeEnd, (OfficeEnd.office_id == Office.id) & OfficeEnd.superseded_at.is_(None))
        .where(Office.body_id == body, Office.function.in_(list(ELECTED)))
        .where(Office.superseded_at.is_(None), OfficeEnd.ends_on == day)
    )
    return session.scalar(found.limit(1)) is not None


def _standing(session: Session, body: UUID, ends_on: date) -> list[OfficeId]:
    """The elected offices that no record ends by then."""
    current_end = (OfficeEnd.office_id == Office.id) & OfficeEnd.superseded_at.is_(None)
    rows = session.scalars(
        select(Office.id)
        .outerjoin(OfficeEnd, current_end)
        .where(
            Office.body_id == body,
            Office.function.in_(list(ELECTED)),
            Office.superseded_at.is_(None),
            or_(OfficeEnd.ends_on.is_(None), OfficeEnd.ends_on > ends_on),
        )
        .order_by(Office.starts_on, Office.id)
    )
    return [OfficeId(each) for each in rows]
