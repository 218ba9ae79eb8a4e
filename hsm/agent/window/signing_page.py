"""The page of the work: each document's fate, the PIN when the device asks, interruptions, "stop after this one"."""

import time
from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from hsm.agent.consent import Phase, PinState, Progress
from hsm.agent.report import ItemState

from .asked import asked
from .consent_page import GUARD_MILLISECONDS
from .documents import DocumentList, Documents, Fate
from .languages import Language
from .pieces import Button, Notice, Page, Text, card
from .pin_panel import PinPanel
from .questions import ForPin, Question, ToLastTry, ToPinEntries, ToWait
from .stepper import Stepper

FATES = {
    ItemState.UNSIGNED: Fate.WAITING,
    ItemState.SPOOLED: Fate.SENDING,
    ItemState.KEPT: Fate.SIGNED,
    ItemState.REFUSED: Fate.NOT_SIGNED,
}
ENOUGH = 3
"""Documents kept before a remaining time is guessed."""


class SigningPage(Page):
    """Shows a run from connecting to its end, and what it asks on the way."""

    def __init__(self, documents: Documents, *, stop: Callable[[], object], pinned: Callable[[], object]) -> None:
        super().__init__()
        self.documents = documents
        self.question: Question[object] | None = None
        self.phase = Phase.CONNECTING
        self.done = self.count = 0
        self.pad = False
        self.stopping = False
        self.asked_to_stop = False
        self.phone: str | None = None
        self._stop, self._pinned = stop, pinned
        self._began = 0.0
        self._kept_at_first = 0
        self._armed = False
        self.headline = Text(points=17, bold=True)
        self.more = Text(muted=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.notice = Notice()
        self.pin = PinPanel()
        self.entries = Stepper()
        self.yes = Button(self.accept, main=True)
        self.no = Button(self.refuse)
        self.list = DocumentList(documents, opens=False)
        self.stop = Button(self.want_stop)
        self._build()
        self.pin.changed.connect(self._weigh)
        self.pin.entered.connect(self.accept)
        self._guard = QTimer(self, singleShot=True, interval=GUARD_MILLISECONDS)
        self._guard.timeout.connect(self._arm)
        self.begin()

    def _build(self) -> None:
        frame, rows = card(spacing=8)
        rows.addWidget(self.headline)
        rows.addWidget(self.bar)
        rows.addWidget(self.more)
        self.rows.addWidget(frame)
        self.asking, asking = card(spacing=10)
        asking.addWidget(self.notice)
        asking.addWidget(self.pin)
        answers = QHBoxLayout()
        answers.addWidget(self.no)
        answers.addStretch(1)
        answers.addWidget(self.entries)
        answers.addWidget(self.yes)
        asking.addLayout(answers)
        self.rows.addWidget(self.asking)
        self.rows.addWidget(self.list, 1)
        self.filler = QWidget()
        self.rows.addWidget(self.filler, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.stop)
        foot.addStretch(1)
        self.rows.addLayout(foot)
        order = [self.pin.risk, self.pin.field, self.entries, self.yes, self.no, self.stop, self.list]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def begin(self) -> None:
        """A new run: nothing is listed yet."""
        self.documents.show([])
        self.question, self.phase, self.done, self.count = None, Phase.CONNECTING, 0, 0
        self.stopping = self.asked_to_stop = False
        self._began = 0.0
        self.pin.wipe()
        self.again()

    def begin_signing(self, count: int, *, pad: bool) -> None:
        """The yes was said to so many documents from the list's beginning."""
        self.pad = pad
        for number, line in enumerate(list(self.documents.lines)):
            self.documents.mark(
                line.id, Fate.WAITING if number < count else Fate.NOT_SIGNED, None if number < count else "later"
            )
        self.phase, self._began, self._kept_at_first = Phase.OPENING, time.monotonic(), self.done
        self.again()

    def note(self, progress: Progress) -> None:
        """What the engine just did."""
        self.phase, self.done, self.count = progress.phase, progress.done, progress.count
        if progress.item is not None:
            fate = FATES[progress.item.state]
            if fate is Fate.WAITING and progress.phase is Phase.SIGNING:
                fate = Fate.SIGNING
            row = self.documents.mark(progress.item.id, fate, progress.item.reason)
            if row is not None and fate in (Fate.SIGNING, Fate.SENDING):
                self.list.scrollTo(self.documents.index(row))
        if progress.phase is not Phase.SENDING:  # told by the thread that posts: the keypad is as it was
            self._count_down(progress)
        self.again()

    def _count_down(self, progress: Progress) -> None:
        """While the reader's keypad waits for the PIN, show for how long it does."""
        waits = self.pad and (progress.phase is Phase.OPENING or progress.pin_entry is not None)
        if waits and not self.pin.counting:
            self.pin.ask(PinState.FINE, wanted=False, pad=True)
            self.pin.begin_countdown()
        elif not waits and self.pin.counting:
            self.pin.stop_countdown()

    def ask(self, question: Question[object]) -> None:
        """Put a question of the engine's to the signer."""
        self.question = question
        wanted = isinstance(question, ForPin)
        last = isinstance(question, ToLastTry) or (isinstance(question, ForPin) and question.last_try)
        self.pin.ask(PinState.FINAL_TRY if last else PinState.FINE, wanted=wanted)
        if isinstance(question, ToPinEntries):
            self.entries.setRange(1, question.count)
            self.entries.setValue(question.count)
        self._armed = False
        self._guard.start()
        self.again()

    def settle(self) -> None:
        """The question is no more."""
        self.question = None
        self.pin.wipe()
        self.again()

    def accept(self) -> None:
        """Answer the question with yes, if nothing is missing."""
        question = self.question
        if question is None or not self._armed or not self.pin.ready:
            return
        if isinstance(question, ForPin):
            pin = self.pin.take()
            if pin is None:
                return
            question.answer(pin)
            self._pinned()
        elif isinstance(question, ToPinEntries):
            question.answer(self.entries.value())
        else:
            question.answer(None)
        self.settle()

    def refuse(self) -> None:
        """Answer it with no."""
        if self.question is not None:
            self.question.refuse()
            self.settle()
        elif self.asked_to_stop:
            self.asked_to_stop = False
            self.again()

    def want_stop(self) -> None:
        """Stop after the document at hand; before any was listed, leave at once."""
        self.stopping, self.asked_to_stop = True, False
        self._stop()
        self.again()

    def escape(self) -> None:
        if self.question is not None:
            self.refuse()
        elif not self.stopping:
            self.asked_to_stop = not self.asked_to_stop
            self.again()
            (self.stop if self.asked_to_stop else self.list).setFocus()

    def primary(self) -> QWidget | None:
        if self.question is None and self.list.isVisibleTo(self):
            return self.list  # a second Enter, meant for the PIN, does not fall on "Stop"
        return self.pin.field if self.pin.field.isVisibleTo(self) else None

    def _arm(self) -> None:
        self._armed = True
        self._weigh()

    def _weigh(self) -> None:
        self.yes.setEnabled(self._armed and self.pin.ready)

    def said(self, language: Language) -> None:
        _ = language.say
        self.documents.language = language
        self.pin.speak(language, self.phone)
        self._say_where(language)
        self._say_question(language)
        self.list.setVisible(bool(self.documents.lines))
        self.filler.setVisible(not self.documents.lines)
        self.list.setAccessibleName(_("Documents and what became of them"))
        signing = bool(self.documents.lines)
        self.stop.say(language, _("Stop after this one") if signing else _("Cancel"), _("What is signed stays signed"))
        self.stop.setEnabled(not self.stopping)
        self.stop.setVisible(self.question is None)

    def _say_where(self, language: Language) -> None:
        _, n_ = language.say, language.count
        signed, total = self.documents.having(Fate.SIGNED), len(self.documents.lines)
        busy = self.phase in (Phase.CONNECTING, Phase.READING, Phase.ASKING, Phase.OPENING)
        self.bar.setRange(0, 0 if self.phase is Phase.CONNECTING else max(1, total or self.count))
        self.bar.setValue(signed if total else self.done)
        self.bar.setLayoutDirection(self.layoutDirection())
        match self.phase:
            case Phase.CONNECTING:
                words = _("Connecting to the service…")
            case Phase.READING if self.count:
                words = _("Reading and checking the documents: {done} of {count}", done=self.done, count=self.count)
            case Phase.READING:
                words = _("Reading and checking the documents…")
            case Phase.ASKING | Phase.OPENING if not signed:
                words = _("Opening the key…")
            case _:
                words = n_(
                    "{done} of {n} signed", "{done} of {n} signed", total or self.count, done=signed or self.done
                )
        self.headline.say(language, words)
        self.bar.setAccessibleName(words)
        more = "" if busy else self._guess(language)
        if self.stopping:
            more = _("Stopping: what is being signed is finished first.")
        self.more.say(language, more)
        self.more.setVisible(bool(more))

    def _guess(self, language: Language) -> str:
        """How long it still takes, once a few are done."""
        done = self.documents.having(Fate.SIGNED)
        left = self.documents.having(Fate.WAITING, Fate.SIGNING, Fate.SENDING)
        waits = self.question is not None or done - self._kept_at_first < ENOUGH
        if waits or not left or not self._began:
            return ""
        seconds = (time.monotonic() - self._began) / (done - self._kept_at_first) * left
        _ = language.say
        return _("about {time} left", time=language.about(seconds))

    def _say_question(self, language: Language) -> None:
        _, question = language.say, self.question
        mark, words, yes = asked(language, question)
        if question is None and self.asked_to_stop:
            words = _("Stop after the document being signed? What is signed stays signed.")
        self.notice.say(language, mark, words)
        self.setWindowTitle(words or self.headline.accessibleName())
        self.asking.setVisible(question is not None or self.asked_to_stop or self.pin.counting)
        self.pin.setVisible(isinstance(question, ForPin | ToLastTry) or self.pin.counting)
        self.entries.setVisible(isinstance(question, ToPinEntries))
        self.entries.say(language, _("How many to sign now:"))
        self.yes.say(language, yes)
        self.yes.setVisible(bool(yes))
        leave = isinstance(question, ToWait)
        self.no.say(language, _("Stop here") if leave else _("Go on signing") if self.asked_to_stop else _("Cancel"))
        self.no.setVisible(question is not None or self.asked_to_stop)
        self._weigh()
