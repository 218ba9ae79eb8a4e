"""May this holder sign this kind of act for this body at this instant, and by what chain? One function, for everybody.

The register answers yes, no, or that it does not know. `no` needs a recorded act: an office or a power that was
recorded as ended when the signature was made, or a register that was declared complete for that day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.records import HolderId, OfficeId, civil_day
from pki.registration.kinds import ActKind, OfficeFunction
from pki.registration.powers.chains import Claim, Power, Reading, Standing, claim
from pki.registration.powers.history import history_of, on_record
from pki.registration.rules import PRESIDENTIAL, Rule, rule_of
from pki.registration.tables import Body, Office, OfficeEnd, RegisterDeclaration


class Answer(StrEnum):
    """What the register can say."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why it says so. Of several offices the first reason in this order speaks, from YES over UNKNOWN to NO."""

    OFFICE_CURRENT = "office-current"
    POWER_CURRENT = "power-current"
    """Yes: by a delegation or a finding; the chain says which."""
    OFFICE_RECORDED_LATER = "office-recorded-later"
    """Yes: in effect at that instant, but recorded after it."""
    POWER_RECORDED_LATER = "power-recorded-later"
    PROJECT_SIZE_UNKNOWN = "project-size-unknown"
    """Unknown: his if the project is a small one, and nobody says whether it is."""
    REPLACED = "replaced"
    """Unknown: in office, but a finding on record says that he was absent and another in his place."""
    OFFICE_ENDED_RECORDED_LATER = "office-ended-recorded-later"
    """Unknown: ended in effect, but nobody could have known from the register."""
    POWER_ENDED_RECORDED_LATER = "power-ended-recorded-later"
    RANK_UNSURE = "rank-unsure"
    """Unknown: his turn, if no vice-president before him is missing from the register."""
    DELEGATION_NOT_RECORDED = "delegation-not-recorded"
    """Unknown: such a function may sign by a recorded act, and none is on record; nothing says that none is missing."""
    COUNCIL_SUSPENDED = "council-suspended"
    """No: a special committee sat in the council's place."""
    NOT_CURRENT_AFFAIRS = "not-current-affairs"
    """No: the act that named the special committee does not count this among the current affairs."""
    OFFICE_ENDED = "office-ended"
    POWER_ENDED = "power-ended"
    NO_POWER = "no-power"
    """No: no delegation or finding gave it, and none is missing from the register."""
    FUNCTION_MAY_NOT = "function-may-not"
    NO_OFFICE = "no-office"
    REGISTER_INCOMPLETE = "register-incomplete"
    ACT_NOT_OF_BODY = "act-not-of-body"
    """No: by law nobody signs such an act for such a body."""
    BODY_UNKNOWN = "body-unknown"


_SPEAKS_AFTER_DECLARATION = frozenset({Reason.FUNCTION_MAY_NOT, Reason.NO_POWER})
"""Reasons that count only where the register is complete: he may hold another office that is missing from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """The answer and what it rests on."""

    answer: Answer
    reason: Reason
    article: str
    """The text that gives the power; empty if there is none to name."""
    office: OfficeId | None = None
    function: OfficeFunction | None = None
    rank: int | None = None
    chain: tuple[str, ...] = ()
    """From whom the power comes, as codes, his own office first: `vice_president.1@01.511.01.0`, `absence:12/2026`,
    `president@01.511.01.0`."""
    power: Power | None = None
    """The delegation or finding in the chain; None: by his own office."""
    recorded_at: datetime | None = None
    """When the fact that decided was recorded."""
    ends_on: date | None = None
    """First civil day no longer in office, or no longer in power, if recorded."""

    @property
    def principal(self) -> str:
        """Function of the office in whose place he signs: the end of the chain; empty by his own office."""
        last = self.chain[-1] if self.power is not None and "@" in self.chain[-1] else ""
        return last.partition("@")[0].partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tenure:
    """One office on one day, as the register tells it."""

    office: OfficeId
    function: OfficeFunction
    rank: int | None
    recorded_at: datetime
    ends_on: date | None
    ended: bool
    end_recorded_at: datetime | None
    end_was_known: bool
    """The register said so at the instant that is asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Readings:
    """The body's powers as they stand now, and as they were known when it was signed."""

    now: Reading
    then: Reading
    complete: datetime | None


def entitlement(
    session: Session,
    *,
    holder: HolderId | None,
    body_code: str,
    act: ActKind,
    at: datetime,
    known_at: datetime | None = None,
    small_project: bool | None = None,
) -> Entitlement:
    """Answer whether `holder` may sign `act` for the body at the instant `at`.

    An office or power counts on the civil days [starts_on, ends_on) in Morocco. What is recorded at `at` itself was
    known at `at`.

    :param holder: None asks for a person that the register does not know.
    :param known_at: answer from what was recorded up to then (inside); default: everything on record.
    :param small_project: whether the dossier is a small project (asked of arrondissements); None: not known.
    """
    # THREAT: the end of an office is recorded backwards to void what was signed, or its absence is taken for a no.
    # DEFENCE: both times decide; `no` needs what the register said at that instant, or a complete register.
    # TEST: tests/pki/registration/test_entitlement.py::test_date_matrix
    body = session.execute(select(Body.id, Body.kind).where(Body.code == body_code)).one_or_none()
    if body is None:
        return Entitlement(answer=Answer.UNKNOWN, reason=Reason.BODY_UNKNOWN, article="")
    rule = rule_of(act, body.kind, body_code, small_project=small_project)
    if rule is None:
        return Entitlement(answer=Answer.NO, reason=Reason.ACT_NOT_OF_BODY, article="")
    found: list[Entitlement] = []
    if holder is not None:
        tenures = _tenures(session, holder, body.id, at=at, known_at=known_at)
        readings = _readings(session, body.id, at=at, known_at=known_at) if act in PRESIDENTIAL else None
        found = [
            *_by_office(tenures, rule, readings, body_code=body_code, at=at),
            *(() if readings is None else _by_power(holder, rule, readings, act=act)),
        ]
    if rule.size_matters and small_project is None:
        found = [_size_unknown(each) for each in found]
    return _judge(found, rule, complete=_declared_complete(session, body.id, civil_day(at), known_at))


def _judge(found: Iterable[Entitlement], rule: Rule, *, complete: datetime | None) -> Entitlement:
    """The strongest of what the offices say: yes, then does not know, then no."""
    order = list(Reason)
    ranked = sorted(found, key=lambda each: order.index(each.reason))
    for each in ranked:
        if complete is not None or each.reason not in _SPEAKS_AFTER_DECLARATION:
            return each
    if complete is None:
        return Entitlement(answer=Answer.UNKNOWN, reason=Reason.REGISTER_INCOMPLETE, article=rule.article)
    return Entitlement(answer=Answer.NO, reason=Reason.NO_OFFICE, article=rule.article, recorded_at=complete)


def _size_unknown(found: Entitlement) -> Entitlement:
    if found.answer is not Answer.YES:
        return found
    return replace(found, answer=Answer.UNKNOWN, reason=Reason.PROJECT_SIZE_UNKNOWN)


def _by_office(
    tenures: Iterable[_Tenure], rule: Rule, readings: _Readings | None, *, body_code: str, at: datetime
) -> Iterator[Entitlement]:
    """What the offices whose own act it is say, and those that may never sign it."""
    for tenure in tenures:
        if tenure.function in rule.others:
            continue
        found = _one(tenure, rule, body_code, at)
        if readings is not None and found.answer is Answer.YES:
            found = _stopped(found, readings)
        yield found


def _one(tenure: _Tenure, rule: Rule, body_code: str, at: datetime) -> Entitlement:
    def say(answer: Answer, reason: Reason, recorded_at: datetime | None) -> Entitlement:
        return Entitlement(
            answer=answer,
            reason=reason,
            article=rule.article,
            office=tenure.office,
            function=tenure.function,
            rank=tenure.rank,
            chain=(f"{tenure.function.value}@{body_code}",),
            recorded_at=recorded_at,
            ends_on=tenure.ends_on,
        )

    if tenure.function not in rule.functions:
        return say(Answer.NO, Reason.FUNCTION_MAY_NOT, tenure.recorded_at)
    if tenure.ended and tenure.end_was_known:
        return say(Answer.NO, Reason.OFFICE_ENDED, tenure.end_recorded_at)
    if tenure.ended:
        return say(Answer.UNKNOWN, Reason.OFFICE_ENDED_RECORDED_LATER, tenure.end_recorded_at)
    late = tenure.recorded_at > at
    return say(Answer.YES, Reason.OFFICE_RECORDED_LATER if late else Reason.OFFICE_CURRENT, tenure.recorded_at)


def _stopped(found: Entitlement, readings: _Readings) -> Entitlement:
    """The same, unless a finding keeps him from acting himself."""
    assert found.office is not None
    stop = readings.now.stop(found.office)
    if stop is None:
        return found
    answer, reason = _weighed(stop, readings.then.stop(found.office), complete=False)
    return replace(
        found,
        answer=answer,
        reason=reason,
        article=stop.article,
        chain=found.chain + stop.chain,
        power=stop.power,
        recorded_at=stop.power.recorded_at if stop.power else None,
    )


def _by_power(holder: HolderId, rule: Rule, readings: _Readings, *, act: ActKind) -> Iterator[Entitlement]:
    """What the offices say that sign it by a recorded act only."""
    standing = {own.id for own in readings.now.offices}
    replaced = [own for own in readings.then.offices if own.id not in standing]
    for own in (*readings.now.offices, *replaced):
        if own.holder != holder or own.function not in rule.others:
            continue
        now = claim(readings.now, own.id, act=act, rule=rule)
        then = claim(readings.then, own.id, act=act, rule=rule)
        if own.id not in standing and then.standing is not Standing.HELD:
            continue  # its record was replaced, and gave no power: what took its place speaks
        if own.function is OfficeFunction.GOVERNOR and Standing.NONE is now.standing is then.standing:
            continue  # he holds no office in this body; nothing here is about him
        answer, reason = _weighed(now, then, complete=readings.complete is not None)
        power = now.power if now.power is not None else then.power
        yield Entitlement(
            answer=answer,
            reason=reason,
            article=now.article or then.article or rule.article,
            office=OfficeId(own.id),
            function=own.function,
            rank=own.rank,
            chain=now.chain or then.chain or (own.code,),
            power=power,
            recorded_at=readings.complete if reason is Reason.NO_POWER else power.recorded_at if power else None,
            ends_on=now.ends_on,
        )


def _weighed(  # noqa: PLR0911 - one for each standing
    now: Claim, then: Claim | None, *, complete: bool
) -> tuple[Answer, Reason]:
    """One claim by what is known now, beside what was known then."""
    # THREAT: a delegation is revoked, or a finding recorded, backwards, to void what was signed in good faith.
    # DEFENCE: what gave the power on record when it was signed leaves at most a doubt, never a no.
    # TEST: tests/pki/registration/test_powers_matrix.py::test_delegation_over_dates
    before = Standing.NONE if then is None else then.standing
    match now.standing:
        case Standing.HELD:
            known = before is Standing.HELD
            return Answer.YES, Reason.POWER_CURRENT if known else Reason.POWER_RECORDED_LATER
        case Standing.REPLACED:
            return Answer.UNKNOWN, Reason.REPLACED
        case _ if before is Standing.HELD:
            return Answer.UNKNOWN, Reason.POWER_ENDED_RECORDED_LATER
        case Standing.UNSURE:
            return Answer.UNKNOWN, Reason.RANK_UNSURE
        case Standing.SUSPENDED if before is Standing.SUSPENDED:
            return Answer.NO, Reason.COUNCIL_SUSPENDED
        case Standing.ENDED if before is Standing.ENDED:
            return Answer.NO, Reason.OFFICE_ENDED if now.office_over else Reason.POWER_ENDED
        case Standing.WITHHELD if before is Standing.WITHHELD:
            return Answer.NO, Reason.NOT_CURRENT_AFFAIRS
        case Standing.SUSPENDED | Standing.ENDED:
            later = Reason.OFFICE_ENDED_RECORDED_LATER if now.office_over else Reason.POWER_ENDED_RECORDED_LATER
            return Answer.UNKNOWN, later
        case _:
            return (Answer.NO, Reason.NO_POWER) if complete else (Answer.UNKNOWN, Reason.DELEGATION_NOT_RECORDED)


def _readings(session: Session, body: UUID, *, at: datetime, known_at: datetime | None) -> _Readings:
    history = history_of(session, body, day=civil_day(at))
    then = at if known_at is None else min(at, known_at)
    return _Readings(
        now=history.reading(known_at), then=history.reading(then), complete=history.powers_complete(known_at)
    )


def _tenures(
    session: Session, holder: HolderId, body: UUID, *, at: datetime, known_at: datetime | None
) -> list[_Tenure]:
    """The holder's offices in the body that had begun on the day of `at`."""
    day = civil_day(at)
    offices = session.execute(
        select(Office.id, Office.function, Office.rank, Office.recorded_at, Office.superseded_at).where(
            Office.holder_id == holder, Office.body_id == body, Office.starts_on <= day
        )
    ).all()
    ends = session.execute(
        select(OfficeEnd.office_id, OfficeEnd.ends_on, OfficeEnd.recorded_at, OfficeEnd.superseded_at).where(
            OfficeEnd.office_id.in_([office.id for office in offices])
        )
    ).all()
    then = at if known_at is None else min(at, known_at)
    found = []
    for office in offices:
        own = [end for end in ends if end.office_id == office.id]
        known_then = [end for end in own if on_record(end.recorded_at, end.superseded_at, then)]
        over_then = any(each.ends_on <= day for each in known_then)
        now = [end for end in own if on_record(end.recorded_at, end.superseded_at, known_at)]
        end = now[0] if now else None
        tenure = _Tenure(
            office=OfficeId(office.id),
            function=office.function,
            rank=office.rank,
            recorded_at=office.recorded_at,
            ends_on=end.ends_on if end else None,
            ended=end is not None and end.ends_on <= day,
            end_recorded_at=end.recorded_at if end else None,
            end_was_known=over_then,
        )
        if on_record(office.recorded_at, office.superseded_at, known_at):
            found.append(tenure)
        elif on_record(office.recorded_at, office.superseded_at, then) and not over_then:
            # THREAT: an office is not ended backwards but its record replaced by one that begins later: what was
            #   signed by it is void at a stroke.
            # DEFENCE: an office on record when it was signed leaves at most a doubt, whatever took its place since.
            # TEST: tests/pki/registration/test_entitlement.py::test_a_record_that_is_replaced_voids_nothing
            found.append(replace(tenure, ended=True, end_recorded_at=office.superseded_at))
    return found


def _declared_complete(session: Session, body: UUID, day: date, known_at: datetime | None) -> datetime | None:
    """When it was first declared that the register is complete for that day."""
    asked = select(RegisterDeclaration.recorded_at, RegisterDeclaration.withdrawn_at).where(
        RegisterDeclaration.body_id == body, RegisterDeclaration.complete_from <= day
    )
    declared = session.execute(asked.order_by(RegisterDeclaration.recorded_at))
    return next((at for at, withdrawn_at in declared if on_record(at, withdrawn_at, known_at)), None)
