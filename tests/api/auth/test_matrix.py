"""Every door of an officer × every level × five places: who is let in, and what a list shows him.

A door that has no row in `DOORS` fails `test_every_officers_door_has_its_row`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.routing import APIRoute

from api.auth import permissions
from api.auth.permissions import now
from api.auth.tables import OfficerRole
from api.settings import Settings
from api.wiring import House, build_house
from hsm.software import SoftwareKeys
from pki.journal.acts import Actor, ActorKind
from pki.quota.issuing import approve_issuance, issue_certificates
from pki.quota.orders import request_key
from pki.quota.requests import DeviceClaim
from pki.quota.submitting import submit_requests
from pki.records import HolderId, OrderId, Records
from pki.registration.holders import enrol_holder
from pki.registration.kinds import OfficeFunction
from pki.registration.offices import record_office
from tests.api.auth.country import BY, CIN, OWN, PLACES, REACH, TERRITORY, Place, settle, token
from tests.api.auth.doors import CENTRAL, COMMUNE, DOORS, NOWHERE, PROVINCIAL, REGIONAL, Asked
from tests.api.conftest import configured
from tests.api.served import caller, served
from tests.pki.ca.estate import csr
from tests.pki.estate import hasten

LEAST = {
    permissions._central_officer: CENTRAL,
    permissions._regional_or_above: REGIONAL,
    permissions._provincial_or_above: PROVINCIAL,
    permissions._any_officer: COMMUNE,
}
LISTS = (
    "/v1/allowances",
    "/v1/ledger?limit=1000",
    "/v1/balances",
    "/v1/extras",
    "/v1/people",
    "/v1/documents",
    "/v1/key-orders",
    "/v1/register-proposals",
    "/v1/alerts",
    "/v1/mailboxes",
)


@pytest.fixture(scope="module")
def settled(
    founded: Path, keys: SoftwareKeys, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Place]]:
    """The five places with all that is in them, made once: each test has a copy."""
    settings = configured(tmp_path_factory.mktemp("country"))
    path = settings.data / "records.sqlite"
    shutil.copy(founded, path)
    house = build_house(settings, keyring=keys)
    hasten(house.records)
    places = settle(house)
    house.close()
    return path, places


@pytest.fixture
def records(settings: Settings, settled: tuple[Path, dict[str, Place]]) -> Iterator[Records]:
    shutil.copy(settled[0], settings.data / "records.sqlite")
    records = Records.open(settings.database)
    hasten(records)
    yield records
    records.close()


@pytest.fixture
def places(settled: tuple[Path, dict[str, Place]]) -> dict[str, Place]:
    return settled[1]


@pytest.fixture
def client(house: House) -> httpx2.Client:
    return caller(house)


def officers_routes(app: Any) -> list[APIRoute]:
    nested = [router.original_router.routes for router in app.routes if hasattr(router, "original_router")]
    found = [route for routes in nested for route in routes if isinstance(route, APIRoute)]
    return [route for route in found if least(route) is not None]


def least(route: APIRoute) -> OfficerRole | None:
    return next((LEAST[each.call] for each in route.dependant.dependencies if each.call in LEAST), None)


def test_every_officers_door_has_its_row(house: House) -> None:
    doors = {(min(route.methods), route.path): least(route) for route in officers_routes(served(house))}
    assert len(doors) > 25
    assert doors == {key: door.least for key, door in DOORS.items()}


KINDS = {"/crl": "application/pkix-crl", "/deed-scans": "application/pdf"}
"""What doors take that take neither JSON nor CSV."""


def send(client: httpx2.Client, method: str, asked: Asked, headers: dict[str, str]) -> tuple[int, str]:
    path, body = asked
    if isinstance(body, bytes):
        kind = next((kind for end, kind in KINDS.items() if path.endswith(end)), "text/csv")
        said = client.post(path, content=body, headers=headers | {"Content-Type": kind})
    else:
        said = client.request(method, path, json=body, headers=headers)
    plain = said.headers["content-type"].startswith(("text/csv", "application/pdf"))
    return said.status_code, "" if plain else said.json().get("code", "")


@pytest.mark.parametrize("role", list(OfficerRole))
def test_who_is_let_in_where(role: OfficerRole, house: House, client: httpx2.Client, places: dict[str, Place]) -> None:
    headers, wrong = token(house, role), []
    for (method, path), door in DOORS.items():
        # Whoever is below the door's level is refused by that alone: asked at home, and far away.
        asked = places if role.level >= door.least.level else {body: places[body] for body in (PLACES[0], PLACES[-1])}
        for body, place in asked.items():
            status, code = send(client, method, door.ask(place), headers)
            expected = role.level >= door.least.level and (door.free or body in REACH[role])
            if expected is (code == "not-permitted") or status in {401, 500}:
                wrong.append((path, body, status, code))
    assert wrong == []


def codes(client: httpx2.Client, path: str, headers: dict[str, str]) -> set[str | None]:
    said = client.get(path, headers=headers)
    assert said.status_code == 200
    return {item["body"] for item in said.json()["items"]} & {*PLACES, None}


@pytest.mark.parametrize("role", list(OfficerRole))
def test_a_list_shows_exactly_the_own_territory(
    role: OfficerRole, house: House, client: httpx2.Client, places: dict[str, Place]
) -> None:
    headers = token(house, role)
    for path in LISTS:
        shown = codes(client, path, headers) - {None}
        assert shown == REACH[role], path
        said = client.get(path, headers=headers).json()["items"]
        bodies = {item["body"] for item in said}
        if role is COMMUNE:
            assert bodies == {OWN}
        if role is PROVINCIAL:
            assert all(body.startswith("06.117") for body in bodies)
        if role is REGIONAL:
            assert all(body.startswith("06.") for body in bodies)
    ledger = client.get("/v1/ledger", headers=headers).json()["items"]
    assert any(item["body"] is None for item in ledger) is (role is CENTRAL)
    balances = client.get("/v1/balances", headers=headers).json()["items"]
    assert any(item["body"] is None for item in balances) is (role is CENTRAL)


@pytest.mark.parametrize("role", list(OfficerRole))
def test_transfers_with_a_side_in_the_own_territory(
    role: OfficerRole, house: House, client: httpx2.Client, places: dict[str, Place]
) -> None:
    items = client.get("/v1/transfers", headers=token(house, role)).json()["items"]
    expected = {str(place.transfer) for body, place in places.items() if body in REACH[role]}
    near = {str(place.near) for place in places.values()}  # the commune of the tests is a side of each
    assert {each["id"] for each in items} == expected | near


@pytest.mark.parametrize("role", list(OfficerRole))
def test_devices_of_the_own_territory(
    role: OfficerRole, house: House, client: httpx2.Client, places: dict[str, Place]
) -> None:
    headers = token(house, role)
    named = {f"D{number}" for number, body in enumerate(PLACES) if body in REACH[role]}
    shown = client.get("/v1/devices", headers=headers).json()["items"]
    assert {each["store"] for each in shown} == REACH[role]
    assert {each["serial"] for each in shown} == named
    stocks = client.get("/v1/device-stock", headers=headers).json()
    assert {each["store"] for each in stocks["items"]} == REACH[role]
    assert stocks["total"] == stocks["states"]["in-transit"] == len(named)
    sent = client.get("/v1/device-handovers", headers=headers).json()["items"]
    assert {each["receiver"] for each in sent} == REACH[role]
    found = {f"D{n}" for n in range(5) if client.get(f"/v1/devices/D{n}", headers=headers).status_code == 200}
    assert found == named
    for path in ("devices", "device-stock"):
        assert len(client.get(f"/v1/{path}.csv", headers=headers).text.splitlines()) == 1 + len(named)
    assert len(client.get("/v1/device-batches", headers=headers).json()["items"]) == (5 if role is CENTRAL else 0)


@pytest.mark.parametrize("role", [CENTRAL, REGIONAL, PROVINCIAL])
def test_reports_committees_and_sessions_of_the_own_territory(
    role: OfficerRole, house: House, client: httpx2.Client, places: dict[str, Place]
) -> None:
    headers = token(house, role)
    provinces = {body[:6] for body in REACH[role]}
    for path, name in (
        ("rollout-reports", "territory"),
        ("committees", "territory"),
        ("training-sessions", "province_code"),
    ):
        items = client.get(f"/v1/{path}", headers=headers).json()["items"]
        assert {each[name] for each in items} == provinces, path


@pytest.mark.parametrize("role", list(OfficerRole))
def test_stages_of_the_own_communes(
    role: OfficerRole, house: House, client: httpx2.Client, places: dict[str, Place]
) -> None:
    headers = token(house, role)
    items = client.get("/v1/stages", headers=headers).json()["items"]
    assert len(items) == {CENTRAL: 1503, REGIONAL: 153, PROVINCIAL: 22, COMMUNE: 1}[role]
    table = client.get("/v1/stages.csv", headers=headers).text.splitlines()[1:]
    assert {line.split(",")[0] for line in table} == {each["body"] for each in items}


@pytest.mark.parametrize("role", list(OfficerRole))
def test_forecasts_of_the_own_territory(
    role: OfficerRole, house: House, client: httpx2.Client, places: dict[str, Place]
) -> None:
    headers = token(house, role)
    said = client.get("/v1/forecasts?by=body", headers=headers).json()
    assert {each["code"] for each in said["items"] if each["code"] in PLACES} == REACH[role]
    assert said["total"]["available"] == sum(each["available"] for each in said["items"])
    parts = {by: client.get(f"/v1/forecasts?by={by}", headers=headers).json()["items"] for by in ("region", "province")}
    assert [len(parts["region"]), len(parts["province"])] == {
        CENTRAL: [2, len(parts["province"])],
        REGIONAL: [0, 9],
        PROVINCIAL: [0, 0],
        COMMUNE: [0, 0],
    }[role]


@pytest.mark.parametrize("role", list(OfficerRole))
def test_who_can_sign_in_the_own_territory(
    role: OfficerRole, house: House, client: httpx2.Client, places: dict[str, Place]
) -> None:
    found = client.get("/v1/signatories", headers=token(house, role)).json()["items"]
    councils = [each["body"] for province in found for each in province["unable"]]
    assert len(councils) == {CENTRAL: 1503 + 41, REGIONAL: 153 + 16, PROVINCIAL: 22, COMMUNE: 1}[role]
    assert {body for body in councils if body in PLACES} == REACH[role] - {"06.117"}  # a province has no council


def test_an_officer_counts_his_own_territory_only(
    house: House, client: httpx2.Client, places: dict[str, Place]
) -> None:
    counted = {
        role: tuple(client.get("/v1/territory", headers=token(house, role)).json().values()) for role in OfficerRole
    }
    assert counted == {
        CENTRAL: (12, 75, 1503, 41),
        REGIONAL: (1, 9, 153, 16),
        PROVINCIAL: (0, 1, 22, 0),
        COMMUNE: (0, 0, 1, 0),
    }


@pytest.mark.parametrize("role", list(OfficerRole))
def test_the_dashboard_counts_the_own_territory(
    role: OfficerRole, house: House, client: httpx2.Client, places: dict[str, Place]
) -> None:
    said = client.get("/v1/dashboard", headers=token(house, role)).json()
    assert said["total"]["communes"] == {CENTRAL: 1503, REGIONAL: 153, PROVINCIAL: 22, COMMUNE: 1}[role]
    assert sum(each["communes"] for each in said["provinces"]) == said["total"]["communes"]
    assert len(said["provinces"]) == {CENTRAL: 75, REGIONAL: 9, PROVINCIAL: 1, COMMUNE: 1}[role]
    assert bool(said["purchases"]) is (role is CENTRAL)


def test_an_order_paid_elsewhere_shows_no_row_of_the_payer(
    house: House, client: httpx2.Client, places: dict[str, Place]
) -> None:
    """The province pays for the commune's second person: the commune sees the order, not the province's seats."""
    records, at = house.records, now()
    holder = enrol_holder(records, house.protection, name_ar="أ", name_latin="B", cin="ZZ9", by=BY, at=at)
    seat: dict[str, Any] = {"function": OfficeFunction.SECRETARY, "starts_on": date(2021, 1, 1), "deed": "PV"}
    office = record_office(records, holder=holder, body_code=OWN, by=BY, at=at, **seat)
    order = request_key(records, holder=holder, office=office, payer_body_code="06.117", by=BY, at=at).id
    headers = token(house, COMMUNE)
    assert client.get(f"/v1/key-orders/{order}", headers=headers).status_code == 200
    assert client.get(f"/v1/ledger?order={order}", headers=headers).json() == {"items": []}
    assert len(client.get(f"/v1/ledger?order={order}", headers=token(house, PROVINCIAL)).json()["items"]) == 2


def test_an_officer_of_a_commune_sees_no_national_id(
    house: House, client: httpx2.Client, places: dict[str, Place]
) -> None:
    place, records, at = places[OWN], house.records, now()
    order, himself = OrderId(place.order), Actor(kind=ActorKind.HOLDER, id=str(HolderId(place.holder)))
    claimed = DeviceClaim(label="x", serial="1", model="m")
    prepared = submit_requests(
        records,
        house.issuance,
        house.protection,
        order=order,
        signature_csr=csr(),
        authentication_csr=csr(),
        device=claimed,
        by=himself,
        at=at,
    )
    other = Actor(kind=ActorKind.OFFICER, id=NOWHERE)
    approve_issuance(records, order=order, digest=prepared.digest, by=other, at=at)
    issue_certificates(records, house.issuance, order=order, by=BY, at=at)
    path = f"/v1/key-orders/{order}"
    above = client.get(path, headers=token(house, PROVINCIAL)).json()
    assert named(above["certificates"][0]["pem"])
    headers = token(house, COMMUNE)
    seen = client.get(path, headers=headers).json()
    assert [each["pem"] for each in seen["certificates"]] == [None, None]
    assert seen["issuance"] is None
    everything = [client.get(each, headers=headers).json() for each in (path, *LISTS)]
    said = json.dumps(everything)
    assert "cin" not in said.lower()
    assert CIN not in said
    assert house.protection.masked(f"{CIN}0") not in said


def named(pem: str) -> bool:
    from cryptography import x509

    return CIN in x509.load_pem_x509_certificate(pem.encode()).subject.rfc4514_string()


def test_the_five_places_are_what_they_are_said_to_be() -> None:
    assert {role for role, reach in REACH.items() if reach == set(PLACES)} == {CENTRAL}
    assert set(TERRITORY) == set(OfficerRole)
