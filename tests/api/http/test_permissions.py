"""Every door names one permission, and is closed to everybody else."""

import re
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi.routing import APIRoute

from api.auth import permissions
from api.auth.clients import ClientProof, grant_token, register_client
from api.auth.officers import appoint_officer
from api.auth.permissions import now
from api.auth.tables import OfficerRole
from api.wiring import House
from pki.journal.acts import Actor, ActorKind
from tests.api.served import caller, served

BY = Actor(kind=ActorKind.SYSTEM, id="test")
KINDS = {
    permissions._central_officer: "central",
    permissions._regional_or_above: "regional",
    permissions._provincial_or_above: "provincial",
    permissions._any_officer: "officer",
    permissions._with_dossiers: "dossiers",
    permissions._with_ceremonies: "ceremonies",
    permissions._proof: "proof",
    permissions._agent_session: "agent",
    permissions._nobody: "public",
}


def routes(app: Any) -> list[APIRoute]:
    nested = [router.original_router.routes for router in app.routes if hasattr(router, "original_router")]
    found = [route for routes in nested for route in routes if isinstance(route, APIRoute)]
    assert len(found) > 30
    return found


def permission_of(route: APIRoute) -> list[str]:
    return [KINDS[each.call] for each in route.dependant.dependencies if each.call in KINDS]


def address(route: APIRoute) -> tuple[str, str]:
    known = {"code": "06.117", "reference": "L26-0000001", "sha256": "0" * 64}
    path = re.sub(r"{(\w+)}", lambda match: known.get(match[1], str(uuid4())), route.path)
    return min(route.methods), path


@pytest.fixture
def client(house: House) -> httpx2.Client:
    return caller(house)


def test_every_door_names_one_permission(house: House) -> None:
    wrong = [(route.path, permission_of(route)) for route in routes(served(house)) if len(permission_of(route)) != 1]
    assert [each for each in wrong if each[0].startswith(("/v1", "/oauth", "/healthz"))] == []


def closed_doors(house: House, *kinds: str) -> list[tuple[str, str]]:
    return [address(route) for route in routes(served(house)) if {*permission_of(route)} & {*kinds}]


def test_without_credentials_every_closed_door_says_401(house: House, client: httpx2.Client) -> None:
    doors = closed_doors(
        house, "central", "regional", "provincial", "officer", "dossiers", "ceremonies", "proof", "agent"
    )
    assert len(doors) > 25
    for method, path in doors:
        said = client.request(method, path, **body_for(path))
        assert (said.status_code, said.headers["content-type"]) == (401, "application/problem+json"), (method, path)
        assert "www-authenticate" in said.headers


def body_for(path: str) -> dict[str, Any]:
    """Well-typed nonsense: who may not come in learns nothing about bodies."""
    if path.endswith("/files"):
        return {"content": b"%PDF", "headers": {"Content-Type": "application/pdf"}, "params": {"title": "x"}}
    if path.endswith("/officials"):
        return {"content": b"x", "headers": {"Content-Type": "text/csv"}}
    if path.endswith("/crl"):
        return {"content": b"0", "headers": {"Content-Type": "application/pkix-crl"}}
    return {}


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer nonsense", "Basic abc", "DPoP abc"])
def test_a_bad_token_is_401(client: httpx2.Client, token: str) -> None:
    said = client.get("/v1/allowances", headers={"Authorization": token})
    assert said.status_code == 401


def officer_token(house: House, role: OfficerRole, province: str | None = None) -> dict[str, str]:
    made = appoint_officer(house.records, name="X", role=role, province_code=province, by=BY, at=now())
    return {"Authorization": f"Bearer {made.token}"}


def platform_token(house: House, scope: str) -> dict[str, str]:
    name = f"client-{uuid4().hex[:8]}"
    register_client(
        house.records,
        client_id=name,
        name=name,
        scopes=("dossiers", "ceremonies"),
        secret="secret",
        public_keys=None,
        by=BY,
        at=now(),
    )
    proof = ClientProof(client_id=name, client_secret="secret", assertion_type=None, assertion=None)
    granted = grant_token(
        house.records,
        grant_type="client_credentials",
        scope=scope,
        proof=proof,
        audiences=(),
        secrets_allowed=True,
        at=now(),
    )
    return {"Authorization": f"Bearer {granted.access_token}"}


def test_a_provincial_officer_is_no_central_one(house: House, client: httpx2.Client) -> None:
    headers = officer_token(house, OfficerRole.PROVINCIAL, "06.117")
    said = client.post("/v1/officers", json={"name": "Y", "role": "central"}, headers=headers)
    assert (said.status_code, said.json()["code"]) == (403, "not-permitted")


def test_a_provincial_officer_is_held_to_his_province(house: House, client: httpx2.Client) -> None:
    headers = officer_token(house, OfficerRole.PROVINCIAL, "06.117")
    assert client.get("/v1/allowances", params={"body": "06.117.01.03"}, headers=headers).status_code == 200
    for body in ("02.411.01.23", "02.411", "nowhere"):
        said = client.get("/v1/allowances", params={"body": body}, headers=headers)
        assert (said.status_code, said.json()["code"]) == (403, "not-permitted")
    assert client.get("/v1/allowances", headers=headers).json() == {"items": []}


def test_an_officer_is_no_platform_and_a_platform_no_officer(house: House, client: httpx2.Client) -> None:
    central, platform = officer_token(house, OfficerRole.CENTRAL), platform_token(house, "dossiers ceremonies")
    assert client.get(f"/v1/dossiers/{uuid4()}", headers=central).status_code == 401
    assert client.get("/v1/allowances", headers=platform).status_code == 401


def test_a_scope_opens_its_own_doors_only(house: House, client: httpx2.Client) -> None:
    dossiers, ceremonies = platform_token(house, "dossiers"), platform_token(house, "ceremonies")
    assert client.get(f"/v1/dossiers/{uuid4()}", headers=dossiers).status_code == 404
    assert client.get(f"/v1/ceremonies/{uuid4()}", headers=ceremonies).status_code == 404
    for path, headers in ((f"/v1/dossiers/{uuid4()}", ceremonies), (f"/v1/ceremonies/{uuid4()}", dossiers)):
        said = client.get(path, headers=headers)
        assert (said.status_code, said.json()["code"]) == (403, "not-permitted")


def test_every_refusal_is_a_problem(house: House, client: httpx2.Client) -> None:
    central = officer_token(house, OfficerRole.CENTRAL)
    cases = [
        (client.get("/nowhere"), 404),
        (client.put("/v1/officers", headers=central), 405),
        (client.post("/v1/officers", content=b"x=1", headers=central), 415),
        (client.post("/v1/officers", content=b"{", headers=central | {"Content-Type": "application/json"}), 422),
        (client.post("/v1/officers", json={"name": "Y", "role": "central", "more": 1}, headers=central), 422),
        (client.post("/v1/officers", json={"name": "Y" * 2_000_000, "role": "central"}, headers=central), 413),
        (client.post("/oauth/token", data={"grant_type": "password"}), 400),
        (client.post("/oauth/token", data={"grant_type": "client_credentials"}), 401),
    ]
    for said, status in cases:
        assert said.status_code == status
        assert said.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail", "code", "instance"} <= said.json().keys()


def test_an_unknown_field_is_named_by_its_pointer(house: House, client: httpx2.Client) -> None:
    headers = officer_token(house, OfficerRole.CENTRAL)
    said = client.post("/v1/officers", json={"name": "Y", "role": "central", "more": 1}, headers=headers)
    assert said.json()["errors"][0]["pointer"] == "/more"
