"""One signing run behind the window: its thread, its bridge, the yes that goes to it, and how it ended."""

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from hsm.agent.consent import Yes
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.report import SigningReport
from hsm.pin import Pin

from .bridge import IDLE_SECONDS, Bridge
from .questions import ToSign

Engine = Callable[[Bridge], SigningReport]


class Run(QObject):
    """At most one run at a time. Its signals come in the window's thread."""

    asked = Signal(object)
    settled = Signal(object)
    progressed = Signal(object)
    ended = Signal(object)
    """Its report."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.bridge: Bridge | None = None
        self._idle = QTimer(self, singleShot=True, interval=int(IDLE_SECONDS * 1000))
        self._idle.timeout.connect(self.forget)

    def begin(self, engine: Engine) -> None:
        """Start it on a thread of its own."""
        bridge = Bridge()
        self.bridge = bridge
        bridge.asked.connect(self.asked)
        bridge.settled.connect(self.settled)
        bridge.progressed.connect(self.progressed)
        threading.Thread(target=self._run, args=(engine, bridge), name="signing", daemon=True).start()

    def _run(self, engine: Engine, bridge: Bridge) -> None:
        """On the engine's thread. What is unforeseen says its kind, never its words: they could hold anything."""
        try:
            report = engine(bridge)
        except AgentError as error:
            report = SigningReport(error=error)
        except Exception as broken:  # noqa: BLE001
            unexpected = AgentError(AgentCode.UNEXPECTED, kind=type(broken).__name__, kept=0, count=0)
            report = SigningReport(error=unexpected)
        self.ended.emit(report)

    def end(self) -> None:
        """It has ended, and its report was taken."""
        self.forget()
        self.bridge = None

    def agree(self, question: ToSign, yes: Yes, pin: Pin | None, *, risked: bool) -> None:
        """The signer's yes: the PIN goes to the drawer, the answer to the engine.

        :param risked: the last try of that device may be used.
        """
        bridge, device = self.bridge, question.request.device
        if bridge is None:
            return
        if pin is not None:
            bridge.drawer.put(pin, device=device, last_try=risked)
            self._idle.start()
        if risked:
            bridge.agree_to_last_try(device)
        question.answer(yes)

    def stop(self, *, is_listed: bool) -> None:
        """After this one; while nothing is listed yet there is nothing to wait for."""
        if self.bridge is not None:
            (self.bridge.stop_after_this_one if is_listed else self.bridge.leave)()

    def leave(self) -> None:
        """Refuse what is asked; it ends after its document."""
        if self.bridge is not None:
            self.bridge.leave()

    def forget(self) -> None:
        """Drop a PIN that was not asked for."""
        if self.bridge is not None:
            self.bridge.drawer.forget()
