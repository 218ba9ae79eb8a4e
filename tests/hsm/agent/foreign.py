"""What stands between a PC and the service may answer in its place: sign-in pages, proxies, filters."""

from typing import Any

import httpx2

_PROBLEM = {"content-type": "application/problem+json"}
_ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "sent to a sign-in page": (302, {"headers": {"location": "http://portal.example/login"}}),
    "a portal's page": (200, {"html": "<html>Sign in to this network</html>"}),
    "a portal's page called JSON": (200, {"text": "<html>", "headers": {"content-type": "application/json"}}),
    "a portal's JSON": (200, {"json": {"captive": True}}),
    "a portal's list": (200, {"json": [1]}),
    "a portal's empty answer": (200, {}),
    "a portal's no content": (204, {}),
    "another value's acknowledgement": (
        200,
        {"json": {"state": "kept", "sha256": None, "item": "i9", "attributes_sha256": "0" * 64}},
    ),
    "an unknown state": (200, {"json": {"state": "queued", "sha256": None}}),
    "too many requests": (429, {"headers": {"retry-after": "1"}}),
    "too large for a proxy": (413, {"html": "<html>413</html>"}),
    "a proxy asks who": (407, {"headers": {"proxy-authenticate": "Basic"}}),
    "a proxy asks for a word": (401, {"headers": {"www-authenticate": "Basic"}}),
    "a proxy forbids": (403, {"html": "<html>blocked by policy</html>"}),
    "a proxy's problem": (
        409,
        {"json": {"type": "https://proxy.example/blocked", "status": 409, "code": "item-refused"}, "headers": _PROBLEM},
    ),
    "later, says the service": (
        429,
        {"json": {"type": "urn:khatam:problem:too-many-requests", "code": "too-many-requests"}, "headers": _PROBLEM},
    ),
    "a problem not known to be final": (
        409,
        {"json": {"type": "urn:khatam:problem:something-new", "code": "something-new"}, "headers": _PROBLEM},
    ),
}
FOREIGN = sorted(_ANSWERS)
"""Names of answers to a posted value that neither acknowledge it nor refuse it for good."""


def foreign(name: str) -> httpx2.Response:
    """A fresh one of that name."""
    status, content = _ANSWERS[name]
    return httpx2.Response(status, **content)
