"""`khatam-agent present`: a device that another personalised is read, shown, and shown to be in its holder's hands.

Nothing is made and nothing is written. The signature key signs nothing here: its first signature is the acceptance.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from hsm.agent.devices import Devices, leave, plugged_in, spoken
from hsm.agent.errors import AgentCode, AgentError
from hsm.errors import DeviceError
from hsm.pin import PinSource
from hsm.prepared.authentication import Purpose
from hsm.prepared.enrolment import EnrolmentManifest, KeyPurpose, Road

from .device_consent import PresentRequest
from .enrolment_sitting import EnrolmentSitting
from .evidence import device_claim, key_claims
from .holder_run import HolderRun
from .pair import HolderPair, held_certificates, pair_of
from .personalising import require_management_key, require_no_default
from .pin_change import first_pin
from .typed_secrets import JustTyped

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo


class Presenting(HolderRun):
    """One run at one order of the road "supplied": find, show, prove, send."""

    road = Road.SUPPLIED

    def _run(self, sitting: EnrolmentSitting, devices: Devices) -> None:
        manifest = sitting.manifest
        with spoken(wanted=manifest.name_latin):
            pair = self._choose(devices, manifest)
        device = pair.device
        self.report.device = f"{device.label} ({device.serial})"
        require_no_default(device)
        require_management_key(self._config, device)
        self._consent.to_present(self._request(manifest, pair))
        try:
            with spoken(wanted=manifest.name_latin):
                body = self._body(sitting, devices, pair)
        finally:
            leave(devices, device)
        self.report.state = sitting.post("presented", body).text("state")
        self.report.certificates = {each.purpose.value: each.sha256 for each in pair.certificates}

    def _choose(self, devices: Devices, manifest: EnrolmentManifest) -> HolderPair:
        """The one device with a signature certificate that fits; of several on it, the newest.

        :raise AgentError: `NO_PAIR` with the reason, `SEVERAL_DEVICES`, `DEVICE_ABSENT`.
        """
        present = plugged_in(devices)
        if not present:
            raise AgentError(AgentCode.DEVICE_ABSENT, wanted=manifest.name_latin)
        reasons: list[str] = []
        found = [pair for device in present if (pair := self._pair(devices, device, manifest, reasons)) is not None]
        if len(found) > 1:
            raise AgentError(AgentCode.SEVERAL_DEVICES, count=len(found), label=found[0].device.label)
        if not found:
            raise AgentError(AgentCode.NO_PAIR, wanted=manifest.name_latin, what="; ".join(dict.fromkeys(reasons)))
        return found[0]

    def _pair(
        self, devices: Devices, device: DeviceInfo, manifest: EnrolmentManifest, reasons: list[str]
    ) -> HolderPair | None:
        # THREAT: the certificate of another person, product or device is registered as this holder's.
        # DEFENCE: the signed manifest names serial and policies; the holder sees both names; the service decides again.
        # TEST: tests/hsm/agent/holder/test_presenting.py::test_what_does_not_fit_is_refused_with_its_reason
        if manifest.device_serial not in (None, device.serial):
            reasons.append(f"{device.label} has serial {device.serial}, the order names {manifest.device_serial}")
            return None
        try:
            held = held_certificates(devices.read_certificates(device))
        except DeviceError:
            reasons.append(f"{device.label} cannot be read")
            return None
        signing = [each for each in held if each.purpose is KeyPurpose.SIGNATURE]
        current = [each for each in signing if each.is_valid(self._around.now())]
        wanted = set(manifest.policy_oids)
        fitting = [each for each in current if not wanted or wanted & each.policies]
        if not fitting:
            steps = ((signing, "no signature certificate"), (current, "none that is valid now"))
            missing = next((said for found, said in steps if not found), "none of the policy that is asked for")
            reasons.append(f"{device.label} holds {missing}")
            return None
        return pair_of(device, held, max(fitting, key=lambda each: each.certificate.not_valid_before_utc))

    def _request(self, manifest: EnrolmentManifest, pair: HolderPair) -> PresentRequest:
        return PresentRequest(
            environment=manifest.environment.value,
            origin=manifest.origin,
            holder=manifest.name_latin,
            named=pair.signature.named,
            issuer=pair.signature.issuer,
            ends=pair.signature.certificate.not_valid_after_utc.date().isoformat(),
            device=f"{pair.device.label} ({pair.device.serial})",
            has_authentication=pair.authentication is not None,
        )

    def _body(self, sitting: EnrolmentSitting, devices: Devices, pair: HolderPair) -> dict[str, object]:
        """The holder's own PIN first; then the certificates, what the device says, and the proof."""
        device, pins = pair.device, self._own_pin(devices, pair.device)
        proof = None
        if pair.authentication is not None:
            key = devices.key(pair.authentication.ref(device), pins)
            if key.public_key != pair.authentication.certificate.public_key():
                raise AgentError(AgentCode.CERTIFICATE, what="the authentication one is another key's")
            proof = sitting.proof(key, Purpose.ENROLMENT, self._around)
        refs = {each.purpose: each.ref(device) for each in pair.certificates}
        return {
            "certificates": [base64.b64encode(each.der).decode() for each in pair.certificates],
            "device": device_claim(device),
            "evidence": key_claims(devices, refs, pins),
            "proof": proof,
        }

    def _own_pin(self, devices: Devices, device: DeviceInfo) -> PinSource:
        new = first_pin(devices, device, self._typed, self._consent)
        if new is None or device.protected_path:
            return self._around.pins
        self._around.say(f"{device.label} has its holder's own PIN now")
        return JustTyped(new, device.label, self._around.pins)
