"""What was ever recorded of a body's offices and powers, and the reading of it at one instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.registration.kinds import ActKind, BodyKind, OfficeFunction
from pki.registration.powers.chains import DelegationSeen, FindingSeen, OfficeSeen, Reading
from pki.registration.powers.tables import Delegation, DelegationEnd, Finding, PowersDeclaration
from pki.registration.tables import Body, Office, OfficeEnd, RegisterDeclaration

Rows = Sequence[Any]
"""Rows of a query, by the names of their columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Every record about a body's powers that had begun by one civil day, superseded ones too."""

    day: date
    offices: Rows
    ends: Rows
    delegations: Rows
    revocations: Rows
    findings: Rows
    declared: Rows
    """That no office is missing for that day."""
    powers_declared: Rows

    def reading(self, known_at: datetime | None) -> Reading:
        """What stood on record at `known_at` (None: stands now)."""
        return Reading(
            day=self.day,
            offices=tuple(
                OfficeSeen(
                    id=each.id,
                    holder=each.holder_id,
                    function=each.function,
                    rank=each.rank,
                    body_code=each.code,
                    starts_on=each.starts_on,
                    ends_on=_end(self.ends, each.id, known_at),
                )
                for each in self.offices
                if on_record(each.recorded_at, each.superseded_at, known_at)
            ),
            delegations=tuple(
                DelegationSeen(
                    id=each.id,
                    number=each.number,
                    from_office=each.from_office_id,
                    to_office=each.to_office_id,
                    acts=acts_of(each.acts),
                    sector=each.sector,
                    starts_on=each.starts_on,
                    ends_on=_earlier(each.ends_on, _end(self.revocations, each.id, known_at)),
                    recorded_at=each.recorded_at,
                )
                for each in self.delegations
                if on_record(each.recorded_at, each.superseded_at, known_at)
            ),
            findings=tuple(
                FindingSeen(
                    id=each.id,
                    kind=each.kind,
                    office=each.office_id,
                    replacement=each.replacement_id,
                    number=each.number,
                    acts=acts_of(each.acts),
                    starts_on=each.starts_on,
                    ends_on=each.ends_on,
                    recorded_at=each.recorded_at,
                )
                for each in self.findings
                if on_record(each.recorded_at, each.superseded_at, known_at)
            ),
            offices_complete=any(on_record(each.recorded_at, each.withdrawn_at, known_at) for each in self.declared),
        )

    def powers_complete(self, known_at: datetime | None) -> datetime | None:
        """When it was first declared that no delegation and no finding is missing for that day."""
        declared = (each for each in self.powers_declared if on_record(each.recorded_at, each.withdrawn_at, known_at))
        return min((each.recorded_at for each in declared), default=None)


def history_of(session: Session, body: UUID, *, day: date) -> History:
    """The body's records; with them the governors of its province, who may be found to act in a president's place."""
    governors = (Office.body_id == _province(body)) & (Office.function == OfficeFunction.GOVERNOR)
    offices = session.execute(
        select(
            Office.id,
            Office.holder_id,
            Office.function,
            Office.rank,
            Office.starts_on,
            Office.recorded_at,
            Office.superseded_at,
            Body.code,
        )
        .join(Body, Body.id == Office.body_id)
        .where(
            (Office.body_id == body) | governors,
            Office.starts_on <= day,
        )
        .order_by(Office.recorded_at)
    ).all()
    ids = [each.id for each in offices]
    delegations = session.execute(select(*_columns(Delegation)).where(Delegation.body_id == body)).all()
    revoked = [each.id for each in delegations]
    declared, powers_declared = (
        session.execute(
            select(table.recorded_at, table.withdrawn_at).where(table.body_id == body, table.complete_from <= day)
        ).all()
        for table in (RegisterDeclaration, PowersDeclaration)
    )
    return History(
        day=day,
        offices=offices,
        ends=_ends(session, OfficeEnd, OfficeEnd.office_id, ids),
        delegations=delegations,
        revocations=_ends(session, DelegationEnd, DelegationEnd.delegation_id, revoked),
        findings=session.execute(select(*_columns(Finding)).where(Finding.body_id == body)).all(),
        declared=declared,
        powers_declared=powers_declared,
    )


def on_record(recorded_at: datetime, superseded_at: datetime | None, known_at: datetime | None) -> bool:
    """Whether a record was on the register at `known_at` (None: is on it now)."""
    if known_at is None:
        return superseded_at is None
    return recorded_at <= known_at and (superseded_at is None or superseded_at > known_at)


def acts_of(said: str) -> frozenset[ActKind]:
    """Kinds of act, as the tables keep them."""
    return frozenset(ActKind(each) for each in said.split())


def spelled_acts(acts: frozenset[ActKind]) -> str:
    """The one spelling of a set of acts in the tables."""
    return " ".join(sorted(each.value for each in acts))


def _province(body: UUID) -> Any:
    of = select(Body.province_code).where(Body.id == body).scalar_subquery()
    return select(Body.id).where(Body.kind == BodyKind.PROVINCE, Body.province_code == of).scalar_subquery()


def _columns(table: Any) -> list[Any]:
    return list(table.__table__.c)


def _ends(session: Session, table: Any, owner: Any, owners: list[UUID]) -> Rows:
    if not owners:
        return ()
    asked = select(owner.label("owner"), table.ends_on, table.recorded_at, table.superseded_at)
    return session.execute(asked.where(owner.in_(owners))).all()


def _end(ends: Rows, owner: UUID, known_at: datetime | None) -> date | None:
    for each in ends:
        if each.owner == owner and on_record(each.recorded_at, each.superseded_at, known_at):
            found: date = each.ends_on
            return found
    return None


def _earlier(one: date | None, other: date | None) -> date | None:
    return min((each for each in (one, other) if each is not None), default=None)
