"""Values from the agent: whose they are, what they sign, and that each counts once."""

import hashlib
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from hsm.keys import SignatureAlgorithm
from hsm.prepared.attributes import signed_attributes
from pki.journal.tables import EventRow
from pki.quota.errors import NoUsableKey
from pki.records import ItemId
from pki.registration.tables import Office, OfficeEnd
from signer.ceremonies.errors import (
    AttributesDiffer,
    CeremonyEnded,
    ItemRefused,
    ItemUnknown,
    NotEntitled,
    ValueForAnotherItem,
    ValueRefused,
)
from signer.ceremonies.tables import CeremonyItem, ItemState
from signer.dossiers.kinds import DossierKind, Track
from signer.dossiers.tables import Lease, Revision
from tests.signer.dossiers.town import Agent, Town


@pytest.fixture
def licences(town: Town) -> tuple[str, str]:
    first, second = (town.decision(town.dossier(DossierKind.REFECTION, Track.REFECTION)) for _ in range(2))
    return first.reference, second.reference


def revisions(town: Town) -> int:
    with town.records.reading() as session:
        return session.scalar(select(func.count()).select_from(Revision).where(Revision.field.is_not(None))) or 0


def journalled(town: Town, kind: str) -> int:
    with town.records.reading() as session:
        return session.scalar(select(func.count()).select_from(EventRow).where(EventRow.kind == kind)) or 0


def test_value_for_another_item_is_refused(town: Town, licences: tuple[str, str]) -> None:
    agent = town.agent("president", *licences)
    first, second = agent.value(0), agent.value(1)
    with pytest.raises(ValueForAnotherItem):
        agent.give(replace(second, item=first.item))
    assert journalled(town, "ceremony.value-refused") == 1
    assert revisions(town) == 0
    for given in (first, second):
        accepted = agent.give(given)
        assert accepted.state == "signed"
        # The value's own key comes back: by it the agent knows that this very value may be forgotten.
        assert accepted.attributes_sha256 == hashlib.sha256(given.attributes).hexdigest()


def test_item_of_another_ceremony_is_refused(town: Town, licences: tuple[str, str]) -> None:
    one, other = (town.agent("president", each) for each in licences)
    with pytest.raises(ItemUnknown):
        one.give(other.value())
    with pytest.raises(ItemUnknown):
        one.give(replace(one.value(), item=ItemId(uuid4())))
    assert journalled(town, "ceremony.value-refused") == 2


def test_strangers_value_is_refused(town: Town, licences: tuple[str, str]) -> None:
    agent = town.agent("president", licences[0])
    with pytest.raises(ValueRefused):
        agent.give(agent.value(who="communal"))
    with pytest.raises(ValueRefused):
        agent.give(replace(agent.value(), algorithm=SignatureAlgorithm.ECDSA_SHA384))
    with pytest.raises(ValueRefused):
        agent.give(replace(agent.value(), value=b"\0" * 2000))
    assert journalled(town, "ceremony.value-refused") == 3


def test_attributes_of_another_certificate_or_digest_are_refused(town: Town, licences: tuple[str, str]) -> None:
    agent = town.agent("president", licences[0])
    given = agent.value()
    certificate = town.keys.held[town.people["president"]].der
    for attributes in (signed_attributes(b"\1" * 32, certificate), given.attributes + b"\0"):
        with pytest.raises(AttributesDiffer):
            agent.give(replace(given, attributes=attributes))
    assert revisions(town) == 0


def test_replayed_value_gets_the_stored_result(town: Town, licences: tuple[str, str]) -> None:
    agent = town.agent("president", licences[0])
    given = agent.value()
    answer = agent.give(given)
    another = agent.value()
    assert another.value != given.value  # ECDSA: a second valid value over the same attributes
    assert agent.give(given) == agent.give(another) == answer
    with pytest.raises(ValueRefused):
        agent.give(replace(given, value=given.value[:-1] + bytes([given.value[-1] ^ 1])))
    with town.records.reading() as session:
        item = session.get_one(CeremonyItem, given.item)
        assert item.value == given.value
    assert revisions(town) == 1
    assert town.paper.stamped == 1


def test_replay_is_answered_after_the_key_was_blocked(town: Town, licences: tuple[str, str]) -> None:
    agent = town.agent("president", licences[0])
    given = agent.value()
    answer = agent.give(given)
    town.keys.blocked.add(town.people["president"])
    assert agent.give(given) == answer


def test_key_blocked_between_prepare_and_value(town: Town, licences: tuple[str, str]) -> None:
    agent = town.agent("president", *licences)
    agent.give(agent.value(0))
    town.keys.blocked.add(town.people["president"])
    with pytest.raises(NoUsableKey):
        agent.give(agent.value(1))
    assert revisions(town) == 1
    with town.records.reading() as session:
        item = session.get_one(CeremonyItem, agent.value(1).item)
        assert (item.state, item.reason, item.value) == (ItemState.REFUSED, "key-blocked", None)
        assert session.scalar(select(Lease.document_id)) is None
    town.keys.blocked.clear()
    with pytest.raises(ItemRefused):
        agent.give(agent.value(1))
    town.sign("president", licences[1])


def test_key_blocked_between_value_and_time_stamp(town: Town, licences: tuple[str, str]) -> None:
    """A signature stamped after the block could never be authentic: it does not become the head."""
    agent = town.agent("president", licences[0])
    given = agent.value()
    town.paper.fail["stamp"] = TimeoutError()
    assert agent.give(given).state is ItemState.KEPT
    town.keys.blocked.add(town.people["president"])
    accepted = agent.give(given)
    assert (accepted.state, accepted.reason) == (ItemState.REFUSED, "key-blocked")
    assert revisions(town) == 0
    with town.records.reading() as session:
        assert session.get_one(CeremonyItem, given.item).value == given.value
        assert session.scalar(select(Lease.document_id)) is None


def test_office_ended_between_prepare_and_value(town: Town, licences: tuple[str, str]) -> None:
    agent = town.agent("president", licences[0])
    with town.records.writing() as session:
        office = session.scalars(select(Office).where(Office.holder_id == town.people["president"])).one()
        end = {"ends_on": town.at.date(), "reason": "démission", "deed": "PV", "recorded_by": "officer"}
        session.add(OfficeEnd(office_id=office.id, recorded_at=town.at, **end))
    town.later(seconds=1)
    with pytest.raises(NotEntitled) as refused:
        agent.give(agent.value())
    assert refused.value.reason == "office-ended"
    assert revisions(town) == 0


def test_value_after_cancellation_is_refused(town: Town, licences: tuple[str, str]) -> None:
    from signer.ceremonies.ending import cancel_ceremony
    from tests.signer.dossiers.town import PLATFORM

    agent = town.agent("president", licences[0])
    given = agent.value()
    cancel_ceremony(town.records, ceremony=agent.opened.id, by=PLATFORM, at=town.at)
    cancel_ceremony(town.records, ceremony=agent.opened.id, by=PLATFORM, at=town.at)
    with pytest.raises(ItemRefused):
        agent.give(given)
    with pytest.raises(CeremonyEnded):
        agent.ask()
    assert revisions(town) == 0
    town.sign("president", licences[0])


def test_stranger_cannot_open(town: Town, licences: tuple[str, str]) -> None:
    from signer.dossiers.errors import NotThisDocumentsSigner

    with pytest.raises(NotThisDocumentsSigner):
        town.open("communal", licences[0])


def test_killed_agent_asks_again_for_what_is_left(town: Town, licences: tuple[str, str]) -> None:
    opened = town.open("president", *licences)
    agent = Agent(town, "president", opened)
    agent.ask()
    first_code = agent.issued.match_code
    agent.ask()
    assert agent.issued.match_code == first_code
    agent.give(agent.value(0))
    again = Agent(town, "president", opened)
    assert [each.reference for each in again.ask().items] == [licences[1]]
    assert again.give(again.value()).state == "signed"
