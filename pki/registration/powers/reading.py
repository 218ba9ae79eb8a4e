"""What stands on record of a body's delegations and findings, for those who look at the register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.registration.errors import DelegationUnknown
from pki.registration.kinds import ActKind
from pki.registration.powers.history import acts_of
from pki.registration.powers.kinds import DeedKind, DelegationMode, FindingKind
from pki.registration.powers.tables import Delegation, DelegationEnd, Finding
from pki.registration.tables import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDelegation:
    """A delegation on record; `ends_on` is the earlier of its deed's and its revocation's."""

    id: UUID
    number: str
    from_office: UUID
    to_office: UUID
    mode: DelegationMode
    acts: tuple[ActKind, ...]
    sector: str | None
    starts_on: date
    ends_on: date | None
    deed_kind: DeedKind
    document: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFinding:
    """A finding on record."""

    id: UUID
    kind: FindingKind
    office: UUID | None
    replacement: UUID | None
    number: str
    acts: tuple[ActKind, ...]
    starts_on: date
    ends_on: date | None
    recorded_at: datetime


def delegations_of(session: Session, *, body_code: str) -> list[RecordedDelegation]:
    """The delegations of a body that no other record replaced, by their first day."""
    rows = session.execute(
        select(Delegation, DelegationEnd.ends_on)
        .join(Body, Body.id == Delegation.body_id)
        .outerjoin(
            DelegationEnd, (DelegationEnd.delegation_id == Delegation.id) & DelegationEnd.superseded_at.is_(None)
        )
        .where(Body.code == body_code, Delegation.superseded_at.is_(None))
        .order_by(Delegation.starts_on, Delegation.number)
    )
    return [
        RecordedDelegation(
            id=row.id,
            number=row.number,
            from_office=row.from_office_id,
            to_office=row.to_office_id,
            mode=row.mode,
            acts=tuple(sorted(acts_of(row.acts))),
            sector=row.sector,
            starts_on=row.starts_on,
            ends_on=min((day for day in (row.ends_on, revoked_on) if day is not None), default=None),
            deed_kind=row.deed_kind,
            document=row.document_reference,
            recorded_at=row.recorded_at,
        )
        for row, revoked_on in rows
    ]


def findings_of(session: Session, *, body_code: str) -> list[RecordedFinding]:
    """The findings of a body that no other record replaced, by their first day."""
    rows = session.scalars(
        select(Finding)
        .join(Body, Body.id == Finding.body_id)
        .where(Body.code == body_code, Finding.superseded_at.is_(None))
        .order_by(Finding.starts_on, Finding.number)
    )
    return [
        RecordedFinding(
            id=row.id,
            kind=row.kind,
            office=row.office_id,
            replacement=row.replacement_id,
            number=row.number,
            acts=tuple(sorted(acts_of(row.acts))),
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            recorded_at=row.recorded_at,
        )
        for row in rows
    ]


def body_of_delegation(session: Session, delegation: UUID) -> str:
    """The code of the body of a delegation, whatever became of it.

    :raise DelegationUnknown: there is none of that id.
    """
    code = session.scalar(
        select(Body.code).join(Delegation, Delegation.body_id == Body.id).where(Delegation.id == delegation)
    )
    if code is None:
        raise DelegationUnknown(delegation)
    return code
