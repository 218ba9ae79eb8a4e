"""Refused, unreachable, lost: each said apart, and nothing sent where a token must not go."""

from collections.abc import Iterator

import httpx2
import pytest

from api.cli.call.asking import Refused, Unanswered, answered, open_client, require_server
from api.cli.call.operations import Operation, operations
from api.cli.call.pages import all_pages
from api.cli.call.values import Asked, Misuse
from api.settings import Secret

LOOK = Asked(path="/v1/x", query=(), content=b"", media_type=None)
ACT = Asked(path="/v1/x", query=(), content=b"x" * 200_000, media_type="application/json")


class Bytes(httpx2.SyncByteStream):
    """A body as it came over the wire."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content


@pytest.fixture(scope="module")
def known() -> dict[str, Operation]:
    return operations()


@pytest.mark.parametrize(
    "server",
    [
        None,
        "http://signature.example.ma",
        "http://127.0.0.1.example.ma",
        "https://u:p@h.ma",
        "https://:p@h.ma",
        "https://@h.ma",
        "https://h.ma/x",
        "ftp://localhost",
        "localhost:80",
        "https://h.ma:port",
        "https://[h.ma",
    ],
)
def test_no_token_leaves_by_plain_http(server: str | None) -> None:
    with pytest.raises(Misuse):
        require_server(server)


def test_https_anywhere_and_plain_http_to_this_machine() -> None:
    assert require_server("https://signature.example.ma/") == "https://signature.example.ma"
    assert require_server("http://127.0.0.1:8080") == "http://127.0.0.1:8080"


def asking(operation: Operation, asked: Asked, answer: httpx2.Response | Exception, key: str | None = None) -> bytes:
    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        request.read()
        if isinstance(answer, Exception):
            raise answer
        return answer

    seen: list[httpx2.Request] = []
    sent: list[int] = []
    transport = httpx2.MockTransport(handle)
    with (
        open_client("http://localhost", Secret(b"t0ken"), transport=transport) as client,
        answered(client, operation, asked, key=key, sent=sent.append) as found,
    ):
        found.read()
        assert (seen[0].headers["authorization"], seen[0].content) == ("Bearer t0ken", asked.content)
        assert sum(sent) == len(asked.content)
        assert asked.content == b"" or seen[0].headers["content-length"] == str(len(asked.content))
        return found.content


def test_a_body_is_counted_as_it_leaves(known: dict[str, Operation]) -> None:
    assert asking(known["orderKey"], ACT, httpx2.Response(201, json={}), key="k" * 8) == b"{}"


def test_a_refusal_is_one_line_without_control_characters(known: dict[str, Operation]) -> None:
    problem = {"detail": "No seat is left.\x1b[2J", "code": "seats-exhausted", "errors": []}
    answer = httpx2.Response(409, json=problem, headers={"content-type": "application/problem+json"})
    with pytest.raises(Refused) as refused:
        asking(known["orderKey"], ACT, answer, key="k" * 8)
    assert str(refused.value) == "No seat is left. [2J (seats-exhausted)"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx2.ConnectError("refused"), "Nothing was sent."),
        (httpx2.ReadTimeout("slow"), "repeat it with --key kkkkkkkk, and it is done once."),
        (httpx2.Response(502, text="<html>"), "repeat it with --key kkkkkkkk"),
        (
            httpx2.Response(500, json={"detail": "d"}, headers={"content-type": "application/problem+json"}),
            "repeat it with --key kkkkkkkk",
        ),
        (
            httpx2.Response(
                409, json={"code": "request-in-progress"}, headers={"content-type": "application/problem+json"}
            ),
            "still under way: ask again with --key kkkkkkkk",
        ),
        (httpx2.Response(201, headers={"content-encoding": "gzip"}, stream=Bytes(b"no gzip")), "with --key kkkkkkkk"),
        (httpx2.Response(302, headers={"location": "https://elsewhere.ma"}), "not the service's own"),
    ],
)
def test_what_stays_unknown_says_how_to_repeat(
    known: dict[str, Operation], answer: httpx2.Response | Exception, said: str
) -> None:
    with pytest.raises(Unanswered) as lost:
        asking(known["orderKey"], ACT, answer, key="k" * 8)
    assert said in str(lost.value)


def test_a_lost_look_changed_nothing(known: dict[str, Operation]) -> None:
    with pytest.raises(Unanswered, match="Nothing was changed: ask again"):
        asking(known["listKeyOrders"], LOOK, httpx2.ReadError("gone"))


def test_pages_are_followed_to_their_end(known: dict[str, Operation]) -> None:
    said: list[dict[str, str]] = []

    def ask(asked: Asked) -> dict[str, object]:
        query = dict(asked.query)
        said.append(query)
        pages = {None: ["a", "b"], "b": ["c"], "c": []}
        return {"items": [{"order": each, "body": "x"} for each in pages[query.get("after")]]}

    found = all_pages(known["listKeyOrders"], LOOK, ask)
    assert [each["order"] for each in found["items"]] == ["a", "b", "c"]
    assert said[0] == {"limit": "1000"}
    named = iter([{"items": [{"x": 1}], "next": "7"}, {"items": [{"x": 2}], "next": None}])
    assert all_pages(known["listKeyOrders"], LOOK, lambda _: next(named)) == {"items": [{"x": 1}, {"x": 2}]}
    with pytest.raises(Unanswered):
        all_pages(known["listKeyOrders"], LOOK, lambda _: {"items": [], "next": "7"})
    with pytest.raises(Misuse):
        all_pages(known["dashboard"], LOOK, ask)
