"""OCSP, revocation lists, time-stamps and authority certificates: plain ASGI, no officer's route.

Every answer is built by the rooms from bytes; here are only addresses, media types, sizes and caching.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes
from uuid import UUID

from starlette.types import Receive, Scope, Send

from api.problems import Problem, internal, problem_of, refused, row_of

from .border import send_problem

if TYPE_CHECKING:
    from api.answers import Answers

OCSP_REQUEST, OCSP_RESPONSE = "application/ocsp-request", "application/ocsp-response"
TSA_QUERY, TSA_REPLY = "application/timestamp-query", "application/timestamp-reply"
CRL, CERTIFICATE = "application/pkix-crl", "application/pkix-cert"
log = logging.getLogger("khatam.responders")


class _Refused(Exception):
    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


class Responders:
    """The responders' application over their answers."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="responder")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            media_type, body, cache = await self._answer(scope, receive)
        except _Refused as refusal:
            await send_problem(refused(refusal.status, str(refusal), instance=scope["path"]), send)
            return
        except Exception as error:  # noqa: BLE001 - the last net: logged with its reference
            await send_problem(_problem(error, scope["path"]), send)
            return
        headers = [
            (b"content-type", media_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", cache.encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[str, bytes, str]:
        answers, method, path = self._answers, scope["method"], scope["path"]
        reading = method in {"GET", "HEAD"}
        if path == "/ocsp" and method == "POST":
            request = await self._body(scope, receive, OCSP_REQUEST)
            return OCSP_RESPONSE, await self._work(answers.answer_ocsp, request, _now()), "no-store"
        if path.startswith("/ocsp/") and reading:
            request = _from_path(scope, answers.max_der_bytes)
            return OCSP_RESPONSE, await self._work(answers.answer_ocsp, request, _now()), "max-age=30"
        if path == "/tsa" and method == "POST":
            request = await self._body(scope, receive, TSA_QUERY)
            return TSA_REPLY, await self._work(answers.answer_time_stamp, request, _now()), "no-store"
        if reading and path.startswith("/crl/") and path.endswith(".crl"):
            return CRL, await self._work(answers.revocation_list, _issuer(path, "/crl/", ".crl")), "max-age=60"
        if reading and path.startswith("/ca/") and path.endswith(".cer"):
            issuer = _issuer(path, "/ca/", ".cer")
            return CERTIFICATE, await self._work(answers.issuer_certificate, issuer), "max-age=3600"
        if reading and path == "/healthz":
            return "application/json", b'{"status":"ok"}', "no-store"
        if path in {"/ocsp", "/tsa", "/healthz"}:
            raise _Refused(405, f"This address does not take {method}.")
        raise _Refused(404, "There is nothing at this address.")

    async def _work(self, work: Callable[..., bytes], *arguments: object) -> bytes:
        """Run a blocking answer in a thread: records and devices are synchronous."""
        answered: bytes = await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        return answered

    async def _body(self, scope: Scope, receive: Receive, media_type: str) -> bytes:
        headers = {name.lower(): value for name, value in scope["headers"]}
        given = headers.get(b"content-type", b"").decode("latin-1").split(";")[0].strip().lower()
        if given != media_type:
            raise _Refused(415, f"The body must be {media_type}. Nothing was answered.")
        # THREAT: a large or endless request to a responder that anybody may reach.
        # DEFENCE: 16 kB, counted while it comes.
        # TEST: tests/api/http/test_responders.py::test_large_request_is_refused
        limit = self._answers.max_der_bytes
        body = b""
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise _Refused(400, "The request ended early.")
            body += bytes(message.get("body", b""))
            if len(body) > limit:
                raise _Refused(413, f"A request has at most {limit} bytes. Nothing was answered.")
            if not message.get("more_body", False):
                return body


def _from_path(scope: Scope, limit: int) -> bytes:
    """The request in the address (RFC 6960, A.1): base64, then URL encoding; a `/` may stand unencoded."""
    raw = scope.get("raw_path") or scope["path"].encode()
    text = unquote_to_bytes(raw.split(b"?")[0].removeprefix(b"/ocsp/"))
    if len(text) > limit:
        raise _Refused(413, "The request is too long.")
    try:
        return base64.b64decode(text.replace(b" ", b"+"), validate=True)
    except binascii.Error as error:
        raise _Refused(400, "The address holds no base64 request.") from error


def _issuer(path: str, before: str, after: str) -> UUID:
    try:
        return UUID(path.removeprefix(before).removesuffix(after))
    except ValueError as error:
        raise _Refused(404, "There is nothing at this address.") from error


def _problem(error: Exception, instance: str) -> Problem:
    return internal(error, instance=instance) if row_of(error) is None else problem_of(error, instance=instance)


def _now() -> datetime:
    return datetime.now(UTC)
