"""The border of the application: sizes, content types, and the last net under every exception.

Plain ASGI, so that it stands before any reading of the body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import PROBLEM_JSON, Problem, internal, refused

JSON = "application/json"
CSV = "text/csv"
PDF = "application/pdf"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


class Gate:
    """How many bodies may be inside at once; doors may share one. Of one event loop: it needs no lock."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.inside = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Freight:
    """What a door takes in: the media types of its body, how many bytes of it at most, through which gate."""

    path: re.Pattern[str]
    media_types: frozenset[str]
    max_bytes: int
    gate: Gate | None = None


def freight(path: str, *media_types: str, max_bytes: int, gate: Gate | None = None) -> Freight:
    """The freight of the doors whose path matches `path` whole."""
    return Freight(path=re.compile(path), media_types=frozenset(media_types), max_bytes=max_bytes, gate=gate)


class Border:
    """Refuses what is too large or of another type, before it is read; answers 500 with a reference."""

    def __init__(self, app: ASGIApp, *, special: Iterable[Freight], max_json_bytes: int) -> None:
        self._app = app
        self._special = tuple(special)
        self._default = freight(".*", JSON, max_bytes=max_json_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], *_safe_headers(message["headers"])]
            await send(message)

        gate = self._gate(scope)
        problem = self._refusal(scope) or _crowded(scope, gate)
        if problem is not None:
            await send_problem(problem, sending)
            return
        if gate is not None:
            gate.inside += 1
        try:
            await self._app(scope, self._counted(scope, receive), sending)
        except Exception as error:
            if started:
                raise
            await send_problem(internal(error, instance=scope["path"]), sending)
        finally:
            if gate is not None:
                gate.inside -= 1

    def _gate(self, scope: Scope) -> Gate | None:
        return None if scope["method"] in {"GET", "HEAD", "OPTIONS"} else self._freight(scope).gate

    def _freight(self, scope: Scope) -> Freight:
        path = scope["path"]
        cargo = next((each for each in self._special if each.path.fullmatch(path)), self._default)
        if _media_type(scope) == JSON and JSON in cargo.media_types:
            return replace(cargo, max_bytes=self._default.max_bytes)  # where a PDF may be large, JSON still may not
        return cargo

    def _refusal(self, scope: Scope) -> Problem | None:
        """What is wrong by the headers alone."""
        headers, cargo = Headers(scope=scope), self._freight(scope)
        length = headers.get("content-length")
        empty = (length is None or length == "0") and "transfer-encoding" not in headers
        if empty:
            return None
        # THREAT: a body that fills the memory or the disk.
        # DEFENCE: the announced length is refused before reading, an unannounced one is counted while it comes.
        # TEST: tests/api/http/test_border.py
        if length is not None and (not length.isdigit() or int(length) > cargo.max_bytes):
            return _too_large(scope, cargo)
        media_type = _media_type(scope)
        if scope["method"] in {"POST", "PUT", "PATCH"} and media_type not in cargo.media_types:
            offered = ", ".join(sorted(cargo.media_types))
            detail = f"The body is {media_type or 'of no stated type'}; this address takes {offered}. Nothing was done."
            fields = {"accepted": sorted(cargo.media_types)}
            return refused(415, detail, instance=scope["path"], fields=fields)
        return None

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        cargo, seen = self._freight(scope), 0

        async def receiving() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > cargo.max_bytes:
                raise HTTPException(413, _too_large(scope, cargo).detail)
            return message

        return receiving


def _media_type(scope: Scope) -> str:
    return Headers(scope=scope).get("content-type", "").split(";")[0].strip().lower()


def _too_large(scope: Scope, cargo: Freight) -> Problem:
    detail = f"The body is larger than the {cargo.max_bytes} bytes that this address takes. Nothing was done."
    return refused(413, detail, instance=scope["path"], fields={"max_bytes": cargo.max_bytes})


def _crowded(scope: Scope, gate: Gate | None) -> Problem | None:
    # THREAT: many large files at once, from anybody, fill the memory, and signing stops with it.
    # DEFENCE: so many are inside at a time; the next is sent away unread, and told when to come back.
    # TEST: tests/api/http/test_gate.py::test_one_more_than_may_be_inside_is_sent_away
    if gate is None or gate.inside < gate.most:
        return None
    detail = f"{gate.most} files are being verified, which is all at once. Nothing was read: send it again later."
    headers = {"Retry-After": "5"}
    return Problem(status=503, code="verification-busy", detail=detail, instance=scope["path"], headers=headers)


def _safe_headers(present: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    names = {name.lower() for name, _ in present}
    wanted = [
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-store"),
    ]
    return [(name, value) for name, value in wanted if name not in names]


async def send_problem(problem: Problem, send: Send) -> None:
    """Send a problem as the whole answer."""
    body = problem.body()
    headers = [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
