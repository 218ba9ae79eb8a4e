"""The doctor's page: everything that was found on this computer, with its fix."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from hsm.agent.doctor.findings import FINDINGS, Finding, Level

from . import style
from .languages import Language, reference
from .marks import Mark, MarkLabel
from .pieces import Button, Page, Text, card

MARKS = {Level.OK: Mark.GOOD, Level.WARN: Mark.WARN, Level.FAIL: Mark.STOP}


def found(language: Language, finding: Finding) -> tuple[str, str]:
    """What was found and what to do, in that language."""
    said, fix = FINDINGS[finding.key]
    fields = dict(finding.fields)
    return language.say(said, **fields), language.say(fix, **fields) if fix else ""


class HealthPage(Page):
    """Shows findings; looking again, and going back, is the window's."""

    def __init__(self, *, look: Callable[[], object], back: Callable[[], object]) -> None:
        super().__init__()
        self.findings: list[Finding] = []
        self.looking = False
        self.phone: str | None = None
        self._back = back
        self.headline = Text(points=17, bold=True)
        self.again_button = Button(look, main=True)
        self.back = Button(back)
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
        self.rows.addWidget(frame)
        self.rows.addWidget(self.area, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.back)
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
        self._back()

    def primary(self) -> QWidget | None:
        return self.again_button

    def said(self, language: Language) -> None:
        _ = language.say
        worst = {finding.level for finding in self.findings}
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
        self._list(language)
        self.again_button.say(language, _("Look again"))
        self.again_button.setEnabled(not self.looking)
        self.back.say(language, _("Back"))

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
            row.setAccessibleName(f"{said} {fix}".strip())
            self.all.addWidget(row)
        self.all.addStretch(1)
