"""What `khatam-agent open` shows when it cannot begin, and when it is started by hand."""

from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from hsm.agent import hardening
from hsm.agent.holder.first_setup import LightName
from hsm.agent.window import application as applications
from hsm.agent.window.application import desk, main
from hsm.agent.window.languages import language
from hsm.agent.window.window import Window
from tests.hsm.agent.estate import TICKET
from tests.hsm.agent.window.conftest import Until, close, words

URL = f"khatam://ceremony/{TICKET}"


def test_a_wrong_configuration_is_said_with_its_code(tmp_path: Path, until: Until) -> None:
    window = Window(desk(URL, tmp_path / "none.toml"))
    ended: list[object] = []
    window.ended.connect(ended.append)
    window.begin()
    until(lambda: ended)
    window.speak("fr")
    assert "AG-01" in words(window)
    assert language("fr").say("Nothing was signed") in words(window)
    close(window, until)


def test_a_start_by_hand_shows_the_lights(tmp_path: Path, until: Until) -> None:
    window = Window(desk(None, tmp_path / "none.toml"))
    window.begin()
    page = window.setup.lights
    until(lambda: len(page.lights) == len(LightName) and not page.looking)
    for code in ("ar", "fr", "en"):
        window.speak(code)
        said = words(window)
        assert language(code).say("You cannot sign yet: look at the red mark") in said
        assert language(code).say("This computer's settings for signing are not usable.") in said
        assert "AG-01" in said
    close(window, until)


def test_main_ends_when_its_window_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applications, "harden", lambda: None)
    assert hardening.harden is not applications.harden

    def close_all() -> None:
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, Window) and widget.isVisible():
                widget.close()

    timer = QTimer(interval=20)
    timer.timeout.connect(close_all)
    timer.start()
    assert main(None, tmp_path / "none.toml") == 0
    timer.stop()
