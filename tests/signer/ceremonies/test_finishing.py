"""A process killed between any two steps: nothing lost, nothing doubled."""

import pytest
from psycopg.errors import DeadlockDetected
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from pki.records import OrderId
from signer.ceremonies.ending import expire_ceremonies
from signer.ceremonies.finishing import resume_items
from signer.ceremonies.settled import signatures_settled
from signer.ceremonies.status import ceremony_status
from signer.ceremonies.tables import Ceremony, CeremonyItem, ItemState
from signer.dossiers.documents import document_by_reference
from signer.dossiers.errors import DocumentLeased
from signer.dossiers.kinds import DossierKind, Track
from signer.dossiers.tables import Lease, Revision
from tests.signer.dossiers.town import Agent, Killed, Town


@pytest.fixture
def licence(town: Town) -> str:
    return town.decision(town.dossier(DossierKind.REFECTION, Track.REFECTION)).reference


def counted(town: Town) -> tuple[int, int, int]:
    """Signed revisions, deferred works, living leases."""
    with town.records.reading() as session:
        revisions = session.scalar(select(func.count()).select_from(Revision).where(Revision.field.is_not(None)))
        leases = session.scalar(select(func.count()).select_from(Lease))
    return revisions or 0, len(town.paper.enqueued), leases or 0


@pytest.mark.parametrize("step", ["stamp", "embed", "complete", "completed", "enqueue"])
def test_killed_between_two_steps(town: Town, licence: str, step: str) -> None:
    agent = town.agent("president", licence)
    given = agent.value()
    town.paper.fail[step] = Killed()
    with pytest.raises(Killed):
        agent.give(given)
    assert counted(town)[0] == 0
    assert counted(town)[2] == 1
    town.later(hours=3)  # far beyond every lease: what is kept does not lapse
    expire_ceremonies(town.records, at=town.at)
    with pytest.raises(DocumentLeased):
        town.open("president", licence)
    assert resume_items(town.records, town.desk, at=town.at) == 1
    assert resume_items(town.records, town.desk, at=town.at) == 0
    assert counted(town) == (1, 1, 0)
    assert town.paper.stamped == 1
    assert agent.give(given).state == "signed"
    with town.records.reading() as session:
        document = document_by_reference(session, licence)
        assert document.state == "signed"
        assert given.value.hex().encode() in town.files.get(document.head_sha256)


@pytest.mark.parametrize("step", ["complete", "completed", "enqueue"])
def test_broken_off_by_a_deadlock(town: Town, licence: str, step: str) -> None:
    """The completing transaction runs again at once: the signer sees nothing of it."""
    agent = town.agent("president", licence)
    town.paper.fail[step] = OperationalError("UPDATE key_order", {}, DeadlockDetected())
    assert agent.give(agent.value()).state == "signed"
    assert counted(town) == (1, 1, 0)
    assert (town.paper.stamped, town.paper.fail) == (1, {})


def test_killed_while_preparing(town: Town, licence: str) -> None:
    town.paper.fail["prepare"] = Killed()
    with pytest.raises(Killed):
        town.open("president", licence)
    assert counted(town)[2] == 1
    town.sign("president", licence)
    assert counted(town) == (1, 1, 0)


def test_preparation_that_fails_frees_everything(town: Town, licence: str) -> None:
    town.paper.fail["prepare"] = MemoryError()
    with pytest.raises(MemoryError):
        town.open("president", licence)
    assert counted(town) == (0, 0, 0)
    town.sign("president", licence)


def test_value_is_kept_while_no_time_stamp_is_to_be_had(town: Town, licence: str) -> None:
    agent = town.agent("president", licence)
    for _ in range(2):
        town.paper.fail["stamp"] = ConnectionError()
        answer = agent.give(agent.value())
        assert (answer.state, answer.sha256) == (ItemState.KEPT, None)
    with town.records.reading() as session:
        assert ceremony_status(session, agent.opened.id).items[0].state == "kept"
    assert resume_items(town.records, town.desk, at=town.at) == 1
    with town.records.reading() as session:
        assert ceremony_status(session, agent.opened.id).state == "completed"


def test_a_keys_signatures_are_settled_once_they_have_their_time(town: Town, licence: str) -> None:
    """Until then its certificates are not revoked for a harmless reason."""

    def settled(agent: Agent) -> bool:
        with town.records.reading() as session:
            order = session.get_one(Ceremony, agent.opened.id).order_id
            return signatures_settled(session, OrderId(order))

    agent = town.agent("president", licence)
    assert not settled(agent)
    town.paper.fail["stamp"] = ConnectionError()
    assert agent.give(agent.value()).state is ItemState.KEPT
    assert not settled(agent)
    resume_items(town.records, town.desk, at=town.at)
    assert settled(agent)


def test_two_finishers_make_one_signature(town: Town, licence: str) -> None:
    agent = town.agent("president", licence)
    embed = town.paper.embed
    nested: list[int] = []

    def embed_twice(prepared: bytes, parts: object) -> bytes:
        if not nested:
            nested.append(1)
            nested.append(resume_items(town.records, town.desk, at=town.at))
        return embed(prepared, parts)  # type: ignore[arg-type]

    object.__setattr__(town.desk, "embed", embed_twice)
    assert agent.give(agent.value()).state == "signed"
    assert nested == [1, 1]
    assert counted(town) == (1, 1, 0)


def test_cancelled_ceremony_still_finishes_what_is_kept(town: Town, licence: str) -> None:
    from signer.ceremonies.ending import cancel_ceremony
    from tests.signer.dossiers.town import PLATFORM

    agent = town.agent("president", licence)
    town.paper.fail["stamp"] = ConnectionError()
    agent.give(agent.value())
    cancel_ceremony(town.records, ceremony=agent.opened.id, by=PLATFORM, at=town.at)
    assert resume_items(town.records, town.desk, at=town.at) == 1
    with town.records.reading() as session:
        item = session.scalars(select(CeremonyItem)).one()
        assert item.state is ItemState.SIGNED
