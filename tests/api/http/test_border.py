"""The border: sizes, content types, and the last net."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from api.http.app import answer
from api.http.border import PDF, Border, freight
from api.problems import refused


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


def broken(request: Request) -> PlainTextResponse:
    raise ValueError("secret words")


async def http_error(request: Request, error: Exception) -> object:
    return answer(refused(getattr(error, "status_code", 500), str(error), instance=request.url.path))


@pytest.fixture
def client() -> Iterator[TestClient]:
    from starlette.exceptions import HTTPException

    routes = [Route("/echo", echo, methods=["POST"]), Route("/pdf", echo, methods=["POST"]), Route("/broken", broken)]
    inner = Starlette(routes=routes, exception_handlers={HTTPException: http_error})  # type: ignore[dict-item]
    inner.add_middleware(Border, special=[freight("/pdf", PDF, max_bytes=100)], max_json_bytes=10)
    with TestClient(inner, raise_server_exceptions=False) as test_client:
        yield test_client


def test_a_small_json_body_passes(client: TestClient) -> None:
    assert client.post("/echo", content=b"{}", headers={"Content-Type": "application/json; charset=utf-8"}).text == "2"


def test_an_announced_large_body_is_refused_unread(client: TestClient) -> None:
    said = client.post("/echo", content=b"x" * 11, headers={"Content-Type": "application/json"})
    assert (said.status_code, said.json()["code"], said.json()["max_bytes"]) == (413, "body-too-large", 10)
    assert said.headers["content-type"] == "application/problem+json"


def test_an_unannounced_large_body_is_counted(client: TestClient) -> None:
    said = client.post("/echo", content=iter([b"x" * 6, b"x" * 6]), headers={"Content-Type": "application/json"})
    assert (said.status_code, said.json()["code"]) == (413, "body-too-large")


def test_each_address_has_its_own_limit_and_type(client: TestClient) -> None:
    assert client.post("/pdf", content=b"x" * 100, headers={"Content-Type": "application/pdf"}).text == "100"
    said = client.post("/pdf", content=b"{}", headers={"Content-Type": "application/json"})
    assert (said.status_code, said.json()["accepted"]) == (415, ["application/pdf"])


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/jsonx", "application/pdf"])
def test_another_type_is_refused(client: TestClient, media_type: str) -> None:
    said = client.post("/echo", content=b"{}", headers={"Content-Type": media_type})
    assert (said.status_code, said.json()["code"]) == (415, "content-type-unsupported")


def test_an_unforeseen_error_says_a_reference_and_nothing_else(client: TestClient) -> None:
    said = client.get("/broken")
    assert (said.status_code, said.json()["code"]) == (500, "internal-error")
    assert said.json()["reference"] in said.json()["detail"]
    assert "secret words" not in said.text


def test_answers_are_not_sniffed_nor_stored(client: TestClient) -> None:
    said = client.post("/echo", content=b"{}", headers={"Content-Type": "application/json"})
    assert said.headers["x-content-type-options"] == "nosniff"
    assert said.headers["cache-control"] == "no-store"
