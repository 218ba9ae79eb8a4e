"""The key pulled out while its holder reads and types: said in time, and nothing typed waits for its return."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from hsm.agent.report import SigningReport
from hsm.agent.signing.ceremony import Signing, Surroundings
from hsm.agent.window.bridge import Bridge
from hsm.agent.window.languages import NAMES, language
from hsm.agent.window.questions import ToSign
from hsm.agent.window.window import Desk, Window
from hsm.cryptoki.standing import ModulePath
from hsm.cryptoki.station import Station
from hsm.keys import KeyKind
from tests.hsm.agent.estate import Workplace
from tests.hsm.agent.window.conftest import Until, close, press, words
from tests.hsm.agent.window.requests import request
from tests.hsm.conftest import RIGHT, Device
from tests.hsm.prepared.authority import Authority, usage
from tests.rig.faulty.control import Faulty

GONE = "The key was taken out. Plug it back to sign: the PIN is asked again."


@pytest.fixture
def faulty(tmp_path: Path) -> Faulty:
    return Faulty(tmp_path / "faulty")


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("quick")
def test_a_pulled_token_is_said_within_two_seconds(
    workplace: Workplace, device: Device, authority: Authority, faulty: Faulty, until: Until
) -> None:
    """A real driver in its worker, the usual pace of looking."""
    module = ModulePath(path=faulty.path, softhsm_conf=device.conf)
    with Station([module], timeout=10) as station:
        ref, public = station.generate_key_pair(
            device_label=device.label,
            device_serial=device.serial,
            kind=KeyKind.EC_P256,
            label="signature",
            key_id=b"\x9c",
            pins=device.typed(),
        )
        made = authority.issue(public, key_usage=usage(content_commitment=True), purposes=(), subject="Ahmed EL ALAOUI")
        workplace.service.certificate = made.public_bytes(Encoding.DER)
        station.write_certificate(ref, workplace.service.certificate, label="signature", pins=device.typed())

    def run(bridge: Bridge) -> SigningReport:
        around = Surroundings(
            devices=lambda: Station([module], timeout=10),
            consent=bridge,
            pins=bridge,
            progress=bridge.progress,
            transport=workplace.service.transport(),
            now=workplace.service.now,
            pause=lambda _: None,
        )
        return Signing(workplace.config, workplace.ticket, around).run()

    window = Window(Desk(run=run, examine=list))
    reports: list[SigningReport] = []
    window.ended.connect(reports.append)
    window.show()
    window.begin()
    page = window.consent
    until(lambda: window.question is not None and page._armed)
    QTest.keyClicks(page.pin.field, RIGHT)
    assert page.sign.isEnabled()
    time.sleep(1)  # the watch has begun
    faulty.remove()
    pulled = time.monotonic()
    until(lambda: page.removed)
    assert time.monotonic() - pulled < 2
    assert page.pin.field.text() == ""
    assert not page.sign.isEnabled()
    assert language("ar").say(GONE) in words(page)
    press(page.pin.field, Qt.Key.Key_Return)
    assert window.question is not None
    faulty.put_back()
    until(lambda: not page.removed)
    assert not page.sign.isEnabled()
    QTest.keyClicks(page.pin.field, RIGHT)
    press(page.pin.field, Qt.Key.Key_Return)
    until(lambda: reports)
    assert (reports[0].error, reports[0].kept) == (None, 3)
    close(window, until)


def test_while_it_is_out_nothing_is_agreed_to(until: Until, quick: None) -> None:
    there = [True]
    window = Window(Desk(run=None, examine=list))
    question = ToSign(replace(request(), present=lambda: there[0]))
    window.show()
    window._asked(question)
    page = window.consent
    until(lambda: page._armed)
    QTest.keyClicks(page.pin.field, "123456")
    window._open(0)
    there[0] = False
    until(lambda: page.removed)
    assert page.pin.field.text() == "", "also while a document is being read"
    window._back()
    for code in NAMES:
        window.speak(code)
        assert language(code).say(GONE) in words(page)
        assert not page.pin.field.isVisible()
    page.submit()
    assert question.open
    assert not page.cancel.hasFocus(), "Enter meant for the PIN does not cancel"
    there[0] = True
    until(lambda: not page.removed)
    assert page.pin.field.hasFocus() or page.pin.field.isVisible()
    assert language("en").say(GONE) not in words(page)
    window._refuse()
    there[0] = False
    assert not page._presence.isActive()
    window.close()
