"""The devices of this PC as the agent needs them; `hsm.cryptoki.station.Station` is one, tests have another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hsm.errors import (
    DeviceError,
    DeviceTimeout,
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

from .certificates import signer_named
from .config import AgentConfig
from .consent import PinState
from .errors import AgentCode, AgentError

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo, KeyAttributes
    from hsm.cryptoki.objects import StoredCertificate
    from hsm.cryptoki.station import Station


class DeviceKey(SigningKey, Protocol):
    """A key in a device."""

    always_authenticate: bool
    """The device asks its PIN for each signature."""


class Devices(Protocol):
    """All that the agent does with devices."""

    def devices(self) -> Sequence[DeviceInfo]: ...
    def read_certificates(self, device: DeviceInfo) -> Sequence[StoredCertificate]: ...
    def key(self, ref: KeyRef, pins: PinSource, *, always_authenticate: bool | None = None) -> DeviceKey: ...
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


def open_devices(config: AgentConfig) -> Station:
    """All configured drivers, each in a process of its own, started at the first call.

    :raise AgentError: `DRIVER`, `DRIVER_ARCHITECTURE`: not one of them can be loaded here.
    """
    from hsm.cryptoki.standing import ModulePath, ModuleStanding
    from hsm.cryptoki.station import Station

    environment = config.module_environment
    modules = [
        ModulePath(path=path, softhsm_conf=config.softhsm_conf, environment=environment) for path in config.modules
    ]
    station = Station(modules)
    states = station.modules()
    if all(each.state in _UNLOADABLE for each in states):
        station.close()
        wrong = all(each.state is ModuleStanding.WRONG_ARCHITECTURE for each in states)
        code = AgentCode.DRIVER_ARCHITECTURE if wrong else AgentCode.DRIVER
        raise AgentError(code, what=" ".join(each.said for each in states))
    return station


_UNLOADABLE = frozenset({"missing", "wrong-architecture", "not-pkcs11"})


def broken_driver(devices: Devices) -> str | None:
    """What a driver that broke down last said; None while none did, or where drivers are not told apart."""
    modules = getattr(devices, "modules", None)
    said = [each.said for each in modules() if each.state in ("crashed", "hung")] if callable(modules) else []
    return " ".join(said) or None


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
    except DeviceTimeout as error:
        raise AgentError(AgentCode.DEVICE_TIMEOUT, kept=kept, count=count) from error
    except DeviceUnavailable as error:
        raise AgentError(AgentCode.DEVICE_REMOVED, kept=kept, count=count) from error
    except KeyNotFound as error:
        raise AgentError(AgentCode.KEY, wanted=wanted) from error
    except (DeviceError, MechanismUnsupported) as error:
        raise AgentError(AgentCode.DEVICE, what=str(error)) from error
    except HsmError as error:
        raise AgentError(AgentCode.DEVICE, what=f"{type(error).__name__}. Nothing more was signed.") from error


def leave(devices: Devices, device: DeviceInfo) -> None:
    """Log out after each purpose: what comes next asks for the PIN again. A device that is gone is logged out."""
    with suppress(HsmError):
        devices.logout(device)


def choose_device(devices: Devices, certificate_sha256: str, wanted: str) -> Chosen:
    """The device with exactly that certificate; asks for no PIN. Seen through two drivers, the first one's.

    :raise AgentError: `OTHER_DEVICE` naming both people, `NO_CERTIFICATE`, `DEVICE_ABSENT`, `DRIVER_CRASHED`,
        `PIN_LOCKED`, `PIN_TO_BE_CHANGED`.
    """
    strangers: list[str] = []
    present = plugged_in(devices)
    for device in present:
        for certificate in _certificates(devices, device):
            if hashlib.sha256(certificate.der).hexdigest() == certificate_sha256:
                return _usable(device, certificate)
            stranger = signer_named(certificate.der)
            strangers += [stranger] if stranger else []
    if strangers:
        raise AgentError(AgentCode.OTHER_DEVICE, found=" / ".join(dict.fromkeys(strangers)), wanted=wanted)
    if present:
        names = " / ".join(f"{device.label} ({device.serial})" for device in present)
        raise AgentError(AgentCode.NO_CERTIFICATE, device=names, wanted=wanted)
    said = broken_driver(devices)
    if said is not None:
        raise AgentError(AgentCode.DRIVER_CRASHED, what=said, kept=0, count=0)
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
    if device.pin_to_be_changed:
        raise AgentError(AgentCode.PIN_TO_BE_CHANGED)
    ref = KeyRef(device_label=device.label, device_serial=device.serial, key_id=certificate.key_id)
    return Chosen(device=device, ref=ref, certificate=certificate.der)


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
        (PinState.TO_BE_CHANGED, device.pin_to_be_changed),
        (PinState.FINAL_TRY, device.pin_final_try),
        (PinState.LOW, device.pin_count_low),
    )
    return next((state for state, is_set in flags if is_set), PinState.FINE)
