"""Waves: when each region's bodies get their seats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.quota.books import Movement, write_movements
from pki.quota.errors import (
    AgreementUnknown,
    CensusNotLoaded,
    RegionAlreadyOpen,
    RegionUnknown,
    SeatCeilingReached,
    TierTableRefused,
)
from pki.quota.kinds import Account, Book, TierKind
from pki.quota.tables import Agreement, AgreementBook, Allowance, TierRow, Wave, WaveRegion
from pki.records import Records
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body, Region

_KINDS = {BodyKind.COMMUNE: TierKind.COMMUNE, BodyKind.PROVINCE: TierKind.PROVINCE}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveOpened:
    """What a wave opened."""

    id: UUID
    communes: int
    commune_seats: int
    provinces: int
    province_seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grant:
    body_id: UUID
    kind: TierKind
    seats: int


def open_wave(
    records: Records,
    *,
    agreement: UUID,
    label: str,
    region_codes: Sequence[str],
    opens_on: date,
    by: Actor,
    at: datetime,
) -> WaveOpened:
    """Grant every commune and province of the regions its seats, by the agreement's tiers, from `opens_on` on (inside).

    :raise RegionAlreadyOpen: one of the regions was opened before.
    :raise SeatCeilingReached: the agreement covers fewer seats.
    :raise CensusNotLoaded: the populations on record are of another census.
    :raise TierTableRefused: the tiers say nothing of a kind of body in it.
    """
    wave = uuid4()
    with records.writing() as session:
        census = session.scalar(select(Agreement.census).where(Agreement.id == agreement))
        if census is None:
            raise AgreementUnknown(agreement)
        session.execute(
            insert(Wave).values(
                id=wave, agreement_id=agreement, label=label, opens_on=opens_on, recorded_at=at, recorded_by=str(by)
            )
        )
        _open_regions(session, wave, region_codes)
        grants = _grants(session, agreement, region_codes, census=census)
        _raise_seats_granted(session, agreement, sum(grant.seats for grant in grants))
        _grant(session, grants, agreement=agreement, wave=wave, opens_on=opens_on, at=at)
        opened = _counted(wave, grants)
        facts = {"agreement": agreement, "label": label, "regions": list(region_codes), "opens_on": opens_on}
        facts |= {"commune_seats": opened.commune_seats, "province_seats": opened.province_seats}
        record(session, kind="wave.opened", subject=f"wave:{wave}", by=by, at=at, facts=facts)
    return opened


def _open_regions(session: Session, wave: UUID, region_codes: Sequence[str]) -> None:
    known = set(session.scalars(select(Region.code)))
    for code in sorted(set(region_codes)):
        if code not in known:
            raise RegionUnknown(code)
        opened = session.execute(
            insert_into(session, WaveRegion)
            .values(region_code=code, wave_id=wave)
            .on_conflict_do_nothing()
            .returning(WaveRegion.region_code)
        ).scalar_one_or_none()
        if opened is None:
            raise RegionAlreadyOpen(code)


def _grants(session: Session, agreement: UUID, region_codes: Sequence[str], *, census: str) -> list[_Grant]:
    tiers = session.scalars(select(TierRow).where(TierRow.agreement_id == agreement)).all()
    bodies = session.execute(
        select(Body.id, Body.kind, Body.population, Body.census)
        .where(Body.region_code.in_(region_codes), Body.kind.in_(list(_KINDS)))
        .order_by(Body.code)
    ).all()
    grants = []
    for body in bodies:
        if body.census != census:
            raise CensusNotLoaded(census)
        kind = _KINDS[body.kind]
        grants.append(_Grant(body_id=body.id, kind=kind, seats=_keys(tiers, kind, body.population)))
    return grants


def _keys(tiers: Sequence[TierRow], kind: TierKind, population: int) -> int:
    found = [
        tier.keys
        for tier in tiers
        if tier.kind is kind
        and tier.population_from <= population
        and (tier.population_below is None or population < tier.population_below)
    ]
    if len(found) != 1:
        raise TierTableRefused(kind.value, population)
    return found[0]


def _raise_seats_granted(session: Session, agreement: UUID, seats: int) -> None:
    after = AgreementBook.seats_granted + seats
    raised = session.execute(
        update(AgreementBook)
        .where(
            AgreementBook.agreement_id == agreement,
            AgreementBook.seats_ceiling.is_(None) | (after <= AgreementBook.seats_ceiling),
        )
        .values(seats_granted=after)
        .returning(AgreementBook.agreement_id)
    ).scalar_one_or_none()
    if raised is None:
        book = session.execute(
            select(AgreementBook.seats_ceiling, AgreementBook.seats_granted).where(
                AgreementBook.agreement_id == agreement
            )
        ).one()
        raise SeatCeilingReached(asked=seats, left=(book.seats_ceiling or 0) - book.seats_granted)


def _grant(
    session: Session, grants: Sequence[_Grant], *, agreement: UUID, wave: UUID, opens_on: date, at: datetime
) -> None:
    if not grants:
        return
    session.execute(
        insert(Allowance),
        [
            {
                "body_id": grant.body_id,
                "agreement_id": agreement,
                "wave_id": wave,
                "opens_on": opens_on,
                "granted": grant.seats,
                "reserved": 0,
                "live": 0,
            }
            for grant in grants
        ],
    )
    movements = [
        Movement(
            book=Book.SEAT,
            taken_from=Account.AGREEMENT,
            given_to=Account.AVAILABLE,
            amount=grant.seats,
            agreement_id=agreement,
            body_id=grant.body_id,
            order_id=None,
        )
        for grant in grants
        if grant.seats
    ]
    if movements:
        write_movements(session, movements, cause="wave.opened", in_effect=opens_on, at=at)


def _counted(wave: UUID, grants: Sequence[_Grant]) -> WaveOpened:
    communes = [grant.seats for grant in grants if grant.kind is TierKind.COMMUNE]
    provinces = [grant.seats for grant in grants if grant.kind is TierKind.PROVINCE]
    return WaveOpened(
        id=wave,
        communes=len(communes),
        commune_seats=sum(communes),
        provinces=len(provinces),
        province_seats=sum(provinces),
    )
