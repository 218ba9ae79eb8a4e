"""The doctor behind his page: one look on a thread of its own. That it broke is a finding too."""

import threading
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from hsm.agent.codes import HelpDesk
from hsm.agent.doctor.findings import Finding, fail


class Examining(QObject):
    """Its signal comes in the window's thread."""

    found = Signal(object)
    """Findings."""

    def __init__(self, examine: Callable[[], Sequence[Finding]], parent: QObject) -> None:
        super().__init__(parent)
        self._examine = examine

    def begin(self) -> None:
        """Look."""
        threading.Thread(target=self._run, name="doctor", daemon=True).start()

    def _run(self) -> None:
        try:
            findings = list(self._examine())
        except Exception as broken:  # noqa: BLE001  (its kind alone: its words could hold anything)
            findings = [fail("examination", "not-looked", HelpDesk.UNEXPECTED, what=type(broken).__name__)]
        self.found.emit(findings)
