"""The PIN on a page: what the device says of earlier tries, field or keypad, and the tick for a last try."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from hsm.agent.consent import PinState
from hsm.pin import Pin

from . import style
from .languages import Language, reference
from .marks import Mark
from .pieces import Notice, Text
from .pin_field import PinField

PAD_SECONDS = 30
"""What readers give for a PIN on their keypad; shown as a countdown, kept by the reader itself."""
UNUSABLE = frozenset({PinState.LOCKED, PinState.TO_BE_CHANGED})


def _(message: str) -> str:
    """Mark a message that is translated where it is said."""
    return message


CAPTION = _("PIN of the key")


class PinPanel(QWidget):
    """Collects one PIN. It decides nothing: `ready` and `take` are for the page around it."""

    changed = Signal()
    entered = Signal()
    """Enter in the field, complete or not."""

    def __init__(self) -> None:
        super().__init__()
        self.state = PinState.FINE
        self.wanted = True
        self.pad = False
        self.phone: str | None = None
        self.caption = CAPTION
        self._left = 0
        self._language: Language | None = None
        self.notice = Notice()
        self.risk = QCheckBox()
        self.notice.words.addWidget(self.risk)
        self.label = Text(bold=True, wrap=False)
        self.field = PinField()
        self.field.setMaximumWidth(280)
        self.label.setBuddy(self.field)
        self.odd = Text(points=9.5)
        self._build()
        self.field.textChanged.connect(self._typed)
        self.field.returnPressed.connect(self.entered)
        self.risk.toggled.connect(self._typed)
        self._clock = QTimer(self, interval=1000)
        self._clock.timeout.connect(self._tick)

    def _build(self) -> None:
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.label)
        row.addWidget(self.field, 1)
        row.addWidget(self.odd, 2)
        row.addStretch(1)
        rows.addWidget(self.notice)
        rows.addLayout(row)

    def ask(self, state: PinState, *, wanted: bool, pad: bool = False) -> None:
        """Begin anew: nothing typed, nothing ticked.

        :param wanted: a PIN is typed here, now.
        :param pad: it is typed on the reader.
        """
        self.field.wipe()
        self.risk.setChecked(False)
        self.state, self.wanted, self.pad = state, wanted, pad
        self.stop_countdown()
        self._say()

    @property
    def ready(self) -> bool:
        """Nothing is missing: a complete PIN where one is typed here, the tick where it is the last try."""
        if self.state in UNUSABLE or (self.state is PinState.FINAL_TRY and not self.risk.isChecked()):
            return False
        return self.field.complete or not self.wanted

    @property
    def counting(self) -> bool:
        """The reader waits for its keypad."""
        return self._clock.isActive()

    def take(self) -> Pin | None:
        """What was typed; the field is empty afterwards."""
        return self.field.take()

    def wipe(self) -> None:
        """Forget what was typed, and the tick."""
        self.field.wipe()
        self.risk.setChecked(False)
        self.stop_countdown()

    def begin_countdown(self) -> None:
        """The reader waits for its keypad from now on."""
        self._left = PAD_SECONDS
        self._clock.start()
        self._say()

    def stop_countdown(self) -> None:
        """It waits no more."""
        self._left = 0
        self._clock.stop()

    def speak(self, language: Language, phone: str | None) -> None:
        """Say it in that language."""
        self._language, self.phone = language, phone
        self._say()

    def _tick(self) -> None:
        self._left = max(0, self._left - 1)
        self._say()

    def _typed(self) -> None:
        self._say_odd()
        self.changed.emit()

    def _say(self) -> None:
        language = self._language
        if language is None:
            return
        _ = language.say
        mark, words = self._state_said(language)
        self.risk.setFont(style.font(language.code, bold=True))
        self.risk.setText(_("I understand, and I am sure of my PIN"))
        self.risk.setAccessibleName(self.risk.text())
        self.risk.setVisible(self.state is PinState.FINAL_TRY)
        self.notice.say(language, mark, words)
        typed = self.wanted and self.state not in UNUSABLE
        self.label.setVisible(typed)
        self.field.setVisible(typed)
        self.label.say(language, _(self.caption))
        self.field.setFont(style.font("en", points=14))
        self.field.setAccessibleName(self.label.text())
        self.field.setAccessibleDescription(words)
        self._say_odd()

    def _say_odd(self) -> None:
        if self._language is not None:
            _ = self._language.say
            words = _("Is the keyboard in Arabic? This PIN holds unusual letters.")
            self.odd.say(self._language, words if self.field.odd else "")
            self.odd.setVisible(self.field.odd)

    def _state_said(self, language: Language) -> tuple[Mark, str]:  # noqa: PLR0911  (one answer a case)
        """Where the PIN stands; the keypad's turn when nothing else is to be said."""
        _, phone = language.say, reference(self.phone) if self.phone else ""
        match self.state:
            case PinState.LOW:
                return Mark.WARN, _("A wrong PIN was entered recently. Type slowly.")
            case PinState.FINAL_TRY if phone:
                return Mark.STOP, _(
                    "Last try: one more mistake locks the key. Not sure? Cancel and call {tel}.", tel=phone
                )
            case PinState.FINAL_TRY:
                return Mark.STOP, _("Last try: one more mistake locks the key. Not sure? Cancel and ask for help.")
            case PinState.LOCKED if phone:
                return Mark.STOP, _(
                    "The key is locked. No file is lost. The key officer can unlock it: {tel}.", tel=phone
                )
            case PinState.LOCKED:
                return Mark.STOP, _("The key is locked. No file is lost. The key officer can unlock it.")
            case PinState.TO_BE_CHANGED:
                return Mark.WARN, _("The key still has the PIN it was delivered with. Choose your own PIN first.")
        if self.pad and self.counting:
            n_ = language.count
            return Mark.INFO, n_(
                "Type the PIN on the reader's keypad. {n} second left.",
                "Type the PIN on the reader's keypad. {n} seconds left.",
                self._left,
            )
        return Mark.INFO, _("You will type the PIN on the reader's keypad, not here.") if self.pad else ""
