"""The page of the end: how many are signed, which are not and why, what to do, what to tell the help desk."""

from collections.abc import Callable
from datetime import UTC, datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.report import ItemState, SigningReport

from .documents import DocumentList, Documents, Fate, Line
from .languages import Language, reference
from .marks import Mark, MarkLabel
from .pieces import Button, Notice, Page, Text, card
from .words import detail, sentence

NOTHING_WRONG = frozenset({AgentCode.CONSENT, AgentCode.STOPPED})


class ResultPage(Page):
    """Shows a report. The help desk's code can be copied and saved; nothing secret is in it."""

    def __init__(
        self,
        documents: Documents,
        *,
        again: Callable[[], object],
        close: Callable[[], object],
        doctor: Callable[[], object],
        own_pin: Callable[[], object],
        save: Callable[[str], object],
    ) -> None:
        super().__init__()
        self.documents = documents
        self.report: SigningReport | None = None
        self.at = datetime.now(UTC)
        self.phone: str | None = None
        self._close = close
        self.mark = MarkLabel(Mark.GOOD, 44)
        self.headline = Text(points=17, bold=True)
        self.more = Text(muted=True)
        self.notice = Notice()
        self.desk = Text(points=9.5, muted=True)
        self.desk.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.list = DocumentList(documents, opens=False)
        self.copy = Button(lambda: QApplication.clipboard().setText(self.help_desk()))
        self.save = Button(lambda: save(self.help_desk()))
        self.doctor = Button(doctor)
        self.own_pin = Button(own_pin)
        self.retry = Button(again)
        self.close_button = Button(close, main=True)
        self._build()

    def _build(self) -> None:
        frame, rows = card(spacing=8)
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(self.mark)
        top.addWidget(self.headline, 1)
        rows.addLayout(top)
        rows.addWidget(self.more)
        self.rows.addWidget(frame)
        self.rows.addWidget(self.notice)
        self.rows.addWidget(self.list, 1)
        self.filler = QWidget()
        self.rows.addWidget(self.filler, 1)
        desk = QHBoxLayout()
        desk.addWidget(self.desk, 1)
        desk.addWidget(self.copy)
        desk.addWidget(self.save)
        self.rows.addLayout(desk)
        foot = QHBoxLayout()
        foot.addWidget(self.doctor)
        foot.addStretch(1)
        foot.addWidget(self.own_pin)
        foot.addWidget(self.retry)
        foot.addWidget(self.close_button)
        self.rows.addLayout(foot)

    def show_report(self, report: SigningReport, at: datetime) -> None:
        """Show how it ended."""
        self.report, self.at = report, at
        known = {line.id: line for line in self.documents.lines}
        lines = []
        for item in report.items.values():
            line = known.get(item.id) or Line(id=item.id, reference=item.reference)
            line.fate = Fate.SIGNED if item.state is ItemState.KEPT else Fate.NOT_SIGNED
            line.reason = None if line.fate is Fate.SIGNED else item.reason or line.reason
            lines.append(line)
        self.documents.show(sorted(lines, key=lambda line: line.fate is Fate.SIGNED))
        self.again()

    @property
    def missing(self) -> int:
        """Documents of the list that are not signed."""
        return 0 if self.report is None else len(self.report.items) - self.report.kept

    @property
    def error(self) -> AgentError | None:
        """What stopped it."""
        return None if self.report is None else self.report.error

    def help_desk(self) -> str:
        """For the telephone or a mail: codes and counts, in English; no name, no ticket, nothing that was typed."""
        report = self.report
        if report is None:
            return ""
        error = report.error
        parts = [
            "-" if error is None else f"{error.help_desk.value} {error.code.value}",
            f"{report.kept}/{len(report.items)}",
            f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            f"ceremony {report.ceremony or '-'}",
            "" if error is None else detail(error),
        ]
        return " | ".join(part for part in parts if part)

    def escape(self) -> None:
        self._close()

    def primary(self) -> QWidget | None:
        wanted = (self.own_pin, self.retry)
        return next((each for each in wanted if each.isVisibleTo(self)), self.close_button)

    def said(self, language: Language) -> None:
        _, n_ = language.say, language.count
        self.documents.language = language
        report, error = self.report, self.error
        kept = 0 if report is None else report.kept
        good = error is None and not self.missing
        self.mark.show_mark(Mark.GOOD if good else Mark.WARN if kept or self._harmless else Mark.STOP)
        signed = n_("{n} document signed", "{n} documents signed", kept)
        missing = n_("{n} not signed", "{n} not signed", self.missing)
        before = report is not None and report.done_before
        nothing = _("Nothing is left to sign") if before else _("Nothing was signed")
        words = nothing if not kept else signed if not self.missing else f"{signed} · {missing}"
        self.headline.say(language, words)
        self.setWindowTitle(words)
        recorded = _("Each signature is recorded by the service. You may close this window.")
        self.more.say(language, recorded if good and not before else "")
        self.more.setVisible(good and not before)
        phone = _("Help desk: {tel}", tel=reference(self.phone)) if self.phone else ""
        code = "" if error is None else _("Code: {code}", code=reference(error.help_desk.value))
        words = "" if error is None else sentence(language, error)
        if before:
            words = _("This list was done before. If that was not you, tell the help desk.")
        hint = "" if self._harmless else " · ".join(part for part in (code, phone) if part)
        self.notice.say(language, Mark.INFO if self._harmless or before else Mark.STOP, words, hint)
        self.desk.say(language, reference(self.help_desk()) if error is not None and not self._harmless else "")
        self.desk.setVisible(bool(self.desk.text()))
        self.list.setVisible(bool(self.documents.lines))
        self.filler.setVisible(not self.documents.lines)
        self.list.setAccessibleName(_("Documents and what became of them"))
        self.copy.say(language, _("Copy for the help desk"))
        self.save.say(language, _("Save…"))
        self.doctor.say(language, _("Examine this computer"))
        for button in (self.copy, self.save, self.doctor):
            button.setVisible(error is not None and not self._harmless)
        can = error is not None and error.resumable
        self.retry.say(
            language, n_("Try {n} again", "Try the {n} again", self.missing) if self.missing else _("Try again")
        )
        self.retry.setVisible(can)
        self.own_pin.say(language, _("Choose my PIN"))
        self.own_pin.setVisible(error is not None and error.code is AgentCode.PIN_TO_BE_CHANGED)
        self.close_button.say(language, _("Close"))

    @property
    def _harmless(self) -> bool:
        return self.error is not None and self.error.code in NOTHING_WRONG
