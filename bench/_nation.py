"""The country with every region open, and people with offices in its communes: the ground of the quota figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from sqlalchemy import insert, select

from api.migrations.history import upgrade
from pki.journal.acts import Actor, ActorKind
from pki.quota.agreements import Tier, sign_agreement
from pki.quota.kinds import Basis, TierKind
from pki.quota.waves import open_wave
from pki.records import HolderId, OfficeId, Records
from pki.registration.kinds import BodyKind, OfficeFunction
from pki.registration.tables import Body, Holder, Office, Region
from pki.registration.territory import CENSUS, load_territory

AT = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
BY = Actor(kind=ActorKind.SYSTEM, id="bench")
OFFICER = Actor(kind=ActorKind.OFFICER, id="00000000-0000-4000-8000-000000000001")
STEPS = ((0, 20_000, 3), (20_000, 50_001, 4), (50_001, None, 5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seated:
    """A person with an office in a commune."""

    holder: HolderId
    office: OfficeId
    body: UUID
    body_code: str


def settle(records: Records) -> UUID:
    """Make the tables, load the territory, open every region under one agreement; return the agreement."""
    upgrade(records)
    load_territory(records, at=AT, by=BY)
    tiers = [
        Tier(kind=TierKind.COMMUNE, population_from=least, population_below=below, keys=keys, basis=Basis.ASSUMED)
        for least, below, keys in STEPS
    ]
    tiers.append(
        Tier(kind=TierKind.PROVINCE, population_from=0, population_below=None, keys=3, basis=Basis.ASSUMED),
    )
    agreement = sign_agreement(
        records,
        supplier="Bench",
        number="1",
        census=CENSUS,
        seats=None,
        purchases=1_000_000,
        tiers=tiers,
        in_effect_from=date(2026, 1, 1),
        by=BY,
        at=AT,
    )
    with records.reading() as session:
        regions = session.scalars(select(Region.code)).all()
    open_wave(records, agreement=agreement, label="all", region_codes=regions, opens_on=date(2026, 1, 1), by=BY, at=AT)
    return agreement


def seat(records: Records, count: int) -> Sequence[Seated]:
    """Put `count` people into the communes in turn, each with an office."""
    with records.writing() as session:
        communes = session.execute(
            select(Body.id, Body.code).where(Body.kind == BodyKind.COMMUNE).order_by(Body.code)
        ).all()
        seated = []
        for number in range(count):
            body = communes[number % len(communes)]
            holder, office = HolderId(uuid4()), OfficeId(uuid4())
            seated.append(Seated(holder=holder, office=office, body=body.id, body_code=body.code))
        session.execute(
            insert(Holder),
            [
                {
                    "id": each.holder,
                    "name_ar": "أحمد",
                    "name_latin": "Ahmed",
                    "cin_encrypted": b"-",
                    "cin_hash": each.holder.hex,
                    "email": None,
                    "enrolled_at": AT,
                }
                for each in seated
            ],
        )
        session.execute(
            insert(Office),
            [
                {
                    "id": each.office,
                    "holder_id": each.holder,
                    "body_id": each.body,
                    "function": OfficeFunction.COMMITTEE_MEMBER,
                    "rank": None,
                    "starts_on": date(2021, 9, 24),
                    "deed": "PV",
                    "recorded_at": AT,
                    "recorded_by": str(BY),
                    "superseded_at": None,
                }
                for each in seated
            ],
        )
    return seated
