"""What is told of a key's use; and that an exhausted allowance refuses orders, and never a signature."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from pki.quota.agreements import Tier, sign_agreement
from pki.quota.alerts.kinds import AlertKind, Family
from pki.quota.alerts.reading import alerts
from pki.quota.alerts.sweeping import sweep_family
from pki.quota.errors import AllowanceExhausted
from pki.quota.orders import request_key
from pki.quota.waves import open_wave
from pki.records import OfficeId, OrderId
from pki.registration.census import CountedBody, record_census
from pki.registration.tables import Office
from signer.ceremonies.completion import COMPLETIONS
from signer.ceremonies.use import key_uses
from signer.dossiers.kinds import DossierKind, Track
from tests.signer.ceremonies.test_acceptance import accepted, delivered
from tests.signer.dossiers.register import COMMUNE
from tests.signer.dossiers.town import PLATFORM, T0, Agent, Town

SECOND = timedelta(seconds=1)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """The town with the real key orders."""
    town = Town(tmp_path)
    object.__setattr__(town.desk, "completions", COMPLETIONS)
    return town


def with_a_key(town: Town) -> OrderId:
    """The president's, accepted now."""
    order = delivered(town, "president")
    agent = Agent(town, "president", accepted(town, order).ceremony)
    agent.ask()
    agent.give(agent.value())
    return order


def test_the_last_value_of_a_key(town: Town) -> None:
    licence = town.decision(town.dossier(DossierKind.REFECTION, Track.REFECTION)).reference
    order = with_a_key(town)
    town.later(days=3)
    town.sign("president", licence)
    with town.records.reading() as session:
        assert key_uses(session, T0) == {order: town.at}
        assert key_uses(session, town.at) == {order: town.at}
        assert key_uses(session, town.at + SECOND) == {}


def test_a_ceremony_without_a_value_is_no_use(town: Town) -> None:
    order = with_a_key(town)
    begun = town.at
    town.later(days=1)
    town.agent("president", town.decision(town.dossier(DossierKind.REFECTION, Track.REFECTION)).reference)
    with town.records.reading() as session:
        assert key_uses(session, T0) == {order: begun}


def opened(town: Town, *, seats: int) -> None:
    """The commune has so many seats."""
    day = date(2026, 1, 1)
    agreement = sign_agreement(
        town.records,
        supplier="B",
        number="1",
        census="RGPH 2024",
        seats=None,
        purchases=9,
        tiers=[Tier(kind="commune", population_from=0, population_below=None, keys=seats, basis="assumed")],
        in_effect_from=day,
        by=PLATFORM,
        at=T0,
    )
    record_census(
        town.records,
        [CountedBody(line=1, code=COMMUNE, population=9000)],
        census="RGPH 2024",
        by=PLATFORM,
        at=T0,
    )
    open_wave(town.records, agreement=agreement, label="1", body_codes=[COMMUNE], opens_on=day, by=PLATFORM, at=T0)


def ordered(town: Town, who: str) -> None:
    holder = town.people[who]
    with town.records.reading() as session:
        office = OfficeId(session.scalars(select(Office.id).where(Office.holder_id == holder)).one())
    request_key(town.records, holder=holder, office=office, payer_body_code=COMMUNE, by=PLATFORM, at=town.at)


def test_an_exhausted_allowance_stops_ordering_never_signing(town: Town) -> None:
    licence = town.decision(town.dossier(DossierKind.REFECTION, Track.REFECTION)).reference
    order = with_a_key(town)
    opened(town, seats=1)
    ordered(town, "communal")
    with pytest.raises(AllowanceExhausted):
        ordered(town, "president")
    sweep_family(town.records, Family.SEATS, key_uses, by=PLATFORM, at=town.at)
    with town.records.reading() as session:
        assert [each.kind for each in alerts(session, limit=9)] == [AlertKind.SEATS_100]
    town.later(hours=1)
    town.sign("president", licence)
    with town.records.reading() as session:
        assert key_uses(session, town.at) == {order: town.at}
