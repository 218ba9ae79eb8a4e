"""The one window: its head, and the page at hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QIcon, QKeyEvent
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from hsm.agent.consent import Progress, Yes
from hsm.agent.doctor.findings import Finding
from hsm.agent.report import SigningReport

from .consent_page import ConsentPage
from .documents import Documents
from .examining import Examining
from .header import Header
from .health_page import HealthPage
from .languages import language
from .marks import emblem
from .pieces import Page
from .questions import ForPin, Question, ToSign, ToWait
from .reader import ReaderPage
from .result_page import ResultPage
from .run import Engine, Run
from .setup_pages import SetUp, SetupPages
from .signing_page import SigningPage

LEAVING_MILLISECONDS = 15_000
"""A run that has not ended so long after the window was closed is left to the spool: nothing lost, nothing doubled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the window is given: the run to start, the doctor to call, this PC's own words."""

    run: Engine | None
    """Called on a thread of its own; None for a start without a link."""
    examine: Callable[[], Sequence[Finding]]
    set_up: SetUp = lambda _: None
    """Called on a thread of its own by a start without a link."""
    rehearsal: bool = False
    language: str = "ar"
    help_phone: str | None = None


class Window(QWidget):
    """Holds the pages and is the only one that moves between them."""

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
        self.code = desk.language
        self.question: Question[Any] | None = None
        self._leaving = False
        self._closed = False
        self._looked = False
        self.run = Run(self)
        self.documents = Documents(self)
        self.examining = Examining(desk.examine, self)
        self.reading = SigningPage(self.documents, stop=self._stop, pinned=self.run.forget)
        self.consent = ConsentPage(self.documents, agreed=self._agree, refused=self._refuse, opening=self._open)
        self.reader = ReaderPage(back=self._back, shown=self.documents.mark_opened, step=self._step)
        self.health = HealthPage(look=self.examine, back=self._leave_health)
        self.setup = SetupPages(desk.set_up, details=self.examine, close=self.close, parent=self)
        self.result = ResultPage(
            self.documents,
            again=self.begin,
            close=self.close,
            doctor=self.examine,
            own_pin=self.setup.begin,
            save=self._save,
        )
        own = (self.reading, self.consent, self.reader, self.result, self.health)
        self.pages: tuple[Page, ...] = (*own, *self.setup.pages)
        self._before_health: Page = self.setup.lights
        self._build()
        self._connect()
        for page in (self.reading, self.consent, self.result, self.health, self.setup.lights, self.setup.form):
            page.phone = desk.help_phone
        self.speak(self.code)

    def _build(self) -> None:
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        self.header = Header(speak=self.speak, rehearsal=self.desk.rehearsal)
        self.stack = QStackedWidget()
        for page in self.pages:
            self.stack.addWidget(page)
            page.windowTitleChanged.connect(self._entitle)
        rows.addWidget(self.header)
        rows.addWidget(self.stack, 1)

    def _connect(self) -> None:
        self.run.asked.connect(self._asked)
        self.run.settled.connect(self.reading.settle)
        self.run.progressed.connect(self._progressed)
        self.run.ended.connect(self._finish)
        self.examining.found.connect(self.health.show_findings)
        self.setup.turned.connect(self._turn_to)
        self.setup.called.connect(self._look_up)
        self.setup.ended.connect(self._left)

    def speak(self, code: str) -> None:
        """Say everything in another language; what was opened, typed and chosen stays."""
        self.code = code
        spoken = language(code)
        direction = Qt.LayoutDirection.RightToLeft if spoken.direction == "rtl" else Qt.LayoutDirection.LeftToRight
        self.setLayoutDirection(direction)
        self.header.speak(spoken, direction)
        self.documents.speak(spoken)
        for page in self.pages:
            page.speak(spoken)
        self._entitle()

    def _entitle(self) -> None:
        """The window's title says what its page says first: for the task bar, and for those who hear the screen."""
        page = self.stack.currentWidget()
        first = page.windowTitle() if page is not None else ""
        self.setWindowTitle(" – ".join(each for each in (first, self.header.name.accessibleName()) if each))

    # A run

    def begin(self) -> None:
        """Start the run, or the set-up when there is none."""
        if self.desk.run is None:
            self.setup.begin()
            return
        self.reading.begin()
        self._turn_to(self.reading)
        self.run.begin(self.desk.run)

    def _finish(self, report: SigningReport) -> None:
        self.run.end()
        self.consent.settle()
        self._wipe()
        self.reader.leave()
        self.result.show_report(report, datetime.now(UTC))
        self._turn_to(self.result)
        self.ended.emit(report)
        self._left()

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
        """The signer's yes."""
        question = self.question
        if not isinstance(question, ToSign):
            return
        opened = frozenset(line.id for line in self.documents.lines if line.opened)
        yes = Yes(opened=opened, count=self.consent.count, language=self.code)
        pin, risked = self.consent.pin.take(), self.consent.last_try_agreed
        self.question = None
        self.consent.settle()
        self.reading.begin_signing(yes.count, pad=question.request.protected_path)
        self._turn_to(self.reading)
        self.run.agree(question, yes, pin, risked=risked)

    def _refuse(self) -> None:
        self.consent.settle()
        if self.question is not None:
            self.question.refuse()
            self.question = None

    def _stop(self) -> None:
        self.run.stop(is_listed=bool(self.documents.lines))

    def _wipe(self) -> None:
        for panel in (self.consent.pin, self.reading.pin):
            panel.wipe()
        self.setup.wipe()

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
        """Have this computer examined."""
        page = self.stack.currentWidget()
        if isinstance(page, Page) and page is not self.health:
            self._before_health = page
        self.health.begin()
        self._turn_to(self.health)
        self.examining.begin()

    def _leave_health(self) -> None:
        self._turn_to(self._before_health)

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
        """Closing is refusing what is asked and stopping what runs; the window goes when that has ended."""
        # THREAT: a closed window leaves a run behind that waits for ever with an open key, or signs on unseen.
        # DEFENCE: every question is refused, the run stops after its document; the window stays until then.
        # TEST: tests/hsm/agent/window/test_run.py::test_closing_the_window_refuses_and_ends_the_run
        self.consent.settle()
        self._wipe()
        self.reader.leave()
        if self._closed or (self.run.bridge is None and self.setup.bridge is None):
            self._go()
            event.accept()
            return
        if not self._leaving:
            QTimer.singleShot(LEAVING_MILLISECONDS, self._go)
        self._leaving = True
        self.setup.leave()
        if self.run.bridge is not None:
            self.reading.stopping = True
            self.run.leave()
            self._turn_to(self.reading)
        event.ignore()

    def _left(self) -> None:
        if self._leaving:
            self._go()

    def _go(self) -> None:
        if not self._closed:
            self._closed = True
            self.hide()
            self.gone.emit()
