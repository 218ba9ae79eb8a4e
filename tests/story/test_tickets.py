"""Tickets and proofs in the wrong hands."""

import json
from datetime import UTC, datetime

import httpx2
import pytest

from api.cli.demo import cast
from api.cli.demo.stage import start_agent
from api.cli.demo.story import World
from tests.story.callers import Caller, state, ticket_of
from tests.story.test_bad_input import refusal, unharmed

__all__ = ["unharmed"]
pytestmark = pytest.mark.timeout(300)


def test_a_ticket_from_another_agent_closes_the_ceremony(world: World, licences: list[str]) -> None:
    signer = {"signer": world.holders[cast.PRESIDENT.key], "documents": licences}
    opened = world.platform.post("/v1/ceremonies", signer)
    honest, thief = Caller(world), Caller(world)
    assert honest.redeem(ticket_of(opened)).status_code == 201
    assert honest.redeem(ticket_of(opened)).status_code == 201  # the same key may come again
    assert honest.ask("GET", "/v1/agent/manifest").status_code == 200
    problem = refusal(thief.redeem(ticket_of(opened)), 409, "ticket-stolen")
    assert "Nothing was signed and the sitting is closed" in problem["detail"]
    assert ticket_of(opened) not in json.dumps(problem)
    assert state(world, opened)[0] == "alarmed"
    assert not state(world, opened)[1] & {"kept", "signed"}
    refusal(honest.ask("GET", "/v1/agent/manifest"), 401, "agent-session-refused")
    refusal(honest.redeem(ticket_of(opened)), 404, "ticket-unknown")
    refusal(thief.redeem(ticket_of(opened)), 404, "ticket-unknown")
    again = world.platform.post("/v1/ceremonies", signer)  # nothing of the list stayed locked
    world.platform._http.delete(f"/v1/ceremonies/{again['id']}")
    refusal(Caller(world).redeem(ticket_of(again)), 409, "ceremony-ended")


def test_a_link_clicked_again_after_all_is_signed(world: World, licences: list[str]) -> None:
    """The agent forgot its key when it was done: it comes with another one, and that is no theft."""
    signer = {"signer": world.holders[cast.PRESIDENT.key], "documents": licences}
    opened = world.platform.post("/v1/ceremonies", signer)
    command = (world.workplaces[cast.PRESIDENT.key], "sign", opened["agent_url"], "--unattended")
    assert world.finish(start_agent(*command))["kept"] == 3
    world.signed(opened["id"])
    assert refusal(Caller(world).redeem(ticket_of(opened)), 409, "ceremony-ended")["state"] == "completed"
    again = world.finish(start_agent(*command))
    assert (again["count"], again["error"]) == (0, None)
    assert state(world, opened)[0] == "completed"


def test_a_proof_that_was_used_or_is_for_something_else(world: World, licences: list[str]) -> None:
    signer = {"signer": world.holders[cast.PRESIDENT.key], "documents": licences[:1]}
    opened = world.platform.post("/v1/ceremonies", signer)
    agent, path = Caller(world), "/v1/agent/manifest"
    refusal(httpx2.get(world.stage.url + path), 401, "dpop-proof-refused")
    agent.redeem(ticket_of(opened))
    proof = agent.key.proof(method="GET", url=world.stage.url + path, at=datetime.now(UTC), access_token=agent.token)
    headers = {"DPoP": proof, "Authorization": f"DPoP {agent.token}"}
    assert httpx2.get(world.stage.url + path, headers=headers).status_code == 200
    refusal(httpx2.get(world.stage.url + path, headers=headers), 401, "dpop-proof-refused")
    refusal(httpx2.post(f"{world.stage.url}/v1/agent/heartbeat", headers=headers), 401, "dpop-proof-refused")
    stranger = Caller(world)
    stranger.token = agent.token
    refusal(stranger.ask("GET", path), 401, "agent-session-refused")
    world.platform._http.delete(f"/v1/ceremonies/{opened['id']}")
