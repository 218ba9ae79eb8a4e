"""What a document says of itself: shown where it says it, and nothing made up where it does not."""

import json

import pytest

from hsm.agent.signing.embedded import SaidOfItself, read_embedded
from signer.rendering.facts import ApplicationFacts, LicenceFacts
from signer.rendering.render import render
from tests.hsm.prepared.documents import make_base


def test_a_rendered_licence_says_title_and_beneficiary() -> None:
    facts = LicenceFacts.sample()
    said = SaidOfItself(
        reference=facts.reference, kind="licence", title=facts.title, beneficiary=facts.dossier.applicant
    )
    assert read_embedded(render(facts).content) == said


def test_an_application_says_its_applicant() -> None:
    facts = ApplicationFacts.sample()
    said = SaidOfItself(reference=facts.reference, kind="application", title=facts.title, beneficiary=facts.applicant)
    assert read_embedded(render(facts).content) == said


def test_a_file_without_data_says_nothing() -> None:
    assert read_embedded(make_base()) == SaidOfItself()
    assert read_embedded(b"no pdf") == SaidOfItself()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[1]",
        b"{",
        json.dumps({"title": 1, "dossier": {"applicant": ["x"]}}).encode(),
        json.dumps({"title": "a\u202eb", "dossier": {"applicant": "x" * 501}}).encode(),
    ],
)
def test_data_of_another_form_says_nothing(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("hsm.agent.signing.embedded._attachment", lambda _: data)
    assert read_embedded(make_base()) == SaidOfItself()
