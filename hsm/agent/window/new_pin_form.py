"""The fields of a new PIN: the present one once, the new one twice, what is wrong beside each."""

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QWidget

from hsm.agent.consent import PinState
from hsm.agent.holder.pin_rules import PinFault
from hsm.pin import Pin

from . import style
from .languages import Language
from .marks import Mark, MarkLabel
from .pieces import Text, card
from .pin_field import PinField
from .pin_panel import PinPanel
from .questions import ForNewPin, NewPin
from .setup_words import fault_said


def _(message: str) -> str:
    """Mark a message that is translated where it is said."""
    return message


PRESENT, UNLOCK = _("Present PIN"), _("Unlock secret")
NEW, AGAIN = _("New PIN"), _("New PIN again")
FIELD_WIDTH = 260


class Fault:
    """What is wrong with a field, beside it; nothing while nothing is."""

    def __init__(self) -> None:
        self.widget = QWidget()
        row = QHBoxLayout(self.widget)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.text = Text(bold=True)
        self.text.setProperty("role", "fault")
        row.addWidget(MarkLabel(Mark.STOP, 20), 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.text, 1)
        self.widget.hide()

    def say(self, language: Language, words: str, field: PinField) -> None:
        """Say it; empty words hide it."""
        self.text.say(language, words)
        self.widget.setVisible(bool(words))
        field.setAccessibleDescription(words)


class NewPinForm(QWidget):
    """Holds what is typed until it is taken or wiped. At a PIN pad there are no fields, only the tick of a last try."""

    changed = Signal()
    finished = Signal()
    """Enter where nothing is left empty."""

    def __init__(self) -> None:
        super().__init__()
        self.fault: PinFault | None = None
        """Of the new PIN, when it was last looked at."""
        self.is_missing = False
        """The first field was left empty."""
        self.present = PinPanel()
        self.present_fault = Fault()
        self.captions = [Text(bold=True, wrap=False) for _field in range(2)]
        self.fields = [PinField() for _field in range(2)]
        self.faults = [Fault() for _field in range(2)]
        self._build()
        self.present.changed.connect(self._retyped)
        self.present.entered.connect(self._next)
        for field in self.fields:
            field.textEdited.connect(self._retyped)
            field.returnPressed.connect(self._next)

    def _build(self) -> None:
        frame: QFrame
        frame, rows = card(spacing=10)
        rows.addWidget(self.present)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(2, 1)
        lines = (
            (self.present.label, self.present.field, self.present_fault),
            *zip(self.captions, self.fields, self.faults, strict=True),
        )
        for number, (caption, field, fault) in enumerate(lines):
            field.setFixedWidth(FIELD_WIDTH)
            caption.setBuddy(field)
            grid.addWidget(caption, 2 * number, 0)
            grid.addWidget(field, 2 * number, 1)
            grid.addWidget(fault.widget, 2 * number, 2)
        grid.addWidget(self.present.odd, 1, 1, 1, 2)
        rows.addLayout(grid)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(frame)

    @property
    def order(self) -> Iterable[QWidget]:
        """In which the keyboard goes through it."""
        return (self.present.risk, self.present.field, *self.fields)

    @property
    def is_risk_open(self) -> bool:
        """It is the last try, and nobody said yes to it."""
        return self.present.state is PinState.FINAL_TRY and not self.present.risk.isChecked()

    def ask(self, question: ForNewPin) -> None:
        """Begin anew: nothing typed, nothing ticked, nothing wrong."""
        self.fault, self.is_missing = None, False
        self.present.caption = PRESENT if question.is_set else UNLOCK
        self.present.ask(question.state, wanted=not question.pad)
        self.wipe()

    def wipe(self) -> None:
        """Forget all that was typed, and the tick."""
        self.present.wipe()
        for field in self.fields:
            field.wipe()

    def take(self, question: ForNewPin) -> NewPin | None:
        """What was typed, gone from here then; None if it cannot be taken: what is wrong is to be said.

        A new PIN that is not taken is forgotten, to be typed anew; the present one stays.
        """
        # THREAT: a try of the PIN is burnt by a form that could not be taken, or a PIN is set that nobody can repeat.
        # DEFENCE: bounds, alphabet, published PINs and the second entry are looked at here, before anything is sent.
        # TEST: tests/hsm/agent/window/test_pin_change_page.py::test_what_breaks_a_rule_goes_nowhere
        risked = self.present.risk.isChecked()
        if question.pad:
            self.wipe()
            return NewPin(present=None, new=None, risked=risked)
        self.is_missing, self.fault = not self.present.field.complete, self._weighed(question)
        if self.fault is not None:
            for field in self.fields:
                field.wipe()
        if self.is_missing or self.fault is not None:
            return None
        present, new = self.present.take(), self.fields[0].take()
        self.wipe()
        return NewPin(present=present, new=new, risked=risked)

    def _weighed(self, question: ForNewPin) -> PinFault | None:
        """What is wrong with the new PIN, the entries staying where they are."""
        before = self.present.field.weighed(lambda pin: pin)
        new = self.fields[0].weighed(lambda pin: pin)
        if new is None:
            return PinFault.TOO_SHORT
        if (fault := question.rules.fault(new, before=before)) is not None:
            return fault
        return None if self.fields[1].weighed(lambda pin: _alike(pin, new)) else PinFault.DIFFERENT

    def faulty_field(self) -> QWidget:
        """Where to go on typing."""
        return self.present.field if self.is_missing else self.fields[0]

    def _next(self) -> None:
        """Enter goes to the next empty field, and ends a full form."""
        empty = next((each for each in (self.present.field, *self.fields) if not each.text()), None)
        if empty is not None and not self.fields[-1].hasFocus():
            empty.setFocus()
        else:
            self.finished.emit()

    def _retyped(self) -> None:
        """What is typed anew is not yet wrong."""
        if self.is_missing and self.present.field.complete:
            self.is_missing = False
        if self.fault is not None and self.fields[0].text():
            self.fault = None
        self.changed.emit()

    def say(self, language: Language, question: ForNewPin, refused: str) -> None:
        """Captions, and what is wrong.

        :param refused: what the device said of the first field, in words.
        """
        _ = language.say
        self.present.setVisible(not self.present.notice.isHidden())
        for widget in (*self.captions, *self.fields):
            widget.setVisible(not question.pad)
        for caption, field, message in zip(self.captions, self.fields, (NEW, AGAIN), strict=True):
            caption.say(language, _(message))
            field.setFont(style.font("en", points=14))
            field.setAccessibleName(caption.accessibleName())
        self.present_fault.say(language, _("Type it here.") if self.is_missing else refused, self.present.field)
        words = "" if self.fault is None else fault_said(language, self.fault, question.rules)
        is_second = self.fault is PinFault.DIFFERENT
        for fault, said, field in zip(self.faults, ("", words) if is_second else (words, ""), self.fields, strict=True):
            fault.say(language, said, field)


def _alike(one: Pin, other: Pin) -> bool:
    return one.reveal() == other.reveal()
