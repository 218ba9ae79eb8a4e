"""The page of the yes, in three languages and every state of the PIN."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

from hsm.agent.consent import Phase, PinState, Progress
from hsm.agent.window import style
from hsm.agent.window.bridge import Bridge
from hsm.agent.window.languages import NAMES, language
from hsm.agent.window.questions import ToSign
from hsm.agent.window.window import Desk, Window
from tests.hsm.agent.window.conftest import Until, press, words
from tests.hsm.agent.window.requests import document, request

STATES = {
    PinState.FINE: "",
    PinState.LOW: "A wrong PIN was entered recently. Type slowly.",
    PinState.FINAL_TRY: "Last try: one more mistake locks the key. Not sure? Cancel and ask for help.",
    PinState.LOCKED: "The key is locked. No file is lost. The key officer can unlock it.",
    PinState.TO_BE_CHANGED: "The key still has the PIN it was delivered with. Choose your own PIN first.",
}


def shown(**over: object) -> tuple[Window, ToSign]:
    window = Window(Desk(run=None, examine=list, rehearsal=True))
    question = ToSign(request(**over))  # type: ignore[arg-type]  # a test names the fields it changes
    window._asked(question)
    return window, question


@pytest.mark.parametrize("code", NAMES)
@pytest.mark.parametrize("state", PinState)
def test_each_state_in_each_language(code: str, state: PinState) -> None:
    window, _ = shown(pin_state=state)
    window.speak(code)
    spoken = language(code)
    said = words(window)
    for part in ("4719"[0], "Rokhas.ma", "Ahmed EL ALAOUI", "أحمد العلوي", "تجريبي – دون قيمة قانونية"):
        assert part in said
    assert spoken.say("President of the council") in said
    assert spoken.count("{n} document was not opened.", "{n} documents were not opened.", 3) in said
    if STATES[state]:
        assert spoken.say(STATES[state]) in said
    panel = window.consent.pin
    usable = state not in (PinState.LOCKED, PinState.TO_BE_CHANGED)
    assert panel.field.isVisibleTo(window) is usable
    assert panel.risk.isVisibleTo(window) is (state is PinState.FINAL_TRY)
    rtl = Qt.LayoutDirection.RightToLeft
    assert (window.consent.layoutDirection() == rtl) is (code == "ar")
    assert panel.field.layoutDirection() is Qt.LayoutDirection.LeftToRight


def test_a_change_of_language_keeps_what_was_typed_and_opened() -> None:
    window, _ = shown()
    window.documents.mark_opened("i1")
    window.consent.pin.field.setText("123456")
    for code in ("fr", "en", "ar"):
        window.speak(code)
        assert window.consent.pin.field.text() == "123456"
        assert [line.opened for line in window.documents.lines] == [False, True, False]
    window.consent.pin.wipe()


def test_nothing_is_agreed_to_in_the_first_half_second(until: Until) -> None:
    window, question = shown()
    window.consent.pin.field.setText("123456")
    window.consent.submit()
    press(window.consent.pin.field, Qt.Key.Key_Return)
    assert question.open
    assert not window.consent.sign.isEnabled()
    until(window.consent.sign.isEnabled)
    window.consent.pin.wipe()


def test_enter_signs_only_with_a_whole_pin(until: Until, quick: None) -> None:
    window, question = shown()
    until(lambda: window.consent._armed)
    window.consent.pin.field.setText("123")
    press(window.consent.pin.field, Qt.Key.Key_Return)
    assert question.open
    window.consent.pin.wipe()


def test_a_second_enter_stops_nothing(until: Until, quick: None) -> None:
    window, question = shown()
    window.show()
    window.run.bridge = Bridge()
    window.reading.stop.setFocus()
    until(lambda: window.consent._armed)
    window.consent.pin.field.setText("123456")
    press(window.consent.pin.field, Qt.Key.Key_Return)
    assert not question.open
    focused = window.focusWidget()
    assert focused is window.reading.list
    press(focused, Qt.Key.Key_Return)
    assert not window.reading.stopping
    window.run.end()
    window.close()


def test_the_last_try_needs_its_tick(until: Until, quick: None) -> None:
    window, _ = shown(pin_state=PinState.FINAL_TRY)
    until(lambda: window.consent._armed)
    window.consent.pin.field.setText("123456")
    assert not window.consent.sign.isEnabled()
    window.consent.pin.risk.setChecked(True)
    assert window.consent.sign.isEnabled()
    window.consent.pin.wipe()
    assert not window.consent.pin.risk.isChecked()


def test_a_key_that_asks_each_time_is_announced_and_its_sittings_chosen() -> None:
    window, _ = shown(count=6, pin_entries=6)
    window.speak("fr")
    assert "6 saisies" in words(window)
    assert not window.consent.pin.field.isVisibleTo(window)
    window.consent.sitting_count.setValue(2)
    assert window.consent.count == 2
    assert "2 saisies" in words(window)
    assert window.consent.sign.text() == "Signer 2 documents"


def test_a_sitting_is_chosen_with_large_buttons() -> None:
    window, _ = shown(count=3, pin_entries=3)
    window.speak("ar")
    window.show()
    stepper = window.consent.sitting_count
    assert min(stepper.fewer.width(), stepper.fewer.height(), stepper.more.width(), stepper.more.height()) >= 24
    assert not stepper.more.isEnabled()
    stepper.fewer.click()
    stepper.fewer.click()
    assert (window.consent.count, stepper.fewer.isEnabled()) == (1, False)
    stepper.more.click()
    assert window.consent.count == 2
    assert stepper.more.accessibleName() == language("ar").say("One more")
    window.hide()


def test_a_pin_pad_has_no_field() -> None:
    window, _ = shown(protected_path=True)
    window.speak("en")
    assert not window.consent.pin.field.isVisibleTo(window)
    assert "on the reader's keypad, not here" in words(window)


def test_a_held_pin_names_its_policy() -> None:
    window, _ = shown(held_policy="Note 12/2026")
    assert "Note 12/2026" in words(window)


def test_kinds_are_counted() -> None:
    documents = (document(0), document(1), document(2, kind="refusal"))
    window, _ = shown(documents=documents)
    window.speak("fr")
    assert "2 autorisations, 1 refus" in words(window).replace("\u2068", "").replace("\u2069", "")


def test_markup_in_a_title_is_shown_as_it_is(quick: None) -> None:
    evil = replace(document(0), title="<b>x</b><img src='file:///etc/passwd'>", beneficiary=None)
    window, _ = shown(documents=(evil,))
    assert window.documents.data(window.documents.index(0)).count("<b>x</b>") == 1
    window._open(0)
    assert window.reader.title.textFormat() is Qt.TextFormat.PlainText
    assert "<b>x</b>" in window.reader.title.text()
    window._back()


def test_every_control_is_large_and_has_a_name() -> None:
    window, _ = shown(pin_state=PinState.FINAL_TRY)
    window.show()
    for code in NAMES:
        window.speak(code)
        for control in window.findChildren(QAbstractButton):
            if control.isVisible():
                assert control.accessibleName(), control
                assert min(control.width(), control.height()) >= 24, control.accessibleName()
    assert window.consent.pin.field.accessibleName()
    assert window.consent.list.accessibleName()
    assert window.consent.sign.height() >= style.TARGET
    window.close()


def test_a_pin_pad_counts_down_on_the_signing_page() -> None:
    window, _ = shown(protected_path=True)
    window.speak("en")
    page = window.reading
    page.begin_signing(3, pad=True)
    window._turn_to(page)
    page.note(Progress(phase=Phase.OPENING, done=0, count=3))
    assert page.pin.counting
    assert "keypad. 30 seconds left" in words(page)
    assert not page.pin.field.isVisibleTo(page)
    page.pin._tick()
    assert "keypad. 29 seconds left" in words(page)
    page.note(Progress(phase=Phase.SIGNING, done=0, count=3))
    assert not page.pin.counting
    assert "keypad" not in words(page)


def test_a_delivered_pin_is_not_signed_with(until: Until, quick: None) -> None:
    window, question = shown(pin_state=PinState.TO_BE_CHANGED)
    until(lambda: window.consent._armed)
    window.consent.submit()
    assert question.open
    assert not window.consent.sign.isEnabled()
