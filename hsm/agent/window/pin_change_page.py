"""The page of a new PIN: why, the rules, the form; then the device at work."""

from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from hsm.agent.consent import PinState
from hsm.agent.errors import AgentCode

from .consent_page import GUARD_MILLISECONDS
from .languages import Language, reference
from .marks import Mark
from .new_pin_form import NewPinForm
from .pieces import Button, Notice, Page, Text, card
from .questions import ForNewPin
from .setup_words import stopped

OF_PRESENT = frozenset({AgentCode.PIN_WRONG, AgentCode.UNLOCK_REFUSED})
"""Said beside the first field; what else came is said above the form."""


class PinChangePage(Page):
    """Shows one `ForNewPin` and answers it: with what keeps the rules, or not at all."""

    def __init__(self, *, left: Callable[[], object]) -> None:
        """:param left: called when its reader cancelled."""
        super().__init__()
        self.question: ForNewPin | None = None
        self.changing: ForNewPin | None = None
        """The form that was sent; the device is at work."""
        self.phone: str | None = None
        self._left = left
        self._armed = False
        self.headline = Text(points=17, bold=True)
        self.more = Text(muted=True)
        self.rules = [Text() for _rule in range(3)]
        self.notice = Notice()
        self.form = NewPinForm()
        self.cancel = Button(self.refuse)
        self.set = Button(self.accept, main=True)
        self._build()
        self.form.changed.connect(self.again)
        self.form.finished.connect(self.accept)
        self._guard = QTimer(self, singleShot=True, interval=GUARD_MILLISECONDS)
        self._guard.timeout.connect(self._arm)

    def _build(self) -> None:
        frame, rows = card(spacing=6)
        rows.addWidget(self.headline)
        rows.addWidget(self.more)
        self.rule_list = QWidget()
        lines = QVBoxLayout(self.rule_list)
        lines.setContentsMargins(0, 4, 0, 0)
        lines.setSpacing(2)
        for text in self.rules:
            lines.addWidget(text)
        rows.addWidget(self.rule_list)
        self.rows.addWidget(frame)
        self.rows.addWidget(self.notice)
        self.rows.addWidget(self.form)
        self.rows.addStretch(1)
        foot = QHBoxLayout()
        foot.addWidget(self.cancel)
        foot.addStretch(1)
        foot.addWidget(self.set)
        self.rows.addLayout(foot)
        for before, after in pairwise([*self.form.order, self.set, self.cancel]):
            QWidget.setTabOrder(before, after)

    def ask(self, question: ForNewPin) -> None:
        """Show a form; nothing is typed yet."""
        self.question, self.changing = question, None
        self.form.ask(question)
        self._armed = False
        self._guard.start()
        self.again()

    def settle(self) -> None:
        """The form is no more."""
        self.question = self.changing = None
        self.form.wipe()

    def wipe(self) -> None:
        """Forget what was typed."""
        self.form.wipe()

    def accept(self) -> None:
        """Send the form, if it keeps the rules."""
        question = self.question
        if question is None or not self._may_send:
            return
        typed = self.form.take(question)
        if typed is None:
            self.again()
            self.form.faulty_field().setFocus()
            return
        self.question, self.changing = None, question
        question.answer(typed)
        self.again()

    def refuse(self) -> None:
        """Leave everything as it is; once the device is at work, it is too late."""
        if self.changing is not None:
            return
        question = self.question
        self.settle()
        if question is not None:
            question.refuse()
        self._left()

    def escape(self) -> None:
        self.refuse()

    def primary(self) -> QWidget | None:
        return next((each for each in self.form.order if each.isVisibleTo(self)), self.set)

    def _arm(self) -> None:
        self._armed = True
        self.again()

    @property
    def _may_send(self) -> bool:
        return self._armed and not self.form.is_risk_open

    def said(self, language: Language) -> None:
        _, question = language.say, self.question
        self.form.present.speak(language, self.phone)
        self.cancel.say(language, _("Cancel"), _("The PIN stays as it is"))
        self.cancel.setEnabled(self.changing is None)
        self.set.setEnabled(question is not None and self._may_send)
        at_pad = question is not None and question.pad and question.state is PinState.FINE
        self.form.setVisible(question is not None and not at_pad)
        self.rule_list.setVisible(question is not None)
        if question is not None:
            self._say_question(language, question)
        elif self.changing is not None:
            self._say_changing(language, self.changing)
        self.setWindowTitle(self.headline.accessibleName())

    def _say_changing(self, language: Language, question: ForNewPin) -> None:
        _ = language.say
        self.headline.say(language, _("The PIN is being changed…"))
        pad = _("On the reader's keypad, type the present PIN, then the new one twice.")
        self.more.say(language, pad if question.pad else _("Do not take the key out."))
        self.notice.say(language, Mark.INFO, "")

    def _say_question(self, language: Language, question: ForNewPin) -> None:
        _, rules = language.say, question.rules
        is_first = question.delivered or not question.is_set
        self.headline.say(language, _("Choose your own PIN") if is_first else _("Change the PIN"))
        if not question.is_set:
            more = _("This key has no PIN yet. Its unlock secret is in the supplier's letter.")
        elif question.delivered:
            more = _("This key still has the PIN it was delivered with. Others may know it.")
        else:
            more = _("Key: {device}", device=question.device)
        self.more.say(language, more)
        said = (
            _("From {shortest} to {longest} characters.", shortest=rules.shortest, longest=rules.longest),
            _("Latin letters, digits and signs, without spaces."),
            _("Hard to guess: not 111111, not 123456, not the one from before."),
        )
        for text, rule in zip(self.rules, said, strict=True):
            text.say(language, f"•  {rule}")
        beside = self._say_refused(language, question)
        self.form.say(language, question, beside)
        self.set.say(language, _("Begin at the keypad") if question.pad else _("Set the new PIN"))

    def _say_refused(self, language: Language, question: ForNewPin) -> str:
        """Why the try before came to nothing: above the form, or returned when it is said beside the first field."""
        _, refused = language.say, question.refused
        if refused is None:
            pad = _("You will type on the reader's keypad, not here: the present PIN, then the new one twice.")
            self.notice.say(language, Mark.INFO, pad if question.pad else "")
            return ""
        words = " ".join(part for part in stopped(language, refused) if part)
        if refused.code is AgentCode.DEVICE:
            words = _("The key did not take this PIN; the one from before still holds. Choose another.")
        beside = refused.code in OF_PRESENT and not question.pad
        code = _("Code: {code}", code=reference(refused.help_desk.value))
        self.notice.say(language, Mark.STOP, "" if beside else words, code)
        return words if beside else ""
