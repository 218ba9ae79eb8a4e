"""The PIN's field gives its characters once, keeps none, and lends none to clipboard, menu or undo."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hsm.agent.window.pin_field import PinField


def typed(characters: str) -> PinField:
    field = PinField()
    QTest.keyClicks(field, characters)
    return field


def test_it_gives_the_pin_once_and_is_empty() -> None:
    field = typed("123456")
    pin = field.take()
    assert pin is not None
    assert pin.reveal() == "123456"
    assert field.text() == ""
    assert field.take() is None


def test_an_incomplete_pin_is_no_pin() -> None:
    field = typed("123")
    assert not field.complete
    assert field.take() is None
    assert field.text() == ""


def test_nothing_is_copied_cut_or_undone() -> None:
    clipboard = QApplication.clipboard()
    clipboard.setText("before")
    field = typed("123456")
    field.selectAll()
    for key in (Qt.Key.Key_C, Qt.Key.Key_X, Qt.Key.Key_Insert):
        QTest.keyClick(field, key, Qt.KeyboardModifier.ControlModifier)
    field.copy()
    assert clipboard.text() == "before"
    assert field.text() == "123456"
    field.wipe()
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    field.undo()
    assert field.text() == ""
    assert field.contextMenuPolicy() is Qt.ContextMenuPolicy.NoContextMenu


def test_input_methods_are_told_to_learn_nothing() -> None:
    hints = PinField().inputMethodHints()
    for hint in (
        Qt.InputMethodHint.ImhSensitiveData,
        Qt.InputMethodHint.ImhHiddenText,
        Qt.InputMethodHint.ImhNoPredictiveText,
    ):
        assert hint in hints


def test_eastern_digits_are_digits_and_arabic_letters_are_noticed() -> None:
    field = PinField()
    field.setText("٤٧١١")
    assert not field.odd
    pin = field.take()
    assert pin is not None
    assert pin.reveal() == "4711"
    field.setText("شسيب")
    assert field.odd
