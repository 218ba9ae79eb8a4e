"""The service's doors over a test's own house."""

import asyncio
from typing import Any

import httpx2
from fastapi import FastAPI

from api.http.app import build_app
from api.wiring import House

_MADE: list[FastAPI] = []


def served(house: House) -> FastAPI:
    """One application for all tests of a process, since its routes take longer to make than most tests.

    Not for the public pages: they keep the house that the first test had.
    """
    if not _MADE:
        _MADE.append(build_app(house))
    _MADE[0].state.house = house
    return _MADE[0]


class InProcess(httpx2.BaseTransport):
    """An application called in this thread, not through a loop in another one as `starlette.testclient` does."""

    def __init__(self, app: Any) -> None:
        self._app = httpx2.ASGITransport(app=app)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._app.handle_async_request(request)
        content = b"".join([part async for part in answer.stream])
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=httpx2.ByteStream(content))


def caller(house: House, token: str | None = None) -> httpx2.Client:
    """A client at the doors of that house, who shows that token."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx2.Client(transport=InProcess(served(house)), base_url="http://testserver", headers=headers)
