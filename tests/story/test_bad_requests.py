"""Bad requests for certificates, and an approval used twice."""

import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from api.cli.demo import cast
from api.cli.demo.story import World
from tests.story.callers import Caller, csr, refused, requests, today
from tests.story.test_bad_input import refusal, unharmed

__all__ = ["unharmed"]
pytestmark = pytest.mark.timeout(300)


VICE = cast.Person(
    key="vice",
    name_ar="كمال التازي",
    name_latin="Kamal Tazi",
    cin="BE777001",
    body=cast.COMMUNE,
    function="committee_member",
)
OTHER = dataclasses.replace(VICE, key="other", name_ar="هدى العلمي", name_latin="Houda Alami", cin="BE777002")


def test_bad_certificate_requests_and_an_approval_used_twice(world: World) -> None:
    world.enrol(VICE, since=today())
    order = world.order(VICE, cast.COMMUNE)["id"]
    agent = Caller(world)
    agent.redeem(world.officer.post(f"/v1/key-orders/{order}/ticket")["ticket"])
    path, approval = "/v1/agent/enrolment/requests", f"/v1/key-orders/{order}/approval"
    good, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    sound = csr(good)
    bad = {
        "proof-failed": sound[:-1] + bytes((sound[-1] ^ 1,)),
        "key-weak": csr(rsa.generate_private_key(65537, 1024)),
        "key-kind": csr(ec.generate_private_key(ec.SECP521R1())),
        "malformed": b"\x30\x03\x02\x01\x01",
    }
    for reason, der in bad.items():
        for pair in ((der, csr(other)), (sound, der)):
            problem = refusal(agent.ask("POST", path, requests(*pair)), 422, "csr-refused")
            assert problem["reason"] == reason
            assert "No certificate was prepared" in problem["detail"]
    refusal(agent.ask("POST", path, requests(sound, csr(good, "Y"))), 409, "key-already-certified")
    refusal(agent.ask("POST", path, requests(sound, sound) | {"signature_csr": "%%"}), 422, "request-malformed")
    assert world.officer.get(f"/v1/key-orders/{order}")["issuance"] is None
    refused(world.second_officer, approval, "requests-missing", digest="0" * 64)

    digest = agent.ask("POST", path, requests(sound, csr(other))).json()["digest"]
    refused(world.officer, approval, "self-approval", digest=digest)
    refused(world.second_officer, approval, "approval-digest-differs", digest="0" * 64)
    issued = world.second_officer.post(approval, {"digest": digest})
    before = world.officer.get("/v1/ledger", order=order)["items"]
    detail = refused(world.second_officer, approval, "approval-used", digest=digest)
    assert "Nothing more was approved or issued" in detail
    found = world.officer.get(f"/v1/key-orders/{order}")
    assert found["certificates"] == issued["certificates"]
    assert len(found["certificates"]) == 2
    assert world.officer.get("/v1/ledger", order=order)["items"] == before

    world.enrol(OTHER, since=today())  # whose agent offers a key that is certified already
    second = world.order(OTHER, cast.COMMUNE)["id"]
    thief = Caller(world)
    thief.redeem(world.officer.post(f"/v1/key-orders/{second}/ticket")["ticket"])
    fresh = csr(ec.generate_private_key(ec.SECP256R1()))
    for pair in ((csr(good, "Z"), fresh), (fresh, csr(other, "Z"))):
        problem = refusal(thief.ask("POST", path, requests(*pair)), 409, "key-already-certified")
        assert "generate a new key" in problem["detail"]
    assert world.officer.get(f"/v1/key-orders/{second}")["issuance"] is None
    refusal(thief.ask("GET", "/v1/agent/manifest"), 404, "ceremony-unknown")
