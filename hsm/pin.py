"""A device's PIN, and where it comes from. Neither is ever printed, logged or sent to the server."""

from pathlib import Path
from typing import NoReturn, Protocol, final

from hsm.errors import PinLastTry


@final
class Pin:
    """A PIN, masked in every printed form.

    The characters stay in a Python `str` while the driver needs them and cannot be wiped
    for certain: core dumps are off in every process that holds one.
    """

    __slots__ = ("_characters",)

    def __init__(self, characters: str) -> None:
        if not characters:
            raise ValueError("a PIN has at least one character")
        self._characters = characters

    def reveal(self) -> str:
        """Return the characters: for the driver's call, nowhere else."""
        return self._characters

    def __repr__(self) -> str:
        return "Pin(****)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a PIN does not leave its process")


class PinSource(Protocol):
    """Asks for the PIN on the device's side, at the moment it is needed."""

    def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
        """Return the PIN for that device.

        :param last_try: the device says that one more wrong PIN locks it.
        :raise hsm.errors.PinLastTry: if `last_try` and nobody said yes to using it.
        """
        ...


class PinFile:
    """The PIN of a service device, read from an owner-only file each time it is needed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
        """Return what the file holds.

        :raise PinLastTry: a file cannot say yes to a last try: a person enters the PIN, or unblocks the device.
        """
        del device_serial
        if last_try:
            raise PinLastTry(
                f"Device {device_label!r} has one PIN try left. The PIN was not sent: enter it by hand, or unblock."
            )
        return Pin(self._path.read_text(encoding="utf-8").strip())
