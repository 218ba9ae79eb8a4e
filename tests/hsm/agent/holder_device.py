"""What a device in memory does while it becomes its holder's: initialise, PINs, unlock secret, wipe."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hsm.cryptoki.errors import DeviceRefused
from hsm.cryptoki.info import DeviceInfo, KeyAttributes
from hsm.cryptoki.objects import StoredCertificate
from hsm.errors import KeyNotFound, PinLocked, PinRefused
from hsm.keys import KeyRef
from hsm.pin import Pin, PinSource
from hsm.software import SoftwareKey

SERIAL = "1"
SO_PIN = "canary-0815-so"


def nothing(act: str) -> None:
    """Nobody cuts anything."""
    del act


@dataclass(slots=True)
class HolderActs:
    """A device with two PINs. `cut` is called before (`act`) and after (`act!`) each act; it may kill the run there."""

    label: str = "president"
    initialised: bool = True
    pin_set: bool = True
    pin_value: str = ""
    so_pin: str = SO_PIN
    so_tries: int = 0
    locked: bool = False
    pin_longest: int = 0
    """Bytes; 0: it says nothing, and takes any."""
    cut: Callable[[str], None] = nothing
    acts: list[str] = field(default_factory=list)
    keys: dict[bytes, SoftwareKey] = field(default_factory=dict)
    certificates: list[StoredCertificate] = field(default_factory=list)

    def state(self, info: DeviceInfo) -> DeviceInfo:
        """What it says of itself now."""
        return replace(
            info,
            label=self.label if self.initialised else "",
            initialised=self.initialised,
            pin_set=self.initialised and self.pin_set,
            pin_locked=info.pin_locked or self.locked,
            pin_longest=self.pin_longest,
        )

    def note(self, act: str) -> None:
        self.cut(act)
        self.acts.append(act)

    def require_so_pin(self, given: Pin) -> None:
        self.so_tries += 1
        if given.reveal() != self.so_pin:
            raise PinRefused("wrong SO PIN")

    def find_keys(self, device: DeviceInfo, pins: PinSource) -> list[object]:
        if self.locked:
            raise PinLocked("locked")
        given = pins.pin(device_label=device.label, device_serial=device.serial, last_try=device.pin_final_try)
        if given.reveal() != self.pin_value:
            raise PinRefused("wrong PIN")
        return list(self.keys)

    def key_attributes(self, ref: KeyRef, pins: PinSource) -> KeyAttributes:
        del pins
        if ref.key_id not in self.keys:
            raise KeyNotFound("no such key")
        return KeyAttributes(
            sensitive=True,
            extractable=False,
            never_extractable=True,
            always_sensitive=True,
            local=True,
            always_authenticate=None,
        )

    def logout(self, device: DeviceInfo) -> None:
        self.acts.append("logout")

    def initialise(self, device: DeviceInfo, *, label: str, so_pin: Pin, pin: Pin) -> DeviceInfo:
        self.note("initialise")
        if self.initialised:
            self.require_so_pin(so_pin)
        self.initialised, self.pin_set, self.label, self.so_pin = True, False, label, so_pin.reveal()
        self.keys.clear()
        self.certificates.clear()
        self.cut("initialise?")
        self.pin_set, self.pin_value = True, pin.reveal()
        self.cut("initialise!")
        return self.state(device)

    def change_pin(self, device: DeviceInfo, *, old: Pin, new: Pin, last_try: bool = False) -> None:
        self.note("change-pin")
        if old.reveal() != self.pin_value:
            raise PinRefused("wrong PIN")
        self.pin_value = new.reveal()
        self.cut("change-pin!")

    def change_so_pin(self, device: DeviceInfo, *, old: Pin, new: Pin, last_try: bool = False) -> None:
        self.note("change-so-pin")
        self.require_so_pin(old)
        if self.pin_longest and len(new.reveal()) > self.pin_longest:
            raise DeviceRefused("too long")
        self.so_pin = new.reveal()
        self.cut("change-so-pin!")

    def unblock(self, device: DeviceInfo, *, so_pin: Pin, new: Pin, last_try: bool = False) -> None:
        self.note("unblock")
        self.require_so_pin(so_pin)
        self.locked, self.pin_set, self.pin_value = False, True, new.reveal()
        self.cut("unblock!")

    def wipe(self, device: DeviceInfo, *, so_pin: Pin, last_try: bool = False) -> None:
        self.note("wipe")
        self.require_so_pin(so_pin)
        self.pin_set = False
        self.keys.clear()
        self.certificates.clear()
        self.cut("wipe!")
