"""Bad agents, tickets, requests, approvals and values against the running service. Devices are in memory."""

import base64
import dataclasses
import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from api.cli.demo import cast
from api.cli.demo.clients import Client, Refused
from api.cli.demo.story import World, _until_state
from hsm.agent.addresses import Ticket, read_url
from hsm.agent.checking import check_items
from hsm.agent.config import AgentConfig
from hsm.agent.dpop import EphemeralKey
from hsm.agent.enrolling import Enrolling
from hsm.agent.errors import AgentCode
from hsm.agent.report import SigningReport
from hsm.agent.server import Server
from hsm.agent.signing import Signing, Surroundings
from hsm.agent.unattended import Unattended
from hsm.keys import default_algorithm
from hsm.prepared.attributes import signed_attributes
from hsm.prepared.errors import ManifestReason, ManifestRefused
from hsm.prepared.manifest import Manifest, verify_manifest
from hsm.software import SoftwareKey
from tests.hsm.agent.estate import FixedPins, MemoryDevices
from tests.story.test_bad_input import processes, refusal, unharmed

__all__ = ["unharmed"]
pytestmark = pytest.mark.timeout(300)


class Tampering(httpx2.BaseTransport):
    """A line between agent and service on which somebody changes what some addresses answer."""

    def __init__(self, tamper: Callable[[str, bytes], bytes]) -> None:
        self._tamper, self._line = tamper, httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self._line.handle_request(request)
        answer.read()
        content = self._tamper(request.url.path, answer.content)
        headers = {"content-type": answer.headers.get("content-type", "")}
        return httpx2.Response(answer.status_code, headers=headers, content=content)

    def close(self) -> None:
        self._line.close()


@dataclasses.dataclass(slots=True)
class Desk:
    """A signer's PC: the real agent, its device in memory."""

    world: World
    person: cast.Person
    config: AgentConfig
    devices: MemoryDevices

    def around(self, transport: httpx2.BaseTransport | None = None) -> Surroundings:
        return Surroundings(
            devices=lambda: self.devices,
            consent=Unattended(),
            pins=FixedPins(),
            transport=transport,
            pause=lambda _: None,
        )

    @property
    def holder(self) -> str:
        return self.world.holders[self.person.key]

    def sign(self, agent_url: str, transport: httpx2.BaseTransport | None = None) -> SigningReport:
        return Signing(self.config, read_url(agent_url), self.around(transport)).run()

    def opened(self, *references: str) -> dict[str, str]:
        asked = {"signer": self.holder, "documents": list(references)}
        opened: dict[str, str] = self.world.platform.post("/v1/ceremonies", asked)
        return opened

    def key(self) -> SoftwareKey:
        """The signature key."""
        certificate = next(each for each in self.devices.certificates if each.der == self.certificate)
        return self.devices.keys[certificate.key_id]

    @property
    def certificate(self) -> bytes:
        order = self.world.officer.get(f"/v1/key-orders/{self.world.orders[self.person.key]}")
        pem = next(each["pem"] for each in order["certificates"] if each["purpose"] == "signature")
        return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)


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


def anchor(world: World) -> x509.Certificate:
    return x509.load_pem_x509_certificate((world.stage.data / "agents" / "manifest-anchor.pem").read_bytes())


def state(world: World, opened: dict[str, str]) -> tuple[str, set[str]]:
    found = world.platform.get(f"/v1/ceremonies/{opened['id']}")
    return found["state"], {item["state"] for item in found["items"]}


def enrolled(world: World, person: cast.Person, payer: str, folder: Path) -> Desk:
    """The person with an active key in a device in memory, by the road of everybody."""
    world.enrol(person)
    order = world.orders[person.key] = world.order(person, payer)["id"]
    config = AgentConfig(
        server=world.stage.url,
        environment="rehearsal",
        manifest_anchor=world.stage.data / "agents" / "manifest-anchor.pem",
        modules=(folder / "none.so",),
        spool=folder / f"spool-{person.key}",
    )
    desk = Desk(world, person, config, MemoryDevices(label=person.key))
    ticket = Ticket(world.officer.post(f"/v1/key-orders/{order}/ticket")["ticket"])
    first = Enrolling(config, ticket, desk.around(), device=person.key, wait_seconds=0).run()
    assert first.error is not None
    assert first.error.code is AgentCode.APPROVAL
    world.second_officer.post(f"/v1/key-orders/{order}/approval", {"digest": first.digest})
    assert Enrolling(config, ticket, desk.around(), device=person.key, wait_seconds=20).run().error is None
    opened = world.officer.post(f"/v1/key-orders/{order}/acceptance")
    assert desk.sign(opened["agent_url"]).error is None
    assert _until_state(world, order, "active") == "active"
    return desk


@dataclasses.dataclass(frozen=True, slots=True)
class Committee:
    """Two members with keys, and dossiers whose file they read: two for single tests, one for the minutes."""

    commune: Desk
    province: Desk
    dossiers: tuple[str, str, str]
    opinions: tuple[str, str, str]
    """The communal member's, one in each dossier, unsigned."""


@pytest.fixture(scope="module")
def committee(world: World, tmp_path_factory: pytest.TempPathFactory) -> Committee:
    from signer.rendering.facts import ApplicationFacts
    from signer.rendering.render import render

    folder = tmp_path_factory.mktemp("desks")
    agency = {"code": cast.AGENCY, "kind": "urban_agency", "province_code": cast.PROVINCE}
    world.officer.post("/v1/bodies", agency | {"name_fr": "Agence urbaine", "name_ar": "الوكالة الحضرية"})
    commune = enrolled(world, cast.COMMUNAL_MEMBER, cast.COMMUNE, folder)
    province = enrolled(world, cast.PROVINCIAL_MEMBER, cast.PROVINCE, folder)
    application, paths, opinions = render(ApplicationFacts.sample()).content, [], []
    for _ in range(3):
        asked = {"platform_reference": str(uuid.uuid4()), "body": cast.COMMUNE, "kind": "construire", "track": "small"}
        opened = world.platform.post("/v1/dossiers", asked | {"title": "Villa", "applicant": "M. A.", "parcel": "TF 2"})
        path = f"/v1/dossiers/{opened['id']}"
        read = world.platform.post_bytes(f"{path}/files", application, title="Demande")["sha256"]
        paths.append(path)
        opinions.append(opinion(commune, path, cast.COMMUNE, read))
    return Committee(commune, province, (paths[0], paths[1], paths[2]), (opinions[0], opinions[1], opinions[2]))


def opinion(desk: Desk, path: str, body: str, read: str) -> str:
    given = {"holder": desk.holder, "body": body, "opinion": "favourable", "text": "Conforme.", "read": [read]}
    return str(desk.world.platform.post(f"{path}/opinions", given)["reference"])


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
    world.enrol(VICE)
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

    world.enrol(OTHER)  # whose agent offers a key that is certified already
    second = world.order(OTHER, cast.COMMUNE)["id"]
    thief = Caller(world)
    thief.redeem(world.officer.post(f"/v1/key-orders/{second}/ticket")["ticket"])
    fresh = csr(ec.generate_private_key(ec.SECP256R1()))
    for pair in ((csr(good, "Z"), fresh), (fresh, csr(other, "Z"))):
        problem = refusal(thief.ask("POST", path, requests(*pair)), 409, "key-already-certified")
        assert "generate a new key" in problem["detail"]
    assert world.officer.get(f"/v1/key-orders/{second}")["issuance"] is None
    refusal(thief.ask("GET", "/v1/agent/manifest"), 404, "ceremony-unknown")


def refused(client: Client, path: str, code: str, **body: object) -> str:
    with pytest.raises(Refused) as error:
        client.post(path, body)
    assert error.value.code == code
    return error.value.detail


def signed_by_hand(desk: Desk, opened: dict[str, str]) -> tuple[Server, Manifest, list[dict[str, str]]]:
    """A session, its manifest, and an honest value for each item, posted by nobody yet."""
    server = Server(desk.world.stage.url, EphemeralKey.generate())
    server.redeem(read_url(opened["agent_url"]), uuid.uuid4().hex)
    jws, at = server.ask("GET", "/v1/agent/manifest").text("manifest"), datetime.now(UTC)
    manifest = verify_manifest(jws, anchor(desk.world), at)
    key, values = desk.key(), []
    for item in check_items(server, manifest, at):
        attributes = signed_attributes(item.checked.digest, desk.certificate)
        value = key.sign(attributes, manifest.mechanism)
        said = {"attributes": base64.b64encode(attributes).decode(), "value": base64.b64encode(value).decode()}
        values.append(said | {"algorithm": manifest.mechanism.value})
    return server, manifest, values


def test_values_for_something_else(world: World, committee: Committee, licences: list[str]) -> None:
    desk = committee.commune
    opened = desk.opened(*committee.opinions[:2])
    server, manifest, (first, second) = signed_by_hand(desk, opened)
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
    world.signed(opened["id"])
    server.close()


@pytest.mark.parametrize("what", ["one object more", "one byte of the base", "another file"])
def test_a_prepared_file_changed_on_its_way(world: World, committee: Committee, tmp_path: Path, what: str) -> None:
    desk, reference = committee.province, drafted(committee)
    opened, before = desk.opened(reference), list(desk.devices.signed)

    def tamper(path: str, content: bytes) -> bytes:
        if not path.endswith("/prepared"):
            return content
        if what == "one object more":
            return content.replace(b"%%EOF", b"%%EOF\n99 0 obj\n<< /Type /Action /S /Named >>\nendobj\n")
        return b"%PDF-1.7\n" if what == "another file" else content[:300] + bytes((content[300] ^ 1,)) + content[301:]

    report = desk.sign(opened["agent_url"], Tampering(tamper))
    assert report.error is not None
    assert report.error.code is AgentCode.DOCUMENT
    assert (report.kept, report.error.fields["reason"]) == (0, "prepared-differs")
    assert "Nothing of this list was signed" in str(report.error)
    assert desk.devices.signed == before
    assert state(world, opened)[0] == "cancelled"
    later = desk.opened(reference)  # and nothing stayed locked
    world.platform._http.delete(f"/v1/ceremonies/{later['id']}")


def drafted(committee: Committee) -> str:
    """The provincial member's opinion in the first dossier, drafted anew."""
    desk, path = committee.province, committee.dossiers[0]
    read = desk.world.platform.get(path)["files"][0]["sha256"]
    return opinion(desk, path, cast.PROVINCE, read)


def test_the_manifest_of_another_ceremony_or_of_yesterday(world: World, committee: Committee) -> None:
    desk, before = committee.province, list(committee.province.devices.signed)
    first = desk.opened(drafted(committee))
    seen: dict[str, bytes] = {}

    def keep(path: str, content: bytes) -> bytes:
        if path == "/v1/agent/manifest":
            seen[path] = content
        return b"%PDF" if path.endswith("/prepared") else content

    desk.sign(first["agent_url"], Tampering(keep))  # seen, not signed
    second = desk.opened(drafted(committee))
    report = desk.sign(second["agent_url"], Tampering(seen.get))
    assert report.error is not None
    assert report.error.code is AgentCode.MANIFEST
    assert report.error.fields["reason"] in {"other-ceremony", "other-ticket", "other-nonce"}
    assert "Nothing was signed" in str(report.error)
    assert desk.devices.signed == before
    assert not state(world, second)[1] & {"kept", "signed"}
    jws = json.loads(seen["/v1/agent/manifest"])["manifest"]
    with pytest.raises(ManifestRefused) as error:
        verify_manifest(jws, anchor(world), datetime.now(UTC) + timedelta(days=1))
    assert error.value.reason is ManifestReason.EXPIRED


def test_a_device_removed_between_two_signatures(world: World, committee: Committee) -> None:
    desk = committee.province
    references = []
    for path in committee.dossiers[:2]:
        read = world.platform.get(path)["files"][0]["sha256"]
        references.append(opinion(desk, path, cast.PROVINCE, read))
    opened = desk.opened(*references)
    desk.devices.remove_after = len(desk.devices.signed) + 1
    report = desk.sign(opened["agent_url"])
    assert report.error is not None
    assert (report.error.code, report.kept) == (AgentCode.DEVICE_REMOVED, 1)
    assert "1 of 2 are signed" in str(report.error)
    desk.devices.remove_after = None
    assert desk.sign(opened["agent_url"]).error is None
    world.signed(opened["id"])


def test_two_members_preparing_the_same_minutes(world: World, committee: Committee) -> None:
    path = committee.dossiers[2]
    read = world.platform.get(path)["files"][0]["sha256"]
    given = opinion(committee.province, path, cast.PROVINCE, read)
    for desk, reference in ((committee.commune, committee.opinions[2]), (committee.province, given)):
        ceremony = desk.opened(reference)
        assert desk.sign(ceremony["agent_url"]).error is None
        world.signed(ceremony["id"])
    minutes = world.platform.post(f"{path}/minutes", {"absent": {cast.AGENCY: "Empêché"}})["reference"]
    desks = (committee.commune, committee.province)

    def opened(desk: Desk) -> httpx2.Response:
        return world.platform._http.post("/v1/ceremonies", json={"signer": desk.holder, "documents": [minutes]})

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(opened, desks))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    won = answers[0].status_code == 201
    (winner, its), (loser, other) = (
        zip(desks, answers, strict=True) if won else [*zip(desks, answers, strict=True)][::-1]
    )
    problem = refusal(other, 409, "document-leased")
    assert winner.person.name_latin in problem["detail"]
    assert problem["until"]
    refusal(opened(loser), 409, "document-leased")
    assert winner.sign(its.json()["agent_url"]).error is None
    world.signed(its.json()["id"])
    then = opened(loser).json()
    assert loser.sign(then["agent_url"]).error is None
    world.signed(then["id"])
    signed = world.public.post_bytes("/v1/verifications", world.settled(minutes, level="B-T"))
    assert len(signed["signatures"]) == 2
    assert set(processes(world).values()) >= {"api", "jobs"}
