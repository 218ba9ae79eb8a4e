"""Keys by their other two roads, and a locked device's way back: the service over HTTP, the agent at a terminal.

The first road, a key made in its holder's device, is how every other test of the story gets its signers.
"""

import base64
import dataclasses
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from api.cli.demo.cast import Person
from api.cli.demo.clients import Refused
from api.cli.demo.outside import OutsideCa, leave_devices
from api.cli.demo.stage import PROGRAMS, Workplace, start_agent
from api.cli.demo.story import World, _accept, _already_held_key, _await_issuance, _trust_outside_ca
from hsm.cryptoki.provisioning import write_softhsm_conf
from tests.hsm.agent.terminal import Terminal
from tests.story.callers import Caller, refused
from tests.story.test_bad_input import refusal

pytestmark = pytest.mark.timeout(180)
PRESENTED = "/v1/agent/enrolment/presented"
POLICY, OTHER_POLICY = "1.3.6.1.4.1.5923.99.1", "1.3.6.1.4.1.5923.99.2"
SUPPLIED = Person(
    key="supplied",
    name_ar="إدريس الحمداوي",
    name_latin="Driss El Hamdaoui",
    cin="W810001",
    body="06.117.01.09",
    function="president",
)
HELD = Person(
    key="already-held",
    name_ar="سعاد المريني",
    name_latin="Souad El Merini",
    cin="W810002",
    body="06.117.01.11",
    function="president",
)
LOCKED = Person(
    key="locked",
    name_ar="رشيد الزياني",
    name_latin="Rachid Ziani",
    cin="W810003",
    body="06.117.01.13",
    function="president",
)


@pytest.fixture(autouse=True, scope="module")
def _devices_are_left() -> Iterator[None]:
    yield
    leave_devices()


def take_office(world: World, person: Person) -> None:
    world.enrol(person)
    world.declare(person.body)


def state_of(world: World, order: str) -> str:
    return str(world.officer.get(f"/v1/key-orders/{order}")["state"])


def at_terminal(workplace: Workplace, *arguments: str) -> Terminal:
    command = [str(PROGRAMS / "khatam-agent"), *arguments, "--config", str(workplace.config)]
    return Terminal(command, folder=workplace.folder, home=workplace.folder)


def draw_up(world: World, person: Person) -> str:
    """A licence of his commune that waits for him: its reference."""
    asked = {"platform_reference": f"{person.key}-1", "body": person.body, "kind": "refection", "track": "refection"}
    asked |= {"title": "Ravalement de façade", "applicant": "F. B.", "parcel": "TF 1/53"}
    dossier = world.platform.post("/v1/dossiers", asked)["id"]
    decision = {"kind": "licence", "signer": world.holders[person.key]}
    return str(world.platform.post(f"/v1/dossiers/{dossier}/decision", decision)["reference"])


def test_a_supplied_device_is_ordered_approved_presented_and_accepted(world: World) -> None:
    take_office(world, SUPPLIED)
    supplier = OutsideCa("Supplier double TEST CA")
    issuer = {"name": "Supplier double", "certificate_pem": supplier.pem(), "root_pem": supplier.pem()}
    issuer |= {"crl_pem": supplier.crl().public_bytes(Encoding.PEM).decode()}
    for wrong in ("1", "3.1", "1.2.", "1.02", "under any"):
        with pytest.raises(Refused) as malformed:
            world.officer.post("/v1/issuers", {**issuer, "policy_oids": [wrong]})
        assert malformed.value.status == 422
    world.officer.post("/v1/issuers", {**issuer, "policy_oids": [POLICY]})
    refused(world.officer, "/v1/issuers", "anchor-refused", **issuer)
    workplace = world.workplaces[SUPPLIED.key] = world.stage.workplace(SUPPLIED.key)
    held = supplier.equip(workplace, name=SUPPLIED.name_latin, cin=SUPPLIED.cin, policy=POLICY)
    asked = {"holder": world.holders[SUPPLIED.key], "office": world.offices[SUPPLIED.key], "payer": SUPPLIED.body}
    asked |= {"road": "supplied", "device_serial": held.ref.device_serial}
    order = world.officer.post("/v1/key-orders", asked)
    path = f"/v1/key-orders/{order['id']}"
    world.orders[SUPPLIED.key] = order["id"]

    refused(world.officer, f"{path}/ticket", "order-state-refused")
    refused(world.officer, f"{path}/approval", "self-approval", digest=order["approval_digest"])
    refused(world.second_officer, f"{path}/approval", "approval-digest-differs", digest="0" * 64)
    world.second_officer.post(f"{path}/approval", {"digest": order["approval_digest"]})

    def issue(
        name: str = SUPPLIED.name_latin, cin: str = SUPPLIED.cin, policy: str | None = POLICY
    ) -> x509.Certificate:
        key = ec.generate_private_key(ec.SECP256R1()).public_key()
        return supplier.issue(key, name=name, cin=cin, policy=policy)

    stranger = caller(world, path)
    serial = held.ref.device_serial
    for bad in (
        presentation(held.certificate, "another-serial"),
        presentation(issue(cin="W999999"), serial),
        presentation(issue(name="Somebody Else", cin="X1"), serial),
        presentation(issue(policy=OTHER_POLICY), serial),
        presentation(issue(policy=None), serial),
    ):
        refusal(stranger.ask("POST", PRESENTED, bad), 422, "certificate-mismatch")
    same_key = held.certificate.public_key()
    assert isinstance(same_key, rsa.RSAPublicKey)
    unknown = OutsideCa("Nobody knows TEST CA").issue(same_key, name=SUPPLIED.name_latin, cin=SUPPLIED.cin)
    assert stranger.ask("POST", PRESENTED, presentation(unknown, serial)).status_code == 422
    assert state_of(world, order["id"]) == "approved"

    ticket = world.officer.post(f"{path}/ticket")["ticket"]
    with at_terminal(workplace, "present", ticket) as terminal:
        terminal.see(f"The order is for:     {SUPPLIED.name_latin}")
        terminal.answer("Type YES if both are you", "YES")
        terminal.answer("PIN of supplied", workplace.pin_file.read_text())
        terminal.see("is presented.")
        assert terminal.end() == 0
    found = world.officer.get(path)
    assert (found["state"], len(found["certificates"])) == ("delivered", 1)
    assert found["evidence"][0]["standing"] == "claimed"
    assert found["evidence"][0]["attributes"]["extractable"] is False
    _accept(world, SUPPLIED, expected_state="active")
    booked = world.officer.get("/v1/ledger", order=order["id"])["items"]
    purchases = [each for each in booked if each["book"] == "purchase"]
    assert sorted(each["change"] for each in purchases) == [-1, 1]


def test_a_key_already_held_is_registered_and_accepted(world: World) -> None:
    take_office(world, HELD)
    if not world.outside_issuer:
        _trust_outside_ca(world)
    _already_held_key(world, HELD)
    order = world.officer.get(f"/v1/key-orders/{world.orders[HELD.key]}")
    assert (order["road"], order["state"], order["payer"]) == ("already_held", "active", None)


def test_a_locked_device_comes_back_by_two_officers_and_its_holder(world: World) -> None:
    take_office(world, LOCKED)
    workplace = make_own_key(world, LOCKED)
    order = world.orders[LOCKED.key]
    licence = draw_up(world, LOCKED)
    ceremony = {"signer": world.holders[LOCKED.key], "documents": [licence]}

    releases = f"/v1/key-orders/{order}/unlock-releases"
    asked = world.officer.post(releases, {"reason": "locked"})
    approval = f"{releases}/{asked['id']}/approval"
    refused(world.officer, approval, "self-approval", digest=asked["digest"])
    assert state_of(world, order) == "active"
    released = world.second_officer.post(approval, {"digest": asked["digest"]})["secrets"]
    assert [each["kind"] for each in released] == ["so-pin"]
    refused(world.second_officer, approval, "approval-used", digest=asked["digest"])
    assert state_of(world, order) == "blocked"
    refused(world.platform, "/v1/ceremonies", "key-blocked", **ceremony)

    ticket = world.officer.post(f"/v1/key-orders/{order}/ticket")["ticket"]
    new_pin = f"{secrets.randbelow(10**8):08d}"
    with at_terminal(workplace, "unlock", ticket, "--device", LOCKED.key) as terminal:
        terminal.answer("Type YES to go on: ", "YES")
        terminal.answer("Unlock secret (SO PIN or PUK) of locked: ", released[0]["value"])
        terminal.answer("New PIN for locked, 6 to 32 characters: ", new_pin)
        terminal.answer("The new PIN again: ", new_pin)
        terminal.see("has its new PIN; its key is accepted next.")
        assert terminal.end() == 0
        assert new_pin not in terminal.shown
        assert released[0]["value"] not in terminal.shown
    workplace.pin_file.write_text(new_pin)
    assert state_of(world, order) == "delivered"
    refused(world.platform, "/v1/ceremonies", "key-not-accepted", **ceremony)
    _accept(world, LOCKED, expected_state="active")
    world.sign(LOCKED, [licence])
    require_kept_nowhere(world.stage.folder, new_pin, released[0]["value"], allowed=workplace.pin_file)


def make_own_key(world: World, person: Person) -> Workplace:
    """From an empty device to an active key, as the holder's own agent makes it."""
    workplace = world.stage.workplace(person.key)
    conf = write_softhsm_conf(workplace.folder / "empty-device")
    config = workplace.config.read_text().replace(str(workplace.softhsm_conf), str(conf))
    workplace.config.write_text(config)
    workplace = world.workplaces[person.key] = dataclasses.replace(workplace, softhsm_conf=conf)
    order = world.orders[person.key] = world.order(person, person.body)["id"]
    ticket = world.officer.post(f"/v1/key-orders/{order}/ticket")["ticket"]
    agent = start_agent(workplace, "enrol", ticket, "--device", person.key, "--initialise")
    issuance = _await_issuance(world, order, agent)
    world.second_officer.post(f"/v1/key-orders/{order}/approval", {"digest": issuance["digest"]})
    world.finish(agent)
    _accept(world, person, expected_state="active")
    return workplace


def caller(world: World, path: str) -> Caller:
    """An agent's session at an order, without an agent's care."""
    made = Caller(world)
    assert made.redeem(world.officer.post(f"{path}/ticket")["ticket"]).is_success
    return made


def presentation(certificate: x509.Certificate, serial: str) -> dict[str, object]:
    device = {"label": "supplied", "serial": serial, "model": "m"}
    der = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    return {"certificates": [der], "device": device, "proof": None}


def require_kept_nowhere(folder: Path, *said: str, allowed: Path) -> None:
    """Neither the service nor the PC has written it down."""
    for path in folder.rglob("*"):
        if path.is_file() and path != allowed:
            content = path.read_bytes()
            assert not any(each.encode() in content for each in said), path
