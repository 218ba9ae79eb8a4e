"""`khatam-agent enrol`: key pairs made in the holder's own device, certified, written back, proved.

Each step finds what an interrupted run left: keys by an id derived from the order, requests in the spool,
certificates already in the device.
"""

import base64
import hashlib
import json
from contextlib import closing
from dataclasses import dataclass, field

from cryptography import x509

from hsm.cryptoki.device import DeviceInfo
from hsm.errors import KeyNotFound
from hsm.keys import KeyRef, default_algorithm
from hsm.prepared import instants
from hsm.prepared.authentication import Purpose, authentication_message
from hsm.prepared.enrolment import EnrolmentManifest, KeyPurpose, verify_enrolment_manifest
from hsm.prepared.errors import ManifestRefused
from hsm.prepared.expectations import require_meant_for

from .addresses import Ticket
from .certification_request import certification_request
from .config import AgentConfig
from .consent import EnrolmentRequest
from .devices import DeviceKey, Devices, find_device, spoken
from .errors import AgentCode, AgentError
from .report import error_json
from .server import ACCEPTED, Server, require
from .surroundings import Surroundings
from .sitting import Sitting, ephemeral_key
from .spool import Spool

REQUESTS_FILE = "requests.json"
POLL_SECONDS = 0.5
KEY_ID_BYTES = 16


@dataclass(slots=True, kw_only=True)
class EnrolmentReport:
    """One run at one order. `certificates` are SHA-256 by purpose, once they are in the device."""

    order: str | None = None
    holder: str | None = None
    device: str | None = None
    digest: str | None = None
    certificates: dict[str, str] = field(default_factory=dict)
    error: AgentError | None = None

    def to_json(self) -> dict[str, object]:
        """JSON-safe; holds no PIN, key, token or ticket."""
        return {
            "order": self.order,
            "holder": self.holder,
            "device": self.device,
            "digest": self.digest,
            "certificates": self.certificates,
            "error": error_json(self.error),
        }


def key_id(order: str, purpose: KeyPurpose) -> bytes:
    """The CKA_ID of an order's key: the same at every run, so that a second run finds the first one's key."""
    return hashlib.sha256(f"khatam-key-v1\n{order}\n{purpose.value}".encode()).digest()[:KEY_ID_BYTES]


class Enrolling:
    """One run at one order."""

    def __init__(
        self, config: AgentConfig, ticket: Ticket, around: Surroundings, *, device: str, wait_seconds: float
    ) -> None:
        self._config = config
        self._ticket = ticket
        self._around = around
        self._label = device
        self._wait_seconds = wait_seconds
        self.report = EnrolmentReport()

    def run(self) -> EnrolmentReport:
        """Make, certify, write, prove. What stops it is in the report."""
        try:
            with Spool.open(self._config.spool, self._ticket.sha256) as spool:
                self._run(spool)
                spool.clear()
        except AgentError as error:
            self.report.error = error
        return self.report

    def _run(self, spool: Spool) -> None:
        key, around = ephemeral_key(spool), self._around
        server = Server(self._config.server, key, transport=around.transport, pause=around.pause, now=around.now)
        with closing(server):
            sitting = Sitting(self._config, server, spool, self._ticket, kind="enrolment")
            manifest = self._manifest(sitting)
            devices = around.devices()
            with spoken(wanted=self._label):
                device = find_device(devices, self._label)
            self.report.device = f"{device.label} ({device.serial})"
            around.consent.to_enrol(_consent(manifest, self.report.device))
            with spoken(wanted=manifest.name_latin):
                keys = {purpose: self._key(devices, device, manifest, purpose) for purpose in manifest.purposes}
                self._send_requests(sitting, spool, manifest, device, keys)
                certificates = self._await(sitting, keys)
                self._write(devices, device, manifest, certificates)
                proof = self._proof(sitting, manifest, keys)
            self._confirm(sitting, certificates, proof)

    def _manifest(self, sitting: Sitting) -> EnrolmentManifest:
        jws = require(sitting.ask("GET", "/v1/agent/enrolment")).text("manifest")
        try:
            manifest = verify_enrolment_manifest(jws, self._config.anchor(), self._around.now())
            require_meant_for(manifest, manifest.order, sitting.expected())
        except ManifestRefused as refused:
            raise AgentError(AgentCode.MANIFEST, what=str(refused), reason=refused.reason.value) from refused
        self.report.order, self.report.holder = manifest.order, manifest.name_latin
        return manifest

    def _key(self, devices: Devices, device: DeviceInfo, manifest: EnrolmentManifest, purpose: KeyPurpose) -> DeviceKey:
        """The order's key in the device: found, or made there now."""
        pins = self._around.pins
        ref = _ref(device, manifest.order, purpose)
        try:
            return devices.key(ref, pins)
        except KeyNotFound:
            self._around.say(f"making the {purpose.value} key in {device.label}")
        devices.generate_key_pair(
            device_label=device.label,
            device_serial=device.serial,
            kind=manifest.key_kind,
            label=f"Khatam {purpose.value}",
            key_id=ref.key_id,
            pins=pins,
        )
        return devices.key(ref, pins)

    def _send_requests(
        self,
        sitting: Sitting,
        spool: Spool,
        manifest: EnrolmentManifest,
        device: DeviceInfo,
        keys: dict[KeyPurpose, DeviceKey],
    ) -> None:
        """Post the requests; the very same bytes at every run, so that the service knows them again."""
        kept = spool.get(REQUESTS_FILE)
        if kept is None:
            body: dict[str, object] = {
                f"{purpose.value}_csr": base64.b64encode(certification_request(key, manifest.subject)).decode()
                for purpose, key in keys.items()
            }
            body.setdefault("authentication_csr", None)
            body["device"] = {"label": device.label, "serial": device.serial, "model": device.model}
            kept = json.dumps(body, sort_keys=True).encode()
            spool.put(REQUESTS_FILE, kept)
        body = json.loads(kept)
        idempotency_key = hashlib.sha256(kept).hexdigest()
        answer = sitting.ask("POST", "/v1/agent/enrolment/requests", json=body, idempotency_key=idempotency_key)
        self.report.digest = require(answer).text("digest")
        self._around.say("requests sent; waiting for the second officer's approval")

    def _await(self, sitting: Sitting, keys: dict[KeyPurpose, DeviceKey]) -> dict[KeyPurpose, bytes]:
        """Wait until the certificates are issued, no longer than told.

        :raise AgentError: `APPROVAL` after that time; the keys stay in the device for the next run.
        """
        waited = 0.0
        while True:
            answer = require(sitting.ask("GET", "/v1/agent/enrolment/certificates"))
            if answer.status != ACCEPTED:
                return _read_certificates(answer.document, keys)
            if waited >= self._wait_seconds:
                raise AgentError(AgentCode.APPROVAL, state=answer.document.get("state", ""))
            self._around.pause(POLL_SECONDS)
            waited += POLL_SECONDS

    def _write(
        self,
        devices: Devices,
        device: DeviceInfo,
        manifest: EnrolmentManifest,
        certificates: dict[KeyPurpose, bytes],
    ) -> None:
        """Write each certificate beside its key and read it back from the device."""
        for purpose, der in certificates.items():
            ref = _ref(device, manifest.order, purpose)
            devices.write_certificate(ref, der, label=f"Khatam {purpose.value}", pins=self._around.pins)
        stored = {(each.key_id, each.der) for each in devices.read_certificates(device)}
        for purpose, der in certificates.items():
            if (_ref(device, manifest.order, purpose).key_id, der) not in stored:
                raise AgentError(AgentCode.CERTIFICATE, what=f"the {purpose.value} one cannot be read back")
            self.report.certificates[purpose.value] = hashlib.sha256(der).hexdigest()
        self._around.say("certificates written and read back")

    def _proof(
        self, sitting: Sitting, manifest: EnrolmentManifest, keys: dict[KeyPurpose, DeviceKey]
    ) -> dict[str, str] | None:
        """A message of this enrolment under the authentication key; a device without one proves nothing more."""
        key = keys.get(KeyPurpose.AUTHENTICATION)
        if key is None:
            return None
        at = self._around.now()
        message = authentication_message(
            Purpose.ENROLMENT, self._config.server, manifest.ticket_sha256, sitting.agent_nonce, at
        )
        value = key.sign(message, default_algorithm(key.public_key))
        return {
            "at": instants.written(at),
            "server_nonce": manifest.ticket_sha256,
            "value": base64.b64encode(value).decode(),
        }

    def _confirm(self, sitting: Sitting, certificates: dict[KeyPurpose, bytes], proof: dict[str, str] | None) -> None:
        body = {"certificates": [hashlib.sha256(der).hexdigest() for der in certificates.values()], "proof": proof}
        require(sitting.ask("POST", "/v1/agent/enrolment/written", json=body))


def _ref(device: DeviceInfo, order: str, purpose: KeyPurpose) -> KeyRef:
    return KeyRef(device_label=device.label, device_serial=device.serial, key_id=key_id(order, purpose))


def _consent(manifest: EnrolmentManifest, device: str) -> EnrolmentRequest:
    return EnrolmentRequest(
        environment=manifest.environment.value,
        origin=manifest.origin,
        holder=manifest.name_latin,
        device=device,
        key_kind=manifest.key_kind.value,
        purposes=tuple(purpose.value for purpose in manifest.purposes),
    )


def _read_certificates(document: dict[str, object], keys: dict[KeyPurpose, DeviceKey]) -> dict[KeyPurpose, bytes]:
    """The issued certificates by purpose; each must be that of the key made here."""
    found: dict[KeyPurpose, bytes] = {}
    entries = document.get("certificates")
    for entry in entries if isinstance(entries, list) else []:
        try:
            purpose, der = KeyPurpose(entry["purpose"]), base64.b64decode(entry["der"], validate=True)
            certified = x509.load_der_x509_certificate(der).public_key()
        except (ValueError, KeyError, TypeError) as error:
            raise AgentError(AgentCode.SERVER_ANSWER, what="a certificate that cannot be read") from error
        if purpose not in keys or certified != keys[purpose].public_key:
            raise AgentError(AgentCode.CERTIFICATE, what=f"the {purpose.value} one is another key's")
        found[purpose] = der
    if found.keys() != keys.keys():
        raise AgentError(AgentCode.SERVER_ANSWER, what="not the certificates that were asked for")
    return found
