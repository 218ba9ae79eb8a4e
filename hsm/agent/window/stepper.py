"""A small number that is chosen with two large buttons, or typed."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QWidget

from . import style
from .languages import Language
from .pieces import Button


class Stepper(QWidget):
    """One fewer, the number, one more. The buttons are targets of a finger, not of a needle."""

    valueChanged = Signal(int)  # noqa: N815  (as the spin box it stands for)

    def __init__(self) -> None:
        super().__init__()
        self.box = QSpinBox()
        self.box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.box.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.box.setMinimumWidth(80)
        self.fewer = Button(self.box.stepDown)
        self.more = Button(self.box.stepUp)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.fewer)
        row.addWidget(self.box)
        row.addWidget(self.more)
        for button in (self.fewer, self.more):
            button.setFixedWidth(style.TARGET + 12)
            button.setAutoRepeat(True)
        self.setFocusProxy(self.box)
        self.box.valueChanged.connect(self.valueChanged)
        self.box.valueChanged.connect(self._weigh)

    def value(self) -> int:
        """The number."""
        return self.box.value()

    def setValue(self, value: int) -> None:  # noqa: N802  (as the spin box it stands for)
        """Choose a number within the range."""
        self.box.setValue(value)

    def setRange(self, least: int, most: int) -> None:  # noqa: N802  (as above)
        """Both included."""
        self.box.setRange(least, most)
        self._weigh()

    def say(self, language: Language, caption: str) -> None:
        """What the number is, for those who hear the screen."""
        _ = language.say
        self.setAccessibleName(caption)
        self.box.setAccessibleName(caption)
        self.box.setFont(style.font("en", points=14, bold=True))
        for button, sign, words in ((self.fewer, "\N{MINUS SIGN}", _("One fewer")), (self.more, "+", _("One more"))):
            button.say(language, sign, words)
            button.setAccessibleName(words)
            button.setFont(style.font("en", points=14, bold=True))

    def _weigh(self) -> None:
        self.fewer.setEnabled(self.box.value() > self.box.minimum())
        self.more.setEnabled(self.box.value() < self.box.maximum())
