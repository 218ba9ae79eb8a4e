"""Values for something else, too early, forged."""

import base64
import dataclasses
import hashlib
import json
import sqlite3
import uuid
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from api.cli.demo import cast
from api.cli.demo.story import World
from hsm.agent.consent import Yes
from hsm.agent.service.addresses import read_url
from hsm.agent.service.dpop import EphemeralKey
from hsm.agent.service.server import Server
from hsm.agent.signing.checking import check_items
from hsm.agent.signing.receipt import display_receipt
from hsm.keys import default_algorithm
from hsm.prepared.attributes import signed_attributes
from hsm.prepared.manifest import Manifest, verify_manifest
from hsm.software import SoftwareKey
from tests.story.callers import Caller, state, ticket_of
from tests.story.desks import Committee, Desk, anchor, opened_dossier, opinion
from tests.story.test_bad_input import refusal, unharmed

__all__ = ["unharmed"]
pytestmark = pytest.mark.timeout(300)


def signed_by_hand(desk: Desk, opened: dict[str, str]) -> tuple[Server, Manifest, list[dict[str, str]], str]:
    """A session, its manifest, an honest value for each item and a display receipt; neither was posted."""
    own = EphemeralKey.generate()
    server = Server(desk.world.stage.url, own)
    server.redeem(read_url(opened["agent_url"]), uuid.uuid4().hex)
    jws, at = server.ask("GET", "/v1/agent/manifest").text("manifest"), datetime.now(UTC)
    manifest = verify_manifest(jws, anchor(desk.world), at)
    key, values = desk.key(), []
    for item in check_items(server, manifest, at):
        attributes = signed_attributes(item.checked.digest, desk.certificate)
        value = key.sign(attributes, manifest.mechanism)
        said = {"attributes": base64.b64encode(attributes).decode(), "value": base64.b64encode(value).decode()}
        values.append(said | {"algorithm": manifest.mechanism.value})
    yes = Yes(opened=frozenset(), count=len(values), language="ar")
    return server, manifest, values, display_receipt(own, manifest, jws, yes, shown_at=at, said_at=at)


def test_values_for_something_else(world: World, committee: Committee, licences: list[str]) -> None:
    desk = committee.commune
    opened = desk.opened(*committee.opinions[:2])
    server, manifest, (first, second), receipt = signed_by_hand(desk, opened)
    items = [item.id for item in manifest.items]

    def give(item: str, value: dict[str, str]) -> tuple[int, str | None]:
        answer = server.ask("POST", f"/v1/agent/items/{item}/value", json=value)
        if answer.problem is not None:
            assert "not kept" in str(answer.document["detail"]) or "Nothing was" in str(answer.document["detail"])
        return answer.status, answer.problem

    decoded = base64.b64decode(first["attributes"])
    longer = first | {"attributes": base64.b64encode(decoded + b"\0").decode()}
    stranger = SoftwareKey(ec.generate_private_key(ec.SECP256R1()))
    forged = base64.b64encode(stranger.sign(decoded, default_algorithm(stranger.public_key))).decode()
    other_algorithm = "ecdsa-sha384" if first["algorithm"] != "ecdsa-sha384" else "ecdsa-sha256"
    assert give(items[0], first) == (409, "display-receipt-missing")
    assert server.ask("POST", "/v1/agent/receipt", json={"receipt": receipt}).status == 204
    assert give(items[0], second) == (422, "value-for-another-item")
    assert give(items[1], first) == (422, "value-for-another-item")
    assert give(str(uuid.uuid4()), first) == (404, "item-unknown")
    assert give(items[0], longer) == (422, "attributes-differ")
    assert give(items[0], first | {"value": forged}) == (422, "value-refused")
    assert give(items[0], first | {"value": second["value"]}) == (422, "value-refused")
    assert give(items[0], first | {"value": base64.b64encode(bytes(300_000)).decode()}) == (422, "value-refused")
    assert give(items[0], first | {"value": "no base64"}) == (422, "request-malformed")
    assert give(items[0], first | {"algorithm": "none"}) == (422, "request-malformed")
    assert give(items[0], first | {"algorithm": other_algorithm})[0] == 422
    assert not state(world, opened)[1] & {"kept", "signed"}
    for reference in committee.opinions[:2]:
        assert b"ETSI.CAdES.detached" not in world.platform.content(f"/v1/documents/{reference}/content")

    others = world.platform.post(
        "/v1/ceremonies", {"signer": world.holders[cast.PRESIDENT.key], "documents": licences[:1]}
    )
    president = Caller(world)
    president.redeem(ticket_of(others))
    president.ask("GET", "/v1/agent/manifest")
    refusal(president.ask("POST", f"/v1/agent/items/{items[0]}/value", first), 404, "item-unknown")
    refusal(president.ask("GET", f"/v1/agent/items/{items[0]}/prepared"), 404, "item-unknown")
    world.platform._http.delete(f"/v1/ceremonies/{others['id']}")

    assert [give(item, value)[0] for item, value in zip(items, (first, second), strict=True)] == [200, 200]
    assert give(items[0], first) == (200, None)  # again: the stored result
    again = server.ask("POST", f"/v1/agent/items/{items[0]}/value", json=first).document
    assert (again["item"], again["attributes_sha256"]) == (items[0], hashlib.sha256(decoded).hexdigest())
    world.signed(opened["id"])
    server.close()


def test_a_held_pin_is_in_the_journal(world: World, committee: Committee, tmp_path: Path) -> None:
    """The agent holds the PIN under a policy, signs all there is, and the journal names the policy."""
    desk = committee.province
    config = dataclasses.replace(desk.config, held_pin_policy="Note 12/2026", spool=tmp_path / "spool")
    held = dataclasses.replace(desk, config=config)
    desk.devices.always_authenticate = True
    try:
        path, read = opened_dossier(world)
        opened = desk.opened(opinion(desk, path, cast.PROVINCE, read))
        assert held.sign(opened["agent_url"]).error is None
    finally:
        desk.devices.always_authenticate = False
    database = world.stage.data / "records.sqlite"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as records:
        shown = (
            "select facts from journal_leaf join event on leaf_id = id where kind = 'ceremony.shown' and subject = ?"
        )
        ((facts,),) = records.execute(shown, (f"ceremony:{opened['id']}",)).fetchall()
    assert json.loads(facts)["held_pin_policy"] == "Note 12/2026"
