"""The one field a PIN is typed into."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit

from hsm.pin import Pin

LEAST, MOST = 4, 64
"""Characters; fewer than `LEAST` is not yet a PIN, and Enter does nothing."""
_EASTERN = {ord(digit): str(index % 10) for index, digit in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")}

Verdict = TypeVar("Verdict")


class PinField(QLineEdit):
    """Masked; gives its characters once and is empty afterwards.

    Nothing leaves it but through `take`: no copy, no cut, no drag, no menu, no undo; input methods are told to learn
    nothing. Wiping is best effort: the widget's text is overwritten and cleared, yet Qt and Python keep copies of their
    own until they reuse that memory; core dumps are off and the process is short-lived for that reason.
    """

    # THREAT: the PIN stays in a widget, the clipboard, an input method's dictionary or an undo list.
    # DEFENCE: this field; emptied when used, and on cancel, error, removal and leaving.
    # TEST: tests/hsm/agent/window/test_pin_field.py
    def __init__(self) -> None:
        super().__init__()
        hints = Qt.InputMethodHint
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setInputMethodHints(
            hints.ImhSensitiveData | hints.ImhHiddenText | hints.ImhNoPredictiveText | hints.ImhNoAutoUppercase
        )
        self.setMaxLength(MOST)
        self.setDragEnabled(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.installEventFilter(self)

    @property
    def complete(self) -> bool:
        """Enough characters to be a PIN."""
        return len(self.text()) >= LEAST

    @property
    def odd(self) -> bool:
        """It holds letters that hardly any PIN has: the keyboard is probably in Arabic."""
        return any(ord(character) > 126 for character in self.text().translate(_EASTERN))  # noqa: PLR2004

    def take(self) -> Pin | None:
        """The PIN as typed, eastern digits as 0 to 9; None if it is not complete. The field is empty afterwards."""
        characters = self.text().translate(_EASTERN) if self.complete else ""
        self.wipe()
        return Pin(characters) if characters else None

    def weighed(self, judge: Callable[[Pin], Verdict]) -> Verdict | None:
        """What `judge` says of the characters, which stay here; None while there are none."""
        characters = self.text().translate(_EASTERN)
        return judge(Pin(characters)) if characters else None

    def wipe(self) -> None:
        """Overwrite and clear; see the class for what that cannot do."""
        self.setText("0" * len(self.text()))
        self.clear()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802  (Qt names it)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  (Qt names it)
        keys = QKeySequence.StandardKey
        if any(event.matches(key) for key in (keys.Undo, keys.Redo, keys.Copy, keys.Cut)):
            event.accept()
            return
        super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt names it)
        """Undo and redo come as shortcut overrides before they come as keys."""
        keys = QKeySequence.StandardKey
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            return any(event.matches(key) for key in (keys.Undo, keys.Redo))
        return super().eventFilter(watched, event)
