"""Between two threads: each question is answered once, a PIN goes to its own device once, leaving never hangs."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from hsm.agent.consent import Interruption, InterruptionKind, Phase, Progress
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.window import bridge as bridges
from hsm.agent.window.bridge import Bridge, PinDrawer
from hsm.agent.window.questions import ForPin, ToLastTry
from hsm.pin import Pin
from tests.hsm.agent.window.conftest import Until
from tests.hsm.agent.window.requests import request


def aside(act: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Run it as the engine would; what it returned or raised."""
    came: list[Any] = []

    def run() -> None:
        try:
            came.append(act())
        except AgentError as error:
            came.append(error.code)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, came


def test_a_pin_is_given_once_to_its_own_device(monkeypatch: pytest.MonkeyPatch) -> None:
    drawer = PinDrawer()
    drawer.put(Pin("1234"), device="a (1)", last_try=False)
    assert drawer.take(device="b (1)", last_try=False) is None
    assert drawer.empty
    drawer.put(Pin("1234"), device="a (1)", last_try=False)
    assert drawer.take(device="a (1)", last_try=True) is None
    drawer.put(Pin("1234"), device="a (1)", last_try=False)
    assert drawer.take(device="a (1)", last_try=False) is not None
    assert drawer.take(device="a (1)", last_try=False) is None
    drawer.put(Pin("1234"), device="a (1)", last_try=False)
    monkeypatch.setattr(bridges, "IDLE_SECONDS", -1.0)
    assert drawer.take(device="a (1)", last_try=False) is None


def test_leaving_refuses_what_is_asked_now_and_later(until: Until) -> None:
    bridge = Bridge()
    asked: list[Any] = []
    bridge.asked.connect(asked.append)
    thread, came = aside(lambda: bridge.to_sign(request()))
    until(lambda: asked)
    bridge.leave()
    thread.join(10)
    assert came == [AgentCode.CONSENT]
    _, later = aside(lambda: bridge.pin(device_label="a", device_serial="1", last_try=False))
    until(lambda: later)
    assert later == [AgentCode.CONSENT]
    assert bridge.stop_wanted()


def test_an_interruption_ends_by_itself(until: Until) -> None:
    bridge = Bridge()
    settled: list[Any] = []
    bridge.settled.connect(settled.append)
    is_over = threading.Event()
    error = AgentError(AgentCode.DEVICE_REMOVED, kept=1, count=2)
    interruption = Interruption(kind=InterruptionKind.DEVICE_REMOVED, error=error, kept=1, count=2, over=is_over.is_set)
    thread, came = aside(lambda: bridge.to_wait(interruption))
    is_over.set()
    until(lambda: settled)
    thread.join(10)
    assert came == [None]


def test_a_refused_pin_waits_for_a_person(until: Until) -> None:
    bridge = Bridge()
    asked: list[Any] = []
    bridge.asked.connect(asked.append)
    error = AgentError(AgentCode.PIN_WRONG, kept=0, count=2)
    interruption = Interruption(kind=InterruptionKind.PIN_REFUSED, error=error, kept=0, count=2, over=lambda: True)
    thread, came = aside(lambda: bridge.to_wait(interruption))
    until(lambda: asked)
    assert not asked[0].wait(bridges.POLL_SECONDS * 2)
    asked[0].refuse()
    thread.join(10)
    assert came == [AgentCode.PIN_WRONG]


def test_the_last_try_is_asked_unless_it_was_ticked_for_that_device(until: Until) -> None:
    bridge = Bridge()
    asked: list[Any] = []
    bridge.asked.connect(asked.append)
    bridge.agree_to_last_try("a (1)")
    bridge.to_last_try("a (1)")
    thread, came = aside(lambda: bridge.to_last_try("a (1)"))
    until(lambda: asked)
    assert isinstance(asked[0], ToLastTry)
    asked[0].refuse()
    thread.join(10)
    assert came == [AgentCode.PIN_LAST_TRY]


def test_the_question_says_which_signature_it_is_for(until: Until) -> None:
    bridge = Bridge()
    asked: list[Any] = []
    bridge.asked.connect(asked.append)
    bridge.progress(Progress(phase=Phase.SIGNING, done=1, count=6, pin_entry=3))
    bridge.progress(Progress(phase=Phase.SENDING, done=2, count=6))  # the second document, posted meanwhile
    thread, came = aside(lambda: bridge.pin(device_label="a", device_serial="1", last_try=False))
    until(lambda: asked)
    question = asked[0]
    assert isinstance(question, ForPin)
    assert (question.device, question.entry, question.count) == ("a (1)", 3, 6)
    question.answer(Pin("1234"))
    question.refuse()
    thread.join(10)
    assert came[0].reveal() == "1234"
