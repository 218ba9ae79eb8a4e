"""Where PINs that are being set, and unlock secrets, come from: the holder's own hands, typed unseen.

Apart from `hsm.pin.PinSource`, which is asked for a PIN that is in use.
"""

import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.pins import read_pin_file
from hsm.pin import Pin, PinSource

from .pin_rules import PinFault, PinRules

ATTEMPTS = 3
"""How often a new PIN that breaks a rule may be typed anew; nothing of it reaches a device."""


class TypedSecrets(Protocol):
    """The person at this PC. Each answer is used for exactly one call into the device."""

    def new_pin(self, device: str, rules: PinRules, *, before: Pin | None = None) -> Pin:
        """A new PIN, typed twice alike, that keeps the rules.

        :raise AgentError: `PIN_RULE` or `CONSENT`.
        """
        ...

    def present_pin(self, device: str) -> Pin:
        """The PIN that the device has now (a transport PIN, for instance)."""
        ...

    def earlier_pin(self, device: str) -> Pin:
        """The PIN that was chosen when a cut run began, typed twice alike: the present one, or the one before it."""
        ...

    def unlock_secret(self, device: str, *, twice: bool = False) -> Pin:
        """The SO PIN or PUK that the device has now; `twice`: a slip of the hand would be taken for something else."""
        ...


class TerminalSecrets:
    """Asks at the terminal, unseen."""

    def __init__(self, *, ask: Callable[[str], str] = getpass.getpass) -> None:
        self._ask = ask

    def new_pin(self, device: str, rules: PinRules, *, before: Pin | None = None) -> Pin:
        for attempt in range(ATTEMPTS):
            pin = self._typed(f"New PIN for {device}, {rules.shortest} to {rules.longest} characters: ")
            fault = rules.fault(pin, before=before)
            if fault is None and self._typed("The new PIN again: ").reveal() != pin.reveal():
                fault = PinFault.DIFFERENT
            if fault is None:
                return pin
            if attempt == ATTEMPTS - 1:
                raise rules.refusal(fault)
            sys.stderr.write(f"{rules.refusal(fault)}\n")
        raise AssertionError

    def present_pin(self, device: str) -> Pin:
        return self._typed(f"Present PIN of {device}: ")

    def earlier_pin(self, device: str) -> Pin:
        sys.stderr.write(
            f"{device} was left half made. Type the PIN that you chose when that was begun: "
            "the present one, or if you changed it since, the one from then.\n"
        )
        return self._twice("PIN from then: ", "The PIN from then again: ")

    def unlock_secret(self, device: str, *, twice: bool = False) -> Pin:
        asked = f"Unlock secret (SO PIN or PUK) of {device}: "
        return self._twice(asked, "The unlock secret again: ") if twice else self._typed(asked)

    def _twice(self, asked: str, again: str) -> Pin:
        pin = self._typed(asked)
        if self._typed(again).reveal() != pin.reveal():
            raise PinRules().refusal(PinFault.DIFFERENT)
        return pin

    def _typed(self, asked: str) -> Pin:
        if not sys.stdin.isatty():
            raise AgentError(AgentCode.PIN_NEEDED)
        try:
            return Pin(self._ask(asked))
        except (EOFError, ValueError):
            raise AgentError(AgentCode.CONSENT) from None


class FileSecrets:
    """Secrets of owner-only files, for rehearsals."""

    def __init__(self, *, pin: Path | None, new_pin: Path | None, unlock: Path | None) -> None:
        self._pin, self._new_pin, self._unlock = pin, new_pin, unlock

    def new_pin(self, device: str, rules: PinRules, *, before: Pin | None = None) -> Pin:
        del device
        pin = _read(self._new_pin)
        rules.require(pin, before=before)
        return pin

    def present_pin(self, device: str) -> Pin:
        del device
        return _read(self._pin)

    def earlier_pin(self, device: str) -> Pin:
        return self.present_pin(device)

    def unlock_secret(self, device: str, *, twice: bool = False) -> Pin:
        del device, twice
        return _read(self._unlock)


def _read(path: Path | None) -> Pin:
    if path is None:
        raise AgentError(AgentCode.PIN_NEEDED)
    return Pin(read_pin_file(path))


class JustTyped:
    """A PIN source that gives the PIN which was typed a moment ago to its device's first question, then forgets it."""

    def __init__(self, pin: Pin, device_label: str, then: PinSource) -> None:
        self._pin: Pin | None = pin
        self._label = device_label
        self._then = then
        self.held = getattr(then, "held", False)

    def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
        """See `hsm.pin.PinSource`; a last try is always the person's own."""
        pin, self._pin = self._pin, None
        if pin is not None and device_label == self._label and not last_try:
            return pin
        return self._then.pin(device_label=device_label, device_serial=device_serial, last_try=last_try)
