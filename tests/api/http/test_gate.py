"""A door that lets so many bodies in at once, and sends the next away unread."""

import asyncio
from typing import Any

import pytest

from api.http.border import PDF, Border, Gate, freight

MOST = 2


class Upload:
    """One request to `/pdf` whose body comes when the test says so."""

    def __init__(self, border: Border, method: str = "POST", length: bytes = b"4") -> None:
        self.sent: list[Any] = []
        self.reading = asyncio.Event()
        self._body: asyncio.Queue[Any] = asyncio.Queue()
        headers = [(b"content-type", PDF.encode()), (b"content-length", length)]
        scope = {"type": "http", "method": method, "path": "/pdf", "headers": headers}
        self.task = asyncio.ensure_future(border(scope, self._receive, self._send))

    async def _receive(self) -> Any:
        self.reading.set()
        return await self._body.get()

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    async def end(self, *messages: dict[str, Any]) -> tuple[int, dict[bytes, bytes]]:
        for message in messages:
            self._body.put_nowait(message)
        await asyncio.wait_for(self.task, 10)
        return self.sent[0]["status"], dict(self.sent[0]["headers"])


async def door(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body, answers; breaks where the client went away."""
    del scope
    if (await receive())["type"] == "http.disconnect":
        raise RuntimeError("the client is gone")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


BODY = {"type": "http.request", "body": b"%PDF", "more_body": False}
GONE = {"type": "http.disconnect"}


@pytest.mark.parametrize("ending", [BODY, GONE], ids=["answered", "broken"])
def test_one_more_than_may_be_inside_is_sent_away(ending: dict[str, Any]) -> None:
    async def story() -> None:
        gate = Gate(MOST)
        border = Border(door, special=[freight("/pdf", PDF, max_bytes=100, gate=gate)], max_json_bytes=10)
        inside = [Upload(border) for _ in range(MOST)]
        for each in inside:
            await asyncio.wait_for(each.reading.wait(), 10)
        refused = Upload(border)
        status, headers = await refused.end()
        assert (status, headers[b"retry-after"], refused.reading.is_set()) == (503, b"5", False)
        assert b'"code":"verification-busy"' in refused.sent[1]["body"]
        assert (await Upload(border, "GET").end(BODY))[0] == 200
        assert (await Upload(border, length=b"101").end())[0] == 413
        for each in inside:
            await each.end(ending)
        assert gate.inside == 0
        assert (await Upload(border).end(BODY))[0] == 200

    asyncio.run(story())
