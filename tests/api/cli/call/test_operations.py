"""Every door that an officer may open can be called by its name, with fields that a command line can give."""

import re

import pytest
from fastapi.routing import APIRoute

from api.cli.call.describing import plain, type_of
from api.cli.call.operations import Operation, operations
from api.cli.call.pages import cursor_of
from api.cli.call.values import Misuse
from api.http.border import Border
from api.wiring import House
from tests.api.auth.doors import DOORS
from tests.api.auth.test_matrix import officers_routes
from tests.api.served import served


@pytest.fixture(scope="module")
def known() -> dict[str, Operation]:
    return operations()


def test_every_officers_door_is_called_by_its_name(known: dict[str, Operation]) -> None:
    doors = {(each.method, each.path): each.least for each in known.values() if each.least is not None}
    assert doors == {key: door.least for key, door in DOORS.items()}


def test_none_of_an_agents_or_a_platforms_doors(known: dict[str, Operation]) -> None:
    assert not {"giveValue", "openDossier", "openCeremony", "grantToken"} & known.keys()
    assert {"verifyFile", "getTrustList"} <= known.keys()


def test_each_says_what_it_does_and_what_it_takes(known: dict[str, Operation], house: House) -> None:
    named = {route.operation_id: route for route in officers_routes(served(house))}
    for name, operation in known.items():
        fields = [each.name for each in operation.fields]
        assert re.fullmatch(r"[a-z][A-Za-z]+", name), name
        assert operation.summary, name
        assert isinstance(named.get(name, operation.route), APIRoute)
        assert len(fields) == len(set(fields)), name
        assert {each.place for each in operation.fields} <= {"path", "query", "body"}, name
        assert set(re.findall(r"\{(\w+)\}", operation.path)) <= set(fields), name
        assert "any" not in [type_of(operation, each.schema) for each in operation.fields], name
        assert plain(operation)["method"] in {"GET", "POST", "PUT", "DELETE"}


def test_a_door_that_takes_a_file_says_which(known: dict[str, Operation], house: House) -> None:
    border = next(each for each in served(house).user_middleware if each.cls is Border)
    said = {each.path: set(each.media_types) for each in known.values() if each.takes_file}
    assert len(said) == 4
    for path, media_types in said.items():
        taken = next(each for each in border.kwargs["special"] if each.path.fullmatch(path))
        assert media_types == taken.media_types, path


def test_the_first_member_of_an_item_is_what_the_next_page_follows(known: dict[str, Operation]) -> None:
    paged = 0
    for operation in known.values():
        try:
            cursor = cursor_of(operation)
        except Misuse:
            continue
        answer = operation._described["responses"]["200"]["content"]["application/json"]["schema"]
        page = operation.alternatives(answer)[0]["properties"]
        if "next" not in page:
            first = next(iter(operation.alternatives(page["items"]["items"])[0]["properties"].values()))
            asked = next(each.schema for each in operation.fields if each.name == cursor)
            kinds = {(each.get("type"), each.get("format")) for each in operation.alternatives(asked)}
            assert (first.get("type"), first.get("format")) in kinds, operation.name
        paged += 1
    assert paged >= 6


def test_people_are_paged_by_their_office(known: dict[str, Operation]) -> None:
    answer = known["listPeople"]._described["responses"]["200"]["content"]["application/json"]["schema"]
    items = known["listPeople"].alternatives(answer)[0]["properties"]["items"]["items"]
    assert next(iter(known["listPeople"].alternatives(items)[0]["properties"])) == "office"
