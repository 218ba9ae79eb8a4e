"""A deed signed in a ceremony is a delegation on the register; what is signed on it says so."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from hsm.prepared.manifest import ManifestPower
from pki.journal.acts import Actor, ActorKind
from pki.records import HolderId, OfficeId, civil_day, day_start
from pki.registration.errors import DelegationExists, DelegationRefused
from pki.registration.kinds import OfficeFunction
from pki.registration.offices import OfficeRecording, write_office
from pki.registration.powers.delegations import DelegationDeed, DelegationEnding, end_delegation
from pki.registration.powers.kinds import DeedKind
from pki.registration.powers.reading import delegations_of
from pki.registration.tables import Holder, Office
from signer.ceremonies.errors import CeremonyError, KeyChanged, NotEntitled
from signer.ceremonies.tables import Ceremony, CeremonyItem
from signer.dossiers.delegations import draft_delegation
from signer.dossiers.documents import DocumentRecord
from signer.dossiers.kinds import DossierKind, Track
from signer.dossiers.touched import documents_touched
from tests.signer.dossiers.register import COMMUNE
from tests.signer.dossiers.town import PLATFORM, T0, Agent, Town

OFFICER = Actor(kind=ActorKind.OFFICER, id="1")
TODAY = civil_day(T0)


def deed(town: Town, *, number: str = "12/2026", starts_on: date = TODAY) -> DelegationDeed:
    """The president's delegation to a vice-president, who comes to live here."""
    with town.records.writing() as session:
        if "deputy" not in town.people:
            holder = Holder(name_ar="نائب", name_latin="Deputy", cin_encrypted=b"-", cin_hash="deputy", enrolled_at=T0)
            session.add(holder)
            session.flush()
            town.people["deputy"] = HolderId(holder.id)
            town.keys.give(holder.id, "deputy")
            recording = OfficeRecording(
                holder=HolderId(holder.id),
                body_code=COMMUNE,
                function=OfficeFunction.VICE_PRESIDENT,
                rank=1,
                starts_on=date(2026, 1, 1),
                deed="PV",
            )
            write_office(session, recording, by=OFFICER, at=T0)
        offices = {
            who: OfficeId(session.scalars(select(Office.id).where(Office.holder_id == town.people[who])).one())
            for who in ("president", "deputy")
        }
    return DelegationDeed(
        number=number, from_office=offices["president"], to_office=offices["deputy"], starts_on=starts_on
    )


def drawn_up(town: Town, said: DelegationDeed) -> DocumentRecord:
    return draft_delegation(town.records, town.drafting, deed=said, by=PLATFORM, at=town.at)


def licence(town: Town) -> str:
    dossier = town.dossier(DossierKind.REFECTION, Track.REFECTION)
    town.people["president"], president = town.people["deputy"], town.people["president"]
    reference = town.decision(dossier).reference
    town.people["president"] = president
    return reference


def delegated(town: Town, number: str = "12/2026") -> None:
    town.sign("president", drawn_up(town, deed(town, number=number)).reference)


def test_signed_then_recorded_then_used(town: Town) -> None:
    document = drawn_up(town, deed(town))
    wanted = licence(town)
    with pytest.raises(NotEntitled):
        town.open("deputy", wanted)
    town.sign("president", document.reference)
    with town.records.reading() as session:
        (found,) = delegations_of(session, body_code=COMMUNE)
    assert (found.number, found.deed_kind, found.document) == ("12/2026", DeedKind.SIGNED, document.reference)
    agent = town.agent("deputy", wanted)
    power = ManifestPower(kind="delegation", number="12/2026", since=TODAY.isoformat(), principal="president")
    assert (agent.manifest.capacity.function, agent.manifest.capacity.power) == ("vice_president", power)
    assert b"power_number='12/2026'" in town.files.get(agent.manifest.items[0].prepared_sha256)
    agent.give(agent.value())
    assert (
        town.agent("president", drawn_up(town, deed(town, number="13/2026")).reference).manifest.capacity.power is None
    )


def test_revoked_between_the_list_and_the_signature(town: Town) -> None:
    delegated(town)
    agent = town.agent("deputy", licence(town))
    with town.records.reading() as session:
        (found,) = delegations_of(session, body_code=COMMUNE)
    ending = DelegationEnding(delegation=found.id, ends_on=TODAY + timedelta(days=1), reason="r", deed="d")
    end_delegation(town.records, ending=ending, by=OFFICER, at=town.at)
    town.at = day_start(TODAY + timedelta(days=1))
    with pytest.raises(CeremonyError):
        agent.give(agent.value())


def test_another_power_is_another_capacity(town: Town) -> None:
    """A list that was opened on one delegation is not signed on the next."""
    delegated(town)
    opened = town.open("deputy", licence(town))
    agent = Agent(town, "deputy", opened)
    with town.records.writing() as session:
        session.execute(update(Ceremony).values(power_id=uuid4()).where(Ceremony.id == opened.id))
        session.execute(update(CeremonyItem).values(prepared_at=None).where(CeremonyItem.ceremony_id == opened.id))
    with pytest.raises(KeyChanged):
        agent.ask()


def test_a_deed_does_not_begin_before_it_is_signed(town: Town) -> None:
    with pytest.raises(DelegationRefused):
        drawn_up(town, deed(town, starts_on=TODAY - timedelta(days=1)))
    document = drawn_up(town, deed(town))
    town.later(days=1)
    with pytest.raises(DelegationRefused):
        town.open("president", document.reference)


def test_a_vice_president_draws_up_none(town: Town) -> None:
    said = deed(town)
    with pytest.raises(DelegationRefused):
        drawn_up(town, replace(said, from_office=said.to_office, to_office=said.from_office))


def test_a_number_that_is_taken(town: Town) -> None:
    delegated(town)
    with pytest.raises(DelegationExists):
        drawn_up(town, deed(town))


def test_documents_touched(town: Town) -> None:
    delegated(town)
    reference = licence(town)
    town.later(minutes=1)
    town.sign("deputy", reference)
    with town.records.reading() as session:

        def touched(who: str | None, since: timedelta = timedelta(0)) -> tuple[str, ...]:
            holder = None if who is None else town.people[who]
            return documents_touched(session, body_code=COMMUNE, holder=holder, since=T0 + since, until=town.at)

        assert touched("deputy") == (reference,)
        assert len(touched(None)) == 2
        assert touched("president", timedelta(seconds=1)) == ()
        assert touched("communal") == ()
