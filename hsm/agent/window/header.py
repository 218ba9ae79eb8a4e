"""The window's head: its name, its languages, and the banner of a rehearsal."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from .languages import NAMES, Language, language
from .marks import Mark, MarkLabel
from .pieces import Button, Text


class Header(QWidget):
    """The same above every page."""

    def __init__(self, *, speak: Callable[[str], object], rehearsal: bool) -> None:
        super().__init__()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        self.bar = QFrame()
        self.bar.setObjectName("header")
        bar = QHBoxLayout(self.bar)
        bar.setContentsMargins(18, 8, 14, 8)
        self.name = Text(points=13, bold=True, wrap=False)
        bar.addWidget(self.name)
        bar.addStretch(1)
        self.switch = QButtonGroup(self)
        self.languages: dict[str, Button] = {}
        for code in NAMES:
            button = Button(partial(speak, code), checkable=True)
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
        self.banner.setVisible(rehearsal)
        rows.addWidget(self.bar)
        rows.addWidget(self.banner)

    def speak(self, spoken: Language, direction: Qt.LayoutDirection) -> None:
        """Say it in that language; the banner is in two."""
        for each in (self, self.bar, self.banner):
            each.setLayoutDirection(direction)
        for name, button in self.languages.items():
            button.say(language(name), NAMES[name])
            button.setChecked(name == spoken.code)
        _ = spoken.say
        self.name.say(spoken, _("Khatam – signature"))
        both = dict.fromkeys(
            (_("Rehearsal – no legal value"), "تجريبي – دون قيمة قانونية", "Essai – sans valeur juridique")
        )
        self.rehearsal.say(spoken, "  /  ".join(both))
