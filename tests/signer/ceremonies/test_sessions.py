"""Tickets of ceremonies: bound to one agent."""

import pytest

from pki.tickets import TicketExpired, TicketKind, TicketStolen, TicketUnknown, issue_ticket
from signer.ceremonies.ending import cancel_ceremony
from signer.ceremonies.errors import CeremonyEnded, CeremonyUnknown, NothingLeft
from signer.ceremonies.finishing import resume_items
from signer.ceremonies.manifests import issue_manifest
from signer.ceremonies.sessions import item_base, item_prepared
from signer.ceremonies.status import ceremony_status
from signer.ceremonies.tables import ItemState
from signer.dossiers.kinds import DossierKind, Track
from tests.signer.dossiers.town import PLATFORM, Agent, Town


@pytest.fixture
def licence(town: Town) -> str:
    return town.decision(town.dossier(DossierKind.REFECTION, Track.REFECTION)).reference


def test_stolen_ticket_closes_the_ceremony(town: Town, licence: str) -> None:
    opened = town.open("president", licence)
    agent = Agent(town, "president", opened)
    agent.ask()
    with pytest.raises(TicketStolen):
        Agent(town, "president", opened, jkt="thief")
    with town.records.reading() as session:
        assert ceremony_status(session, opened.id).state == "alarmed"
    with pytest.raises(CeremonyEnded):
        agent.ask()
    with pytest.raises(TicketUnknown):
        Agent(town, "president", opened)
    town.sign("president", licence)


def test_a_second_key_is_a_theft_while_one_document_is_unsigned(town: Town, licence: str) -> None:
    other = town.decision(town.dossier(DossierKind.REFECTION, Track.REFECTION)).reference
    opened = town.open("president", licence, other)
    agent = Agent(town, "president", opened)
    agent.ask()
    agent.give(agent.value())
    with pytest.raises(TicketStolen):
        Agent(town, "president", opened, jkt="thief")
    with town.records.reading() as session:
        assert ceremony_status(session, opened.id).state == "alarmed"


def test_a_link_clicked_again_when_all_is_kept_is_no_theft(town: Town, licence: str) -> None:
    """Its agent forgot its key when the last value was acknowledged. Nothing can be signed any more: no alarm."""
    opened = town.open("president", licence)
    agent = Agent(town, "president", opened)
    agent.ask()
    town.paper.fail["stamp"] = RuntimeError("no time-stamp now")
    given = agent.value()
    assert agent.give(given).state is ItemState.KEPT
    with pytest.raises(NothingLeft):
        Agent(town, "president", opened, jkt="of the second click")
    with town.records.reading() as session:
        assert ceremony_status(session, opened.id).state == "redeemed"
    town.paper.fail["stamp"] = RuntimeError("not yet")
    assert agent.give(given).state is ItemState.KEPT, "the first key's session goes on"
    assert resume_items(town.records, town.desk, at=town.at) == 1
    with pytest.raises(CeremonyEnded) as ended:
        Agent(town, "president", opened, jkt="of the third click")
    assert ended.value.state == "completed"


def test_a_link_clicked_again_when_all_was_given_up_is_no_theft(town: Town, licence: str) -> None:
    opened = town.open("president", licence)
    Agent(town, "president", opened).ask()
    cancel_ceremony(town.records, ceremony=opened.id, by=PLATFORM, at=town.at)
    with pytest.raises(CeremonyEnded) as ended:
        Agent(town, "president", opened, jkt="of the second click")
    assert ended.value.state == "cancelled"


def test_late_ticket_is_refused(town: Town, licence: str) -> None:
    opened = town.open("president", licence)
    town.later(minutes=5)
    with pytest.raises(TicketExpired):
        Agent(town, "president", opened)


def test_page_shows_no_code_before_the_agent_does(town: Town, licence: str) -> None:
    opened = town.open("president", licence)
    agent = Agent(town, "president", opened)
    with town.records.reading() as session:
        assert ceremony_status(session, opened.id).match_code is None
    agent.ask()
    with town.records.reading() as session:
        assert ceremony_status(session, opened.id).match_code == agent.issued.match_code


def test_manifest_says_who_where_and_what(town: Town, licence: str) -> None:
    agent = town.agent("president", licence)
    manifest = agent.manifest
    assert manifest.capacity.function == "president"
    assert manifest.capacity.body_code == "01.001.01.01"
    assert manifest.origin == "https://khatam.example"
    assert [item.kind for item in manifest.items] == ["licence"]
    item = agent.value().item
    base = item_base(town.records, town.files, agent=agent.session, item=item)
    assert item_prepared(town.records, town.files, agent=agent.session, item=item).startswith(base)


def test_enrolment_session_has_no_manifest(town: Town) -> None:
    agent = town.agent("president", town.decision(town.dossier(DossierKind.REFECTION, Track.REFECTION)).reference)
    with town.records.writing() as session:
        holder = town.people["president"]
        ticket = issue_ticket(session, kind=TicketKind.ENROLMENT, subject=agent.opened.id, holder=holder, at=town.at)
    agent.opened = type(agent.opened)(id=agent.opened.id, agent_url=f"x/{ticket}", expires_at=town.at)
    other = Agent(town, "president", agent.opened)
    with pytest.raises(CeremonyUnknown):
        issue_manifest(town.records, town.desk, agent=other.session, at=town.at)
