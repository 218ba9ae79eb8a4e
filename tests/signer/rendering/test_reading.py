import dataclasses
import json
from datetime import date

import pytest

from signer.rendering.errors import FactsRefused
from signer.rendering.facts import LicenceFacts, MinutesFacts
from signer.rendering.reading import KINDS, parse_facts
from tests.signer.rendering.samples import SAMPLES


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_embedded_reads_back(kind: str) -> None:
    facts = SAMPLES[kind]
    assert parse_facts(kind, json.loads(json.dumps(facts.claims()))) == facts


def test_claims_name_kind_reference_body_and_environment() -> None:
    claims = SAMPLES["licence"].claims()
    assert claims["kind"] == "licence"
    assert claims["reference"] == "L26-0000123"
    assert claims["body_code"] == "06.117.01.03"
    assert claims["environment"] == "rehearsal"
    assert claims["v"] == 1


def test_fields_that_a_kind_does_not_print_are_left_out() -> None:
    given = {**SAMPLES["licence"].claims(), "cin": "BE123456"}
    assert "cin" not in parse_facts("licence", given).claims()


def test_what_may_be_absent_is() -> None:
    given = SAMPLES["licence"].claims()
    for key in ("check", "address", "text", "minutes_reference"):
        given.pop(key)
    facts = parse_facts("licence", given)
    assert isinstance(facts, LicenceFacts)
    assert facts.minutes_reference is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("reference", None),
        ("reference", 7),
        ("environment", "test"),
        ("date", "21/09/2026"),
        ("date", 20260921),
        ("body", "Berrechid"),
        ("signer", {"name_ar": "أحمد"}),
        ("title", "x" * 20_001),
    ],
)
def test_a_wrong_fact_is_refused_by_its_name(path: str, value: object) -> None:
    with pytest.raises(FactsRefused) as refused:
        parse_facts("licence", {**SAMPLES["licence"].claims(), path: value})
    assert path in refused.value.name


@pytest.mark.parametrize("missing", ["reference", "body", "date", "dossier", "signer"])
def test_a_missing_fact_is_refused(missing: str) -> None:
    given = SAMPLES["licence"].claims()
    del given[missing]
    with pytest.raises(FactsRefused, match="missing"):
        parse_facts("licence", given)


@pytest.mark.parametrize("text", ["a\u202eb", "a\u2066b", "a\x00b", "a\nb", "\u200f"])
def test_reordering_marks_are_refused(text: str) -> None:
    with pytest.raises(FactsRefused):
        parse_facts("licence", {**SAMPLES["licence"].claims(), "title": text})


def test_long_texts_have_lines() -> None:
    facts = parse_facts("licence", {**SAMPLES["licence"].claims(), "text": "one\r\ntwo"})
    assert isinstance(facts, LicenceFacts)
    assert facts.text == "one\ntwo"


def test_members_are_a_list() -> None:
    given = {**SAMPLES["minutes"].claims(), "members": {}}
    with pytest.raises(FactsRefused):
        parse_facts("minutes", given)


def test_no_such_kind() -> None:
    with pytest.raises(FactsRefused):
        parse_facts("attestation", {})


def test_signers_are_those_who_sign() -> None:
    facts = SAMPLES["minutes"]
    assert isinstance(facts, MinutesFacts)
    assert len(facts.members) == 4
    assert len(facts.signers) == 3
    assert dataclasses.replace(facts, date=date(2026, 1, 1)).signers == facts.signers
