"""The five lights of a first set-up, one row each: shape, name, what is so, what to do."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout

from hsm.agent.errors import AgentError
from hsm.agent.holder.first_setup import Light, LightName, LightState

from .languages import Language, reference
from .marks import Mark, MarkLabel
from .pieces import Text
from .setup_words import LIGHTS, refused_by, remarked

MARKS = {
    LightState.OK: Mark.GOOD,
    LightState.WARN: Mark.WARN,
    LightState.FAIL: Mark.STOP,
    LightState.WAITING: Mark.WAITING,
}
LIT = (LightState.OK, LightState.WARN)
SIDE = 28


class Lamp:
    """One row."""

    def __init__(self) -> None:
        self.mark = MarkLabel(Mark.WAITING, SIDE)
        self.name = Text(bold=True, wrap=False)
        self.state = Text()
        self.fix = Text(bold=True)
        self.code = Text(points=9.5, muted=True)
        for first in (self.name, self.state):
            first.setMinimumHeight(SIDE)
        self.words = QVBoxLayout()
        self.words.setSpacing(0)
        for text in (self.state, self.fix, self.code):
            self.words.addWidget(text)

    def say(self, language: Language, mark: Mark, *, state: str, fix: str = "", code: str = "") -> None:
        """Show it; what is empty takes no room."""
        self.mark.show_mark(mark)
        for text, words in ((self.state, state), (self.fix, fix), (self.code, code)):
            text.say(language, words)
            text.setVisible(bool(words))


class Lamps(QGridLayout):
    """All five."""

    def __init__(self) -> None:
        super().__init__()
        self.each = {name: Lamp() for name in LightName}
        self.setHorizontalSpacing(14)
        self.setVerticalSpacing(14)
        self.setColumnStretch(2, 1)
        for row, lamp in enumerate(self.each.values()):
            self.addWidget(lamp.mark, row, 0, Qt.AlignmentFlag.AlignTop)
            self.addWidget(lamp.name, row, 1, Qt.AlignmentFlag.AlignTop)
            self.addLayout(lamp.words, row, 2)

    def say(
        self,
        language: Language,
        lights: Mapping[LightName, Light],
        *,
        busy: LightName | None,
        asks: bool,
        phone: str | None,
    ) -> None:
        """Show what is known.

        :param busy: the one that is being looked at.
        :param asks: it waits for an answer.
        """
        _ = language.say
        for name, lamp in self.each.items():
            light = lights.get(name)
            lamp.name.say(language, _(LIGHTS[name]))
            if name is busy:
                lamp.say(language, Mark.BUSY, state=_("waits for you") if asks else _("is being looked at…"))
            elif light is None:
                lamp.say(language, Mark.WAITING, state=_("waits for what is above"))
            elif light.state in LIT:
                lamp.say(language, MARKS[light.state], state=remarked(language, light))
            else:
                said, fix = refused_by(language, light)
                waits = light.state is LightState.WAITING
                mark = Mark.WARN if waits and light.error is not None else MARKS[light.state]
                code = "" if waits else help_desk(language, light.error, phone)
                lamp.say(language, mark, state=said or _("waits for what is above"), fix=fix, code=code)


def help_desk(language: Language, error: AgentError | None, phone: str | None) -> str:
    """What to read out on the telephone, and whom to call."""
    _ = language.say
    code = "" if error is None else _("Code: {code}", code=reference(error.help_desk.value))
    desk = _("Help desk: {tel}", tel=reference(phone)) if phone else ""
    return " · ".join(part for part in (code, desk) if part)
