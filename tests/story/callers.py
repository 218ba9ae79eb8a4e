"""An agent that does as it likes: its HTTP side, and what a request for certificates says."""

import base64
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from api.cli.demo.clients import Client, Refused
from api.cli.demo.story import World
from hsm.agent.service.addresses import read_url
from hsm.agent.service.dpop import EphemeralKey
from pki.records import civil_day


def today() -> str:
    """The civil day in Morocco: who comes after the register was declared complete takes office no earlier."""
    return civil_day(datetime.now(UTC)).isoformat()


class Caller:
    """An agent's HTTP side: an ephemeral key and nothing of the agent's care."""

    def __init__(self, world: World) -> None:
        self.url, self.key = world.stage.url, EphemeralKey.generate()
        self.token: str | None = None
        self.nonce = uuid.uuid4().hex

    def ask(self, method: str, path: str, body: object = None) -> httpx2.Response:
        at = datetime.now(UTC)
        proof = self.key.proof(method=method, url=self.url + path, at=at, access_token=self.token)
        headers = {"DPoP": proof} | ({"Authorization": f"DPoP {self.token}"} if self.token else {})
        return httpx2.request(method, self.url + path, json=body, headers=headers, timeout=30)

    def redeem(self, ticket: str) -> httpx2.Response:
        self.token = None
        hello = {"ticket": ticket, "agent_nonce": self.nonce, "agent_version": "0.1.0"}
        answer = self.ask("POST", "/v1/agent/sessions", hello)
        if answer.is_success:
            self.token = answer.json()["access_token"]
        return answer


def ticket_of(opened: dict[str, str]) -> str:
    return read_url(opened["agent_url"]).reveal()


def state(world: World, opened: dict[str, str]) -> tuple[str, set[str]]:
    found = world.platform.get(f"/v1/ceremonies/{opened['id']}")
    return found["state"], {item["state"] for item in found["items"]}


def refused(client: Client, path: str, code: str, **body: object) -> str:
    with pytest.raises(Refused) as error:
        client.post(path, body)
    assert error.value.code == code
    return error.value.detail


def csr(key: Any, common_name: str = "X") -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(Encoding.DER)


def requests(signature: bytes, authentication: bytes) -> dict[str, object]:
    return {
        "signature_csr": base64.b64encode(signature).decode(),
        "authentication_csr": base64.b64encode(authentication).decode(),
        "device": {"label": "d", "serial": "1", "model": "m"},
    }
