"""The doctor's page: every finding with its mark, its remedy and its code; a doctor that breaks is a finding too."""

from collections.abc import Sequence

import pytest
from PySide6.QtCore import Qt

from hsm.agent.codes import HelpDesk
from hsm.agent.doctor.findings import FINDINGS, Finding, fail, good, warn
from hsm.agent.window.languages import NAMES, language
from hsm.agent.window.marks import Mark, MarkLabel
from hsm.agent.window.window import Desk, Window
from tests.hsm.agent.window.conftest import Until, press, words

FOUND = (
    good("clock", "clock-right", seconds=2),
    warn("spool", "spool-waits", HelpDesk.SPOOL, count=3),
    fail("reader", "reader-none", HelpDesk.READER),
)


def examined(until: Until, findings: Sequence[Finding]) -> Window:
    window = Window(Desk(run=None, examine=lambda: findings))
    window.show()
    window.examine()
    until(lambda: not window.health.looking)
    return window


@pytest.mark.parametrize("code", NAMES)
def test_ok_warn_and_fail_are_said_with_remedy_and_code(until: Until, code: str) -> None:
    window = examined(until, FOUND)
    window.speak(code)
    page, spoken = window.health, language(code)
    last = spoken.say(FINDINGS["reader-none"][0])
    until(lambda: last in words(page))
    said = words(page)
    for finding in FOUND:
        sentence, fix = FINDINGS[finding.key]
        assert spoken.say(sentence, **dict(finding.fields)) in said
        assert not fix or spoken.say(fix, **dict(finding.fields)) in said
        assert finding.code is None or finding.code.value in said
    assert spoken.say("This computer cannot sign yet") in said
    rows = [item.widget() for place in range(page.all.count()) if (item := page.all.itemAt(place)) is not None]
    marks = [label.mark for row in rows if row is not None for label in row.findChildren(MarkLabel)]
    assert marks == [Mark.GOOD, Mark.WARN, Mark.STOP]
    assert (page.layoutDirection() is Qt.LayoutDirection.RightToLeft) is (code == "ar")
    window.close()


@pytest.mark.parametrize(
    ("findings", "said"),
    [(FOUND[:1], "This computer is ready to sign"), (FOUND[:2], "This computer can sign; look at the warnings")],
)
def test_the_headline_is_that_of_the_gravest(until: Until, findings: Sequence[Finding], said: str) -> None:
    window = examined(until, findings)
    for code in NAMES:
        window.speak(code)
        assert language(code).say(said) in words(window.health)
    window.close()


def test_a_doctor_that_breaks_is_said_with_its_code(until: Until) -> None:
    def broken() -> list[Finding]:
        raise RuntimeError("secret words")

    window = Window(Desk(run=None, examine=broken))
    window.show()
    window.examine()
    until(lambda: window.health.findings)
    for code in NAMES:
        window.speak(code)
        until(lambda: "AG-70" in words(window.health))
        said = words(window.health)
        assert "RuntimeError" in said
        assert "secret words" not in said
        assert language(code).say("This computer is ready to sign") not in said
    window.close()


def test_it_leads_back_to_where_it_came_from(until: Until) -> None:
    window = Window(Desk(run=None, examine=list))
    window.show()
    window._turn_to(window.result)
    window.examine()
    window.examine()
    press(window, Qt.Key.Key_Escape)
    assert window.stack.currentWidget() is window.result
    window.close()
