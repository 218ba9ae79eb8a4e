"""A window that sets up a first time, with the real engine behind it, and the hands in front of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from hsm.agent.holder.first_setup import LightName, LightState
from hsm.agent.window.questions import ForNewPin, ForPin, Question, ToBeMine
from hsm.agent.window.setting_up import SettingUp
from hsm.agent.window.setup_bridge import SetupBridge
from hsm.agent.window.window import Desk, Window
from tests.hsm.agent.estate import PIN, Workplace
from tests.hsm.agent.supplied import written
from tests.hsm.agent.window.conftest import Until, press
from tests.hsm.prepared.authority import NOW

EVERY_SECONDS = 0.05


@dataclass(slots=True)
class Holder:
    """In front of one window."""

    place: Workplace
    window: Window
    until: Until

    @classmethod
    def at(cls, place: Workplace, folder: Path, until: Until, *, open: Callable[..., Any] | None = None) -> "Holder":  # noqa: A002
        path = written(place.config, folder)

        def set_up(bridge: SetupBridge) -> None:
            opened = open or (lambda _: place.devices)
            SettingUp(path, bridge, now=lambda: NOW, open=opened, every=EVERY_SECONDS).run()

        window = Window(Desk(run=None, examine=list, set_up=set_up, help_phone="+212 5 37 00 00 00"))
        return cls(place, window, until)

    @property
    def page(self) -> Any:
        return self.window.setup.lights

    @property
    def form(self) -> Any:
        return self.window.setup.form

    @property
    def question(self) -> Question[Any] | None:
        found = self.form.question or self.page.question
        return found if isinstance(found, Question) and found.open else None

    def begin(self) -> None:
        self.window.show()
        self.window.begin()

    def await_question(self, kind: type[Question[Any]]) -> Any:
        self.until(lambda: isinstance(self.question, kind))
        page = self.form if kind is ForNewPin else self.page
        self.until(lambda: page._armed)
        return self.question

    def await_rest(self) -> list[LightState]:
        """The lights, once nothing more happens by itself."""
        self.until(lambda: len(self.page.lights) == len(LightName) and not self.page.looking)
        assert list(self.page.lights) == list(LightName)
        return [light.state for light in self.page.lights.values()]

    def say_mine(self) -> None:
        self.await_question(ToBeMine)
        self.page.yes.click()

    def type_pin(self, pin: str = PIN) -> None:
        asked = self.await_question(ForPin)
        QTest.keyClicks(self.page.pin.field, pin)
        press(self.page.pin.field, Qt.Key.Key_Return)
        self.until(lambda: self.question is not asked)

    def fill(self, present: str, new: str, again: str | None = None) -> Any:
        """Fill in the form and press Enter in its last field."""
        asked = self.await_question(ForNewPin)
        form = self.form.form
        form.wipe()
        for field, characters in zip(
            (form.present.field, *form.fields), (present, new, new if again is None else again), strict=True
        ):
            field.setFocus()
            if characters.isascii():
                QTest.keyClicks(field, characters)
            else:
                field.setText(characters)
        press(form.fields[1], Qt.Key.Key_Return)
        return asked
