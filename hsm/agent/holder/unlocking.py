"""`khatam-agent unlock`: the holder sets a new PIN with the secret that two officers released, and uses his key again.

That secret is known to several people from then on: it is replaced at once by a random one, encrypted before it is
set. A cut run is continued by the same command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsm.agent.devices import Devices, leave, plugged_in, spoken
from hsm.agent.errors import AgentCode, AgentError
from hsm.errors import MechanismUnsupported, PinRefused
from hsm.pin import PinSource
from hsm.prepared.authentication import Purpose
from hsm.prepared.enrolment import EnrolmentManifest, Road

from .device_consent import UnlockRequest
from .enrolment_sitting import EnrolmentSitting
from .holder_run import HolderRun
from .pair import HeldCertificate, held_certificates, pair_of
from .personalising import require_serial
from .pin_rules import PinRules
from .typed_secrets import JustTyped
from .unlock_secret import RECORD_FILE, DeviceRecord, Step, read_record, replace_unlock_secret

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo


class Unlocking(HolderRun):
    """One run at one order of the road "unlock": set the PIN, replace the secret, prove, report."""

    road = Road.UNLOCK

    def _run(self, sitting: EnrolmentSitting, devices: Devices) -> None:
        manifest = sitting.manifest
        with spoken(wanted=manifest.name_latin):
            device = self._find(devices)
            require_serial(manifest, device)
            held = self._require_known(devices, device, manifest)
        self.report.device = f"{device.label} ({device.serial})"
        self._consent.to_unlock(
            UnlockRequest(
                environment=manifest.environment.value,
                origin=manifest.origin,
                holder=manifest.name_latin,
                device=self.report.device,
            )
        )
        try:
            with spoken(wanted=manifest.name_latin):
                record, pins = self._unlock(sitting, devices, device)
                proof = self._proof(sitting, devices, device, held, pins)
        finally:
            leave(devices, device)
        self.report.state = sitting.post("pin-set", {"proof": proof, "unlock": record.to_json()}).text("state")

    def _find(self, devices: Devices) -> DeviceInfo:
        found = [device for device in plugged_in(devices) if device.label == self._label]
        if not found:
            raise AgentError(AgentCode.DEVICE_ABSENT, wanted=self._label)
        if len(found) > 1:
            raise AgentError(AgentCode.SEVERAL_DEVICES, count=len(found), label=self._label)
        return found[0]

    def _require_known(
        self, devices: Devices, device: DeviceInfo, manifest: EnrolmentManifest
    ) -> list[HeldCertificate]:
        """The order's certificates on the device; another device is not touched.

        :raise AgentError: `NOT_OF_ORDER`.
        """
        # THREAT: the secret released for one holder's device is typed into another's, and burns its tries.
        # DEFENCE: the manifest names the order's certificates; a device that holds none of them is refused unread.
        # TEST: tests/hsm/agent/holder/test_unlocking.py::test_another_device_is_not_touched
        held = held_certificates(devices.read_certificates(device))
        if not any(each.sha256 in manifest.certificates for each in held):
            raise AgentError(AgentCode.NOT_OF_ORDER, device=device.label, wanted=manifest.name_latin)
        return [each for each in held if each.sha256 in manifest.certificates]

    def _unlock(
        self, sitting: EnrolmentSitting, devices: Devices, device: DeviceInfo
    ) -> tuple[DeviceRecord, PinSource]:
        record = read_record(sitting.spool.get(RECORD_FILE))
        if record is not None and record.step is Step.DONE:
            return record, self._around.pins
        last_try = device.so_pin_final_try
        if last_try:
            self._consent.to_last_try(self.report.device or device.label)
        # A cut run may have replaced it: a slip of the hand would pass for that.
        secret = self._typed.unlock_secret(device.label, twice=record is not None)
        pins = self._around.pins
        if record is None or record.step is not Step.REPLACING:
            new = self._typed.new_pin(device.label, PinRules.of(device), before=secret)
            try:
                devices.unblock(device, so_pin=secret, new=new, last_try=last_try)
            except PinRefused as error:
                raise AgentError(AgentCode.UNLOCK_REFUSED, device=device.label) from error
            self._around.say(f"{device.label} has its new PIN")
            if not device.protected_path:
                pins = JustTyped(new, device.label, pins)
            record = DeviceRecord(label=device.label, step=Step.PIN_SET, serial=device.serial).put(sitting.spool)
        assert sitting.manifest.release_jwk is not None
        try:
            record = replace_unlock_secret(
                devices,
                device,
                record,
                sitting.spool,
                known=secret,
                release_jwk=sitting.manifest.release_jwk,
                last_try=last_try,
            )
            self._around.say(f"the unlock secret of {device.label} is random again, encrypted for two officers")
        except MechanismUnsupported:
            # A PUK that the driver cannot change stays what the officers know: the service is told that none is new.
            record = DeviceRecord(label=device.label, step=Step.DONE, serial=device.serial).put(sitting.spool)
            self._around.say(f"the unlock secret of {device.label} cannot be replaced: it stays as it is")
        return record, pins

    def _proof(
        self,
        sitting: EnrolmentSitting,
        devices: Devices,
        device: DeviceInfo,
        held: list[HeldCertificate],
        pins: PinSource,
    ) -> dict[str, str] | None:
        """The new PIN in use: a message under the authentication key, where the order has one."""
        authentication = pair_of(device, held, held[0]).authentication
        if authentication is None:
            return None
        return sitting.proof(devices.key(authentication.ref(device), pins), Purpose.PIN_SET, self._around)
