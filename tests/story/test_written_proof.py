"""Certificates reported as written: only by the device that holds the certified keys, for this enrolment, now."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from api.cli.demo import cast
from api.cli.demo.story import World
from hsm.prepared.authentication import Purpose, authentication_message
from tests.story.callers import Caller, csr, requests, today
from tests.story.test_bad_input import refusal

pytestmark = pytest.mark.timeout(300)
HOLDER = cast.Person(
    key="written",
    name_ar="نادية الكتاني",
    name_latin="Nadia Kettani",
    cin="BE777009",
    body=cast.COMMUNE,
    function="committee_member",
)


def test_only_a_fresh_proof_of_this_enrolment_by_the_certified_key_is_accepted(world: World) -> None:
    world.enrol(HOLDER, since=today())
    order = world.order(HOLDER, cast.COMMUNE)["id"]
    ticket = world.officer.post(f"/v1/key-orders/{order}/ticket")["ticket"]
    agent = Caller(world)
    agent.redeem(ticket)
    signature, authentication = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    asked = requests(csr(signature), csr(authentication))
    digest = agent.ask("POST", "/v1/agent/enrolment/requests", asked).json()["digest"]
    issued = world.second_officer.post(f"/v1/key-orders/{order}/approval", {"digest": digest})["certificates"]
    ders = [x509.load_pem_x509_certificate(each["pem"].encode()).public_bytes(Encoding.DER) for each in issued]
    written = {"certificates": [hashlib.sha256(der).hexdigest() for der in ders]}
    nonce = hashlib.sha256(ticket.encode()).hexdigest()

    def proof(
        key: ec.EllipticCurvePrivateKey = authentication,
        server_nonce: str = nonce,
        purpose: Purpose = Purpose.ENROLMENT,
        age: timedelta = timedelta(0),
    ) -> dict[str, object]:
        at = datetime.now(UTC).replace(microsecond=0) - age
        message = authentication_message(purpose, world.stage.url, server_nonce, agent.nonce, at)
        value = base64.b64encode(key.sign(message, ec.ECDSA(hashes.SHA256()))).decode()
        return {"at": at.isoformat(), "server_nonce": server_nonce, "value": value}

    bad = {
        "the signature key": proof(key=signature),
        "a stranger's key": proof(key=ec.generate_private_key(ec.SECP256R1())),
        "another enrolment's ticket": proof(server_nonce="0" * 64),
        "another purpose": proof(purpose=Purpose.LOGIN),
        "an hour ago": proof(age=timedelta(hours=1)),
    }
    before = world.officer.get(f"/v1/key-orders/{order}")["state"]
    assert before != "delivered"
    for given in bad.values():
        refusal(agent.ask("POST", PATH, written | {"proof": given}), 422, "enrolment-proof-refused")
    refusal(agent.ask("POST", PATH, written | {"proof": None}), 422, "enrolment-proof-refused")
    assert world.officer.get(f"/v1/key-orders/{order}")["state"] == before
    assert agent.ask("POST", PATH, written | {"proof": proof()}).is_success
    assert world.officer.get(f"/v1/key-orders/{order}")["state"] == "delivered"


PATH = "/v1/agent/enrolment/written"
