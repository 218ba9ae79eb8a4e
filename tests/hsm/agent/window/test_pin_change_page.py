"""The holder's own PIN: forced where it was delivered, once typed, once sent, never twice."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from hsm.agent.consent import PinState
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.holder.first_setup import LightName, LightState
from hsm.agent.holder.pin_rules import PinFault, PinRules
from hsm.agent.report import SigningReport
from hsm.agent.window.languages import NAMES, language
from hsm.agent.window.questions import ForNewPin
from hsm.agent.window.setup_words import FAULTS
from hsm.agent.window.window import Desk, Window
from hsm.cryptoki.errors import DeviceRefused
from tests.hsm.agent.estate import PIN, Workplace
from tests.hsm.agent.holder_device import SO_PIN
from tests.hsm.agent.supplied import supply
from tests.hsm.agent.window.conftest import Until, close, press, words
from tests.hsm.agent.window.holder import Holder
from tests.hsm.prepared.authority import Authority

NEW = "own-canary-8253"
WRONG = "wrong-90210-pin"
BROKEN = {
    PinFault.TOO_SHORT: ("4a1", None),
    PinFault.TOO_LONG: ("9f" * 17, None),
    PinFault.ALPHABET: ("رمزسري7", None),
    PinFault.PUBLISHED: ("12345678", None),
    PinFault.ALL_EQUAL: ("777777", None),
    PinFault.SEQUENCE: ("345678", None),
    PinFault.SAME: (PIN, None),
    PinFault.DIFFERENT: (NEW, "own-canary-8254"),
}


@pytest.fixture
def holder(workplace: Workplace, authority: Authority, tmp_path: Path, until: Until, quick: None) -> Iterator[Holder]:
    """With a device that has the PIN it was delivered with."""
    devices = workplace.devices
    supply(devices, authority)
    devices.flags["pin_to_be_changed"] = True

    def cut(act: str) -> None:
        if act in ("change-pin!", "unblock!"):
            devices.flags.pop("pin_to_be_changed", None)

    devices.cut = cut
    made = Holder.at(workplace, tmp_path, until)
    yield made
    close(made.window, until)


def test_a_delivered_pin_is_changed_before_anything_else(holder: Holder) -> None:
    holder.begin()
    asked = holder.await_question(ForNewPin)
    assert asked.delivered
    assert holder.window.stack.currentWidget() is holder.form
    holder.window.speak("fr")
    assert "De 6 à 32 caractères." in words(holder.form)
    holder.fill(PIN, NEW)
    holder.say_mine()
    assert holder.window.stack.currentWidget() is holder.page
    holder.type_pin(NEW)  # the second key of a device that asks for each; the first one had the new PIN already
    assert holder.await_rest() == [LightState.OK] * 5
    assert holder.place.devices.pin_value == NEW
    assert holder.place.devices.acts.count("change-pin") == 1


def test_a_pin_that_was_never_set_takes_the_unlock_secret(holder: Holder) -> None:
    holder.place.devices.pin_set = False
    holder.begin()
    asked = holder.await_question(ForNewPin)
    assert not asked.is_set
    holder.window.speak("en")
    assert "Unlock secret" in words(holder.form)
    holder.fill(WRONG, NEW)
    holder.until(lambda: holder.form.question is not None and holder.form.question.refused)
    assert "Wrong unlock secret. It was tried once only." in words(holder.form)
    assert holder.place.devices.so_tries == 1
    holder.fill(SO_PIN, NEW)
    holder.say_mine()
    assert holder.place.devices.pin_value == NEW
    assert holder.place.devices.acts.count("unblock") == 2


@pytest.mark.parametrize("fault", PinFault)
def test_what_breaks_a_rule_goes_nowhere(holder: Holder, fault: PinFault) -> None:
    holder.begin()
    new, again = BROKEN[fault]
    asked = holder.fill(PIN, new, again)
    assert asked.open
    form = holder.form.form
    beside = form.faults[1 if fault is PinFault.DIFFERENT else 0]
    for code in NAMES:
        holder.window.speak(code)
        said = language(code).say(FAULTS[fault], shortest=6, longest=32)
        assert said in words(beside.widget)
        assert beside.widget.isVisible()
        assert said in words(holder.form)
    assert [field.text() for field in form.fields] == ["", ""]
    assert form.present.field.text() == PIN, "the present PIN is not typed twice"
    assert form.fields[0].hasFocus()
    assert holder.place.devices.acts == []
    form.wipe()


def test_a_first_field_left_empty_is_said(holder: Holder) -> None:
    holder.begin()
    asked = holder.fill("", NEW)
    assert asked.open
    assert language("ar").say("Type it here.") in words(holder.form)
    assert holder.form.form.present.field.hasFocus()
    holder.form.form.wipe()


def test_a_wrong_present_pin_is_tried_once_and_said(holder: Holder) -> None:
    holder.begin()
    first = holder.fill(WRONG, NEW)
    holder.until(lambda: holder.form.question not in (None, first))
    for code in NAMES:
        holder.window.speak(code)
        said = words(holder.form.form.present_fault.widget)
        assert language(code).say("Wrong PIN. It was tried once only.") in said
    assert holder.place.devices.acts.count("change-pin") == 1
    assert all(not field.text() for field in (holder.form.form.present.field, *holder.form.form.fields))
    holder.fill(PIN, NEW)
    holder.say_mine()
    assert holder.place.devices.acts.count("change-pin") == 2


def test_a_pin_that_the_device_refuses_is_chosen_anew(holder: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DeviceRefused("policy")

    monkeypatch.setattr(type(holder.place.devices), "change_pin", refuse)
    holder.begin()
    first = holder.fill(PIN, NEW)
    holder.until(lambda: holder.form.question not in (None, first))
    holder.window.speak("en")
    assert "The key did not take this PIN" in words(holder.form)
    assert "AG-44" in words(holder.form)


def test_the_last_try_needs_an_explicit_yes(holder: Holder) -> None:
    holder.place.devices.flags["pin_final_try"] = True
    holder.begin()
    asked = holder.fill(PIN, NEW)
    assert asked.open
    assert holder.form.form.present.risk.isVisible()
    assert not holder.form.set.isEnabled()
    assert holder.place.devices.acts == []
    holder.form.form.present.risk.setChecked(True)
    holder.form.set.click()
    holder.say_mine()
    assert holder.place.devices.acts.count("change-pin") == 1


def test_at_a_keypad_nothing_is_typed_here(holder: Holder) -> None:
    holder.place.devices.flags["protected_path"] = True
    holder.place.devices.pin_value = "typed on the pad"
    holder.begin()
    asked = holder.await_question(ForNewPin)
    assert asked.pad
    holder.window.speak("en")
    form = holder.form.form
    assert not any(field.isVisible() for field in (form.present.field, *form.fields))
    assert "on the reader's keypad, not here" in words(holder.form)
    holder.form.set.click()
    holder.say_mine()
    assert holder.place.devices.acts.count("change-pin") == 1


def test_pulled_out_in_the_midst_nothing_stays(holder: Holder) -> None:
    holder.begin()
    asked = holder.await_question(ForNewPin)
    form = holder.form.form
    QTest.keyClicks(form.present.field, PIN)
    QTest.keyClicks(form.fields[0], NEW)
    holder.place.devices.present = False
    holder.until(lambda: not asked.open)
    holder.until(lambda: holder.window.stack.currentWidget() is holder.page)
    assert all(not field.text() for field in (form.present.field, *form.fields))
    assert holder.await_rest()[2] is LightState.WAITING
    assert holder.place.devices.acts == []
    holder.place.devices.present = True
    holder.await_question(ForNewPin)


def test_who_leaves_the_form_can_come_back_to_it(holder: Holder) -> None:
    holder.begin()
    holder.await_question(ForNewPin)
    QTest.keyClicks(holder.form.form.present.field, PIN)
    press(holder.window, Qt.Key.Key_Escape)
    assert holder.form.form.present.field.text() == ""
    assert holder.await_rest()[2] is LightState.FAIL
    assert holder.page.lights[LightName.KEY].help_desk == "AG-43"
    assert holder.page.change.text() == language("ar").say("Choose my PIN")
    holder.page.change.click()
    holder.await_question(ForNewPin)
    assert holder.place.devices.acts == []


def test_a_list_that_meets_a_delivered_pin_leads_here(holder: Holder) -> None:
    error = AgentError(AgentCode.PIN_TO_BE_CHANGED)
    holder.window.show()
    holder.window._finish(SigningReport(error=error))
    assert holder.window.result.own_pin.hasFocus() or holder.window.result.own_pin.isVisible()
    holder.window.result.own_pin.click()
    holder.await_question(ForNewPin)


def test_a_green_page_changes_the_pin_too(holder: Holder) -> None:
    holder.place.devices.flags.clear()
    holder.begin()
    holder.say_mine()
    holder.type_pin()
    holder.type_pin()
    holder.await_rest()
    holder.page.change.click()
    asked = holder.await_question(ForNewPin)
    assert (asked.is_set, asked.delivered) == (True, False)
    holder.fill(PIN, NEW)
    holder.type_pin(NEW)
    assert holder.await_rest() == [LightState.OK] * 5
    assert holder.place.devices.pin_value == NEW


def test_the_pins_are_in_no_widget_log_or_file(
    holder: Holder, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    holder.begin()
    first = holder.fill(WRONG, NEW)
    holder.until(lambda: holder.form.question not in (None, first))
    said = words(holder.window)
    holder.fill(PIN, NEW, NEW + "x")
    second = holder.fill(PIN, NEW)
    said += words(holder.window) + repr(second.__dict__)
    holder.say_mine()
    holder.type_pin(NEW)
    holder.await_rest()
    said += words(holder.window) + repr(holder.page.lights) + caplog.text
    form = holder.form.form
    assert all(not field.text() for field in (form.present.field, *form.fields, holder.page.pin.field))
    for pin in (PIN, WRONG, NEW):
        assert pin not in said
        assert all(pin.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_nothing_is_taken_in_the_first_half_second(until: Until) -> None:
    window = Window(Desk(run=None, examine=list))
    page = window.setup.form
    refused = AgentError(AgentCode.PIN_WRONG, kept=0, count=0)
    asked = ForNewPin(
        device="president (1)",
        rules=PinRules(),
        state=PinState.LOW,
        pad=True,
        is_set=True,
        delivered=True,
        refused=refused,
    )
    page.ask(asked)
    page.accept()
    assert asked.open
    until(page.set.isEnabled)
    page.accept()
    assert not asked.open
