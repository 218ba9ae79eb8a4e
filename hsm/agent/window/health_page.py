"""The page of a start without a link: five lights of a first set-up, and everything the doctor found, with its fix."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from hsm.agent.doctor.findings import FINDINGS, Finding, Level

from . import style
from .languages import Language, reference
from .marks import Mark, MarkLabel
from .pieces import Button, Page, Text, card

MARKS = {Level.OK: Mark.GOOD, Level.WARN: Mark.WARN, Level.FAIL: Mark.STOP}
_GRAVITY = list(Level)


def _(message: str) -> str:
    """Mark a message that is translated where it is said."""
    return message


LIGHTS: Mapping[str, tuple[str, ...]] = {
    _("Program"): ("configuration", "version", "anchor", "spool", "core dumps", "address"),
    _("Service"): ("server", "clock"),
    _("Driver and reader"): ("driver", "reader"),
    _("Key plugged in"): ("device",),
    _("Certificate valid"): ("certificate",),
}
"""The lights, in the order they are lit, and what the doctor looked at for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """One of the five: the gravest of its findings; None while nothing was looked at."""

    name: str
    level: Level | None
    finding: Finding | None


def lights(findings: Sequence[Finding]) -> list[Light]:
    """The five lights of these findings."""
    lit = []
    for name, looked_at in LIGHTS.items():
        own = [finding for finding in findings if finding.name in looked_at]
        worst = max(own, key=lambda finding: _GRAVITY.index(finding.level), default=None)
        lit.append(Light(name=name, level=None if worst is None else worst.level, finding=worst))
    return lit


def found(language: Language, finding: Finding) -> tuple[str, str]:
    """What was found and what to do, in that language."""
    said, fix = FINDINGS[finding.key]
    fields = dict(finding.fields)
    return language.say(said, **fields), language.say(fix, **fields) if fix else ""


class HealthPage(Page):
    """Shows findings; looking again is the window's."""

    def __init__(self, *, look: Callable[[], object], close: Callable[[], object]) -> None:
        super().__init__()
        self.findings: list[Finding] = []
        self.looking = False
        self.phone: str | None = None
        self._close = close
        self.headline = Text(points=17, bold=True)
        self.more = Text(muted=True)
        self.lamps: list[tuple[MarkLabel, Text, Text]] = []
        self.again_button = Button(look, main=True)
        self.close_button = Button(close)
        self.sheet = QWidget()
        self.sheet.setObjectName("sheet")
        self.all = QVBoxLayout(self.sheet)
        self.area = QScrollArea()
        self.area.setWidget(self.sheet)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._build()

    def _build(self) -> None:
        frame, rows = card(spacing=10)
        rows.addWidget(self.headline)
        rows.addWidget(self.more)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(2, 1)
        for row, _name in enumerate(LIGHTS):
            lamp = (MarkLabel(Mark.WAITING, 28), Text(bold=True, wrap=False), Text(muted=True))
            for column, widget in enumerate(lamp):
                grid.addWidget(widget, row, column)
            self.lamps.append(lamp)
        rows.addLayout(grid)
        self.rows.addWidget(frame)
        self.rows.addWidget(self.area, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.close_button)
        foot.addStretch(1)
        foot.addWidget(self.again_button)
        self.rows.addLayout(foot)

    def begin(self) -> None:
        """A look begins."""
        self.looking = True
        self.again()

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Show what was found."""
        self.findings, self.looking = list(findings), False
        self.again()

    def escape(self) -> None:
        self._close()

    def primary(self) -> QWidget | None:
        return self.again_button

    def said(self, language: Language) -> None:
        _ = language.say
        lit = lights(self.findings)
        worst = [light.level for light in lit]
        if self.looking:
            words = _("Examining this computer…")
        elif Level.FAIL in worst:
            words = _("This computer cannot sign yet")
        elif Level.WARN in worst:
            words = _("This computer can sign; look at the warnings")
        else:
            words = _("This computer is ready to sign")
        words = words if self.findings or self.looking else _("Examine this computer")
        self.headline.say(language, words)
        self.setWindowTitle(words)
        self.more.say(language, _("To sign, open a list from the page: this window then comes by itself."))
        for (lamp, name, state), light in zip(self.lamps, lit, strict=True):
            lamp.show_mark(Mark.WAITING if light.level is None or self.looking else MARKS[light.level])
            name.say(language, _(light.name))
            state.say(language, self._state(language, light))
        self._list(language)
        self.again_button.say(language, _("Look again"))
        self.again_button.setEnabled(not self.looking)
        self.close_button.say(language, _("Close"))

    def _state(self, language: Language, light: Light) -> str:
        _ = language.say
        if light.finding is None or self.looking:
            return _("not looked at yet")
        if light.level is Level.OK:
            return _("in order")
        said, fix = found(language, light.finding)
        return f"{said} {fix}".strip()

    def _list(self, language: Language) -> None:
        _ = language.say
        while (item := self.all.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for finding in self.findings:
            said, fix = found(language, finding)
            row = QWidget()
            columns = QHBoxLayout(row)
            columns.setContentsMargins(4, 4, 4, 4)
            words = QVBoxLayout()
            first, second = Text(), Text(points=9.5, muted=True)
            first.say(language, said)
            code = _("Code: {code}", code=reference(finding.code.value)) if finding.code else ""
            second.say(language, " · ".join(part for part in (fix, code) if part))
            second.setVisible(bool(second.text()))
            words.addWidget(first)
            words.addWidget(second)
            columns.addWidget(MarkLabel(MARKS[finding.level], 22), 0, Qt.AlignmentFlag.AlignTop)
            columns.addLayout(words, 1)
            row.setMinimumHeight(style.TARGET)
            row.setAccessibleName(f"{finding.level.value} {said} {fix}")
            self.all.addWidget(row)
        self.all.addStretch(1)
