"""One request to the service, by the officer's own token; what is refused and what stays unanswered kept apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2

from api.problems import PROBLEM_JSON, PROBLEMS, RequestInProgress
from api.settings import LOOPBACK, Secret

from .operations import Operation
from .values import Asked, Misuse

TIMEOUT = httpx2.Timeout(600.0, connect=10.0)
"""Seconds. A wave of a whole region, or an export of the country, is one request."""
_CHUNK_BYTES = 64 * 1024
_INTERNAL = 500
_UNDER_WAY = PROBLEMS[RequestInProgress]


class Refused(Exception):
    """The service said no, in a problem (RFC 9457)."""

    def __init__(self, problem: dict[str, Any]) -> None:
        more = [f"{each.get('pointer')}: {each.get('said')}" for each in problem.get("errors", [])[1:]]
        said = " ".join([str(problem.get("detail") or problem.get("title")), *more])
        super().__init__(f"{_plain(said)} ({_plain(str(problem.get('code')))})")
        self.problem = problem


class Unanswered(Exception):
    """Nobody answered, or nobody who knows whether it was done."""


def require_server(server: str | None) -> str:
    """Return the origin of the service.

    :raise Misuse: none is given, or no origin, or one that a token must not be sent to.
    """
    if server is None:
        raise Misuse("No service named: give --server URL or set KHATAM_SERVER.")
    try:
        parts = urlsplit(server.rstrip("/"))
        _ = parts.port
    except ValueError as error:
        raise Misuse(f"{server} is no address.") from error
    if not parts.hostname or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise Misuse("A service is named by its origin, such as https://signature.example.ma.")
    # THREAT: an officer's token is read on the way, and his acts are done by another.
    # DEFENCE: TLS, verified; plain http to this very machine only. A redirection is not followed, and no proxy is
    #   taken from the environment. No name or password in the address: the client would send them in the token's place.
    # TEST: tests/api/cli/call/test_asking.py::test_no_token_leaves_by_plain_http
    if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in LOOPBACK):
        raise Misuse("The service is reached by https; plain http is for this machine only.")
    return parts.geturl()


def open_client(server: str, token: Secret | None, *, transport: httpx2.BaseTransport | None = None) -> httpx2.Client:
    """A client of that service, to be closed.

    :raise Misuse: the token is none.
    """
    headers = {}
    if token is not None:
        spelled = token.reveal().decode("latin-1")
        if not spelled.isascii() or not spelled.isprintable() or " " in spelled:
            raise Misuse("The token is not one word.")
        headers["Authorization"] = f"Bearer {spelled}"
    return httpx2.Client(
        base_url=server, headers=headers, timeout=TIMEOUT, transport=transport, follow_redirects=False, trust_env=False
    )


@contextmanager
def answered(
    client: httpx2.Client,
    operation: Operation,
    asked: Asked,
    *,
    key: str | None = None,
    sent: Callable[[int], None] | None = None,
) -> Iterator[httpx2.Response]:
    """Ask, and give the answer, whose content is still to be read inside the block.

    :param key: Idempotency-Key of an act.
    :param sent: told of the bytes of the body as they leave.
    :raise Refused: the service said no.
    :raise Unanswered: nothing came back, not all of it, or nothing of the service's own.
    """
    headers = {} if key is None else {"Idempotency-Key": key}
    content: bytes | Iterator[bytes] | None = None
    if asked.media_type is not None:
        headers |= {"Content-Type": asked.media_type, "Content-Length": str(len(asked.content))}
        content = asked.content if sent is None else _counted(asked.content, sent)
    try:
        with client.stream(
            operation.method, asked.path, params=asked.query, content=content, headers=headers
        ) as answer:
            _refuse(answer, operation, key)
            yield answer
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        raise Unanswered(f"{client.base_url} is not reached ({_plain(str(error))}). Nothing was sent.") from error
    except httpx2.RequestError as error:  # on the way, or in its encoding
        raise Unanswered(f"The answer was lost ({_plain(str(error))}). {_then(operation, key)}") from error


def _refuse(answer: httpx2.Response, operation: Operation, key: str | None) -> None:
    if answer.is_success:
        return
    answer.read()
    try:
        problem = answer.json() if answer.headers.get("content-type", "").startswith(PROBLEM_JSON) else None
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        raise Unanswered(f"The answer {answer.status_code} is not the service's own. {_then(operation, key)}")
    refused = Refused(problem)
    if answer.status_code == _INTERNAL:
        raise Unanswered(f"{refused} {_then(operation, key)}")
    if (answer.status_code, problem.get("code")) == _UNDER_WAY:
        # No refusal: under a new key, which a refusal invites, it would be done twice.
        raise Unanswered(f"{refused} It is still under way: ask again with --key {key}.")
    raise refused


def _then(operation: Operation, key: str | None) -> str:
    """What may be done once nobody knows what was done."""
    if operation.method == "GET":
        return "Nothing was changed: ask again."
    if key is None:
        return "Whether it was done is not known: look before it is repeated."
    return f"Whether it was done is not known: repeat it with --key {key}, and it is done once."


def _counted(content: bytes, sent: Callable[[int], None]) -> Iterator[bytes]:
    for start in range(0, len(content), _CHUNK_BYTES):
        part = content[start : start + _CHUNK_BYTES]
        yield part
        sent(len(part))


def _plain(said: str) -> str:
    """One line that leaves a terminal as it is, whoever wrote it."""
    return "".join(each if each.isprintable() else " " for each in said)
