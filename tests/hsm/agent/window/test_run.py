"""The window with the real engine behind it: a service in process, devices in memory, fingers on widgets."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from hsm.agent.consent import InterruptionKind
from hsm.agent.errors import AgentCode
from hsm.agent.report import SigningReport
from hsm.agent.signing.ceremony import Signing, Surroundings
from hsm.agent.window.bridge import Bridge
from hsm.agent.window.documents import Fate
from hsm.agent.window.questions import ForPin, Question, ToPinEntries, ToSign, ToWait
from hsm.agent.window.window import Desk, Window
from tests.hsm.agent.estate import PIN, Workplace
from tests.hsm.agent.window.conftest import Until, close, press, words
from tests.hsm.prepared.authority import Authority
from tests.hsm.prepared.documents import Preparer, make_base, make_stamp

WRONG = "wrong-90210-pin"
Documents = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class Mayor:
    """A window with a run behind it, and the hands in front of it."""

    workplace: Workplace
    window: Window
    until: Until
    reports: list[SigningReport] = field(default_factory=list)

    def begin(self) -> None:
        self.window.ended.connect(self.reports.append)
        self.window.show()
        self.window.begin()

    def await_question(self, kind: type[Question[Any]]) -> Any:
        """Wait until the window asks that."""
        self.until(lambda: self._open(kind) or self.reports)
        assert self._open(kind), self.reports[-1].error
        return self.question

    @property
    def question(self) -> Question[Any] | None:
        return self.window.reading.question or self.window.question

    def _open(self, kind: type[Question[Any]]) -> bool:
        return isinstance(self.question, kind) and self.question.open

    def agree(self, pin: str | None = PIN) -> None:
        """Say yes on the consent page, by keyboard alone."""
        self.await_question(ToSign)
        page = self.window.consent
        self.until(lambda: page._armed)
        if pin is not None:
            QTest.keyClicks(page.pin.field, pin)
            press(page.pin.field, Qt.Key.Key_Return)
        else:
            page.sign.click()

    def type_pin(self, pin: str = PIN) -> Any:
        """Answer a PIN question."""
        question = self.await_question(ForPin)
        page = self.window.reading
        self.until(lambda: page._armed)
        QTest.keyClicks(page.pin.field, pin)
        press(page.pin.field, Qt.Key.Key_Return)
        return question

    def await_end(self) -> SigningReport:
        self.until(lambda: self.reports)
        return self.reports[-1]


@pytest.fixture
def mayor(workplace: Workplace, until: Until, quick: None) -> Iterator[Mayor]:
    def run(bridge: Bridge) -> SigningReport:
        around = Surroundings(
            devices=lambda: workplace.devices,
            consent=bridge,
            pins=bridge,
            progress=bridge.progress,
            transport=workplace.service.transport(),
            now=workplace.service.now,
            pause=lambda _: None,
        )
        return Signing(workplace.config, workplace.ticket, around).run()

    window = Window(Desk(run=run, examine=list, rehearsal=True, help_phone="+212 5 37 00 00 00"))
    yield Mayor(workplace, window, until)
    close(window, until)


@pytest.fixture(scope="module")
def fifty(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Documents:
    """Fifty bases that differ, each with its prepared file."""
    stamp = tmp_path_factory.mktemp("stamp") / "stamp.pdf"
    stamp.write_bytes(make_stamp())
    certificate = authority.issue(ec.generate_private_key(ec.SECP256R1()).public_key()).public_bytes(Encoding.DER)
    preparer = Preparer(stamp, asn1_x509.Certificate.load(certificate))
    bases = [make_base().replace(b"(Licence)", b"(Lic%04d)" % number) for number in range(50)]
    return [(base, preparer.prepare(base)) for base in bases]


def test_fifty_documents_one_pin(mayor: Mayor, fifty: Documents) -> None:
    mayor.workplace.service.documents[:] = fifty
    mayor.begin()
    mayor.agree()
    report = mayor.await_end()
    assert (report.error, report.kept) == (None, 50)
    assert mayor.workplace.devices.pin_tries == 1
    assert sorted(mayor.workplace.service.posted) == sorted(f"i{index}" for index in range(50))
    assert mayor.window.result.documents.having(Fate.SIGNED) == 50
    assert "50" in mayor.window.result.headline.text()


def test_removed_at_twenty_and_put_back(mayor: Mayor, fifty: Documents) -> None:
    mayor.workplace.service.documents[:] = fifty
    devices = mayor.workplace.devices
    devices.remove_after = 20
    mayor.begin()
    mayor.agree()
    question = mayor.await_question(ToWait)
    assert question.interruption.kind is InterruptionKind.DEVICE_REMOVED
    assert (question.interruption.kept, question.interruption.count) == (20, 50)
    assert "20" in mayor.window.reading.notice.text.text()
    assert mayor.window.reading.pin.field.text() == ""
    devices.remove_after = None
    mayor.type_pin()
    report = mayor.await_end()
    assert (report.error, report.kept) == (None, 50)
    assert len(mayor.workplace.service.posted) == len(set(mayor.workplace.service.posted)) == 50
    assert devices.pin_tries == 2


def test_a_key_that_asks_each_time_asks_six_times(mayor: Mayor, fifty: Documents) -> None:
    mayor.workplace.service.documents[:] = fifty[:6]
    mayor.workplace.devices.always_authenticate = True
    mayor.begin()
    mayor.agree()
    question = mayor.await_question(ToPinEntries)
    assert question.count == 6
    mayor.until(lambda: mayor.window.reading._armed)
    mayor.window.reading.yes.click()
    for entry in range(1, 7):
        mayor.await_question(ForPin)
        assert str(entry) in mayor.window.reading.notice.text.text()
        assert "6" in mayor.window.reading.notice.text.text()
        asked = mayor.type_pin()
        assert (asked.entry, asked.count) == (entry, 6)
        mayor.until(lambda asked=asked: mayor.question is not asked)
    report = mayor.await_end()
    assert (report.error, report.kept) == (None, 6)


def test_stop_after_this_one(mayor: Mayor, fifty: Documents) -> None:
    mayor.workplace.service.documents[:] = fifty[:6]
    mayor.workplace.devices.always_authenticate = True
    mayor.begin()
    mayor.agree()
    mayor.await_question(ToPinEntries)
    mayor.until(lambda: mayor.window.reading._armed)
    mayor.window.reading.yes.click()
    mayor.await_question(ForPin)
    mayor.window.reading.want_stop()
    mayor.type_pin()
    report = mayor.await_end()
    assert report.error is not None
    assert (report.error.code, report.kept) == (AgentCode.STOPPED, 1)
    assert not mayor.window.result.retry.isHidden()
    assert len(mayor.workplace.service.posted) == 1


def test_a_pin_not_given_for_the_second_keeps_the_first(mayor: Mayor, fifty: Documents) -> None:
    mayor.workplace.service.documents[:] = fifty[:6]
    mayor.workplace.devices.always_authenticate = True
    mayor.begin()
    mayor.agree()
    mayor.await_question(ToPinEntries)
    mayor.until(lambda: mayor.window.reading._armed)
    mayor.window.reading.entries.setValue(2)
    mayor.window.reading.yes.click()
    first = mayor.type_pin()
    mayor.until(lambda: mayor.question is not first and mayor.question is not None)
    press(mayor.window, Qt.Key.Key_Escape)
    report = mayor.await_end()
    assert report.error is not None
    assert (report.error.code, report.error.resumable, report.kept) == (AgentCode.STOPPED, True, 1)


def test_wrong_pin_then_right(mayor: Mayor) -> None:
    mayor.begin()
    mayor.agree(WRONG)
    question = mayor.await_question(ToWait)
    assert question.interruption.kind is InterruptionKind.PIN_REFUSED
    assert mayor.workplace.devices.pin_tries == 1
    mayor.until(lambda: mayor.window.reading._armed)
    mayor.window.reading.yes.click()
    mayor.type_pin()
    report = mayor.await_end()
    assert (report.error, report.kept) == (None, 3)
    assert mayor.workplace.devices.pin_tries == 2


def test_a_last_try_needs_its_tick_and_no_second_question(mayor: Mayor) -> None:
    mayor.workplace.devices.flags["pin_final_try"] = True
    mayor.begin()
    mayor.await_question(ToSign)
    page = mayor.window.consent
    mayor.until(lambda: page._armed)
    QTest.keyClicks(page.pin.field, PIN)
    press(page.pin.field, Qt.Key.Key_Return)
    assert mayor._open(ToSign)
    assert mayor.workplace.devices.pin_tries == 0
    page.pin.risk.setChecked(True)
    press(page.pin.field, Qt.Key.Key_Return)
    report = mayor.await_end()
    assert (report.error, report.kept) == (None, 3)
    assert mayor.workplace.devices.pin_tries == 1


def test_a_service_that_comes_back_gets_everything_once(mayor: Mayor, fifty: Documents) -> None:
    service = mayor.workplace.service
    service.documents[:] = fifty[:6]
    down: list[bool] = []

    def before(method: str, path: str) -> httpx2.Response | None:
        del method
        if len(service.posted) == 2 and not down:
            down.append(True)
        return service.problem(503, "down") if down[-1:] == [True] and "/receipt" not in path else None

    service.before = before
    mayor.begin()
    mayor.agree()
    question = mayor.await_question(ToWait)
    assert question.interruption.kind is InterruptionKind.SERVER
    assert mayor.window.reading.notice.text.text()
    assert mayor.window.reading.pin.field.text() == ""
    down.append(False)
    mayor.until(lambda: mayor.reports or isinstance(mayor.question, ForPin))
    if not mayor.reports:
        mayor.type_pin()
    report = mayor.await_end()
    assert (report.error, report.kept) == (None, 6)
    assert sorted(service.posted) == sorted(set(service.posted))


def test_a_link_clicked_again_says_that_it_is_done(mayor: Mayor) -> None:
    mayor.workplace.service.before = lambda *_: mayor.workplace.service.problem(409, "nothing-to-sign")
    mayor.begin()
    assert mayor.await_end().done_before
    said = words(mayor.window.result)
    assert "لم يبق شيء للتوقيع" in said
    assert "أخبر المساعدة" in said
    assert "+212 5 37 00 00 00" in said
    assert not mayor.window.result.retry.isVisibleTo(mayor.window.result)


def test_escape_refuses_and_nothing_is_signed(mayor: Mayor) -> None:
    mayor.begin()
    mayor.await_question(ToSign)
    press(mayor.window, Qt.Key.Key_Escape)
    report = mayor.await_end()
    assert report.error is not None
    assert report.error.code is AgentCode.CONSENT
    assert mayor.workplace.devices.pin_tries == 0


def test_closing_the_window_refuses_and_ends_the_run(mayor: Mayor) -> None:
    mayor.begin()
    mayor.await_question(ToSign)
    mayor.window.close()
    report = mayor.await_end()
    assert report.error is not None
    assert report.error.code is AgentCode.CONSENT
    mayor.until(mayor.window.isHidden)


def test_the_pin_is_in_no_widget_log_or_report(mayor: Mayor, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    caplog.set_level(logging.DEBUG)
    mayor.begin()
    mayor.agree(WRONG)
    mayor.await_question(ToWait)
    said = words(mayor.window)
    mayor.until(lambda: mayor.window.reading._armed)
    mayor.window.reading.yes.click()
    mayor.type_pin()
    report = mayor.await_end()
    said += words(mayor.window) + mayor.window.result.help_desk() + repr(report) + caplog.text
    for panel in (mayor.window.consent.pin, mayor.window.reading.pin):
        assert panel.field.text() == ""
    for pin in (PIN, WRONG):
        assert pin not in said
        assert all(pin.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_the_opened_documents_are_in_the_receipt(mayor: Mayor) -> None:
    mayor.begin()
    mayor.await_question(ToSign)
    mayor.window._open(1)
    mayor.until(lambda: mayor.window.documents.lines[1].opened)
    press(mayor.window, Qt.Key.Key_Escape)
    assert mayor.window.stack.currentWidget() is mayor.window.consent
    mayor.agree()
    assert mayor.await_end().error is None
    assert len(mayor.workplace.service.receipts) == 1
