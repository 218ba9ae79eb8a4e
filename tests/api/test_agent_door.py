"""The agent's door over HTTP: DPoP negatives, each deviating once."""

import base64
import hashlib
import json
import secrets
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from api.auth.permissions import now
from api.wiring import House
from hsm.prepared.enrolment import parse_enrolment_manifest
from pki.journal.acts import Actor, ActorKind
from pki.records import HolderId
from pki.registration.holders import enrol_holder
from pki.tickets import TicketKind, issue_ticket
from tests.api.served import caller

ORIGIN = "http://127.0.0.1:8080"
BY = Actor(kind=ActorKind.SYSTEM, id="test")


class Agent:
    """A signing agent's HTTP side, honest unless told otherwise."""

    def __init__(self, client: httpx2.Client) -> None:
        self.client, self.key, self.token = client, ECKey.generate_key("P-256"), ""

    def proof(self, method: str, path: str, *, key: ECKey | None = None, **claims: Any) -> str:
        key = key or self.key
        header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": key.as_dict(private=False)}
        said = {"jti": secrets.token_hex(16), "htm": method, "htu": ORIGIN + path, "iat": int(now().timestamp())}
        if self.token:
            digest = hashlib.sha256(self.token.encode()).digest()
            said["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return jws.serialize_compact(header, json.dumps(said | claims).encode(), key)

    def ask(self, method: str, path: str, body: Any = None, *, proof: str | None = None) -> httpx2.Response:
        headers = {"DPoP": proof or self.proof(method, path)}
        if self.token:
            headers["Authorization"] = f"DPoP {self.token}"
        return self.client.request(method, path, json=body, headers=headers)

    def redeem(self, ticket: str) -> httpx2.Response:
        hello = {"ticket": ticket, "agent_nonce": "n" * 22, "agent_version": "0.1.0"}
        said = self.ask("POST", "/v1/agent/sessions", hello)
        if said.is_success:
            self.token = said.json()["access_token"]
        return said


@pytest.fixture
def client(house: House) -> httpx2.Client:
    return caller(house)


@pytest.fixture
def ticket(house: House) -> str:
    holder = enrol_holder(
        house.records, house.protection, name_ar="أحمد", name_latin="Ahmed", cin="BE123456", by=BY, at=now()
    )
    with house.records.writing() as session:
        return issue_ticket(session, kind=TicketKind.ENROLMENT, subject=uuid4(), holder=HolderId(holder), at=now())


@pytest.fixture
def agent(client: httpx2.Client, ticket: str) -> Agent:
    agent = Agent(client)
    assert agent.redeem(ticket).status_code == 201
    return agent


PATH = "/v1/agent/enrolment"


def test_an_honest_agent_gets_its_manifest(agent: Agent, ticket: str) -> None:
    said = agent.ask("GET", PATH)
    assert said.status_code == 200
    payload = said.json()["manifest"].split(".")[1]
    manifest = parse_enrolment_manifest(base64.urlsafe_b64decode(payload + "=="))
    assert (manifest.origin, manifest.agent_nonce) == (ORIGIN, "n" * 22)
    assert manifest.ticket_sha256 == hashlib.sha256(ticket.encode()).hexdigest()


def test_replayed_proof_is_refused(agent: Agent) -> None:
    proof = agent.proof("GET", PATH)
    assert agent.ask("GET", PATH, proof=proof).status_code == 200
    again = agent.ask("GET", PATH, proof=proof)
    assert (again.status_code, again.json()["code"]) == (401, "dpop-proof-refused")
    assert again.json()["reason"] == "it was used before"


@pytest.mark.parametrize(
    "deviation",
    [
        {"htu": ORIGIN + "/v1/agent/manifest"},
        {"htu": "https://127.0.0.1:8080" + PATH},
        {"htm": "POST"},
        {"ath": "AAAA"},
        {"ath": None},
        {"iat": 1},
    ],
)
def test_a_proof_for_something_else_is_refused(agent: Agent, deviation: dict[str, Any]) -> None:
    said = agent.ask("GET", PATH, proof=agent.proof("GET", PATH, **deviation))
    assert (said.status_code, said.json()["code"]) == (401, "dpop-proof-refused")


def test_another_key_has_no_session(agent: Agent) -> None:
    said = agent.ask("GET", PATH, proof=agent.proof("GET", PATH, key=ECKey.generate_key("P-256")))
    assert (said.status_code, said.json()["code"]) == (401, "agent-session-refused")


def test_a_bearer_token_is_not_enough(agent: Agent) -> None:
    said = agent.client.get(PATH, headers={"Authorization": f"Bearer {agent.token}", "DPoP": agent.proof("GET", PATH)})
    assert said.status_code == 401


def test_two_proofs_are_none(agent: Agent) -> None:
    headers = [("DPoP", agent.proof("GET", PATH)), ("DPoP", agent.proof("GET", PATH))]
    said = agent.client.get(PATH, headers=[*headers, ("Authorization", f"DPoP {agent.token}")])
    assert (said.status_code, said.json()["code"]) == (401, "dpop-proof-refused")


def test_the_same_agent_may_redeem_again(agent: Agent, ticket: str) -> None:
    agent.token = ""
    assert agent.redeem(ticket).status_code == 201
    assert agent.ask("GET", PATH).status_code == 200


def test_a_second_agent_ends_the_ticket_for_both(agent: Agent, ticket: str, client: httpx2.Client) -> None:
    thief = Agent(client)
    stolen = thief.redeem(ticket)
    assert (stolen.status_code, stolen.json()["code"]) == (409, "ticket-stolen")
    assert agent.ask("GET", PATH).json()["code"] == "agent-session-refused"
    agent.token = ""
    assert agent.redeem(ticket).json()["code"] == "ticket-unknown"


def test_an_enrolment_is_no_ceremony(agent: Agent) -> None:
    said = agent.ask("GET", "/v1/agent/manifest")
    assert (said.status_code, said.json()["code"]) == (404, "ceremony-unknown")
