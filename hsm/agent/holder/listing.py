"""The devices that are plugged in, with what each still needs: nothing is half made without being said here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hsm.agent.devices import Devices
from hsm.agent.errors import AgentError
from hsm.errors import DeviceError

from .personalising import unfinished
from .unlock_secret import RECORD_FILE, DeviceRecord, read_record

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDevice:
    """One device; `states` is never empty."""

    info: DeviceInfo
    states: tuple[str, ...]
    certificates: int

    @property
    def name(self) -> str:
        """The device as people know it; an empty one may have neither label nor serial."""
        known = " ".join(filter(None, (self.info.model, self.info.serial)))
        return f"{self.info.label or 'no label'} ({known})"

    def __str__(self) -> str:
        info = self.info
        pin = f"PIN {info.pin_shortest} to {info.pin_longest} bytes" if info.pin_longest else "PIN of unknown length"
        made = f"hardware {info.hardware}, firmware {info.firmware}"
        driver = "" if info.module is None else f", driver {info.module.name}"
        said = f"{self.name}: {', '.join(self.states)}; {self.certificates} certificates"
        return f"{said}\n    {info.manufacturer}, {made}, {pin}{driver}"

    def to_json(self) -> dict[str, object]:
        """JSON-safe."""
        names = ("label", "serial", "model", "manufacturer", "hardware", "firmware", "pin_shortest", "pin_longest")
        said = {name: getattr(self.info, name) for name in names}
        return said | {"device": self.name, "states": list(self.states), "certificates": self.certificates}


def listed(devices: Devices, spool: Path) -> list[ListedDevice]:
    """Every device present, the empty ones included. Asks for no PIN."""
    records = list(_records(spool))
    return [_listed(devices, device, records) for device in devices.devices()]


def _records(spool: Path) -> Iterator[DeviceRecord]:
    """What runs that were cut have left; a damaged one is found again by its own run."""
    for path in sorted(spool.glob(f"*/{RECORD_FILE}")):
        try:
            record = read_record(path.read_bytes())
        except (OSError, AgentError):
            continue
        if record is not None:
            yield record


def _listed(devices: Devices, device: DeviceInfo, records: list[DeviceRecord]) -> ListedDevice:
    try:
        count = len(devices.read_certificates(device)) if device.initialised else 0
    except DeviceError:
        count = -1
    missing = [said for record in records if (said := unfinished(device, record)) is not None]
    unset = not missing and device.initialised and not device.pin_set
    flags = {
        "empty": not device.initialised,
        "empty: no PIN and nothing on it": unset and count == 0,
        "its PIN was never set": unset and count != 0,
        "PIN locked": device.pin_locked,
        "PIN to be changed": device.pin_to_be_changed,
        "one PIN try left": device.pin_final_try,
        "a wrong PIN was entered": device.pin_count_low,
        "maker's unlock secret": device.initialised and device.so_pin_to_be_changed,
    }
    states = [*(f"half made: {each}" for each in dict.fromkeys(missing)), *(name for name in flags if flags[name])]
    return ListedDevice(
        info=device,
        states=tuple(states) or ("ready",),
        certificates=max(count, 0),
    )
