"""What holds now, family by family: one or two statements each over the whole country, whatever its size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from pki.ca.profile import CertificatePurpose
from pki.ca.tables import CertificateRow
from pki.journal.tables import EventRow
from pki.quota.alerts.kinds import (
    DAYS_LEFT,
    GRACE_DAYS,
    IDLE_DAYS,
    PER_CENT,
    ROLLED_OUT,
    AlertKind,
    Family,
)
from pki.quota.elections.signatories import able_to_sign
from pki.quota.kinds import OrderState
from pki.quota.subjects import order_subject
from pki.quota.tables import Allowance, KeyOrder
from pki.quota.transitions import OPEN_STATES
from pki.records import civil_day, day_start
from pki.registration.kinds import MECHOUAR_COMMUNES, OfficeFunction
from pki.registration.powers.tables import Delegation, DelegationEnd
from pki.registration.tables import Body, Office, OfficeEnd

WITHOUT = "council-frozen"
"""Detail of a body that nobody signs for by law."""


class KeyUses(Protocol):
    """When keys last signed: who keeps signatures answers; this room knows of none."""

    def __call__(self, session: Session, since: datetime, /) -> Mapping[UUID, datetime]:
        """By order, each that signed at `since` or later, with its last time; in the caller's transaction."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that holds of a subject."""

    kind: AlertKind
    body_id: UUID
    order_id: UUID | None = None
    office_id: UUID | None = None
    detail: str = ""

    @property
    def subject_id(self) -> UUID:
        """What it is told of."""
        return self.order_id or self.office_id or self.body_id


def conditions(session: Session, family: Family, uses: KeyUses, *, at: datetime) -> Iterator[Condition]:
    """Everything of the family that holds at `at`, each once."""
    match family:
        case Family.SEATS:
            return _seats(session)
        case Family.EXPIRY:
            return _expiry(session, at)
        case Family.IDLE:
            return _idle(session, uses, at)
        case Family.OFFICES:
            return _offices(session, civil_day(at))
        case Family.KEYS:
            return _keys(session, civil_day(at))
        case Family.SIGNATORIES:
            return _signatories(session, at)


def _seats(session: Session) -> Iterator[Condition]:
    """Shares in whole numbers, the excess counted. Nothing granted and nothing in use is no share."""
    used = Allowance.reserved + Allowance.live
    least = min(PER_CENT.values())
    rows = session.execute(
        select(Allowance.body_id, Allowance.granted, used).where(used > 0, used * 100 >= Allowance.granted * least)
    )
    for body, granted, taken in rows:
        for kind, share in PER_CENT.items():
            if taken * 100 >= granted * share:
                yield Condition(kind=kind, body_id=body, detail=f"{taken}/{granted}")


def _expiry(session: Session, at: datetime) -> Iterator[Condition]:
    """Keys in their holders' hands. On the 90th civil day before the last one the alert is there."""
    today, last = civil_day(at), func.max(CertificateRow.not_after)
    most = max(DAYS_LEFT.values())
    rows = session.execute(
        select(KeyOrder.id, KeyOrder.body_id, last)
        .join(CertificateRow, CertificateRow.order_id == KeyOrder.id)
        .where(
            KeyOrder.state.in_([OrderState.DELIVERED, OrderState.ACTIVE]),
            CertificateRow.purpose == CertificatePurpose.SIGNATURE,
        )
        .group_by(KeyOrder.id, KeyOrder.body_id)
        # Its last instant is inside; after that it is over, and no alert's matter.
        .having(last >= at, last < day_start(today + timedelta(days=most + 1)))
    )
    for order, body, not_after in rows:
        ends = civil_day(not_after)
        for kind, days in DAYS_LEFT.items():
            if (ends - today).days <= days:
                yield Condition(kind=kind, body_id=body, order_id=order, detail=ends.isoformat())


def _idle(session: Session, uses: KeyUses, at: datetime) -> Iterator[Condition]:
    """Sixty civil days after its last use, or after its acceptance. A blocked key is not idle: it is stopped."""
    active = func.max(EventRow.at)
    first_used_day = day_start(civil_day(at) - timedelta(days=IDLE_DAYS - 1))
    used = uses(session, first_used_day)
    rows = session.execute(
        select(KeyOrder.id, KeyOrder.body_id, active)
        .join(EventRow, EventRow.subject == order_subject())
        .where(KeyOrder.state == OrderState.ACTIVE, EventRow.kind == "order.active")
        .group_by(KeyOrder.id, KeyOrder.body_id)
        .having(active < first_used_day)
    )
    for order, body, since in rows:
        if order not in used:
            detail = f"active {civil_day(since).isoformat()}"
            yield Condition(kind=AlertKind.KEY_IDLE, body_id=body, order_id=order, detail=detail)


def _offices(session: Session, today: date) -> Iterator[Condition]:
    """A key is a person's: whoever has one for another office of his signs with it here too.

    The days of grace begin with the office, or with its record if that came later.
    """
    # As one set, which what is granted bounds: row by row, an engine without statistics reads them all for each office.
    with_key = select(KeyOrder.holder_id).where(KeyOrder.state == OrderState.ACTIVE)
    rows = session.execute(
        select(Office.id, Office.body_id, Office.function)
        .join(Body, Body.id == Office.body_id)
        .where(in_effect(Office, today), _missed(today), _opened(today), Office.holder_id.not_in(with_key))
    )
    for office, body, function in rows:
        yield Condition(
            kind=AlertKind.OFFICE_WITHOUT_KEY, body_id=body, office_id=office, detail=OfficeFunction(function).value
        )


def _missed(today: date) -> ColumnElement[bool]:
    """The office signs, and its days of grace are over."""
    mechouar = Body.code.in_(sorted(MECHOUAR_COMMUNES))
    parts = []
    for function, days in GRACE_DAYS.items():
        begun = today - timedelta(days=days)
        signs = Office.function == function
        if function is OfficeFunction.VICE_PRESIDENT:
            signs = signs & _delegate(today, begun)
        elif function is OfficeFunction.PRESIDENT:
            signs = signs & ~mechouar
        elif function is OfficeFunction.PACHA:
            signs = signs & mechouar
        parts.append(and_(signs, Office.starts_on <= begun, Office.recorded_at < day_start(begun + timedelta(days=1))))
    return or_(*parts)


def _delegate(today: date, begun: date) -> ColumnElement[bool]:
    """A delegation in effect lets him sign, on record since `begun` or before, and its giver is in office."""
    giver = aliased(Office)
    revoked = exists().where(
        DelegationEnd.delegation_id == Delegation.id,
        DelegationEnd.superseded_at.is_(None),
        DelegationEnd.ends_on <= today,
    )
    return exists().where(
        Delegation.to_office_id == Office.id,
        Delegation.superseded_at.is_(None),
        Delegation.starts_on <= begun,
        Delegation.recorded_at < day_start(begun + timedelta(days=1)),
        or_(Delegation.ends_on.is_(None), Delegation.ends_on > today),
        ~revoked.correlate(Delegation),
        giver.id == Delegation.from_office_id,
        in_effect(giver, today),
    )


def _opened(today: date) -> ColumnElement[bool]:
    """Its wave has come, or it waits for none."""
    opened = exists().where(Allowance.body_id == Body.id, Allowance.opens_on <= today)
    return Body.kind.not_in(sorted(ROLLED_OUT)) | opened.correlate(Body)


def in_effect(office: type[Office], today: date) -> ColumnElement[bool]:
    """The condition that an office is in effect on the civil day."""
    return and_(office.superseded_at.is_(None), office.starts_on <= today, ~_ended(office, today))


def _ended(office: type[Office], today: date) -> ColumnElement[bool]:
    found = exists().where(
        OfficeEnd.office_id == office.id, OfficeEnd.superseded_at.is_(None), OfficeEnd.ends_on <= today
    )
    return found.correlate(office)


def _keys(session: Session, today: date) -> Iterator[Condition]:
    """Also a key whose office was struck from the register; not one whose office begins tomorrow.

    An active key goes on for another office of its holder in that body; an order under way is for one office alone.
    """
    there = exists().where(
        Office.holder_id == KeyOrder.holder_id,
        Office.body_id == KeyOrder.body_id,
        or_(KeyOrder.state == OrderState.ACTIVE, Office.id == KeyOrder.office_id),
        Office.superseded_at.is_(None),
        ~_ended(Office, today),
    )
    rows = session.execute(
        select(KeyOrder.id, KeyOrder.body_id, KeyOrder.state).where(
            KeyOrder.state.in_([*OPEN_STATES, OrderState.ACTIVE]), ~there.correlate(KeyOrder)
        )
    )
    for order, body, state in rows:
        detail = "" if state is OrderState.ACTIVE else state.value
        yield Condition(kind=AlertKind.KEY_WITHOUT_OFFICE, body_id=body, order_id=order, detail=detail)


def _signatories(session: Session, at: datetime) -> Iterator[Condition]:
    """Bodies whose wave has come, by the reasons of `able_to_sign`; nobody by law is told apart."""
    opened = dict(session.execute(select(Body.code, Body.id).where(_opened(civil_day(at)))).all())
    for province in able_to_sign(session, at=at):
        for each in province.unable:
            if each.body_code in opened:
                kind = AlertKind.UNABLE_TO_SIGN
                yield Condition(kind=kind, body_id=opened[each.body_code], detail=each.why.value)
        for code in province.without_signatory:
            if code in opened:
                yield Condition(kind=AlertKind.WITHOUT_SIGNATORY, body_id=opened[code], detail=WITHOUT)
