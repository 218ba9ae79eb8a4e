"""The few pieces all pages are made of. Text that comes from outside is always plain text, never markup."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from . import style
from .languages import Language
from .marks import Mark, MarkLabel

LEFT_TO_RIGHT, RIGHT_TO_LEFT = "\u200e", "\u200f"
"""A line begins in its language's direction, also where its first word is foreign."""


class Text(QLabel):
    """Words, wrapped, in the size they are given."""

    def __init__(self, *, points: float = 0, bold: bool = False, muted: bool = False, wrap: bool = True) -> None:
        super().__init__()
        self._points, self._bold = points, bold
        # THREAT: a name or title with markup draws a link, a picture, or another list into the window.
        # DEFENCE: every label shows plain text.
        # TEST: tests/hsm/agent/window/test_consent_page.py::test_markup_in_a_title_is_shown_as_it_is
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self.setAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
        if muted:
            self.setProperty("role", "muted")

    def say(self, language: Language, words: str) -> None:
        """Show words of that language."""
        self.setFont(style.font(language.code, points=self._points, bold=self._bold))
        mark = RIGHT_TO_LEFT if language.direction == "rtl" else LEFT_TO_RIGHT
        self.setText(f"{mark}{words}" if words else "")
        self.setAccessibleName(words)


class Notice(QFrame):
    """One thing to know: shape, colour and words; hidden while there is nothing to say."""

    def __init__(self) -> None:
        super().__init__()
        self.mark = MarkLabel(Mark.INFO)
        self.text = Text()
        self.more = Text(points=9.5)
        self.more.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words = QVBoxLayout()
        self.words.setSpacing(2)
        self.words.addWidget(self.text)
        self.words.addWidget(self.more)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(12)
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(self.words, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.hide()

    def say(self, language: Language, mark: Mark, words: str, more: str = "") -> None:
        """Show it; empty words hide it."""
        self.setProperty("level", mark.value)
        for widget in (self, self.text, self.more):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self.mark.show_mark(mark)
        self.text.say(language, words)
        self.more.say(language, more)
        self.more.setVisible(bool(more))
        self.setAccessibleName(f"{words} {more}".strip())
        self.setVisible(bool(words))


class Button(QPushButton):
    """A button that Enter presses when it has the focus; at most one of a page is the main one."""

    def __init__(self, pressed: Callable[[], object], *, main: bool = False, checkable: bool = False) -> None:
        super().__init__()
        self.setProperty("main", main)
        self.setAutoDefault(True)
        self.setDefault(False)
        self.setCheckable(checkable)
        self.setMinimumHeight(style.TARGET)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clicked.connect(lambda _checked=False: pressed())

    def say(self, language: Language, words: str, description: str = "") -> None:
        """Its words, and what they lead to."""
        self.setFont(style.font(language.code, bold=bool(self.property("main"))))
        self.setText(words.replace("&", "&&"))
        self.setAccessibleName(words)
        self.setAccessibleDescription(description)
        self.setToolTip(description)


def card(*, margins: int = 16, spacing: int = 8) -> tuple[QFrame, QVBoxLayout]:
    """A white sheet on the window's ground."""
    frame = QFrame()
    frame.setObjectName("card")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(margins, margins, margins, margins)
    layout.setSpacing(spacing)
    return frame, layout


class Page(QWidget):
    """One page of the window. It keeps its state when its language changes: `speak` only says it again."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.language: Language | None = None
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(18, 14, 18, 16)
        self.rows.setSpacing(10)

    def speak(self, language: Language) -> None:
        """Say everything in that language, in its direction."""
        self.language = language
        self.setLayoutDirection(
            Qt.LayoutDirection.RightToLeft if language.direction == "rtl" else Qt.LayoutDirection.LeftToRight
        )
        self.setFont(style.font(language.code))
        self.said(language)

    def said(self, language: Language) -> None:
        """What a page says; called again after each change of its state."""
        raise NotImplementedError

    def again(self) -> None:
        """Say it again after a change."""
        if self.language is not None:
            self.said(self.language)

    def escape(self) -> None:
        """What the Escape key does here; nothing unless a page says so."""

    def primary(self) -> QWidget | None:
        """What gets the keyboard when the page comes up."""
        return None
