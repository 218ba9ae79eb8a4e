"""What is known of a device that is present. Loads no driver: the station and the window read this too."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Address:
    """Which device is meant: never by slot, whose number changes."""

    label: str
    serial: str

    def __str__(self) -> str:
        return f"{self.label!r} (serial {self.serial})"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInfo:
    """A device that is present, and what it says of its PIN; read without login, as of now."""

    label: str
    serial: str
    model: str
    manufacturer: str
    initialised: bool
    """False: an empty device, without label or PIN."""
    pin_set: bool
    login_required: bool
    pin_count_low: bool
    """A wrong PIN was entered since the last good one."""
    pin_final_try: bool
    """One more wrong PIN locks it."""
    pin_locked: bool
    protected_path: bool
    """The PIN is typed on the device or its reader, not here."""
    write_protected: bool
    pin_to_be_changed: bool = False
    """A transport PIN: its holder sets an own one first (CKF_USER_PIN_TO_BE_CHANGED)."""
    so_pin_final_try: bool = False
    so_pin_locked: bool = False
    so_pin_to_be_changed: bool = False
    """The SO PIN is the one that the device came with (CKF_SO_PIN_TO_BE_CHANGED)."""
    pin_shortest: int = 0
    pin_longest: int = 0
    """Bounds of a PIN in bytes, both included; 0: not known."""
    hardware: str = ""
    """Version as the device says it, "1.2"."""
    firmware: str = ""
    module: Path | None = None
    """The PKCS#11 module that shows it."""

    @property
    def address(self) -> Address:
        return Address(self.label, self.serial)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAttributes:
    """What a device says of a private key (PKCS#11 v2.40, 4.9). None: it does not say."""

    sensitive: bool | None
    extractable: bool | None
    never_extractable: bool | None
    always_sensitive: bool | None
    local: bool | None
    """Made on the device, not brought to it."""
    always_authenticate: bool | None
