"""Agreements as they stand: their figures and amendments, the tier table in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.quota.agreements import Tier
from pki.quota.errors import AgreementUnknown
from pki.quota.grants.tables import AgreementAmendment, AgreementSuccession, TierAmendment
from pki.quota.kinds import Basis, Limits
from pki.quota.tables import Agreement, AgreementBook
from pki.quota.tiers import amendment_in_force, censuses_of, tiers_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A change of an agreement's figures."""

    id: UUID
    number: str
    seats_ceiling: int | None
    """None: as it was."""
    purchases_added: int
    reason: str
    in_effect: date
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """An agreement with its figures of now."""

    id: UUID
    supplier: str
    number: str
    in_effect_from: date
    limits: Limits
    """Which of the two books the published figure limits."""
    limits_basis: Basis
    """Whether that was published, or is our reading."""
    censuses: tuple[str, ...]
    """By which it was signed, then those applied to it; the last one counts."""
    seats_ceiling: int | None
    """None: it sets no figure for seats."""
    seats_granted: int
    purchases_granted: int
    purchases_used: int
    amendments: tuple[Amendment, ...]
    """As they were recorded."""
    successor: UUID | None
    """The agreement that took over from it."""
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TierTable:
    """The rows by which an agreement grants."""

    amendment: str | None
    """The number of the amendment that brought them; None: signed with the agreement."""
    in_effect_from: date
    tiers: tuple[Tier, ...]
    """By kind, then by population."""


def agreements(session: Session, *, agreement: UUID | None = None) -> list[Agreed]:
    """Every agreement by its number, or the one that is asked for."""
    asked = select(Agreement, AgreementBook).join(AgreementBook, AgreementBook.agreement_id == Agreement.id)
    if agreement is not None:
        asked = asked.where(Agreement.id == agreement)
    amended: defaultdict[UUID, list[Amendment]] = defaultdict(list)
    changes = select(AgreementAmendment).order_by(AgreementAmendment.recorded_at, AgreementAmendment.id)
    for row in session.scalars(changes):
        amended[row.agreement_id].append(_amendment(row))
    successors = {
        row.agreement_id: row.successor_id
        for row in session.execute(
            select(AgreementSuccession.agreement_id, AgreementSuccession.successor_id).where(
                AgreementSuccession.applied_at.is_not(None)
            )
        )
    }
    rows = session.execute(asked.order_by(Agreement.number).execution_options(populate_existing=True))
    return [
        Agreed(
            id=row.id,
            supplier=row.supplier,
            number=row.number,
            in_effect_from=row.in_effect_from,
            limits=row.limits,
            limits_basis=row.limits_basis,
            censuses=censuses_of(session, row.id),
            seats_ceiling=book.seats_ceiling,
            seats_granted=book.seats_granted,
            purchases_granted=book.purchases_granted,
            purchases_used=book.purchases_used,
            amendments=tuple(amended[row.id]),
            successor=successors.get(row.id),
            recorded_at=row.recorded_at,
            recorded_by=row.recorded_by,
        )
        for row, book in rows
    ]


def tier_table(session: Session, agreement: UUID) -> TierTable:
    """The table by which the agreement grants now.

    :raise AgreementUnknown: no such agreement.
    """
    signed = session.scalar(select(Agreement.in_effect_from).where(Agreement.id == agreement))
    if signed is None:
        raise AgreementUnknown(agreement)
    amendment = amendment_in_force(session, agreement)
    brought = None if amendment is None else session.get_one(TierAmendment, amendment)
    return TierTable(
        amendment=None if brought is None else brought.number,
        in_effect_from=signed if brought is None else brought.in_effect,
        tiers=by_kind(tiers_of(session, agreement).table),
    )


def by_kind(tiers: Iterable[Tier]) -> tuple[Tier, ...]:
    """By kind, then by population."""
    return tuple(sorted(tiers, key=lambda tier: (tier.kind, tier.population_from)))


def _amendment(row: AgreementAmendment) -> Amendment:
    return Amendment(
        id=row.id,
        number=row.number,
        seats_ceiling=row.seats_ceiling,
        purchases_added=row.purchases_added,
        reason=row.reason,
        in_effect=row.in_effect,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )
