"""What is typed becomes what the door takes, or is refused before anything is sent."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.cli.call.operations import Operation, operations
from api.cli.call.values import Misuse, asked

NUMBER = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def known() -> dict[str, Operation]:
    return operations()


def test_values_have_the_types_of_their_fields(known: dict[str, Operation], tmp_path: Path) -> None:
    tier = {"kind": "commune", "population_from": 0, "population_below": None, "keys": 3, "basis": "assumed"}
    (tmp_path / "number.txt").write_text("A-1")
    pairs = ["supplier=42", f"number=@{tmp_path / 'number.txt'}", "census=RGPH 2024", "purchases=10", "seats=null"]
    request = asked(known["signAgreement"], [*pairs, "in_effect_from=2026-01-01", f"tiers={json.dumps(tier)}"], None)
    assert json.loads(request.content) == {
        "supplier": "42",
        "number": "A-1",
        "census": "RGPH 2024",
        "purchases": 10,
        "seats": None,
        "in_effect_from": "2026-01-01",
        "tiers": [tier],
    }
    wave = ["label=w", "opens_on=2026-01-01", f"agreement={NUMBER}", "region_codes=01", "region_codes=06"]
    assert json.loads(asked(known["openWave"], wave, None).content)["region_codes"] == ["01", "06"]


def test_a_path_a_query_and_a_body_given_whole(known: dict[str, Operation]) -> None:
    looked = asked(known["explainSeats"], ["code=06.117.01.01"], None)
    assert (looked.path, looked.media_type) == ("/v1/bodies/06.117.01.01/seats", None)
    listed = asked(known["listHandovers"], ["under_way=true", "limit=5"], None)
    assert listed.query == (("under_way", "true"), ("limit", "5"))
    body = json.dumps({"ends_on": "2026-01-01", "reason": "r"}).encode()
    ended = asked(known["endOffice"], [f"office={NUMBER}", "deed=PV", "reason=s"], body)
    assert json.loads(ended.content) == {"ends_on": "2026-01-01", "reason": "s", "deed": "PV"}
    assert asked(known["assignAlert"], [f"alert={NUMBER}"], None).media_type is None


def test_a_file_goes_as_it_is(known: dict[str, Operation], tmp_path: Path) -> None:
    scan = tmp_path / "deed"
    scan.write_bytes(b"\x89PNG\r\n\x1a\n...")
    request = asked(known["keepDeedScan"], ["code=06.117", f"file=@{scan}"], None)
    assert (request.content, request.media_type) == (scan.read_bytes(), "image/png")
    assert asked(known["importOfficials"], [f"plan={NUMBER}"], b"a;b").media_type == "text/csv"


@pytest.mark.parametrize(
    ("operation", "pairs", "said"),
    [
        ("orderKey", ["holder"], "holder is not name=value"),
        ("orderKey", ["colour=red"], "orderKey takes no colour; it takes holder, office"),
        ("orderKey", [f"holder={NUMBER}", f"holder={NUMBER}"], "holder was given twice"),
        ("orderKey", [f"holder={NUMBER}", "office=x", "payer=1"], "office: Input should be a valid UUID"),
        ("orderKey", [f"holder={NUMBER}"], "office: Field required; payer: Field required"),
        ("orderKey", ["holder.id=x"], "holder has no id"),
        ("getKeyOrder", [], "order: is needed"),
        ("explainSeats", ["code=.."], "code: .. would lead to another door"),
        ("explainSeats", ["code=."], "code: . would lead to another door"),
        ("listKeyOrders", ["limit=0"], "limit: Input should be greater than or equal to 1"),
        ("requestExtra", ["seats=many"], "many is no integer"),
        ("keepDeedScan", ["code=06.117"], "takes a file: file=@NAME"),
        ("keepDeedScan", ["code=06.117", f"file=@{__file__}"], "The file is none of application/pdf"),
        ("signAgreement", ["number=@/nowhere/at all"], "/nowhere/at all cannot be read"),
    ],
)
def test_misuse_is_said_before_anything_is_sent(
    known: dict[str, Operation], operation: str, pairs: list[str], said: str
) -> None:
    with pytest.raises(Misuse) as misuse:
        asked(known[operation], pairs, None)
    assert said in str(misuse.value)


@pytest.mark.parametrize("body", [b"[]", b"{", b"1"])
def test_a_body_is_a_json_object(known: dict[str, Operation], body: bytes) -> None:
    with pytest.raises(Misuse):
        asked(known["orderKey"], [], body)


def test_nested_members_by_dotted_names(known: dict[str, Operation]) -> None:
    nested: list[tuple[Operation, Any]] = []
    for operation in known.values():
        for field in operation.fields:
            kinds = operation.alternatives(field.schema)
            if any("properties" in each for each in kinds):
                nested.append((operation, field))
    for operation, field in nested:
        inner = next(each for each in operation.alternatives(field.schema) if "properties" in each)
        name = next(iter(inner["properties"]))
        with pytest.raises(Misuse) as misuse:  # the rest is missing; the name itself was understood
            asked(operation, [f"{field.name}.{name}=1"], None)
        assert f"has no {name}" not in str(misuse.value)
