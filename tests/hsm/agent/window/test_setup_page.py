"""A start without a link: five lights, each as it becomes known, and what is asked on the way."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.holder.first_setup import Light, LightName, LightState, Remark
from hsm.agent.window.languages import NAMES, language
from hsm.agent.window.questions import ForPin, ToBeMine, ToLastTry
from hsm.agent.window.setup_words import REMARKS, STOPPED
from hsm.agent.window.window import Desk, Window
from tests.hsm.agent.estate import Workplace
from tests.hsm.agent.supplied import supply
from tests.hsm.agent.window.conftest import Until, close, press, words
from tests.hsm.agent.window.holder import Holder
from tests.hsm.prepared.authority import Authority

OK, WARN, FAIL, WAITING = LightState.OK, LightState.WARN, LightState.FAIL, LightState.WAITING


@pytest.fixture
def holder(workplace: Workplace, authority: Authority, tmp_path: Path, until: Until, quick: None) -> Iterator[Holder]:
    supply(workplace.devices, authority)
    made = Holder.at(workplace, tmp_path, until)
    yield made
    close(made.window, until)


def test_five_lights_in_their_order(holder: Holder) -> None:
    holder.begin()
    holder.say_mine()
    holder.type_pin()  # the signature key is opened
    holder.type_pin()  # the authentication key signs
    assert holder.await_rest() == [OK] * 5
    (message,) = holder.place.devices.signed
    assert message.startswith(b"khatam-auth-v1\x00\x00\x00\x0bfirst-setup")
    assert holder.page.change.isVisible()
    assert not holder.page.look.isVisible()
    for code in NAMES:
        holder.window.speak(code)
        said = words(holder.window)
        assert language(code).say("You are ready to sign") in said
        assert "Ahmed EL ALAOUI" in said


def test_a_key_that_is_plugged_in_lights_its_light_by_itself(holder: Holder) -> None:
    holder.place.devices.present = False
    holder.begin()
    assert holder.await_rest() == [OK, OK, WAITING, WAITING, WAITING]
    assert language("ar").say("Plug in your key") in words(holder.window)
    holder.place.devices.present = True
    holder.say_mine()
    holder.await_question(ForPin)
    assert holder.page.lights[LightName.KEY].state is OK


def test_another_persons_key_is_red_and_gets_no_pin(holder: Holder) -> None:
    holder.begin()
    holder.await_question(ToBeMine)
    assert holder.page.no.hasFocus()
    press(holder.window, Qt.Key.Key_Escape)
    assert holder.await_rest() == [OK, OK, OK, FAIL, WAITING]
    for code in NAMES:
        holder.window.speak(code)
        assert language(code).say("Plug in your own key.") in words(holder.window)
    assert holder.place.devices.pin_tries == 0


def test_a_test_that_is_cancelled_waits(holder: Holder) -> None:
    holder.begin()
    holder.say_mine()
    holder.await_question(ForPin)
    QTest.keyClicks(holder.page.pin.field, "1234")
    press(holder.window, Qt.Key.Key_Escape)
    assert holder.await_rest() == [OK, OK, OK, OK, WAITING]
    assert holder.page.pin.field.text() == ""
    assert language("ar").say("One step is left: the test signature") in words(holder.window)
    holder.page.look.click()
    holder.await_question(ForPin)  # that the key is mine is not asked twice


def test_a_wrong_pin_is_tried_once_and_said(holder: Holder) -> None:
    holder.begin()
    holder.say_mine()
    holder.type_pin("wrong-90210-pin")
    assert holder.await_rest() == [OK, OK, OK, OK, FAIL]
    assert holder.place.devices.pin_tries == 1
    said = words(holder.window)
    assert "AG-40" in said
    assert "+212 5 37 00 00 00" in said
    assert language("ar").say("Wrong PIN. It was tried once only.") in said


def test_a_key_pulled_out_under_a_question_takes_what_was_typed_along(holder: Holder) -> None:
    holder.begin()
    holder.say_mine()
    asked = holder.await_question(ForPin)
    QTest.keyClicks(holder.page.pin.field, "123456")
    holder.place.devices.present = False
    holder.until(lambda: not asked.open)
    holder.until(lambda: holder.page.pin.field.text() == "")
    # At first the test's light says that the key went; then all are looked at anew.
    holder.until(lambda: [light.state for light in holder.page.lights.values()][2:] == [WAITING] * 3)
    holder.place.devices.present = True
    holder.await_question(ForPin)
    assert holder.place.devices.signed == []


def test_details_are_the_doctors_and_lead_back(holder: Holder) -> None:
    holder.place.devices.present = False
    holder.begin()
    holder.await_rest()
    holder.page.details.click()
    assert holder.window.stack.currentWidget() is holder.window.health
    holder.page.look.click()
    holder.await_rest()
    assert holder.window.stack.currentWidget() is holder.window.health, "lights turn no page that is being read"
    holder.window.health.back.click()
    assert holder.window.stack.currentWidget() is holder.page


def test_a_set_up_that_breaks_says_its_code_and_can_be_tried_again(
    workplace: Workplace, tmp_path: Path, until: Until, quick: None
) -> None:
    broken: list[bool] = []

    def broken_driver(_: object) -> object:
        broken.append(True)
        raise RuntimeError("secret words")

    holder = Holder.at(workplace, tmp_path, until, open=broken_driver)
    holder.begin()
    until(lambda: holder.page.error)
    said = words(holder.window)
    assert "AG-70" in said
    assert "secret words" not in said
    holder.page.look.click()
    until(lambda: len(broken) == 2)
    close(holder.window, until)


def test_closing_ends_the_set_up(holder: Holder) -> None:
    holder.begin()
    holder.await_question(ToBeMine)
    close(holder.window, holder.until)
    assert holder.window.setup.bridge is None


def lit(name: LightName, state: LightState = OK, *, error: AgentError | None = None, **more: object) -> Light:
    return Light(name=name, state=state, said="never shown", fix="never shown", error=error, **more)  # type: ignore[arg-type]


def shown(*lights: Light) -> Window:
    window = Window(Desk(run=None, examine=list, rehearsal=True))
    window.show()
    window._turn_to(window.setup.lights)
    window.setup.lights.begin()
    for light in lights:
        window.setup.lights.show_light(light)
    return window


@pytest.mark.parametrize("code", NAMES)
@pytest.mark.parametrize("stop", STOPPED)
def test_each_reason_is_said_with_its_remedy(stop: AgentCode, code: str) -> None:
    fields = dict.fromkeys(("what", "found", "wanted", "device", "reason", "mechanism", "fix"), "x") | {
        "on": "2027-01-02"
    }
    error = AgentError(stop, kept=0, count=0, label="x", kind="x", environment="x", **fields)
    window = shown(lit(LightName.AGENT), lit(LightName.DRIVER, FAIL, error=error))
    window.setup.lights.rest(None)
    window.speak(code)
    said = words(window.setup.lights)
    sentence, fix = STOPPED[stop]
    for part in (sentence, fix):
        for piece in language(code).say(part, wanted="|", on="|").split("|") if part else ():
            assert piece.strip("\u2068\u2069 ") in said
    assert error.help_desk.value in said
    assert "never shown" not in said
    window.close()


@pytest.mark.parametrize("code", NAMES)
@pytest.mark.parametrize("remark", Remark)
def test_each_remark_is_said(remark: Remark, code: str) -> None:
    fields = {"device": "president (1)", "named": "Ahmed EL ALAOUI", "on": "2028-11-24"}
    window = shown(lit(LightName.AGENT, WARN, remark=remark, fields=fields))
    window.speak(code)
    said = words(window.setup.lights)
    spoken = language(code)
    assert spoken.say(REMARKS[remark], **(fields | {"on": spoken.say("{n}", n="24")})).split("24")[0] in said
    assert "2028-11" not in said
    window.close()


def test_the_last_try_needs_its_tick(until: Until, quick: None) -> None:
    window = shown(*(lit(name) for name in list(LightName)[:4]))
    page = window.setup.lights
    asked = ForPin(device="president (1)", last_try=True, entry=None, count=0)
    page.ask(asked)
    until(lambda: page._armed)
    QTest.keyClicks(page.pin.field, "123456")
    assert not page.yes.isEnabled()
    page.accept()
    assert asked.open
    page.pin.risk.setChecked(True)
    page.accept()
    assert asked.reply().reveal() == "123456"
    page.ask(alone := ToLastTry("president (1)"))
    until(lambda: page._armed)
    page.accept()
    assert alone.open
    page.pin.risk.setChecked(True)
    page.accept()
    assert not alone.open
    window.close()


def test_a_keypad_has_its_turn_and_no_field() -> None:
    fields = {"device": "president (1)", "pad": True}
    window = shown(
        lit(LightName.AGENT), lit(LightName.DRIVER), lit(LightName.KEY, fields=fields), lit(LightName.CERTIFICATE)
    )
    window.speak("en")
    page = window.setup.lights
    assert "keypad. 30 seconds left" in words(page)
    assert not page.pin.field.isVisibleTo(page)
    page.show_light(lit(LightName.TEST_SIGNATURE))
    assert not page.pin.counting
    window.close()
