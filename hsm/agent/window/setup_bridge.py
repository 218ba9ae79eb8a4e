"""Between the thread of a first set-up and the window's: its questions, its lights, and what its reader wishes next.

It implements `hsm.agent.holder.device_consent.DeviceConsent` and `hsm.pin.PinSource`.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

from PySide6.QtCore import Signal

from hsm.agent.consent import PinState
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.holder.device_consent import DeviceConsent, PresentRequest, UnlockRequest, WipeRequest
from hsm.agent.holder.pin_rules import PinRules
from hsm.cryptoki.info import DeviceInfo
from hsm.pin import Pin

from .asking import Asking
from .bridge import POLL_SECONDS
from .questions import ForNewPin, ForPin, NewPin, Question, ToBeMine, ToLastTry


class Wish(IntEnum):
    """What the set-up does next; a greater one comes before."""

    LOOK = 1
    CHANGE = 2
    """The PIN."""
    LEAVE = 3


class SetupBridge(Asking):
    """One window's set-up. Its port methods block the engine's thread; `want` and `leave` are for the window's."""

    looking = Signal()
    """The lights are looked at from the first on."""
    lit = Signal(object)
    """A `hsm.agent.holder.first_setup.Light`."""
    rested = Signal(object)
    """Nothing more happens before a wish; with the `AgentError` that came between, else None."""

    def __init__(self) -> None:
        super().__init__()
        self._wished = threading.Condition()
        self._wish: Wish | None = None
        self._mine: set[str] = set()
        self._risked = False
        self._is_present: Callable[[], bool] = lambda: True

    # For the window's thread

    def want(self, wish: Wish) -> None:
        """Have that done next."""
        with self._wished:
            self._wish = max(wish, self._wish or wish)
            self._wished.notify()

    def leave(self) -> None:
        super().leave()
        self.want(Wish.LEAVE)

    # For the engine's thread

    def await_wish(self) -> Wish:
        """The next one; blocks."""
        with self._wished:
            self._wished.wait_for(lambda: self._wish is not None)
            wish, self._wish = self._wish, None
        assert wish is not None
        return wish

    def forget_wishes(self) -> None:
        """What was wished while the lights were looked at is done; only leaving stays."""
        with self._wished:
            self._wish = self._wish if self._wish is Wish.LEAVE else None

    @contextmanager
    def beside(self, present: Callable[[], bool]) -> Iterator[None]:
        """What is asked meanwhile ends when its device is gone."""
        before, self._is_present = self._is_present, present
        try:
            yield
        finally:
            self._is_present = before

    def new_pin(self, device: DeviceInfo, refused: AgentError | None) -> NewPin:
        """The form, filled in.

        :raise AgentError: `CONSENT`; `DEVICE_REMOVED`: the device went away under it.
        """
        final, low = (
            (device.pin_final_try, device.pin_count_low) if device.pin_set else (device.so_pin_final_try, False)
        )
        question = ForNewPin(
            device=f"{device.label} ({device.serial})",
            rules=PinRules.of(device),
            state=PinState.FINAL_TRY if final else PinState.LOW if low else PinState.FINE,
            pad=device.protected_path,
            is_set=device.pin_set,
            delivered=device.pin_to_be_changed,
            refused=refused,
        )
        typed: NewPin = self._reply(question)
        self._risked = typed.risked
        return typed

    # hsm.agent.holder.device_consent.DeviceConsent

    def to_be_mine(self, named: str) -> None:
        if named not in self._mine:
            self._reply(ToBeMine(named))
            self._mine.add(named)

    def to_last_try(self, device: str) -> None:
        risked, self._risked = self._risked, False
        if not risked:
            self._reply(ToLastTry(device))

    def to_present(self, request: PresentRequest) -> None:
        del request
        raise AgentError(AgentCode.CONSENT)

    def to_unlock(self, request: UnlockRequest) -> None:
        del request
        raise AgentError(AgentCode.CONSENT)

    def to_wipe(self, request: WipeRequest) -> None:
        del request
        raise AgentError(AgentCode.CONSENT)

    # hsm.pin.PinSource

    def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
        question = ForPin(device=f"{device_label} ({device_serial})", last_try=last_try, entry=None, count=0)
        typed: Pin = self._reply(question)
        return typed

    def _reply(self, question: Question[Any]) -> Any:
        """As for every bridge; a device that is pulled out ends the question, and with it what was typed."""
        self._put(question)
        try:
            while not question.wait(POLL_SECONDS):
                if not self._is_present():
                    question.refuse(AgentError(AgentCode.DEVICE_REMOVED, kept=0, count=0))
                    self.settled.emit(question)
            return question.reply()
        finally:
            self._take_back()


def _is_consent(bridge: SetupBridge) -> DeviceConsent:
    """The type checker's proof that the port is implemented."""
    return bridge
