"""`khatam-agent enrol`: key pairs made in the holder's own device, certified, written back, proved.

Each step finds what an interrupted run left: the device by its record, keys by an id derived from the order, requests
in the spool, certificates already in the device.
"""

import base64
import hashlib
import json

from cryptography import x509

from hsm.agent.config import AgentConfig
from hsm.agent.consent import EnrolmentRequest
from hsm.agent.devices import DeviceKey, Devices, find_device, leave, spoken
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.service.addresses import Ticket
from hsm.agent.service.server import ACCEPTED
from hsm.agent.surroundings import Surroundings, opened_devices
from hsm.cryptoki.info import DeviceInfo
from hsm.errors import KeyNotFound
from hsm.keys import KeyRef
from hsm.pin import PinSource
from hsm.prepared.authentication import Purpose
from hsm.prepared.enrolment import EnrolmentManifest, KeyPurpose, Road

from .certification_request import certification_request
from .enrolment_sitting import EnrolmentReport, EnrolmentSitting, enrolment_sitting
from .evidence import device_claim, key_claims
from .personalising import (
    Personalising,
    require_management_key,
    require_no_default,
    require_ready,
    require_serial,
    require_station,
)
from .typed_secrets import TerminalSecrets, TypedSecrets
from .unlock_secret import RECORD_FILE, read_record

REQUESTS_FILE = "requests.json"
POLL_SECONDS = 0.5
KEY_ID_BYTES = 16


def key_id(order: str, purpose: KeyPurpose) -> bytes:
    """The CKA_ID of an order's key: the same at every run, so that a second run finds the first one's key."""
    return hashlib.sha256(f"khatam-key-v1\n{order}\n{purpose.value}".encode()).digest()[:KEY_ID_BYTES]


class Enrolling:
    """One run at one order. `initialise`: the device is empty, or was left half made; `typed` gives its first PIN."""

    def __init__(
        self,
        config: AgentConfig,
        ticket: Ticket,
        around: Surroundings,
        *,
        device: str,
        wait_seconds: float,
        initialise: bool = False,
        typed: TypedSecrets | None = None,
    ) -> None:
        self._config = config
        self._ticket = ticket
        self._around = around
        self._label = device
        self._wait_seconds = wait_seconds
        self._initialise = initialise
        self._typed = typed or TerminalSecrets()
        self._pins: PinSource = around.pins
        self.report = EnrolmentReport()

    def run(self) -> EnrolmentReport:
        """Make, certify, write, prove. What stops it is in the report."""
        try:
            require_station(self._config)
            with (
                enrolment_sitting(self._config, self._ticket, self._around, Road.SELF_MADE, self.report) as sitting,
                opened_devices(self._around) as devices,
            ):
                self._run(sitting, devices)
        except AgentError as error:
            self.report.error = error
        return self.report

    def _run(self, sitting: EnrolmentSitting, devices: Devices) -> None:
        manifest = sitting.manifest
        with spoken(wanted=self._label):
            device = self._device(sitting, devices)
        try:
            with spoken(wanted=manifest.name_latin):
                keys = {purpose: self._key(devices, device, manifest, purpose) for purpose in manifest.purposes}
                self._send_requests(sitting, devices, device, keys)
                certificates = self._await(sitting, keys)
                self._write(devices, device, manifest, certificates)
                proof = self._proof(sitting, keys)
        finally:
            leave(devices, device)
        sha256 = [hashlib.sha256(der).hexdigest() for der in certificates.values()]
        sitting.post("written", {"certificates": sha256, "proof": proof}).text("state")

    def _device(self, sitting: EnrolmentSitting, devices: Devices) -> DeviceInfo:
        """The holder's device, agreed to and whole: as he brought it, or made here."""
        if self._initialise:
            return self._make(sitting, devices)
        device = find_device(devices, self._label)
        require_ready(device, read_record(sitting.spool.get(RECORD_FILE)))
        require_no_default(device)
        require_management_key(self._config, device)
        self._consent(sitting.manifest, device)
        return device

    def _make(self, sitting: EnrolmentSitting, devices: Devices) -> DeviceInfo:
        release_jwk = sitting.manifest.release_jwk
        if release_jwk is None:
            raise AgentError(AgentCode.RELEASE_KEY)
        making = Personalising(
            devices, sitting.spool, self._typed, label=self._label, release_jwk=release_jwk, say=self._around.say
        )
        device = making.find()
        self._consent(sitting.manifest, device)
        device, self._pins = making.make(device, self._around.pins)
        require_serial(sitting.manifest, device)  # some empty devices have no serial before
        self.report.device = f"{device.label} ({device.serial})"
        return device

    def _consent(self, manifest: EnrolmentManifest, device: DeviceInfo) -> None:
        """Show whose keys are made, and where; refused before anything is touched."""
        if device.serial:
            require_serial(manifest, device)
        name = f"{device.label or self._label} ({device.serial})"
        self.report.device = name
        if not device.pin_set:
            known = " ".join(filter(None, (device.model, device.serial)))  # some have no serial before
            name = f"{self._label} ({known}; all that is on it is erased)"
        self._around.consent.to_enrol(
            EnrolmentRequest(
                environment=manifest.environment.value,
                origin=manifest.origin,
                holder=manifest.name_latin,
                device=name,
                key_kind=manifest.key_kind.value,
                purposes=tuple(purpose.value for purpose in manifest.purposes),
            )
        )

    def _key(self, devices: Devices, device: DeviceInfo, manifest: EnrolmentManifest, purpose: KeyPurpose) -> DeviceKey:
        """The order's key in the device: found, or made there now."""
        ref = _ref(device, manifest.order, purpose)
        try:
            return devices.key(ref, self._pins)
        except KeyNotFound:
            self._around.say(f"making the {purpose.value} key in {device.label}")
        devices.generate_key_pair(
            device_label=device.label,
            device_serial=device.serial,
            kind=manifest.key_kind,
            label=f"Khatam {purpose.value}",
            key_id=ref.key_id,
            pins=self._pins,
        )
        return devices.key(ref, self._pins)

    def _send_requests(
        self, sitting: EnrolmentSitting, devices: Devices, device: DeviceInfo, keys: dict[KeyPurpose, DeviceKey]
    ) -> None:
        """Post the requests; the very same bytes at every run, so that the service knows them again."""
        kept = sitting.spool.get(REQUESTS_FILE)
        if kept is None:
            order, subject = sitting.manifest.order, sitting.manifest.subject
            body: dict[str, object] = {
                f"{purpose.value}_csr": base64.b64encode(certification_request(key, subject)).decode()
                for purpose, key in keys.items()
            }
            body.setdefault("authentication_csr", None)
            refs = {purpose: _ref(device, order, purpose) for purpose in keys}
            record = read_record(sitting.spool.get(RECORD_FILE))
            body |= {
                "device": device_claim(device),
                "evidence": key_claims(devices, refs, self._pins),
                "unlock": [] if record is None else record.to_json(),
            }
            kept = json.dumps(body, sort_keys=True).encode()
            sitting.spool.put(REQUESTS_FILE, kept)
        idempotency_key = hashlib.sha256(kept).hexdigest()
        answer = sitting.post("requests", json.loads(kept), idempotency_key=idempotency_key)
        self.report.digest = answer.text("digest")
        self._around.say("requests sent; waiting for the second officer's approval")

    def _await(self, sitting: EnrolmentSitting, keys: dict[KeyPurpose, DeviceKey]) -> dict[KeyPurpose, bytes]:
        """Wait until the certificates are issued, no longer than told.

        :raise AgentError: `APPROVAL` after that time; the keys stay in the device for the next run.
        """
        waited = 0.0
        while True:
            answer = sitting.get("certificates")
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
            devices.write_certificate(ref, der, label=f"Khatam {purpose.value}", pins=self._pins)
        stored = {(each.key_id, each.der) for each in devices.read_certificates(device)}
        for purpose, der in certificates.items():
            if (_ref(device, manifest.order, purpose).key_id, der) not in stored:
                raise AgentError(AgentCode.CERTIFICATE, what=f"the {purpose.value} one cannot be read back")
            self.report.certificates[purpose.value] = hashlib.sha256(der).hexdigest()
        self._around.say("certificates written and read back")

    def _proof(self, sitting: EnrolmentSitting, keys: dict[KeyPurpose, DeviceKey]) -> dict[str, str] | None:
        """A message of this enrolment under the authentication key; a device without one proves nothing more."""
        key = keys.get(KeyPurpose.AUTHENTICATION)
        return None if key is None else sitting.proof(key, Purpose.ENROLMENT, self._around)


def _ref(device: DeviceInfo, order: str, purpose: KeyPurpose) -> KeyRef:
    return KeyRef(device_label=device.label, device_serial=device.serial, key_id=key_id(order, purpose))


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
