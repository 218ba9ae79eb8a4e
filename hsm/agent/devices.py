"""The devices of this PC as the agent needs them; `hsm.cryptoki.module.Module` is one, tests have another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cryptography import x509
from cryptography.x509.oid import NameOID

from hsm.errors import (
    DeviceError,
    DeviceUnavailable,
    HsmError,
    KeyNotFound,
    MechanismUnsupported,
    PinLastTry,
    PinLocked,
    PinRefused,
    PinRequired,
)
from hsm.keys import KeyKind, KeyRef, PublicKey, SigningKey
from hsm.pin import Pin, PinSource

from .config import AgentConfig
from .consent import PinState
from .errors import AgentCode, AgentError

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo, KeyAttributes
    from hsm.cryptoki.objects import StoredCertificate


class DeviceKey(SigningKey, Protocol):
    """A key in a device."""

    always_authenticate: bool
    """The device asks its PIN for each signature."""


class Devices(Protocol):
    """All that the agent does with devices."""

    def devices(self) -> Sequence[DeviceInfo]: ...
    def read_certificates(self, device: DeviceInfo) -> Sequence[StoredCertificate]: ...
    def key(self, ref: KeyRef, pins: PinSource) -> DeviceKey: ...
    def generate_key_pair(
        self, *, device_label: str, device_serial: str, kind: KeyKind, label: str, key_id: bytes, pins: PinSource
    ) -> tuple[KeyRef, PublicKey]: ...
    def write_certificate(self, ref: KeyRef, der: bytes, *, label: str, pins: PinSource) -> None: ...
    def find_keys(self, device: DeviceInfo, pins: PinSource) -> Sequence[object]: ...
    def key_attributes(self, ref: KeyRef, pins: PinSource) -> KeyAttributes: ...
    def logout(self, device: DeviceInfo) -> None: ...
    def initialise(self, device: DeviceInfo, *, label: str, so_pin: Pin, pin: Pin) -> DeviceInfo: ...
    def change_pin(self, device: DeviceInfo, *, old: Pin, new: Pin, last_try: bool = False) -> None: ...
    def change_so_pin(self, device: DeviceInfo, *, old: Pin, new: Pin, last_try: bool = False) -> None: ...
    def unblock(self, device: DeviceInfo, *, so_pin: Pin, new: Pin, last_try: bool = False) -> None: ...
    def wipe(self, device: DeviceInfo, *, so_pin: Pin, last_try: bool = False) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The device that holds the wanted certificate."""

    device: DeviceInfo
    ref: KeyRef
    certificate: bytes

    @property
    def name(self) -> str:
        """The device as people know it."""
        return f"{self.device.label} ({self.device.serial})"


def open_devices(config: AgentConfig) -> Devices:
    """Load the configured driver; once per process.

    :raise AgentError: `DRIVER`.
    """
    try:
        from hsm.cryptoki.module import Module

        return Module.open(config.modules[0], softhsm_conf=config.softhsm_conf)
    except (HsmError, OSError, ImportError) as error:
        raise AgentError(AgentCode.DRIVER, what=f"{config.modules[0]}") from error


@contextmanager
def spoken(*, kept: int = 0, count: int = 0, wanted: str = "") -> Iterator[None]:
    """Turn what a driver raises into the agent's words. What a PIN was is in neither."""
    try:
        yield
    except PinRefused as error:
        raise AgentError(AgentCode.PIN_WRONG, kept=kept, count=count) from error
    except PinLastTry as error:
        raise AgentError(AgentCode.PIN_LAST_TRY) from error
    except PinLocked as error:
        raise AgentError(AgentCode.PIN_LOCKED) from error
    except PinRequired as error:
        raise AgentError(AgentCode.PIN_NEEDED) from error
    except DeviceUnavailable as error:
        raise AgentError(AgentCode.DEVICE_REMOVED, kept=kept, count=count) from error
    except KeyNotFound as error:
        raise AgentError(AgentCode.KEY, wanted=wanted) from error
    except (DeviceError, MechanismUnsupported) as error:
        raise AgentError(AgentCode.DEVICE, what=str(error)) from error
    except HsmError as error:
        raise AgentError(AgentCode.DEVICE, what=f"{type(error).__name__}. Nothing more was signed.") from error


def choose_device(devices: Devices, certificate_sha256: str, wanted: str) -> Chosen:
    """The device with exactly that certificate; asks for no PIN.

    :raise AgentError: `OTHER_DEVICE` naming both people, `DEVICE_ABSENT`, `PIN_LOCKED`.
    """
    strangers: list[str] = []
    for device in plugged_in(devices):
        for certificate in _certificates(devices, device):
            if hashlib.sha256(certificate.der).hexdigest() == certificate_sha256:
                return _usable(device, certificate)
            strangers += _signer_named(certificate.der)
    if strangers:
        raise AgentError(AgentCode.OTHER_DEVICE, found=" / ".join(dict.fromkeys(strangers)), wanted=wanted)
    raise AgentError(AgentCode.DEVICE_ABSENT, wanted=wanted)


def plugged_in(devices: Devices) -> list[DeviceInfo]:
    """The devices that were ever initialised; an empty slot of a driver is none."""
    return [device for device in devices.devices() if device.initialised]


def _certificates(devices: Devices, device: DeviceInfo) -> Sequence[StoredCertificate]:
    """Its certificates; none for one that fails or goes away meanwhile: the wanted one may be another."""
    try:
        return devices.read_certificates(device)
    except DeviceError:
        return ()


def _usable(device: DeviceInfo, certificate: StoredCertificate) -> Chosen:
    if device.pin_locked:
        raise AgentError(AgentCode.PIN_LOCKED)
    ref = KeyRef(device_label=device.label, device_serial=device.serial, key_id=certificate.key_id)
    return Chosen(device=device, ref=ref, certificate=certificate.der)


def _signer_named(der: bytes) -> list[str]:
    """Whose signature certificate this is; nothing for other certificates, or unreadable ones."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except (ValueError, x509.ExtensionNotFound):
        return []
    return [str(name.value) for name in names] if usage.content_commitment else []


def find_device(devices: Devices, label: str) -> DeviceInfo:
    """The one device of that label, for enrolment.

    :raise AgentError: none, several, or a locked one.
    """
    found = [device for device in plugged_in(devices) if device.label == label]
    if not found:
        raise AgentError(AgentCode.DEVICE_ABSENT, wanted=label)
    if len(found) > 1:
        raise AgentError(AgentCode.SEVERAL_DEVICES, count=len(found), label=label)
    if found[0].pin_locked:
        raise AgentError(AgentCode.PIN_LOCKED)
    return found[0]


def pin_state(device: DeviceInfo) -> PinState:
    """What the device's flags say of its PIN, the worst of them."""
    flags = (
        (PinState.LOCKED, device.pin_locked),
        (PinState.TO_BE_CHANGED, getattr(device, "pin_to_be_changed", False)),
        (PinState.FINAL_TRY, device.pin_final_try),
        (PinState.LOW, device.pin_count_low),
    )
    return next((state for state, is_set in flags if is_set), PinState.FINE)
