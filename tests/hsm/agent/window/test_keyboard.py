"""By keyboard alone: Tab goes through each page in the order in which it is read, and misses nothing."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from hsm.agent.consent import PinState
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.holder.first_setup import Light, LightName, LightState, Remark
from hsm.agent.holder.pin_rules import PinRules
from hsm.agent.report import SigningReport
from hsm.agent.window.pieces import Page
from hsm.agent.window.questions import ForNewPin, ForPin, ToPinEntries, ToSign
from hsm.agent.window.window import Desk, Window
from tests.hsm.agent.window.conftest import Until
from tests.hsm.agent.window.requests import request


def window_with(page: str) -> Window:
    window = Window(Desk(run=None, examine=list, rehearsal=True))
    window.show()
    window.activateWindow()
    window._turn_to(getattr(window, page, None) or getattr(window.setup, page))
    return window


def walked(window: Window, page: Page) -> list[QWidget]:
    """What has the keyboard, Tab after Tab, on that page, beginning with what has it at first."""
    first = page.primary()
    assert first is not None
    first.setFocus()
    found: list[QWidget] = []
    for _ in range(60):
        now = window.focusWidget()
        if now in found:
            break
        found.append(now)
        QTest.keyClick(now, Qt.Key.Key_Tab)
    # The languages above the page come between its end and its beginning.
    return [each for each in found if page.isAncestorOf(each)]


def reachable(page: Page) -> set[QWidget]:
    return {
        each
        for each in page.findChildren(QWidget)
        if each.isVisible()
        and each.isEnabled()
        and each.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not each.focusProxy()
    }


def require_order(window: Window, page: Page, wanted: list[QWidget]) -> None:
    found = walked(window, page)
    places = [found.index(each) for each in wanted]
    assert places == sorted(places)
    assert reachable(page) <= set(found) | {each for each in reachable(page) if each.parent() in found}
    window.close()


def test_the_consent_page(until: Until, quick: None) -> None:
    window = Window(Desk(run=None, examine=list))
    window.show()
    window._asked(ToSign(request(pin_state=PinState.FINAL_TRY)))
    page = window.consent
    until(lambda: page._armed)
    page.pin.risk.setChecked(True)
    page.pin.field.setText("123456")
    require_order(window, page, [page.pin.field, page.sign, page.cancel])
    page.pin.wipe()


def test_the_signing_page(until: Until, quick: None) -> None:
    window = window_with("reading")
    page = window.reading
    page.ask(ForPin(device="president (1)", last_try=False, entry=None, count=0))
    until(lambda: page._armed)
    page.pin.field.setText("123456")
    require_order(window, page, [page.pin.field, page.yes, page.no])
    window = window_with("reading")
    page = window.reading
    page.ask(ToPinEntries(5))
    until(lambda: page._armed)
    page.entries.box.setFocus()
    found = walked(window, page) if page.primary() else []
    assert not found or page.yes in found
    window.close()


def test_the_reader() -> None:
    window = Window(Desk(run=None, examine=list))
    window.show()
    window._asked(ToSign(request(3)))
    window._open(1)
    page = window.reader
    require_order(window, page, [page.area, page.smaller, page.larger, page.before, page.after])


def test_the_result() -> None:
    window = window_with("result")
    window.result.show_report(SigningReport(error=AgentError(AgentCode.PIN_WRONG, kept=0, count=3)), window.result.at)
    page = window.result
    require_order(window, page, [page.retry, page.close_button])


def test_the_lights() -> None:
    window = window_with("lights")
    page = window.setup.lights
    page.begin()
    for name in LightName:
        page.show_light(Light(name=name, state=LightState.OK, said="", remark=Remark.DRIVER))
    page.rest(None)
    require_order(window, page, [page.close_button])
    window = window_with("lights")
    page = window.setup.lights
    page.begin()
    page.rest(None)
    require_order(window, page, [page.look, page.details, page.close_button])


def test_a_question_of_the_lights(until: Until, quick: None) -> None:
    window = window_with("lights")
    page = window.setup.lights
    page.ask(ForPin(device="president (1)", last_try=False, entry=None, count=0))
    until(lambda: page._armed)
    page.pin.field.setText("123456")
    require_order(window, page, [page.pin.field, page.yes, page.no, page.details, page.close_button])


def test_the_new_pin(until: Until, quick: None) -> None:
    window = window_with("form")
    page = window.setup.form
    page.ask(
        ForNewPin(
            device="president (1)",
            rules=PinRules(),
            state=PinState.FINAL_TRY,
            pad=False,
            is_set=True,
            delivered=True,
            refused=None,
        )
    )
    until(lambda: page._armed)
    page.form.present.risk.setChecked(True)
    form = page.form
    require_order(window, page, [form.present.risk, form.present.field, *form.fields, page.set, page.cancel])


def test_the_doctor() -> None:
    window = window_with("health")
    page = window.health
    page.show_findings([])
    require_order(window, page, [page.again_button])
