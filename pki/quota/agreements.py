"""Agreements and their dated tier tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from uuid import UUID, uuid4

from sqlalchemy import insert

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.quota.books import Movement, write_movements
from pki.quota.errors import AgreementExists, TierTableRefused
from pki.quota.kinds import Account, Basis, Book, Limits, TierKind
from pki.quota.tables import Agreement, AgreementBook, TierRow
from pki.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Keys for a body of that kind with [population_from, population_below) inhabitants."""

    kind: str
    """`commune`, `arrondissement`, `province` or `service`."""
    population_from: int
    population_below: int | None
    """None: no upper bound."""
    keys: int
    basis: str
    """`published`, or `assumed` by us."""


def sign_agreement(
    records: Records,
    *,
    supplier: str,
    number: str,
    census: str,
    seats: int | None,
    purchases: int,
    tiers: Sequence[Tier],
    in_effect_from: date,
    limits: Limits = Limits.SEATS,
    limits_basis: Basis = Basis.ASSUMED,
    by: Actor,
    at: datetime,
) -> UUID:
    """Record an agreement with its tier table, and grant its purchases.

    :param seats: how many seats its waves may grant in all; None: it sets no such figure.
    :param limits: which of the two books the figure that was published limits.
    :param limits_basis: whether that was published, or is our reading.
    :raise TierTableRefused: for some population the table has no answer, or two.
    :raise AgreementExists: the number is on record.
    """
    refuse_ambiguous(tiers)
    agreement = uuid4()
    with records.writing() as session:
        added = session.execute(
            insert_into(session, Agreement)
            .values(
                id=agreement,
                number=number,
                supplier=supplier,
                census=census,
                limits=limits,
                limits_basis=limits_basis,
                in_effect_from=in_effect_from,
                recorded_at=at,
                recorded_by=str(by),
            )
            .on_conflict_do_nothing(index_elements=["number"])
            .returning(Agreement.id)
        ).scalar_one_or_none()
        if added is None:
            raise AgreementExists(number)
        session.execute(
            insert(AgreementBook).values(
                agreement_id=agreement,
                seats_ceiling=seats,
                seats_granted=0,
                purchases_granted=purchases,
                purchases_used=0,
            )
        )
        rows = [
            {
                "id": uuid4(),
                "agreement_id": agreement,
                "kind": TierKind(tier.kind),
                "population_from": tier.population_from,
                "population_below": tier.population_below,
                "keys": tier.keys,
                "basis": Basis(tier.basis),
                "in_effect_from": in_effect_from,
            }
            for tier in tiers
        ]
        session.execute(insert(TierRow), rows)
        if purchases:
            granted = Movement(
                book=Book.PURCHASE,
                taken_from=Account.AGREEMENT,
                given_to=Account.UNUSED,
                amount=purchases,
                agreement_id=agreement,
                body_id=None,
                order_id=None,
            )
            write_movements(session, [granted], cause="agreement.signed", in_effect=in_effect_from, at=at)
        facts: dict[str, object] = {"supplier": supplier, "number": number, "census": census}
        facts |= {"seats": seats, "purchases": purchases, "in_effect_from": in_effect_from}
        facts |= {"limits": limits, "limits_basis": limits_basis}
        facts |= {"tiers": [_spelled(tier) for tier in tiers]}
        record(session, kind="agreement.signed", subject=f"agreement:{agreement}", by=by, at=at, facts=facts)
    return agreement


def refuse_ambiguous(tiers: Sequence[Tier]) -> None:
    """Refuse a table whose rows, for each kind in it, do not cover every population exactly once.

    :raise TierTableRefused: with the first population that has no answer, or two. An empty table too.
    """
    if not tiers:
        raise TierTableRefused(TierKind.COMMUNE.value, 0)
    for kind in {tier.kind for tier in tiers}:
        rows = sorted((tier for tier in tiers if tier.kind == kind), key=lambda tier: tier.population_from)
        if rows[0].population_from != 0:
            raise TierTableRefused(kind, 0)
        for lower, upper in pairwise(rows):
            if lower.population_below != upper.population_from:
                raise TierTableRefused(kind, min(upper.population_from, lower.population_below or 0))
        if rows[-1].population_below is not None:
            raise TierTableRefused(kind, rows[-1].population_below)


def _spelled(tier: Tier) -> dict[str, object]:
    return {
        "kind": tier.kind,
        "population_from": tier.population_from,
        "population_below": tier.population_below,
        "keys": tier.keys,
        "basis": tier.basis,
    }
