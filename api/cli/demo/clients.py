"""The demonstration's clients of the HTTP API: officers, the permit platform, anybody."""

import uuid
from collections.abc import Mapping
from typing import Any

import httpx2


class Refused(Exception):
    """The service answered with a problem (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.code = str(problem.get("code"))
        self.detail = str(problem.get("detail"))


class Client:
    """One caller of the service, with its bearer token; every creating POST carries an Idempotency-Key."""

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=60)

    def get(self, path: str, **query: str) -> Any:
        """GET `path`; JSON out."""
        return _answer(self._http.get(path, params=query)).json()

    def content(self, path: str) -> bytes:
        """GET `path`; bytes out."""
        return bytes(_answer(self._http.get(path)).content)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """POST JSON to `path`; JSON out."""
        answer = _answer(self._http.post(path, json=dict(body or {}), headers={"Idempotency-Key": str(uuid.uuid4())}))
        return answer.json() if answer.content else None

    def post_bytes(self, path: str, content: bytes, media_type: str = "application/pdf", **query: str) -> Any:
        """POST raw bytes to `path`; JSON out."""
        headers = {"Content-Type": media_type, "Idempotency-Key": str(uuid.uuid4())}
        answer = _answer(self._http.post(path, content=content, params=query, headers=headers))
        return answer.json() if answer.content else None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def platform_token(url: str, client_id: str, client_secret: str) -> str:
    """An access token by OAuth 2 client credentials (RFC 6749, 4.4)."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    return str(_answer(httpx2.post(f"{url}/oauth/token", data=form, timeout=20)).json()["access_token"])


def _answer(answer: httpx2.Response) -> httpx2.Response:
    if answer.is_error:
        try:
            problem = answer.json()
        except ValueError:
            problem = {"code": "no-problem-body", "detail": answer.text[:300]}
        raise Refused(answer.status_code, problem)
    return answer
