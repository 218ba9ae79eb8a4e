"""One question at a time from an engine's thread to the window's: put as a signal, answered through a wait."""

import threading
from typing import Any

from PySide6.QtCore import QObject, Signal

from .questions import Question


class Asking(QObject):
    """What every bridge has. `_reply` blocks the engine's thread; everything else is for the window's thread."""

    asked = Signal(object)
    """A `Question`, to be answered or refused once."""
    settled = Signal(object)
    """A question that its own cause ended: it is no longer open."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._current: Question[Any] | None = None
        self._left = False

    def leave(self) -> None:
        """The window goes: what is asked now or later is refused. Never blocks."""
        with self._lock:
            self._left = True
            current = self._current
        if current is not None:
            current.refuse()

    def _reply(self, question: Question[Any]) -> Any:
        self._put(question)
        try:
            return question.reply()
        finally:
            self._take_back()

    def _put(self, question: Question[Any]) -> None:
        with self._lock:
            left = self._left
            self._current = question
        if left:
            question.refuse()
        else:
            self.asked.emit(question)

    def _take_back(self) -> None:
        with self._lock:
            self._current = None
