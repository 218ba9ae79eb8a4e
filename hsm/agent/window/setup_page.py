"""The page of a start without a link: five lights of the first set-up, and the questions that light them."""

from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from hsm.agent.consent import PinState
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.holder.first_setup import Light, LightName, LightState

from .consent_page import GUARD_MILLISECONDS
from .lamps import LIT, Lamps, help_desk
from .languages import Language
from .marks import Mark
from .pieces import Button, Notice, Page, Text, card
from .pin_panel import PinPanel
from .questions import ForPin, Question, ToBeMine, ToLastTry
from .setting_up import FIRST_PIN
from .setup_words import stopped


class SetupPage(Page):
    """Shows lights as they come, and asks. What is wished is the window's to pass on."""

    def __init__(
        self,
        *,
        look: Callable[[], object],
        change: Callable[[], object],
        details: Callable[[], object],
        close: Callable[[], object],
    ) -> None:
        super().__init__()
        self.lights: dict[LightName, Light] = {}
        self.looking = self.leaving = False
        self.error: AgentError | None = None
        """What came between the lights; they say the rest."""
        self.question: Question[object] | None = None
        self.phone: str | None = None
        self._close = close
        self._armed = False
        self.headline = Text(points=17, bold=True)
        self.more = Text(muted=True)
        self.lamps = Lamps()
        self.notice = Notice()
        self.pin = PinPanel()
        self.yes = Button(self.accept, main=True)
        self.no = Button(self.refuse)
        self.close_button = Button(close)
        self.details = Button(details)
        self.change = Button(change)
        self.look = Button(look, main=True)
        self._build()
        self.pin.changed.connect(self._weigh)
        self.pin.entered.connect(self.accept)
        self._guard = QTimer(self, singleShot=True, interval=GUARD_MILLISECONDS)
        self._guard.timeout.connect(self._arm)

    def _build(self) -> None:
        frame, rows = card(spacing=10)
        rows.addWidget(self.headline)
        rows.addWidget(self.more)
        rows.addLayout(self.lamps)
        self.rows.addWidget(frame)
        self.asking, asking = card(spacing=10)
        asking.addWidget(self.notice)
        asking.addWidget(self.pin)
        answers = QHBoxLayout()
        answers.addWidget(self.no)
        answers.addStretch(1)
        answers.addWidget(self.yes)
        asking.addLayout(answers)
        self.rows.addWidget(self.asking)
        self.rows.addStretch(1)
        foot = QHBoxLayout()
        foot.addWidget(self.close_button)
        foot.addWidget(self.details)
        foot.addStretch(1)
        foot.addWidget(self.change)
        foot.addWidget(self.look)
        self.rows.addLayout(foot)
        order = (self.pin.risk, self.pin.field, self.yes, self.no, self.look, self.change, self.details)
        for before, after in pairwise([*order, self.close_button]):
            QWidget.setTabOrder(before, after)

    def begin(self) -> None:
        """The lights are looked at from the first on."""
        self.lights, self.error, self.looking = {}, None, True
        self.settle()

    def show_light(self, light: Light) -> None:
        """One more is known."""
        self.lights[light.name] = light
        self._count_down()
        self.again()

    def rest(self, error: AgentError | None) -> None:
        """Nothing more happens by itself."""
        self.looking, self.error = False, error
        self.settle()
        if (first := self.primary()) is not None and self.isVisible():
            first.setFocus()

    def _count_down(self) -> None:
        """While the reader's keypad waits for the test's PIN, show for how long it does."""
        key, next_one = self.lights.get(LightName.KEY), self._looked_at()
        is_pad = key is not None and bool(key.fields.get("pad"))
        if is_pad and next_one is LightName.TEST_SIGNATURE:
            self.pin.ask(PinState.FINE, wanted=False, pad=True)
            self.pin.begin_countdown()
        else:
            self.pin.stop_countdown()

    def _looked_at(self) -> LightName | None:
        """The light that is being looked at now."""
        if any(light.state not in LIT for light in self.lights.values()):
            return None
        return next((name for name in LightName if name not in self.lights), None)

    def ask(self, question: Question[object]) -> None:
        """Put a question of the set-up's to the reader."""
        self.question = question
        wanted = isinstance(question, ForPin)
        last = isinstance(question, ToLastTry) or (isinstance(question, ForPin) and question.last_try)
        self.pin.ask(PinState.FINAL_TRY if last else PinState.FINE, wanted=wanted)
        self._armed = False
        self._guard.start()
        self.again()

    def settle(self) -> None:
        """The question is no more, and what was typed for it neither."""
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
        else:
            question.answer(None)
        self.settle()

    def refuse(self) -> None:
        """Answer it with no."""
        if self.question is not None:
            self.question.refuse()
            self.settle()

    def escape(self) -> None:
        if self.question is not None:
            self.refuse()
        else:
            self._close()

    def primary(self) -> QWidget | None:
        if self.pin.field.isVisibleTo(self):
            return self.pin.field
        wanted = (self.no, self.look, self.close_button) if self.question is not None else (self.look,)
        return next((each for each in wanted if each.isVisibleTo(self) and each.isEnabled()), self.close_button)

    @property
    def is_ready(self) -> bool:
        """All five are lit."""
        return len(self.lights) == len(LightName) and all(light.state in LIT for light in self.lights.values())

    def _arm(self) -> None:
        self._armed = True
        self._weigh()

    def _weigh(self) -> None:
        self.yes.setEnabled(self._armed and self.pin.ready)

    def said(self, language: Language) -> None:
        _ = language.say
        self.pin.speak(language, self.phone)
        words = self._headline(language)
        self.headline.say(language, words)
        self.setWindowTitle(words)
        self.more.say(
            language,
            _("To sign, open a list from the page: this window then comes by itself.") if self.is_ready else "",
        )
        self.more.setVisible(self.is_ready)
        busy = self._looked_at() if self.looking else None
        self.lamps.say(language, self.lights, busy=busy, asks=self.question is not None, phone=self.phone)
        self._say_question(language)
        first_pin = any(light.error and light.error.code in FIRST_PIN for light in self.lights.values())
        self.change.say(language, _("Choose my PIN") if first_pin else _("Change the PIN"))
        self.change.setVisible((self.is_ready or first_pin) and not self.looking)
        self.look.say(language, _("Look again"))
        self.look.setVisible(not self.looking and (not self.is_ready or self.error is not None))
        self.details.say(language, _("Details"), _("Examine this computer"))
        self.close_button.say(language, _("Close"))

    def _headline(self, language: Language) -> str:
        _ = language.say
        failed = next((light for light in self.lights.values() if light.state not in LIT), None)
        code = None if failed is None or failed.error is None else failed.error.code
        waits = failed is not None and failed.state is LightState.WAITING
        cases = (
            (self.leaving, _("Closing…")),
            (isinstance(self.question, ForPin), _("Type your PIN")),
            (self.question is not None, _("One question")),
            (self.is_ready, _("You are ready to sign")),
            (self.looking and failed is None, _("Looking at this computer and your key…")),
            (failed is None, _("Not everything was looked at")),
            (code is AgentCode.DEVICE_ABSENT, _("Plug in your key")),
            (code in FIRST_PIN, _("Choose your own PIN to go on")),
            (waits, _("One step is left: the test signature")),
        )
        return next((words for is_so, words in cases if is_so), _("You cannot sign yet: look at the red mark"))

    def _say_question(self, language: Language) -> None:
        _, question = language.say, self.question
        mark, words, more, yes, no = Mark.INFO, "", "", "", _("Cancel")
        if isinstance(question, ToBeMine):
            words, yes = _("The key is that of {named}. Is that you?", named=question.named), _("Yes, it is me")
            no = _("No")
        elif isinstance(question, ForPin):
            words, yes = _("Type your PIN for the test signature. No document is signed."), _("Make the test")
        elif isinstance(question, ToLastTry):
            mark, yes = Mark.WARN, _("Use the last try")
            words = _("One PIN try is left on {device}.", device=question.device)
        elif self.error is not None and self.error.code is not AgentCode.CONSENT:
            mark, (said, fix) = Mark.STOP, stopped(language, self.error)
            words, more = f"{said} {fix}".strip(), help_desk(language, self.error, self.phone)
        self.notice.say(language, mark, words, more)
        self.asking.setVisible(bool(words) or self.pin.counting)
        self.pin.setVisible(isinstance(question, ForPin | ToLastTry) or self.pin.counting)
        self.yes.say(language, yes)
        self.yes.setVisible(question is not None)
        self.no.say(language, no)
        self.no.setVisible(question is not None)
        self._weigh()
