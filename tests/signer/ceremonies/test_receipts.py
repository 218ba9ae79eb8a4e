"""Display receipts: this session's key, this ceremony, the manifest in force, its items; then values are taken."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc import jws
from joserfc.jwk import ECKey
from sqlalchemy import delete, func, select
from sqlalchemy.exc import DatabaseError

from hsm.prepared.payload import MAX_TEXT
from pki.journal.tables import EventRow, Leaf
from signer.ceremonies.errors import DisplayReceiptMissing, DisplayReceiptRefused
from signer.ceremonies.receipts import MOST_CHARACTERS, TYPE, keep_receipt, receipts_of
from signer.ceremonies.tables import DisplayReceipt
from signer.dossiers.kinds import DossierKind, Track
from tests.signer.dossiers.town import Agent, Town

KEY = ECKey.generate_key("P-256")


@pytest.fixture
def agent(town: Town) -> Agent:
    """The president's, with two licences before him, in a town that asks for receipts."""
    object.__setattr__(town.desk, "policy", replace(town.desk.policy, require_display_receipt=True))
    two = [town.decision(town.dossier(DossierKind.REFECTION, Track.REFECTION)).reference for _ in range(2)]
    agent = Agent(town, "president", town.open("president", *two), KEY.thumbprint())
    agent.ask()
    return agent


def said(agent: Agent) -> dict[str, Any]:
    manifest = agent.manifest
    return {
        "ceremony": manifest.ceremony,
        "manifest_sha256": hashlib.sha256(agent.issued.jws.encode()).hexdigest(),
        "signer": manifest.signer.holder,
        "function": manifest.capacity.function,
        "body_code": manifest.capacity.body_code,
        "language": "ar",
        "agent_version": "0.1.0",
        "shown_at": "2026-11-02T10:00:00Z",
        "said_at": "2026-11-02T10:00:05Z",
        "shown": [
            {
                "item": item.id,
                "reference": item.reference,
                "base_sha256": item.base_sha256,
                "prepared_sha256": item.prepared_sha256,
                "opened": True,
            }
            for item in manifest.items
        ],
    }


def sealed(payload: dict[str, Any], key: ECKey = KEY, **header: Any) -> str:
    head = {"alg": "ES256", "typ": TYPE, "jwk": key.as_dict(private=False)} | header
    return jws.serialize_compact(head, json.dumps(payload, sort_keys=True).encode(), key)


def keep(agent: Agent, receipt: str) -> None:
    keep_receipt(agent.town.records, agent=agent.session, receipt=receipt, at=agent.town.at)


def kept(agent: Agent) -> int:
    with agent.town.records.reading() as session:
        return session.scalar(select(func.count()).select_from(DisplayReceipt)) or 0


def test_a_value_waits_for_its_receipt(agent: Agent) -> None:
    given = agent.value()
    with pytest.raises(DisplayReceiptMissing):
        agent.give(given)
    receipt = sealed(said(agent))
    keep(agent, receipt)
    keep(agent, receipt)
    assert kept(agent) == 1
    assert agent.give(given).state == "signed"
    with agent.town.records.reading() as session:
        found = receipts_of(session, UUID(agent.manifest.ceremony))
    assert [each.jws for each in found] == [receipt]


def journalled(agent: Agent) -> list[dict[str, Any]]:
    """The facts of each `ceremony.shown` in the journal."""
    with agent.town.records.reading() as session:
        leaves = select(Leaf.facts).join(EventRow, EventRow.leaf_id == Leaf.id).where(EventRow.kind == "ceremony.shown")
        return [json.loads(facts or "") for facts in session.scalars(leaves)]


def test_a_policy_under_which_a_pin_is_held_is_journalled(agent: Agent) -> None:
    receipt = sealed(said(agent) | {"held_pin_policy": "Note 12/2026"})
    keep(agent, receipt)
    keep(agent, receipt)
    (facts,) = journalled(agent)
    assert facts["held_pin_policy"] == "Note 12/2026"
    assert facts["receipt"] == hashlib.sha256(receipt.encode()).hexdigest()


def test_no_policy_no_fact(agent: Agent) -> None:
    keep(agent, sealed(said(agent)))
    (facts,) = journalled(agent)
    assert "held_pin_policy" not in facts


@pytest.mark.parametrize("policy", ["", None, 7, ["Note"], "a\nb", "a\u202eb", "x" * (MAX_TEXT + 1)])
def test_a_policy_that_is_no_name_is_refused(agent: Agent, policy: object) -> None:
    with pytest.raises(DisplayReceiptRefused):
        keep(agent, sealed(said(agent) | {"held_pin_policy": policy}))
    assert kept(agent) == 0
    assert journalled(agent) == []


def test_it_stays_as_it_came(agent: Agent) -> None:
    keep(agent, sealed(said(agent)))
    with pytest.raises(DatabaseError), agent.town.records.writing() as session:
        session.execute(delete(DisplayReceipt))


def _without_one(payload: dict[str, Any]) -> None:
    payload["shown"] = payload["shown"][:1]


def _another_file(payload: dict[str, Any]) -> None:
    payload["shown"][0]["prepared_sha256"] = "0" * 64


DEVIATIONS: dict[str, Callable[[dict[str, Any]], object]] = {
    "ceremony": lambda payload: payload.update(ceremony=str(uuid4())),
    "manifest": lambda payload: payload.update(manifest_sha256="0" * 64),
    "signer": lambda payload: payload.update(signer=str(uuid4())),
    "items": _without_one,
    "items: another file": _another_file,
    "items: not said whether opened": lambda payload: payload["shown"][0].update(opened="yes"),
    "fields": lambda payload: payload.pop("language"),
    "fields: one more": lambda payload: payload.update(more=1),
}


@pytest.mark.parametrize("deviation", DEVIATIONS)
def test_each_deviation_is_refused(agent: Agent, deviation: str) -> None:
    payload = said(agent)
    DEVIATIONS[deviation](payload)
    with pytest.raises(DisplayReceiptRefused) as refused:
        keep(agent, sealed(payload))
    assert refused.value.reason == deviation.split(":", maxsplit=1)[0]
    assert kept(agent) == 0


def test_another_key_type_or_seal_is_refused(agent: Agent) -> None:
    good = said(agent)
    head, body, value = sealed(good).split(".")
    for reason, receipt in {
        "key": sealed(good, ECKey.generate_key("P-256")),
        "type": sealed(good, typ="dpop+jwt"),
        "signature": f"{head}.{body}.{value[:-4]}AAAA",
        "too-large": "a" * (MOST_CHARACTERS + 1),
    }.items():
        with pytest.raises(DisplayReceiptRefused) as refused:
            keep(agent, receipt)
        assert refused.value.reason == reason
    assert kept(agent) == 0
