"""The whole way from application to licence, and that no other way leads there."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from signer.ceremonies.status import ceremony_status
from signer.dossiers.documents import fields, revisions
from signer.dossiers.errors import BindingOpinionMissing, BindingOpinionNotFavourable, DossierError, MinutesIncomplete
from signer.dossiers.kinds import DocumentKind, DocumentState, DossierKind, Level, OpinionValue, Track
from signer.dossiers.tables import Document
from signer.errors import SignerError
from tests.signer.dossiers.town import MEMBERS, Agent, Town


def test_from_application_to_licence(town: Town) -> None:
    dossier = town.dossier()
    minutes = town.agreed(dossier, [town.file(dossier)])
    licence = town.decision(dossier)
    opened = town.open("president", licence.reference)
    agent = Agent(town, "president", opened)
    assert agent.ask().items[0].docmdp == 2
    answer = agent.give(agent.value())
    assert answer.state == "signed"
    with town.records.reading() as session:
        status = ceremony_status(session, opened.id)
        assert (status.state, status.match_code) == ("completed", agent.issued.match_code)
        signed = session.scalars(select(Document).where(Document.state == DocumentState.SIGNED)).all()
        assert len(signed) == 5
        counter_signed = next(each for each in signed if each.reference == minutes.reference)
        assert [each.level for each in revisions(session, counter_signed.id)] == [Level.NONE, *[Level.B_T] * 3]
        assert all(each.signed_at for each in fields(session, counter_signed.id))
    assert len(town.paper.enqueued) == 7


def test_minutes_are_certified_by_their_first_signature_only(town: Town) -> None:
    dossier = town.dossier()
    for who in MEMBERS:
        town.sign(who, town.opinion(dossier, who, [town.file(dossier)]).reference)
    minutes = town.minutes(dossier)
    docmdp = []
    for who in MEMBERS:
        agent = town.agent(who, minutes.reference)
        docmdp.append(agent.manifest.items[0].docmdp)
        agent.give(agent.value())
    assert docmdp == [2, None, None]


def test_no_licence_before_the_urban_agency(town: Town) -> None:
    dossier = town.dossier()
    read = [town.file(dossier)]
    for who in MEMBERS[:2]:
        town.sign(who, town.opinion(dossier, who, read).reference)
    with pytest.raises(BindingOpinionMissing) as refused:
        town.decision(dossier)
    assert refused.value.body == "AU-1"


def test_reservations_of_the_agency_are_not_a_yes(town: Town) -> None:
    dossier = town.dossier()
    read = [town.file(dossier)]
    for who, value in zip(
        MEMBERS, [OpinionValue.UNFAVOURABLE, OpinionValue.FAVOURABLE, OpinionValue.WITH_RESERVATIONS], strict=True
    ):
        town.sign(who, town.opinion(dossier, who, read, value).reference)
    minutes = town.minutes(dossier)
    for who in MEMBERS:
        town.sign(who, minutes.reference)
    with pytest.raises(BindingOpinionNotFavourable):
        town.decision(dossier)
    refusal = town.decision(dossier, DocumentKind.REFUSAL, text="Hauteur.")
    town.sign("president", refusal.reference)


def test_a_new_plan_under_a_drafted_licence_stops_its_signature(town: Town) -> None:
    dossier = town.dossier()
    town.agreed(dossier, [town.file(dossier)])
    licence = town.decision(dossier)
    agent = town.agent("president", licence.reference)
    town.file(dossier, b"%PDF another plan")
    with pytest.raises(BindingOpinionMissing):
        agent.give(agent.value())
    with pytest.raises(BindingOpinionMissing):
        town.open("president", licence.reference)


def test_refection_needs_no_committee(town: Town) -> None:
    dossier = town.dossier(DossierKind.REFECTION, Track.REFECTION)
    assert dossier.required == ()
    town.sign("president", town.decision(dossier).reference)


def test_two_licences_in_one_ceremony(town: Town) -> None:
    first, second = (town.decision(town.dossier(DossierKind.REFECTION, Track.REFECTION)) for _ in range(2))
    town.sign("president", second.reference, first.reference)


STEPS = st.sampled_from(
    [f"{act}:{who}" for who in MEMBERS for act in ("opine", "refuse", "sign-opinion", "sign-minutes")]
    + ["minutes", "draft-licence", "sign-licence", "new-file"]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=4, max_size=22))
def test_no_order_of_steps_signs_a_licence_without_the_agency(
    monkeypatch: pytest.MonkeyPatch, steps: Sequence[str]
) -> None:
    with TemporaryDirectory() as folder:
        town = Town(Path(folder))
        monkeypatch.setattr("signer.ceremonies.rights.signing_certificate", town.keys.signing_certificate)
        play = Play(town)
        for step in [*steps, "draft-licence", "sign-licence"]:
            try:
                play.take(step)
            except (SignerError, KeyError):
                continue
            if step == "sign-licence":
                play.check()
        town.records.close()


class Play:
    """One dossier, and the test's own account of what was signed over which files."""

    def __init__(self, town: Town) -> None:
        self.town, self.dossier = town, town.dossier()
        self.head = town.file(self.dossier)
        self.drafts: dict[str, tuple[str, OpinionValue, str]] = {}
        self.given: dict[str, tuple[OpinionValue, str]] = {}
        self.papers: dict[str, str] = {}
        self.minutes_signed: dict[str, set[str]] = {}
        self.minutes_over: dict[str, str] = {}

    def take(self, step: str) -> None:
        act, _, who = step.partition(":")
        if act in ("opine", "refuse"):
            value = OpinionValue.FAVOURABLE if act == "opine" else OpinionValue.UNFAVOURABLE
            document = self.town.opinion(self.dossier, who, [self.head], value)
            self.drafts[who] = (document.reference, value, self.head)
        elif act == "sign-opinion":
            reference, value, read = self.drafts[who]
            self.town.sign(who, reference)
            self.given[who] = (value, read)
        elif act == "minutes":
            self.papers["minutes"] = self.town.minutes(self.dossier).reference
            self.minutes_over[self.papers["minutes"]] = self.head
        elif act == "sign-minutes":
            self.town.sign(who, self.papers["minutes"])
            self.minutes_signed.setdefault(self.papers["minutes"], set()).add(who)
        elif act == "draft-licence":
            self.papers["licence"] = self.town.decision(self.dossier).reference
        elif act == "sign-licence":
            self.town.sign("president", self.papers["licence"])
        else:
            self.head = self.town.file(self.dossier, f"%PDF {len(self.town.files.stored)}".encode())

    def check(self) -> None:
        assert self.given["agency"] == (OpinionValue.FAVOURABLE, self.head)
        minutes = self.papers["minutes"]
        assert self.minutes_over[minutes] == self.head
        assert self.minutes_signed[minutes] == set(MEMBERS)


def test_minutes_lack_a_counter_signature(town: Town) -> None:
    dossier = town.dossier()
    read = [town.file(dossier)]
    for who in MEMBERS:
        town.sign(who, town.opinion(dossier, who, read).reference)
    minutes = town.minutes(dossier)
    town.sign("agency", minutes.reference)
    with pytest.raises(MinutesIncomplete) as refused:
        town.decision(dossier)
    assert set(refused.value.missing) == {"001", "01.001.01.01"}
    assert isinstance(refused.value, DossierError)
