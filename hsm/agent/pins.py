"""Where the agent takes a PIN from: an owner-only file, or the person at the terminal. Nowhere else."""

import getpass
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from hsm.pin import Pin

from .consent import Consent
from .errors import AgentCode, AgentError
from .owner_only import NO_LINK, OTHERS

MAX_PIN_BYTES = 256


class FilePins:
    """The PIN of an owner-only file, for rehearsals and services.

    Read at the moment the device asks: a file that changes between two entries gives the new PIN.
    """

    held = True
    """A PIN in a file is a PIN held: a key that asks for each signature needs a policy for it."""

    def __init__(self, path: Path, consent: Consent) -> None:
        self._path = path
        self._consent = consent

    def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
        """The PIN; see `hsm.pin.PinSource`."""
        if last_try:
            self._consent.to_last_try(f"{device_label} ({device_serial})")
        return Pin(read_pin_file(self._path))


def read_pin_file(path: Path) -> str:
    """The characters of a PIN file that its owner alone can read.

    :raise AgentError: `PIN_FILE`; what is in the file is never part of it.
    """
    # THREAT: the PIN stands in a file that others read, or reaches a log through an error about it.
    # DEFENCE: a regular file of this user, mode 0600 or less, no link followed; errors name the path only.
    # TEST: tests/hsm/agent/test_pins.py::test_file_that_others_can_read_is_refused
    try:
        descriptor = os.open(path, os.O_RDONLY | NO_LINK | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise AgentError(AgentCode.PIN_FILE, what=f"{path} cannot be opened") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not _is_private(status):
            raise AgentError(AgentCode.PIN_FILE, what=f"{path} is not a file that you alone can read (chmod 600)")
        content = os.read(descriptor, MAX_PIN_BYTES)
    finally:
        os.close(descriptor)
    try:
        characters = content.decode("utf-8").strip("\r\n")
    except UnicodeDecodeError:
        characters = ""
    if not characters:
        raise AgentError(AgentCode.PIN_FILE, what=f"{path} holds no PIN") from None
    return characters


def _is_private(status: os.stat_result) -> bool:
    """Of this user, closed to others; on Windows its folder's rights say so."""
    return sys.platform == "win32" or (status.st_uid == os.geteuid() and not status.st_mode & OTHERS)


class TerminalPins:
    """Asks at the terminal, unseen, each time the device asks."""

    held = False

    def __init__(self, consent: Consent, *, ask: Callable[[str], str] = getpass.getpass) -> None:
        self._consent = consent
        self._ask = ask

    def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
        """The PIN as typed; see `hsm.pin.PinSource`."""
        if not sys.stdin.isatty():
            raise AgentError(AgentCode.PIN_NEEDED)
        if last_try:
            self._consent.to_last_try(f"{device_label} ({device_serial})")
        try:
            return Pin(self._ask(f"PIN of {device_label} ({device_serial}): "))
        except (EOFError, ValueError):
            raise AgentError(AgentCode.CONSENT) from None
