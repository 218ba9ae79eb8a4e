"""An empty device becomes its holder's: label, PIN of his own choice, unlock secret for the officers.

Three acts on the device, each preceded by a record on the disk: initialise (which erases, sets the label and the
holder's PIN), replace the unlock secret, and what `enrolling` does afterwards. An empty device is initialised with the
holder's own PIN as its first unlock secret: a run that is cut there can be continued by the person alone. Nothing is
certified before that secret was replaced by a random one. A device that was initialised before (returned and wiped,
or delivered so by its maker) takes the same road: what its unlock secret is now has to be typed once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from hsm.agent.config import AgentConfig
from hsm.agent.devices import Devices, plugged_in
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.spool import Spool
from hsm.errors import PinRefused
from hsm.pin import Pin, PinSource
from hsm.prepared.enrolment import EnrolmentManifest

from .pin_rules import PinRules
from .typed_secrets import JustTyped, TypedSecrets
from .unlock_secret import RECORD_FILE, DeviceRecord, Step, read_record, replace_unlock_secret

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo

COMMAND = "khatam-agent enrol TICKET --device {label!r} --initialise"


def require_station(config: AgentConfig) -> None:
    """Devices are made at their holder's own PC.

    :raise AgentError: `STATION`: an officer's station in production, without a document that allows it.
    """
    # THREAT: an officer makes keys in other people's names at his desk, with PINs that he saw.
    # DEFENCE: a PC configured as an officer's station refuses in production, but for an approval that is named.
    # TEST: tests/hsm/agent/holder/test_personalising.py::test_an_officers_station_makes_no_device_in_production
    if config.environment == "production" and config.station == "officer" and not config.station_approval:
        raise AgentError(AgentCode.STATION)


def require_no_default(device: DeviceInfo) -> None:
    """Refuse a device of which it is known that its unlock secret is the maker's.

    Known from the flag CKF_SO_PIN_TO_BE_CHANGED alone. Defaults are never tried: each wrong try of a PIN, PUK or SO
    PIN is counted by the device, and a check that burns tries locks what it protects. A device that does not set the
    flag is not found out here; no flag exists of a PUK or a management key.

    :raise AgentError: `DEFAULT_SECRET`.
    """
    if device.so_pin_to_be_changed:
        raise AgentError(AgentCode.DEFAULT_SECRET, device=device.label)


def is_piv(device: DeviceInfo) -> bool:
    """Whether it is a PIV card behind OpenSC, which names the card's applet as the manufacturer ("piv_II")."""
    return device.manufacturer.lower().startswith("piv")


def require_management_key(config: AgentConfig, device: DeviceInfo) -> None:
    """Refuse a PIV card in production, unless the configuration says who replaced such cards' management keys and PUKs.

    No driver shows them or a flag of them, and the maker's are never tried.

    :raise AgentError: `CONFIGURATION`.
    """
    # THREAT: a PIV card has the PUK or management key that its maker prints: its finder sets a PIN, or other keys.
    # DEFENCE: in production somebody has to say in writing that they were replaced. That is a statement, not a proof.
    # TEST: tests/hsm/agent/holder/test_presenting.py::test_a_piv_card_needs_a_word_on_its_management_key
    if config.environment == "production" and is_piv(device) and not config.management_keys_changed_by:
        what = f"{device.label} is a PIV card, and nobody says in it that their management keys and PUKs were replaced"
        raise AgentError(AgentCode.CONFIGURATION, what=what)


def require_serial(manifest: EnrolmentManifest, device: DeviceInfo) -> None:
    """Refuse another device than the one that the order names, if it names one.

    :raise AgentError: `OTHER_SERIAL`.
    """
    if manifest.device_serial not in (None, device.serial):
        raise AgentError(AgentCode.OTHER_SERIAL, wanted=manifest.device_serial, found=device.serial)


def require_ready(device: DeviceInfo, record: DeviceRecord | None) -> None:
    """Refuse a device that is not whole: left by a run that was cut, or without a PIN.

    :raise AgentError: `HALF_MADE`, `PIN_UNSET`, with the command that goes on; `OTHER_SERIAL`.
    """
    require_recorded(device, record)
    said, fix = unfinished(device, record), COMMAND.format(label=device.label)
    if said is not None:
        raise AgentError(AgentCode.HALF_MADE, device=device.label, what=said, fix=fix)
    if not device.pin_set:
        raise AgentError(AgentCode.PIN_UNSET, device=device.label, fix=f"An empty one is made yours with: {fix}")


def require_recorded(device: DeviceInfo, record: DeviceRecord | None) -> None:
    """Refuse another device than the one that was begun, though it has the same label.

    :raise AgentError: `OTHER_SERIAL`.
    """
    # THREAT: the unlock secret of one device is kept as another's: two officers could not help its holder.
    # DEFENCE: the record is bound to the serial as soon as the device has one.
    # TEST: tests/hsm/agent/holder/test_outlived.py::test_another_device_of_the_same_label_is_refused
    if record is not None and record.serial and device.serial and record.serial != device.serial:
        raise AgentError(AgentCode.OTHER_SERIAL, wanted=record.serial, found=device.serial)


def unfinished(device: DeviceInfo, record: DeviceRecord | None) -> str | None:
    """What a run that was cut left to do; None where none was."""
    if record is None or record.label != device.label or record.step is Step.DONE:
        return None
    return "its unlock secret was not replaced" if device.pin_set else "its PIN was never set"


class Personalising:
    """One device at one PC. `device()` continues wherever an earlier run was cut."""

    def __init__(
        self,
        devices: Devices,
        spool: Spool,
        typed: TypedSecrets,
        *,
        label: str,
        release_jwk: dict[str, str],
        say: Callable[[str], None],
    ) -> None:
        self._devices = devices
        self._spool = spool
        self._typed = typed
        self._label = label
        self._release_jwk = release_jwk
        self._say = say
        self._record = read_record(spool.get(RECORD_FILE))

    def find(self) -> DeviceInfo:
        """The device that is meant: the one of that label, else the one empty device.

        :raise AgentError: `NOT_EMPTY`, `NO_EMPTY`, `SEVERAL_DEVICES`, `OTHER_SERIAL`, `DEVICE`.
        """
        device = self._named() or self._empty()
        require_recorded(device, self._record)
        if device.initialised and device.pin_set and self._record is None:
            raise AgentError(AgentCode.NOT_EMPTY, device=device.label)
        if device.protected_path:
            raise AgentError(AgentCode.DEVICE, what="its PIN is typed on its reader; prepare it with its maker's tool.")
        return device

    def make(self, device: DeviceInfo, pins: PinSource) -> tuple[DeviceInfo, PinSource]:
        """Do what is left to do; returns the whole device, and a source that knows the PIN if it was just typed.

        :raise AgentError: what stopped it; the same command continues.
        :raise hsm.errors.HsmError: what the device did; the same command continues.
        """
        if self._record is not None and self._record.step is Step.DONE:
            return device, pins
        if device.pin_set:
            return self._continue(device, pins)
        return self._initialise(device, pins)

    @property
    def record(self) -> DeviceRecord | None:
        """What is on the disk."""
        return self._record

    def _named(self) -> DeviceInfo | None:
        found = [device for device in plugged_in(self._devices) if device.label == self._label]
        if len(found) > 1:
            raise AgentError(AgentCode.SEVERAL_DEVICES, count=len(found), label=self._label)
        return found[0] if found else None

    def _empty(self) -> DeviceInfo:
        if self._record is not None and self._record.step not in (Step.ADOPTING, Step.INITIALISING):
            raise AgentError(AgentCode.DEVICE_ABSENT, wanted=self._label)
        found = [device for device in self._devices.devices() if not device.initialised]
        if not found:
            raise AgentError(AgentCode.NO_EMPTY, label=self._label)
        if len(found) > 1:
            raise AgentError(AgentCode.SEVERAL_DEVICES, count=len(found), label="")
        return found[0]

    def _initialise(self, device: DeviceInfo, pins: PinSource) -> tuple[DeviceInfo, PinSource]:
        """Erase, label, set the holder's PIN; the first unlock secret is that PIN."""
        pin = self._typed.new_pin(self._label, PinRules.of(device))
        if device.initialised and (self._record is None or self._record.step is Step.ADOPTING):
            self._adopt(device, pin)
        self._keep(Step.INITIALISING, device)
        try:
            made = self._devices.initialise(device, label=self._label, so_pin=pin, pin=pin)
        except PinRefused as error:
            # After a cut the person must type the same PIN again; nothing else opens the device.
            raise AgentError(AgentCode.UNLOCK_REFUSED, device=self._label) from error
        self._say(f"{self._label} is initialised and has its PIN")
        self._keep(Step.PIN_SET, made)
        return self._replace(made, pin, pins)

    def _adopt(self, device: DeviceInfo, pin: Pin) -> None:
        """A device that was initialised before: its unlock secret, perhaps its maker's, becomes the PIN for now."""
        secret = self._typed.unlock_secret(self._label)
        is_resumed = self._record is not None
        self._keep(Step.ADOPTING, device)
        try:
            self._devices.change_so_pin(device, old=secret, new=pin)
        except PinRefused as error:
            if not is_resumed:
                self._spool.drop(RECORD_FILE)
                self._record = None
                raise AgentError(AgentCode.UNLOCK_REFUSED, device=self._label) from error

    def _continue(self, device: DeviceInfo, pins: PinSource) -> tuple[DeviceInfo, PinSource]:
        """After a cut: the device itself confirms the PIN, or a slip of the hand would pass for a replaced secret."""
        pin = self._typed.present_pin(device.label)
        self._devices.find_keys(device, JustTyped(pin, device.label, pins))
        self._devices.logout(device)
        return self._replace(device, pin, pins)

    def _replace(self, device: DeviceInfo, pin: Pin, pins: PinSource) -> tuple[DeviceInfo, PinSource]:
        """The unlock secret, the holder's PIN until now, becomes random."""
        assert self._record is not None
        self._record = replace_unlock_secret(
            self._devices,
            device,
            replace(self._record, serial=device.serial),
            self._spool,
            known=pin,
            release_jwk=self._release_jwk,
            before=lambda: self._typed.earlier_pin(device.label),
        )
        self._say(f"the unlock secret of {device.label} is random now, encrypted for two officers of the service")
        return device, JustTyped(pin, device.label, pins)

    def _keep(self, step: Step, device: DeviceInfo) -> None:
        encrypted = () if self._record is None else self._record.encrypted
        kept = DeviceRecord(label=self._label, step=step, serial=device.serial, encrypted=encrypted)
        self._record = kept.put(self._spool)
