"""A PIN held for a key that asks it each time: only under a named policy document, only for one list."""

from collections.abc import Callable
from datetime import datetime, timedelta

from hsm.pin import Pin, PinSource


class HeldPins:
    """Asks the source behind once, then gives the same PIN, up to so many signatures and minutes."""

    # THREAT: a PIN asked for each signature is kept: whoever gets at the PC meanwhile signs in its holder's name.
    # DEFENCE: off unless a policy document is named on this PC, then shown and journalled; capped; gone after a
    #   refusal, before a last try, and with the list.
    # TEST: tests/hsm/agent/signing/test_pin_entries.py::test_a_held_pin_is_shown_journalled_and_capped

    held = True

    def __init__(self, source: PinSource, *, documents: int, minutes: int, now: Callable[[], datetime]) -> None:
        self._source = source
        self._documents = documents
        self._life = timedelta(minutes=minutes)
        self._now = now
        self._pin: Pin | None = None
        self._holds = True
        self._given = 0
        self._until = now()

    def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
        """The PIN; see `hsm.pin.PinSource`."""
        if last_try or not self._holds or self._given >= self._documents or self._now() >= self._until:
            self.forget()
        if self._pin is None:
            self._pin = self._source.pin(device_label=device_label, device_serial=device_serial, last_try=last_try)
            self._given, self._until = 0, self._now() + self._life
        self._given += 1
        return self._pin

    def forget(self) -> None:
        """Drop the one held; the next is asked for."""
        self._pin = None

    def hold_none(self) -> None:
        """The key does not ask each time: every question goes to the source."""
        self._pin, self._holds = None, False
