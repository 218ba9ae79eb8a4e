"""Leases: one signer at a time on a head, for ten minutes at a time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from signer.ceremonies.ending import expire_ceremonies
from signer.ceremonies.errors import LeaseLapsed
from signer.ceremonies.opening import OpenedCeremony
from signer.ceremonies.sessions import close_session, heartbeat
from signer.ceremonies.status import ceremony_status
from signer.dossiers.errors import DocumentLeased
from signer.dossiers.kinds import DossierKind, Track
from signer.dossiers.tables import Lease
from tests.signer.dossiers.town import MEMBERS, Agent, Town


@pytest.fixture
def minutes(town: Town) -> str:
    dossier = town.dossier()
    read = [town.file(dossier)]
    for who in MEMBERS:
        town.sign(who, town.opinion(dossier, who, read).reference)
    return town.minutes(dossier).reference


@pytest.fixture
def licence(town: Town) -> str:
    return town.decision(town.dossier(DossierKind.REFECTION, Track.REFECTION)).reference


def test_two_members_preparing_the_same_minutes(town: Town, minutes: str) -> None:
    def opened(who: str) -> OpenedCeremony | DocumentLeased:
        try:
            return town.open(who, minutes)
        except DocumentLeased as refused:
            return refused

    with ThreadPoolExecutor(3) as pool:
        answers = dict(zip(MEMBERS, pool.map(opened, MEMBERS), strict=True))
    winners = [who for who, answer in answers.items() if isinstance(answer, OpenedCeremony)]
    assert len(winners) == 1
    for answer in answers.values():
        if isinstance(answer, DocumentLeased):
            assert answer.name == winners[0].title()
            assert answer.until == town.at + town.desk.policy.lease
    winner = answers[winners[0]]
    assert isinstance(winner, OpenedCeremony)
    agent = Agent(town, winners[0], winner)
    agent.ask()
    agent.give(agent.value())
    for who in MEMBERS:
        if who != winners[0]:
            town.sign(who, minutes)


def test_signer_who_opens_again_takes_his_unredeemed_ceremony_over(town: Town, licence: str) -> None:
    first = town.open("president", licence)
    town.sign("president", licence)
    with town.records.reading() as session:
        assert ceremony_status(session, first.id).outcome == "opened-again"


def test_redeemed_ceremony_is_not_taken_over(town: Town, licence: str) -> None:
    town.agent("president", licence)
    with pytest.raises(DocumentLeased):
        town.open("president", licence)


def test_heartbeat_renews_the_lease(town: Town, minutes: str) -> None:
    agent = town.agent("agency", minutes)
    for _ in range(5):
        town.later(minutes=8)
        heartbeat(town.records, town.desk.policy, agent=agent.session, at=town.at)
    with pytest.raises(DocumentLeased):
        town.open("communal", minutes)
    assert agent.give(agent.value()).state == "signed"


def test_lapsed_lease_asks_to_show_again(town: Town, licence: str) -> None:
    agent = town.agent("president", licence)
    given = agent.value()
    town.later(minutes=11)
    with pytest.raises(LeaseLapsed):
        agent.give(given)
    old = agent.manifest.items[0]
    new = agent.ask().items[0]
    assert new.base_sha256 == old.base_sha256
    assert new.prepared_sha256 != old.prepared_sha256
    assert agent.give(agent.value()).state == "signed"


def test_lapsed_lease_is_free_for_the_next_and_the_first_starts_from_the_new_head(town: Town, minutes: str) -> None:
    late = town.agent("agency", minutes)
    old = late.manifest.items[0]
    town.later(minutes=11)
    town.sign("communal", minutes)
    with pytest.raises(LeaseLapsed):
        late.give(late.value())
    assert late.ask().items[0].base_sha256 != old.base_sha256
    assert late.give(late.value()).state == "signed"


def test_silent_agent_expires(town: Town, licence: str) -> None:
    agent = town.agent("president", licence)
    assert expire_ceremonies(town.records, at=town.at) == 0
    town.later(minutes=31)
    assert expire_ceremonies(town.records, at=town.at) == 1
    assert expire_ceremonies(town.records, at=town.at) == 0
    with town.records.reading() as session:
        assert ceremony_status(session, agent.opened.id).state == "expired"
        assert session.scalar(select(Lease.document_id)) is None


def test_unredeemed_ticket_expires_after_five_minutes(town: Town, licence: str) -> None:
    town.open("president", licence)
    town.later(minutes=5)
    assert expire_ceremonies(town.records, at=town.at) == 1
    town.sign("president", licence)


def test_farewell_frees_what_is_unsigned(town: Town, minutes: str) -> None:
    agent = town.agent("agency", minutes)
    close_session(town.records, agent=agent.session, outcome="declined", detail="", at=town.at)
    town.sign("communal", minutes)
    with town.records.reading() as session:
        status = ceremony_status(session, agent.opened.id)
        assert (status.state, status.items[0].reason) == ("cancelled", "ceremony-cancelled")
