"""Waves: when bodies get their seats, by region, province or name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.quota.books import granted_by, write_movements
from pki.quota.errors import (
    BodiesAlreadyOpen,
    CensusNotLoaded,
    RegionAlreadyOpen,
    RegionUnknown,
    ScopeRefused,
    SeatCeilingReached,
    TierTableRefused,
)
from pki.quota.tables import Agreement, AgreementBook, Allowance, Wave, WaveRegion
from pki.quota.tiers import TIER_OF, censuses_of, populations, tiers_of
from pki.records import Records, again_after_deadlock, civil_day
from pki.registration.errors import BodyUnknown, ProvinceUnknown
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body, Province, Region

AHEAD = timedelta(days=365)
"""How far ahead a wave is opened; a later one is planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whom a wave opens: every body of its regions, of its provinces, and those named. Something is named."""

    regions: tuple[str, ...] = ()
    provinces: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.regions or self.provinces or self.bodies):
            raise ScopeRefused("it names no region, no province and no body")


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveOpened:
    """What a wave opened."""

    id: UUID
    communes: int
    commune_seats: int
    provinces: int
    province_seats: int
    arrondissements: int
    arrondissement_seats: int
    services: int
    service_seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grant:
    body_id: UUID
    code: str
    kind: BodyKind
    seats: int


@again_after_deadlock
def open_wave(
    records: Records,
    *,
    agreement: UUID,
    label: str,
    region_codes: Sequence[str] = (),
    province_codes: Sequence[str] = (),
    body_codes: Sequence[str] = (),
    opens_on: date,
    by: Actor,
    at: datetime,
) -> WaveOpened:
    """Grant the bodies in the scope their seats, by the agreement's tiers and census, from `opens_on` on (inside).

    A body opens once. In a region or a province those that were opened before are left as they are, and kinds
    that the tiers do not speak of get nothing.

    :raise RegionAlreadyOpen: one of the regions was opened before.
    :raise BodiesAlreadyOpen: a body that is named was, or there is nothing else in the scope.
    :raise ScopeRefused: nothing is named, or it opens before the agreement is in effect or more than `AHEAD` from now.
    :raise SeatCeilingReached: the agreement covers fewer seats.
    :raise CensusNotLoaded: a body was not counted by the agreement's census.
    :raise TierTableRefused: the tiers say nothing of a body that is named.
    """
    scope = Scope(regions=tuple(region_codes), provinces=tuple(province_codes), bodies=tuple(body_codes))
    with records.writing() as session:
        return open_scope(session, scope, agreement=agreement, label=label, opens_on=opens_on, by=by, at=at)


def open_scope(
    session: Session, scope: Scope, *, agreement: UUID, label: str, opens_on: date, by: Actor, at: datetime
) -> WaveOpened:
    """As `open_wave`, in the caller's transaction. A step."""
    if opens_on > civil_day(at) + AHEAD:
        raise ScopeRefused("it opens more than a year from now, and a body opens once")
    signed = session.scalar(select(Agreement.in_effect_from).where(Agreement.id == agreement))
    if signed is not None and opens_on < signed:
        # A body has an agreement's seats, and by its orders the purchases, from its opening on.
        raise ScopeRefused(f"it opens before the agreement is in effect, on {signed}")
    wave = uuid4()
    # THREAT: a census is applied while a wave counts by the former one: its bodies keep a tier that nobody sees.
    # DEFENCE: the agreement is locked before anything of it is read.
    # TEST: tests/pki/quota/grants/test_census.py::test_a_wave_that_waited_for_a_census_opens_by_it
    lock_agreements(session, agreement)
    censuses = censuses_of(session, agreement)
    session.execute(
        insert(Wave).values(
            id=wave, agreement_id=agreement, label=label, opens_on=opens_on, recorded_at=at, recorded_by=str(by)
        )
    )
    _open_regions(session, wave, scope.regions)
    grants = _grants(session, agreement, scope, censuses=censuses)
    raise_seats_granted(session, agreement, sum(grant.seats for grant in grants))
    _grant(session, grants, agreement=agreement, wave=wave, opens_on=opens_on, at=at)
    opened = _counted(wave, grants)
    facts: dict[str, object] = {"agreement": agreement, "label": label, "opens_on": opens_on}
    facts |= {"regions": scope.regions, "provinces": scope.provinces, "bodies": scope.bodies}
    facts |= {"opened": len(grants), "seats": sum(grant.seats for grant in grants)}
    facts |= {"commune_seats": opened.commune_seats, "province_seats": opened.province_seats}
    record(session, kind="wave.opened", subject=f"wave:{wave}", by=by, at=at, facts=facts)
    return opened


def require_scope(session: Session, scope: Scope) -> None:
    """Refuse a scope that names what is not on record.

    :raise RegionUnknown: no such region; ProvinceUnknown and BodyUnknown alike.
    """
    for code in sorted(set(scope.regions) - set(session.scalars(select(Region.code)))):
        raise RegionUnknown(code)
    for code in sorted(set(scope.provinces) - set(session.scalars(select(Province.code)))):
        raise ProvinceUnknown(code)
    known = set(session.scalars(select(Body.code).where(Body.code.in_(scope.bodies))))
    for code in sorted(set(scope.bodies) - known):
        raise BodyUnknown(code)


def lock_agreements(session: Session, *agreements: UUID) -> None:
    """Rival acts on what they grant wait for this transaction. A step; it comes before any allowance's lock."""
    session.execute(
        select(AgreementBook.agreement_id)
        .where(AgreementBook.agreement_id.in_(agreements))
        .order_by(AgreementBook.agreement_id)
        .with_for_update()
    )


def raise_seats_granted(session: Session, agreement: UUID, seats: int) -> None:
    """Count seats as granted by the agreement, or as given back if below zero. A step.

    :raise SeatCeilingReached: it covers fewer.
    """
    after = AgreementBook.seats_granted + seats
    raised = session.execute(
        update(AgreementBook)
        .where(
            AgreementBook.agreement_id == agreement,
            AgreementBook.seats_ceiling.is_(None) | (after <= AgreementBook.seats_ceiling),
        )
        .values(seats_granted=after)
        .returning(AgreementBook.agreement_id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if raised is None:
        book = session.execute(
            select(AgreementBook.seats_ceiling, AgreementBook.seats_granted).where(
                AgreementBook.agreement_id == agreement
            )
        ).one()
        raise SeatCeilingReached(asked=seats, left=(book.seats_ceiling or 0) - book.seats_granted)


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


def _grants(session: Session, agreement: UUID, scope: Scope, *, censuses: Sequence[str]) -> list[_Grant]:
    require_scope(session, scope)
    tiers = tiers_of(session, agreement)
    named = set(scope.bodies)
    bodies = session.execute(
        select(Body.id, Body.code, Body.kind, Allowance.body_id.label("opened"))
        .outerjoin(Allowance, Allowance.body_id == Body.id)
        .where(
            or_(
                Body.code.in_(scope.bodies),
                Body.kind.in_(list(TIER_OF))
                & (Body.region_code.in_(scope.regions) | Body.province_code.in_(scope.provinces)),
            )
        )
        .order_by(Body.id)
    ).all()
    if again := sorted(body.code for body in bodies if body.opened is not None and body.code in named):
        raise BodiesAlreadyOpen(again)
    people = populations(session, censuses, bodies={body.id for body in bodies})
    grants = []
    for body in bodies:
        if body.kind not in tiers.kinds:
            if body.code in named:
                raise TierTableRefused(body.kind.value, people.get(body.id, 0))
            continue
        if body.opened is not None:
            continue
        if body.kind is not BodyKind.SERVICE and body.id not in people:
            raise CensusNotLoaded(censuses[-1])
        seats = tiers.keys(body.kind, people.get(body.id, 0))
        grants.append(_Grant(body_id=body.id, code=body.code, kind=body.kind, seats=seats))
    if not grants and any(body.opened is not None for body in bodies):
        raise BodiesAlreadyOpen(sorted(body.code for body in bodies if body.opened is not None))
    return grants


def _grant(
    session: Session, grants: Sequence[_Grant], *, agreement: UUID, wave: UUID, opens_on: date, at: datetime
) -> None:
    if not grants:
        return
    # THREAT: two waves open one commune at the same moment, and it is granted its seats twice.
    # DEFENCE: an allowance is its body's only one by its primary key; who comes second opens nothing at all.
    # TEST: tests/pki/quota/test_waves.py::test_two_waves_at_once
    values = [
        {
            "body_id": grant.body_id,
            "agreement_id": agreement,
            "wave_id": wave,
            "opens_on": opens_on,
            "granted": grant.seats,
            "reserved": 0,
            "live": 0,
            "excess": 0,
        }
        for grant in grants
    ]
    added = insert_into(session, Allowance).on_conflict_do_nothing().returning(Allowance.body_id)
    opened = set(session.scalars(added, values))
    if late := sorted(grant.code for grant in grants if grant.body_id not in opened):
        raise BodiesAlreadyOpen(late)
    movements = [
        granted_by(body_id=grant.body_id, agreement_id=agreement, change=grant.seats, origin=f"wave:{wave}")
        for grant in grants
        if grant.seats
    ]
    if movements:
        write_movements(session, movements, cause="wave.opened", in_effect=opens_on, at=at)


def _counted(wave: UUID, grants: Sequence[_Grant]) -> WaveOpened:
    seats = {kind: [grant.seats for grant in grants if grant.kind is kind] for kind in TIER_OF}
    return WaveOpened(
        id=wave,
        communes=len(seats[BodyKind.COMMUNE]),
        commune_seats=sum(seats[BodyKind.COMMUNE]),
        provinces=len(seats[BodyKind.PROVINCE]),
        province_seats=sum(seats[BodyKind.PROVINCE]),
        arrondissements=len(seats[BodyKind.ARRONDISSEMENT]),
        arrondissement_seats=sum(seats[BodyKind.ARRONDISSEMENT]),
        services=len(seats[BodyKind.SERVICE]),
        service_seats=sum(seats[BodyKind.SERVICE]),
    )
