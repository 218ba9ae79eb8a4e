"""What the room refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pki.quota.devices.kinds import CustodyStep, DeviceState
from pki.quota.errors import QuotaError

_SHOWN = 20


class DeviceError(QuotaError):
    """A refusal of the room. Nothing was recorded."""


class StoreUnknown(DeviceError):
    """Nobody of that code keeps devices."""

    def __init__(self, code: str) -> None:
        super().__init__(f"No store has the code {code}: it is MA, a region's or a body's. Nothing was recorded.")
        self.code = code


class BatchDiffers(DeviceError):
    """The supplier's note is on record, and says something else."""

    def __init__(self, supplier: str, note: str, differs: Sequence[str]) -> None:
        super().__init__(
            f"The note {note} of {supplier} is on record with another {', '.join(differs)}. Nothing was recorded: "
            "say it as it was, or give another note."
        )
        self.supplier = supplier
        self.note = note
        self.differs = tuple(differs)


class SerialsRefused(DeviceError):
    """A list of serials that cannot be read as a whole, or a range that is none."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The serials cannot be taken: {reason}. Nothing was recorded.")
        self.reason = reason


class DayRefused(DeviceError):
    """A day on which it cannot have happened."""

    def __init__(self, on: date, reason: str) -> None:
        super().__init__(f"It was not on {on}: {reason}. Nothing was recorded.")
        self.on = on
        self.reason = reason


class DevicesNotThere(DeviceError):
    """Serials that do not count in the store's figures, or that the inventory does not have."""

    def __init__(self, store: str, serials: Sequence[str]) -> None:
        super().__init__(f"{_list(serials)} not on the books of the store {store}. Nothing was recorded.")
        self.store = store
        self.serials = tuple(serials)


class DevicesAmbiguous(DeviceError):
    """Two manufacturers have a device of that serial."""

    def __init__(self, serials: Sequence[str]) -> None:
        super().__init__(
            f"Several manufacturers have the serial {_list(serials)}. Nothing was recorded: name the manufacturer."
        )
        self.serials = tuple(serials)


class DevicesRefused(DeviceError):
    """Devices that the step may not be taken with, where they are now."""

    def __init__(self, step: CustodyStep, states: Mapping[str, DeviceState]) -> None:
        said = _list([f"{serial} ({state.value})" for serial, state in states.items()])
        super().__init__(f"Not possible ({step.value}) for {said}. Nothing was recorded.")
        self.step = step
        self.devices = tuple(f"{serial}: {state.value}" for serial, state in states.items())


class DeviceNotUsable(DeviceError):
    """A device of the inventory that this order's key may not go into."""

    def __init__(self, serial: str, state: DeviceState, reason: str) -> None:
        super().__init__(f"The device {serial} cannot take this key: {reason}. Nothing was recorded.")
        self.serial = serial
        self.state = state
        self.reason = reason


class DeviceUnknown(DeviceError):
    """The inventory has no device of that serial, in this territory."""

    def __init__(self, serial: str) -> None:
        super().__init__(f"No device here has the serial {serial}.")
        self.serial = serial


class HandoverUnknown(DeviceError):
    """No hand-over of that number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"No hand-over has the number {number}. Nothing was recorded.")
        self.number = number


class HandoverClosed(DeviceError):
    """A hand-over is received once."""

    def __init__(self, number: int) -> None:
        super().__init__(f"The receipt of the hand-over {number} is on record already. Nothing was recorded again.")
        self.number = number


class HandoverToItself(DeviceError):
    """Sender and receiver are the same store."""

    def __init__(self, store: str) -> None:
        super().__init__(f"The store {store} hands nothing over to itself. Nothing was recorded.")
        self.store = store


class OwnHandover(DeviceError):
    """Whoever sent devices does not confirm that they arrived."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"The hand-over {number} was recorded by the same officer. Nothing was recorded: another confirms it."
        )
        self.number = number


def _list(serials: Sequence[str]) -> str:
    shown = ", ".join(serials[:_SHOWN])
    return shown if len(serials) <= _SHOWN else f"{shown} and {len(serials) - _SHOWN} more"
