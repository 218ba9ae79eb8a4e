"""May this holder sign this kind of act for this body at this instant? One function, for everybody who asks.

The register answers yes, no, or that it does not know. `no` needs a recorded act: an office that was
recorded as ended when the signature was made, or a register that was declared complete for that day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.records import HolderId, OfficeId, civil_day
from pki.registration.kinds import ActKind, OfficeFunction
from pki.registration.rules import Rule, rule_of
from pki.registration.tables import Body, Office, OfficeEnd, RegisterDeclaration


class Answer(StrEnum):
    """What the register can say."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why it says so."""

    OFFICE_CURRENT = "office-current"
    OFFICE_RECORDED_LATER = "office-recorded-later"
    """Yes: in effect at that instant, but recorded after it."""
    OFFICE_ENDED = "office-ended"
    OFFICE_ENDED_RECORDED_LATER = "office-ended-recorded-later"
    """Unknown: ended in effect, but nobody could have known from the register."""
    DELEGATION_NOT_RECORDED = "delegation-not-recorded"
    """Unknown: such a function may sign on a delegation, which this register does not keep yet."""
    FUNCTION_MAY_NOT = "function-may-not"
    NO_OFFICE = "no-office"
    REGISTER_INCOMPLETE = "register-incomplete"
    ACT_NOT_OF_BODY = "act-not-of-body"
    """No: by law nobody signs such an act for such a body."""
    BODY_UNKNOWN = "body-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """The answer and what it rests on."""

    answer: Answer
    reason: Reason
    article: str
    """The text that gives the power; empty if there is none to name."""
    office: OfficeId | None = None
    function: OfficeFunction | None = None
    chain: tuple[str, ...] = ()
    """From whom the power comes, as codes: `president@01.511.01.0`."""
    recorded_at: datetime | None = None
    """When the fact that decided was recorded."""
    ends_on: date | None = None
    """First civil day no longer in office, if recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tenure:
    """One office on one day, as the register tells it."""

    office: OfficeId
    function: OfficeFunction
    recorded_at: datetime
    ends_on: date | None
    ended: bool
    end_recorded_at: datetime | None
    end_was_known: bool
    """The register said so at the instant that is asked about."""


def entitlement(
    session: Session,
    *,
    holder: HolderId | None,
    body_code: str,
    act: ActKind,
    at: datetime,
    known_at: datetime | None = None,
) -> Entitlement:
    """Answer whether `holder` may sign `act` for the body at the instant `at`.

    An office counts on the civil days [starts_on, ends_on) in Morocco. What is recorded at `at` itself was
    known at `at`.

    :param holder: None asks for a person that the register does not know.
    :param known_at: answer from what was recorded up to then (inside); default: everything on record.
    """
    # THREAT: the end of an office is recorded backwards to void what was signed, or its absence is taken for a no.
    # DEFENCE: both times decide; `no` needs what the register said at that instant, or a complete register.
    # TEST: tests/pki/registration/test_entitlement.py::test_date_matrix
    body = session.execute(select(Body.id, Body.kind).where(Body.code == body_code)).one_or_none()
    if body is None:
        return Entitlement(answer=Answer.UNKNOWN, reason=Reason.BODY_UNKNOWN, article="")
    rule = rule_of(act, body.kind, body_code)
    if rule is None:
        return Entitlement(answer=Answer.NO, reason=Reason.ACT_NOT_OF_BODY, article="")
    tenures = [] if holder is None else _tenures(session, holder, body.id, at=at, known_at=known_at)
    complete = _declared_complete(session, body.id, civil_day(at), known_at)
    return _judge(tenures, rule, body_code=body_code, at=at, complete=complete)


def _judge(
    tenures: Iterable[_Tenure], rule: Rule, *, body_code: str, at: datetime, complete: datetime | None
) -> Entitlement:
    """The strongest of what the tenures say: yes, then does not know, then no."""
    found = [_one(tenure, rule, body_code, at) for tenure in tenures]
    for reason in (
        Reason.OFFICE_CURRENT,
        Reason.OFFICE_RECORDED_LATER,
        Reason.OFFICE_ENDED_RECORDED_LATER,
        Reason.DELEGATION_NOT_RECORDED,
        Reason.OFFICE_ENDED,
    ):
        for each in found:
            if each.reason is reason:
                return each
    if complete is None:
        return Entitlement(answer=Answer.UNKNOWN, reason=Reason.REGISTER_INCOMPLETE, article=rule.article)
    for each in found:
        if each.reason is Reason.FUNCTION_MAY_NOT:
            return each
    return Entitlement(answer=Answer.NO, reason=Reason.NO_OFFICE, article=rule.article, recorded_at=complete)


def _one(tenure: _Tenure, rule: Rule, body_code: str, at: datetime) -> Entitlement:
    def say(answer: Answer, reason: Reason, recorded_at: datetime | None) -> Entitlement:
        return Entitlement(
            answer=answer,
            reason=reason,
            article=rule.article,
            office=tenure.office,
            function=tenure.function,
            chain=(f"{tenure.function.value}@{body_code}",),
            recorded_at=recorded_at,
            ends_on=tenure.ends_on,
        )

    if tenure.function in rule.functions:
        if tenure.ended and tenure.end_was_known:
            return say(Answer.NO, Reason.OFFICE_ENDED, tenure.end_recorded_at)
        if tenure.ended:
            return say(Answer.UNKNOWN, Reason.OFFICE_ENDED_RECORDED_LATER, tenure.end_recorded_at)
        late = tenure.recorded_at > at
        reason = Reason.OFFICE_RECORDED_LATER if late else Reason.OFFICE_CURRENT
        return say(Answer.YES, reason, tenure.recorded_at)
    if tenure.function in rule.by_delegation and not tenure.ended:
        return say(Answer.UNKNOWN, Reason.DELEGATION_NOT_RECORDED, tenure.recorded_at)
    return say(Answer.NO, Reason.FUNCTION_MAY_NOT, tenure.recorded_at)


def _tenures(
    session: Session, holder: HolderId, body: UUID, *, at: datetime, known_at: datetime | None
) -> list[_Tenure]:
    """The holder's offices in the body that had begun on the day of `at`."""
    day = civil_day(at)
    offices = session.execute(
        select(Office.id, Office.function, Office.recorded_at, Office.superseded_at).where(
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
        if not _on_record(office.recorded_at, office.superseded_at, known_at):
            continue
        own = [end for end in ends if end.office_id == office.id]
        now = [end for end in own if _on_record(end.recorded_at, end.superseded_at, known_at)]
        known_then = [end for end in own if _on_record(end.recorded_at, end.superseded_at, then)]
        end = now[0] if now else None
        found.append(
            _Tenure(
                office=OfficeId(office.id),
                function=office.function,
                recorded_at=office.recorded_at,
                ends_on=end.ends_on if end else None,
                ended=end is not None and end.ends_on <= day,
                end_recorded_at=end.recorded_at if end else None,
                end_was_known=any(each.ends_on <= day for each in known_then),
            )
        )
    return found


def _on_record(recorded_at: datetime, superseded_at: datetime | None, known_at: datetime | None) -> bool:
    """Whether a record was on the register at `known_at` (None: is on it now)."""
    if known_at is None:
        return superseded_at is None
    return recorded_at <= known_at and (superseded_at is None or superseded_at > known_at)


def _declared_complete(session: Session, body: UUID, day: date, known_at: datetime | None) -> datetime | None:
    """When it was first declared that the register is complete for that day."""
    asked = select(RegisterDeclaration.recorded_at).where(
        RegisterDeclaration.body_id == body, RegisterDeclaration.complete_from <= day
    )
    if known_at is not None:
        asked = asked.where(RegisterDeclaration.recorded_at <= known_at)
    return session.scalar(asked.order_by(RegisterDeclaration.recorded_at).limit(1))
