"""The agent's surroundings for tests: a service in process that follows the HTTP contract, devices in memory."""

import base64
import dataclasses
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from api.auth.dpop import verify_proof
from hsm.agent.config import AgentConfig
from hsm.agent.consent import Consent
from hsm.agent.service.addresses import Ticket
from hsm.agent.signing.ceremony import Surroundings
from hsm.agent.unattended import Unattended
from hsm.cryptoki.device import DeviceInfo
from hsm.cryptoki.objects import StoredCertificate
from hsm.errors import DeviceUnavailable, KeyNotFound, PinRefused
from hsm.keys import KeyKind, KeyRef, PublicKey, SignatureAlgorithm, verify
from hsm.pin import Pin, PinSource
from hsm.prepared.attributes import signed_attributes
from hsm.prepared.enrolment import EnrolmentManifest, EnrolmentSubject, KeyPurpose, sign_enrolment_manifest
from hsm.prepared.increment import check_increment
from hsm.prepared.manifest import Environment, Manifest, ManifestItem, sign_manifest
from hsm.software import SoftwareKey, generate_private_key
from tests.hsm.agent.holder_device import SERIAL, HolderActs
from tests.hsm.prepared.authority import Authority, SoftKey, usage
from tests.hsm.prepared.manifests import make_manifest

ORIGIN = "http://127.0.0.1:8000"
TICKET = "t" * 43
PIN = "canary-4711-pin"


class FixedPins:
    """A PIN source that counts how often it was asked."""

    held = False

    def __init__(self, characters: str = PIN) -> None:
        self.characters = characters
        self.asked = 0

    def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
        self.asked += 1
        return Pin(self.characters)


class MemoryKey:
    """A key of a memory device: asks the PIN like a device, and can go away."""

    def __init__(self, device: "MemoryDevices", soft: SoftwareKey, pins: PinSource) -> None:
        self._device = device
        self._soft = soft
        self._pins = pins
        self.always_authenticate = device.always_authenticate

    @property
    def public_key(self) -> PublicKey:
        return self._soft.public_key

    @property
    def algorithms(self) -> tuple[SignatureAlgorithm, ...]:
        return self._soft.algorithms

    def sign(self, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        if self.always_authenticate:
            self._device.require_pin(self._pins)
        self._device.before_signature()
        self._device.signed.append(message)
        return self._device.after(self._soft.sign(message, algorithm))


@dataclass(slots=True)
class MemoryDevices(HolderActs):
    """One device in memory behind the `Devices` port."""

    pin_value: str = PIN
    always_authenticate: bool = False
    flags: dict[str, bool] = field(default_factory=dict)
    manufacturer: str = "tests"
    present: bool = True
    signed: list[bytes] = field(default_factory=list)
    generated: int = 0
    pin_tries: int = 0
    remove_after: int | None = None
    after: Callable[[bytes], bytes] = lambda value: value

    def before_signature(self) -> None:
        if self.remove_after is not None and len(self.signed) >= self.remove_after:
            raise DeviceUnavailable("the device went away")

    def require_pin(self, pins: PinSource) -> None:
        self.pin_tries += 1
        if pins.pin(device_label=self.label, device_serial="1", last_try=False).reveal() != self.pin_value:
            raise PinRefused("wrong PIN")

    def devices(self) -> list[DeviceInfo]:
        if not self.present:
            return []
        names = ("pin_count_low", "pin_final_try", "pin_locked", "protected_path", "write_protected")
        info = DeviceInfo(
            label=self.label,
            serial=SERIAL,
            model="memory",
            manufacturer=self.manufacturer,
            initialised=True,
            pin_set=True,
            login_required=True,
            **(dict.fromkeys(names, False) | self.flags),
        )
        return [self.state(info)]

    def read_certificates(self, device: DeviceInfo) -> list[StoredCertificate]:
        return list(self.certificates)

    def key(self, ref: KeyRef, pins: PinSource, *, always_authenticate: bool | None = None) -> MemoryKey:
        self.before_signature()
        if always_authenticate is None:
            self.require_pin(pins)
        if ref.key_id not in self.keys:
            raise KeyNotFound("no such key")
        return MemoryKey(self, self.keys[ref.key_id], pins)

    def generate_key_pair(
        self, *, device_label: str, device_serial: str, kind: KeyKind, label: str, key_id: bytes, pins: PinSource
    ) -> tuple[KeyRef, PublicKey]:
        assert key_id not in self.keys
        self.require_pin(pins)
        self.generated += 1
        self.keys[key_id] = SoftwareKey(generate_private_key(kind))
        return KeyRef(device_label=device_label, device_serial=device_serial, key_id=key_id), self.keys[
            key_id
        ].public_key

    def write_certificate(self, ref: KeyRef, der: bytes, *, label: str, pins: PinSource) -> None:
        self.require_pin(pins)
        stored = StoredCertificate(key_id=ref.key_id, label=label, der=der)
        if stored not in self.certificates:
            self.certificates.append(stored)


def give_key(devices: MemoryDevices, authority: Authority, common_name: str = "Ahmed EL ALAOUI") -> bytes:
    """Put a certified signature key in the device; its certificate."""
    soft = SoftwareKey(ec.generate_private_key(ec.SECP256R1()))
    made = authority.issue(soft.public_key, key_usage=usage(content_commitment=True), purposes=(), subject=common_name)
    key_id = secrets.token_bytes(8)
    devices.keys[key_id] = soft
    der = made.public_bytes(Encoding.DER)
    devices.certificates.append(StoredCertificate(key_id=key_id, label="signature", der=der))
    return der


class Killed(BaseException):
    """The PC loses power here."""


@dataclass(slots=True)
class FakeService:
    """The doors that the agent uses, and what a hostile or failing service would do at them."""

    authority: Authority
    manifest_key: SoftKey
    certificate: bytes
    documents: list[tuple[bytes, bytes]]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    kept: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    posted: list[str] = field(default_factory=list)
    values: list[tuple[str, bytes]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    farewells: list[str] = field(default_factory=list)
    beats: int = 0
    bound: str | None = None
    nonce: str = ""
    tokens: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    twist: Callable[[Manifest], Manifest] = lambda manifest: manifest
    twist_jws: Callable[[str], str] = lambda jws: jws
    before: Callable[[str, str], httpx2.Response | None] = lambda method, path: None
    ceremony: str = "0d9cc3a6-3c93-4f7e-9f4b-0a5f5a3f9f10"
    kind: str = "ceremony"
    approved: bool = True
    csrs: dict[str, Any] | None = None
    issued: dict[str, bytes] = field(default_factory=dict)
    written: list[dict[str, Any]] = field(default_factory=list)
    presented: list[dict[str, Any]] = field(default_factory=list)
    pin_set: list[dict[str, Any]] = field(default_factory=list)
    refusing: dict[str, str] = field(default_factory=dict)
    """Items whose value is stored and then refused, with the reason."""
    asked: dict[str, Any] = field(default_factory=dict)
    """Fields of the enrolment manifest that this order has otherwise."""

    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self.answer)

    def problem(self, status: int, code: str, **fields: str) -> httpx2.Response:
        said = {"type": f"urn:khatam:problem:{code}", "status": status, "code": code, "detail": "So."}
        content = json.dumps(said | fields)
        return httpx2.Response(status, content=content, headers={"content-type": "application/problem+json"})

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        self.requests.append((request.method, path, request.content))
        early = self.before(request.method, path)
        if early is not None:
            return early
        authorization = request.headers.get("authorization")
        token = authorization.removeprefix("DPoP ") if authorization else None
        proof = verify_proof(
            request.headers["dpop"], method=request.method, url=f"{ORIGIN}{path}", at=self.now(), access_token=token
        )
        assert proof.jti not in self.used
        self.used.add(proof.jti)
        if path == "/v1/agent/sessions":
            return self.redeem(json.loads(request.content), proof.jkt)
        if token not in self.tokens or proof.jkt != self.bound:
            return self.problem(401, "agent-session-refused")
        return self.inside(request.method, path, request)

    def redeem(self, body: dict[str, Any], jkt: str) -> httpx2.Response:
        assert set(body) == {"ticket", "agent_nonce", "agent_version"}
        if body["ticket"] != TICKET:
            return self.problem(404, "ticket-unknown")
        if self.bound not in (None, jkt):
            return self.problem(409, "ticket-stolen" if self.left() else "nothing-to-sign")
        self.bound, self.nonce = jkt, body["agent_nonce"]
        token = secrets.token_urlsafe(32)
        self.tokens.add(token)
        answer = {"access_token": token, "token_type": "DPoP", "kind": self.kind, "subject": self.ceremony}
        return httpx2.Response(201, json=answer)

    def inside(self, method: str, path: str, request: httpx2.Request) -> httpx2.Response:  # noqa: PLR0911  # doors
        parts = path.removeprefix("/v1/agent/").split("/")
        if parts == ["manifest"]:
            return self.manifest()
        if parts == ["heartbeat"]:
            self.beats += 1
            return httpx2.Response(204)
        if parts == ["receipt"]:
            self.receipts.append(json.loads(request.content)["receipt"])
            return httpx2.Response(204)
        if parts == ["close"]:
            farewell = json.loads(request.content)
            self.closed.append(farewell["outcome"])
            self.farewells.append(farewell["detail"])
            return httpx2.Response(204)
        if parts[0] == "enrolment":
            return self.enrolment(parts[1:], request)
        assert parts[0] == "items"
        item, what = parts[1:]
        if what == "value":
            return self.keep(item, json.loads(request.content))
        base, prepared = self.documents[int(item[1:])]
        content = base if what == "base" else prepared
        return httpx2.Response(200, content=content, headers={"content-type": "application/pdf"})

    def left(self) -> list[int]:
        return [index for index in range(len(self.documents)) if f"i{index}" not in self.kept]

    def manifest(self) -> httpx2.Response:
        if not self.left():
            return self.problem(409, "nothing-to-sign")
        items = tuple(
            ManifestItem(
                id=f"i{index}",
                reference=f"L26-000012{index}",
                kind="licence",
                title="Permis",
                base_sha256=hashlib.sha256(self.documents[index][0]).hexdigest(),
                prepared_sha256=hashlib.sha256(self.documents[index][1]).hexdigest(),
                field="president",
                docmdp=None,
            )
            for index in self.left()
        )
        at = self.now().replace(microsecond=0)
        manifest = dataclasses.replace(
            make_manifest(),
            ceremony=self.ceremony,
            ticket_sha256=hashlib.sha256(TICKET.encode()).hexdigest(),
            agent_nonce=self.nonce,
            issued_at=at,
            expires_at=at + timedelta(minutes=5),
            certificate_sha256=hashlib.sha256(self.certificate).hexdigest(),
            items=items,
        )
        jws = sign_manifest(self.twist(manifest).to_payload(), self.manifest_key, self.chain())
        return httpx2.Response(200, json={"manifest": self.twist_jws(jws)})

    def chain(self) -> tuple[bytes, ...]:
        return (self.authority.issue(self.manifest_key.public_key).public_bytes(Encoding.DER),)

    def keep(self, item: str, body: dict[str, Any]) -> httpx2.Response:
        assert set(body) == {"attributes", "value", "algorithm"}
        attributes, value = (base64.b64decode(body[name]) for name in ("attributes", "value"))
        base, prepared = self.documents[int(item[1:])]
        digest = check_increment(base, prepared, "president", None, self.now()).digest
        assert attributes == signed_attributes(digest, self.certificate)
        public: Any = x509.load_der_x509_certificate(self.certificate).public_key()
        verify(public, value, attributes, SignatureAlgorithm(body["algorithm"]))
        self.posted.append(item)
        self.values.append((item, value))
        self.kept.setdefault(item, (attributes, value))
        key = {"item": item, "attributes_sha256": hashlib.sha256(attributes).hexdigest()}
        reason = self.refusing.get(item)
        state = "kept" if reason is None else "refused"
        return httpx2.Response(200, json={"state": state, "sha256": None, "reason": reason} | key)

    def enrolment(self, parts: list[str], request: httpx2.Request) -> httpx2.Response:
        if not parts:
            jws = sign_enrolment_manifest(self.enrolment_manifest().to_payload(), self.manifest_key, self.chain())
            return httpx2.Response(200, json={"manifest": jws})
        if parts == ["requests"]:
            body = json.loads(request.content)
            assert set(body) == {"signature_csr", "authentication_csr", "device", "evidence", "unlock"}
            assert request.headers["idempotency-key"]
            if self.csrs is not None and self.csrs != body:
                return self.problem(409, "requests-already-sent")
            self.csrs = body
            return httpx2.Response(201, json={"digest": hashlib.sha256(request.content).hexdigest()})
        if parts == ["certificates"]:
            if not self.approved:
                return httpx2.Response(202, json={"state": "requested"})
            return httpx2.Response(200, json={"certificates": self.issue()})
        (door,) = parts
        kept, status, state = {
            "presented": (self.presented, 201, "issued"),
            "pin-set": (self.pin_set, 200, "delivered"),
            "written": (self.written, 200, "delivered"),
        }[door]
        kept.append(json.loads(request.content))
        return httpx2.Response(status, json={"state": state})

    def issue(self) -> list[dict[str, str]]:
        assert self.csrs is not None
        for purpose in KeyPurpose:
            if purpose.value not in self.issued:
                csr = x509.load_der_x509_csr(base64.b64decode(self.csrs[f"{purpose.value}_csr"]))
                assert csr.is_signature_valid
                signs = purpose is KeyPurpose.SIGNATURE
                asked = usage(content_commitment=signs, digital_signature=not signs)
                made = self.authority.issue(csr.public_key(), key_usage=asked, purposes=(), subject="holder")
                self.issued[purpose.value] = made.public_bytes(Encoding.DER)
        return [{"purpose": name, "der": base64.b64encode(der).decode()} for name, der in self.issued.items()]

    def enrolment_manifest(self) -> EnrolmentManifest:
        at = self.now().replace(microsecond=0)
        usual = EnrolmentManifest(
            protocol=1,
            minimum_agent="0.1.0",
            environment=Environment.REHEARSAL,
            origin=ORIGIN,
            order=self.ceremony,
            holder="h",
            name_ar="أحمد",
            name_latin="Ahmed EL ALAOUI",
            ticket_sha256=hashlib.sha256(TICKET.encode()).hexdigest(),
            agent_nonce=self.nonce,
            issued_at=at,
            expires_at=at + timedelta(minutes=5),
            key_kind=KeyKind.EC_P256,
            purposes=(KeyPurpose.SIGNATURE, KeyPurpose.AUTHENTICATION),
            subject=EnrolmentSubject(common_name="Ahmed EL ALAOUI", given_name="Ahmed", surname="EL ALAOUI"),
        )
        return dataclasses.replace(usual, **self.asked)


@dataclass(slots=True)
class Workplace:
    """One signer's PC."""

    config: AgentConfig
    devices: MemoryDevices
    service: FakeService
    pins: FixedPins = field(default_factory=FixedPins)
    consent: Consent = field(default_factory=Unattended)
    ticket: Ticket = field(default_factory=lambda: Ticket(TICKET))

    def surroundings(self) -> Surroundings:
        return Surroundings(
            devices=lambda: self.devices,
            consent=self.consent,
            pins=self.pins,
            transport=self.service.transport(),
            now=self.service.now,
            pause=lambda _: None,
        )

    def spooled(self) -> list[Path]:
        return list(self.config.spool.glob("*/value-*.json"))
