"""The one window: header with the languages, the rehearsal's banner, and the page at hand."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QIcon, QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFileDialog, QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from hsm.agent.consent import Progress, Yes
from hsm.agent.doctor.findings import Finding
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.report import SigningReport

from .bridge import IDLE_SECONDS, Bridge
from .consent_page import ConsentPage
from .documents import Documents
from .health_page import HealthPage
from .languages import NAMES, language
from .marks import Mark, MarkLabel, emblem
from .pieces import Button, Page, Text
from .questions import ForPin, Question, ToSign, ToWait
from .reader import ReaderPage
from .result_page import ResultPage
from .signing_page import SigningPage

LEAVING_MILLISECONDS = 15_000
"""A run that has not ended so long after the window was closed is left to the spool: nothing lost, nothing doubled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the window is given: the run to start, the doctor to call, this PC's own words."""

    run: Callable[[Bridge], SigningReport] | None
    """Called on a thread of its own; None for a start without a link."""
    examine: Callable[[], Sequence[Finding]]
    rehearsal: bool = False
    language: str = "ar"
    help_phone: str | None = None


class Window(QWidget):
    """Holds the pages and is the only one that moves between them."""

    _ended = Signal(object)
    _examined = Signal(object)
    ended = Signal(object)
    """A run's report, after it is on the page."""
    gone = Signal()
    """Closed, and nothing runs any more."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowIcon(QIcon(emblem()))
        self.resize(860, 820)
        self.setMinimumSize(640, 560)
        self.desk = desk
        self.bridge: Bridge | None = None
        self.code = desk.language
        self.question: Question[Any] | None = None
        self._leaving = False
        self._closed = False
        self._looked = False
        self.documents = Documents(self)
        self.outcome = Documents(self)
        self.reading = SigningPage(self.documents, stop=self._stop, pinned=self._forget)
        self.consent = ConsentPage(self.documents, agreed=self._agree, refused=self._refuse, opening=self._open)
        self.reader = ReaderPage(back=self._back, shown=self.documents.mark_opened, step=self._step)
        self.result = ResultPage(
            self.documents, again=self.begin, close=self.close, doctor=self.examine, save=self._save
        )
        self.health = HealthPage(look=self.examine, close=self.close)
        self.pages: tuple[Page, ...] = (self.reading, self.consent, self.reader, self.result, self.health)
        self._build()
        self._ended.connect(self._finish)
        self._examined.connect(self.health.show_findings)
        self._idle = QTimer(self, singleShot=True, interval=int(IDLE_SECONDS * 1000))
        self._idle.timeout.connect(self._forget)
        for page in (self.reading, self.consent, self.result, self.health):
            page.phone = desk.help_phone
        self.speak(self.code)

    def _build(self) -> None:
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        self.header = QFrame()
        self.header.setObjectName("header")
        bar = QHBoxLayout(self.header)
        bar.setContentsMargins(18, 8, 14, 8)
        self.name = Text(points=13, bold=True, wrap=False)
        bar.addWidget(self.name)
        bar.addStretch(1)
        self.switch = QButtonGroup(self)
        self.languages: dict[str, Button] = {}
        for code in NAMES:
            button = Button(partial(self.speak, code), checkable=True)
            self.switch.addButton(button)
            self.languages[code] = button
            bar.addWidget(button)
        self.banner = QFrame()
        self.banner.setObjectName("rehearsal")
        line = QHBoxLayout(self.banner)
        line.setContentsMargins(18, 5, 18, 5)
        self.rehearsal = Text(bold=True)
        line.addWidget(MarkLabel(Mark.WARN, 22))
        line.addWidget(self.rehearsal, 1)
        self.banner.setVisible(self.desk.rehearsal)
        self.stack = QStackedWidget()
        for page in self.pages:
            self.stack.addWidget(page)
            page.windowTitleChanged.connect(self._entitle)
        rows.addWidget(self.header)
        rows.addWidget(self.banner)
        rows.addWidget(self.stack, 1)

    def speak(self, code: str) -> None:
        """Say everything in another language; what was opened, typed and chosen stays."""
        self.code = code
        spoken = language(code)
        direction = Qt.LayoutDirection.RightToLeft if spoken.direction == "rtl" else Qt.LayoutDirection.LeftToRight
        self.setLayoutDirection(direction)
        for each in (self.header, self.banner):
            each.setLayoutDirection(direction)
        for name, button in self.languages.items():
            button.say(language(name), NAMES[name])
            button.setChecked(name == code)
        _ = spoken.say
        self.name.say(spoken, _("Khatam – signature"))
        both = dict.fromkeys(
            (_("Rehearsal – no legal value"), "تجريبي – دون قيمة قانونية", "Essai – sans valeur juridique")
        )
        self.rehearsal.say(spoken, "  /  ".join(both))
        self.documents.speak(spoken)
        for page in self.pages:
            page.speak(spoken)
        self._entitle()

    def _entitle(self) -> None:
        """The window's title says what its page says first: for the task bar, and for those who hear the screen."""
        page = self.stack.currentWidget()
        first = page.windowTitle() if page is not None else ""
        self.setWindowTitle(" – ".join(each for each in (first, self.name.accessibleName()) if each))

    # A run

    def begin(self) -> None:
        """Start the run, or the doctor when there is none; come to the front once."""
        if self.desk.run is None:
            self.examine()
            return
        bridge = Bridge()
        self.bridge = bridge
        bridge.asked.connect(self._asked)
        bridge.settled.connect(lambda _: self.reading.settle())
        bridge.progressed.connect(self._progressed)
        self.reading.begin()
        self._turn_to(self.reading)
        threading.Thread(target=self._run, args=(self.desk.run, bridge), name="signing", daemon=True).start()

    def _run(self, run: Callable[[Bridge], SigningReport], bridge: Bridge) -> None:
        """On the engine's thread. What is unforeseen says its kind, never its words: they could hold anything."""
        try:
            report = run(bridge)
        except AgentError as error:
            report = SigningReport(error=error)
        except Exception as broken:  # noqa: BLE001
            unexpected = AgentError(AgentCode.UNEXPECTED, kind=type(broken).__name__, kept=0, count=0)
            report = SigningReport(error=unexpected)
        self._ended.emit(report)

    def _finish(self, report: SigningReport) -> None:
        self._forget()
        self._wipe()
        self.bridge = None
        self.reader.leave()
        self.result.show_report(report, datetime.now(UTC))
        self._turn_to(self.result)
        self.ended.emit(report)
        if self._leaving:
            self._go()

    def _asked(self, question: Question[Any]) -> None:
        if not question.open:
            return
        self.reader.leave()
        if isinstance(question, ToSign):
            self.question = question
            self.consent.ask(question.request)
            self._turn_to(self.consent)
        else:
            self.reading.ask(question)
            self._turn_to(self.reading)
        if isinstance(question, ForPin | ToWait):
            self._look_up()

    def _progressed(self, progress: Progress) -> None:
        self.reading.note(progress)

    def _agree(self) -> None:
        """The signer's yes: the PIN goes to the drawer, the answer to the engine."""
        question, request, bridge = self.question, self.consent.request, self.bridge
        if not isinstance(question, ToSign) or request is None or bridge is None:
            return
        pin = self.consent.pin.take()
        risked = self.consent.last_try_agreed
        if pin is not None:
            bridge.drawer.put(pin, device=request.device, last_try=risked)
            self._idle.start()
        if risked:
            bridge.agree_to_last_try(request.device)
        del pin
        opened = frozenset(line.id for line in self.documents.lines if line.opened)
        count = self.consent.count
        self.question = None
        self.reading.begin_signing(count, pad=request.protected_path)
        self._turn_to(self.reading)
        question.answer(Yes(opened=opened, count=count, language=self.code))

    def _refuse(self) -> None:
        self.consent.pin.wipe()
        if self.question is not None:
            self.question.refuse()
            self.question = None

    def _stop(self) -> None:
        """After this one; while nothing is listed yet there is nothing to wait for."""
        if self.bridge is None:
            return
        if self.documents.lines:
            self.bridge.stop_after_this_one()
        else:
            self.bridge.leave()

    def _forget(self) -> None:
        """Drop a PIN that was not asked for."""
        if self.bridge is not None:
            self.bridge.drawer.forget()

    def _wipe(self) -> None:
        for panel in (self.consent.pin, self.reading.pin):
            panel.wipe()

    # Pages of documents

    def _open(self, row: int) -> None:
        request = self.consent.request
        if request is not None and 0 <= row < len(request.documents):
            last = len(request.documents) - 1
            self._turn_to(self.reader)
            self.reader.open(request.documents[row], has_before=row > 0, has_after=row < last)

    def _step(self, by: int) -> None:
        request, shown = self.consent.request, self.reader.document
        if request is not None and shown is not None:
            self._open(request.documents.index(shown) + by)

    def _back(self) -> None:
        self.reader.leave()
        self._turn_to(self.consent)

    # The doctor

    def examine(self) -> None:
        """Have this computer examined, on a thread of its own."""
        self.health.begin()
        self._turn_to(self.health)
        threading.Thread(target=self._examine, name="doctor", daemon=True).start()

    def _examine(self) -> None:
        try:
            findings = list(self.desk.examine())
        except Exception:  # noqa: BLE001  (a doctor that fails found nothing)
            findings = []
        self._examined.emit(findings)

    def _save(self, words: str) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "", "khatam.txt")
        if name:
            Path(name).write_text(words + "\n", encoding="utf-8")

    # Coming and going

    def _turn_to(self, page: Page) -> None:
        self.stack.setCurrentWidget(page)
        page.again()
        self._entitle()
        if (first := page.primary()) is not None:
            first.setFocus()

    def look_at_me(self) -> None:
        """To the front, once: when the window comes up."""
        if not self._looked:
            self._looked = True
            self._look_up()

    def _look_up(self) -> None:
        self.raise_()
        self.activateWindow()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  (Qt names it)
        if event.key() == Qt.Key.Key_Escape:
            page = self.stack.currentWidget()
            if isinstance(page, Page):
                page.escape()
            event.accept()
            return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  (Qt names it)
        """Closing is refusing what is asked and stopping what runs; the window goes when the run has ended."""
        # THREAT: a closed window leaves a run behind that waits for ever with an open key, or signs on unseen.
        # DEFENCE: every question is refused, the run stops after its document; the window stays until then.
        # TEST: tests/hsm/agent/window/test_run.py::test_closing_the_window_refuses_and_ends_the_run
        self._wipe()
        self.reader.leave()
        if self.bridge is None or self._closed:
            self._go()
            event.accept()
            return
        self._leaving = True
        self.reading.stopping = True
        self.bridge.leave()
        self._turn_to(self.reading)
        QTimer.singleShot(LEAVING_MILLISECONDS, self._go)
        event.ignore()

    def _go(self) -> None:
        if not self._closed:
            self._closed = True
            self.hide()
            self.gone.emit()
