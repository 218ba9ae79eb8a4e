"""Between the engine's thread and the window's: questions one way as Qt signals, answers back through waits.

It implements `hsm.agent.consent.Consent`, `hsm.pin.PinSource` and the progress callback.
"""

import threading
import time

from PySide6.QtCore import Signal

from hsm.agent.consent import (
    Consent,
    EnrolmentRequest,
    Interruption,
    InterruptionKind,
    Phase,
    Progress,
    SigningRequest,
    Yes,
)
from hsm.pin import Pin

from .asking import Asking
from .questions import ForPin, ToEnrol, ToLastTry, ToPinEntries, ToSign, ToWait

IDLE_SECONDS = 120.0
"""A PIN that was typed and not asked for is forgotten after this."""
POLL_SECONDS = 0.25
ASKS_AGAIN = frozenset({InterruptionKind.PIN_REFUSED})
"""Interruptions that end by the signer's word, not by themselves: no PIN is tried again without him."""


class PinDrawer:
    """A PIN typed with the consent, until the device asks for it: given once, for that device, within `IDLE_SECONDS`.

    Forgetting drops the reference; the characters of a Python `str` cannot be wiped for certain.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pin: Pin | None = None
        self._device = ""
        self._last_try = False
        self._since = 0.0

    def put(self, pin: Pin, *, device: str, last_try: bool) -> None:
        """Keep it for that device; `last_try`: its last try may be used for it."""
        with self._lock:
            self._pin, self._device, self._last_try = pin, device, last_try
            self._since = time.monotonic()

    def take(self, *, device: str, last_try: bool) -> Pin | None:
        """The PIN, if there is one for that device and it may be used now."""
        # THREAT: a PIN typed for one key is sent to another one, burns a last try nobody agreed to, or is used later.
        # DEFENCE: bound to the device named in the consent, to the yes for its last try, and to two minutes.
        # TEST: tests/hsm/agent/window/test_bridge.py::test_a_pin_is_given_once_to_its_own_device
        with self._lock:
            fits = self._device == device and (self._last_try or not last_try)
            fresh = time.monotonic() - self._since <= IDLE_SECONDS
            pin = self._pin if fits and fresh else None
            self._pin = None
            return pin

    def forget(self) -> None:
        """Drop it."""
        with self._lock:
            self._pin = None

    @property
    def empty(self) -> bool:
        """There is none."""
        with self._lock:
            return self._pin is None


class Bridge(Asking):
    """One run's ports. Its port methods block the engine's thread; everything else is for the window's thread.

    `settled` tells of a `ToWait` whose cause is gone: the engine goes on.
    """

    held = False
    """No PIN is kept here for a second use: a policy that allows it is the engine's (`hsm.agent.signing.held_pins`)."""
    progressed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.drawer = PinDrawer()
        self._stop = threading.Event()
        self._entry: int | None = None
        self._count = 0
        self._last_try_agreed: str | None = None

    # For the window's thread

    def stop_after_this_one(self) -> None:
        """What is being signed is finished, nothing more is begun."""
        self._stop.set()

    def leave(self) -> None:
        """The window goes: what is asked now or later is refused, what runs stops after this document. Never blocks."""
        self._stop.set()
        self.drawer.forget()
        super().leave()

    def agree_to_last_try(self, device: str) -> None:
        """The signer ticked that he risks the last try of that device: one try."""
        self._last_try_agreed = device

    # hsm.agent.consent.Consent, on the engine's thread

    def to_sign(self, request: SigningRequest) -> Yes:
        self.drawer.forget()
        yes: Yes = self._reply(ToSign(request))
        return yes

    def to_pin_entries(self, count: int) -> int:
        chosen: int = self._reply(ToPinEntries(count))
        return chosen

    def to_last_try(self, device: str) -> None:
        agreed, self._last_try_agreed = self._last_try_agreed, None
        if agreed != device:
            self._reply(ToLastTry(device))

    def to_enrol(self, request: EnrolmentRequest) -> None:
        self._reply(ToEnrol(request))

    def to_wait(self, interruption: Interruption) -> None:
        self.drawer.forget()
        question = ToWait(interruption)
        self._put(question)
        while not question.wait(POLL_SECONDS):
            if interruption.kind not in ASKS_AGAIN and interruption.over():
                question.answer(None)
                self.settled.emit(question)
        self._take_back()
        question.reply()

    def stop_wanted(self) -> bool:
        return self._stop.is_set()

    # hsm.pin.PinSource, on the engine's thread

    def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
        device = f"{device_label} ({device_serial})"
        kept = self.drawer.take(device=device, last_try=last_try)
        if kept is not None:
            return kept
        typed: Pin = self._reply(ForPin(device=device, last_try=last_try, entry=self._entry, count=self._count))
        return typed

    # Surroundings.progress, on the engine's threads

    def progress(self, progress: Progress) -> None:
        """Tell the window; never blocks."""
        if progress.phase is not Phase.SENDING:
            # What is posted meanwhile, on another thread, says nothing of the PIN question that comes next.
            self._entry, self._count = progress.pin_entry, progress.count
        self.progressed.emit(progress)


def _is_consent(bridge: Bridge) -> Consent:
    """The type checker's proof that the port is implemented."""
    return bridge
