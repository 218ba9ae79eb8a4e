"""The page that shows one document of the list: its own pages, drawn from the bytes that are signed."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from hsm.agent.consent import ListedDocument

from .documents import Line, head, tail
from .drawing import Drawing, Drawn, Fault
from .languages import Language, reference
from .marks import Mark
from .pieces import Button, Notice, Page, Text

ZOOMS = (0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0)
POINTS_OF_A4 = 595.0


class ReaderPage(Page):
    """One document at a time. `shown` is called once a page of it was really drawn."""

    def __init__(
        self, *, back: Callable[[], object], shown: Callable[[str], object], step: Callable[[int], object]
    ) -> None:
        super().__init__()
        self._shown = shown
        self.document: ListedDocument | None = None
        self.fault: Fault | None = None
        self.page = 0
        self.zoom = 1.0
        self._drawing: Drawing | None = None
        self._picture: Drawn | None = None
        self._has = (False, False)
        self.title = Text(points=13, bold=True)
        self.subtitle = Text(muted=True)
        self.notice = Notice()
        self.sheet = QLabel()
        self.sheet.setObjectName("sheet")
        self.sheet.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.area = QScrollArea()
        self.area.setWidget(self.sheet)
        self.area.setWidgetResizable(True)
        self.area.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.back = Button(back, main=True)
        self.before = Button(lambda: step(-1))
        self.after = Button(lambda: step(1))
        self.page_before = Button(lambda: self.turn(-1))
        self.page_after = Button(lambda: self.turn(1))
        self.smaller = Button(lambda: self.magnify(-1))
        self.larger = Button(lambda: self.magnify(1))
        self.where = Text(wrap=False)
        self.scale = Text(wrap=False)
        self._settle = QTimer(self, singleShot=True, interval=120)
        self._settle.timeout.connect(self._ask)
        self._build()

    def _build(self) -> None:
        top = QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        words.addWidget(self.subtitle)
        top.addWidget(self.back)
        top.addSpacing(12)
        top.addLayout(words, 1)
        top.addWidget(self.before)
        top.addWidget(self.after)
        self.rows.addLayout(top)
        self.rows.addWidget(self.notice)
        self.rows.addWidget(self.area, 1)
        bar = QHBoxLayout()
        for widget in (self.page_before, self.where, self.page_after):
            bar.addWidget(widget)
        bar.addStretch(1)
        for widget in (self.smaller, self.scale, self.larger):
            bar.addWidget(widget)
        self.rows.addLayout(bar)
        order: list[QWidget] = [
            self.back,
            self.area,
            self.page_before,
            self.page_after,
            self.smaller,
            self.larger,
            self.before,
        ]
        for one, two in zip(order, [*order[1:], self.after], strict=True):
            QWidget.setTabOrder(one, two)

    def open(self, document: ListedDocument, *, has_before: bool, has_after: bool) -> None:
        """Show that document from its first page."""
        self.leave()
        self.document, self.page, self._picture, self.fault = document, 0, None, None
        self._has = (has_before, has_after)
        self.sheet.setPixmap(QPixmap())
        drawing = Drawing(document.content, document.prepared_sha256, self)
        self._drawing = drawing
        drawing.opened.connect(lambda _: self._ask())
        drawing.drawn.connect(self._show)
        drawing.failed.connect(self._failed)
        drawing.start()
        self.again()

    def leave(self) -> None:
        """End the child that draws, and drop what it drew."""
        drawing, self._drawing = self._drawing, None
        if drawing is not None:
            drawing.close()
            drawing.deleteLater()
        self._picture = None
        self.sheet.setPixmap(QPixmap())

    @property
    def pages(self) -> int:
        """Pages of the document; 0 until it is open."""
        return self._drawing.pages if self._drawing is not None else 0

    @property
    def drawing(self) -> Drawing | None:
        """The child's end here."""
        return self._drawing

    def turn(self, by: int) -> None:
        """Go on or back by so many pages."""
        page = min(max(self.page + by, 0), max(self.pages - 1, 0))
        if page != self.page:
            self.page = page
            self.area.verticalScrollBar().setValue(0)
            self._ask()
            self.again()

    def magnify(self, by: int) -> None:
        """One step larger or smaller; 1 fits the width."""
        place = min(range(len(ZOOMS)), key=lambda index: abs(ZOOMS[index] - self.zoom))
        self.zoom = ZOOMS[min(max(place + by, 0), len(ZOOMS) - 1)]
        self._ask()
        self.again()

    def escape(self) -> None:
        self.back.click()

    def primary(self) -> QWidget | None:
        return self.area

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  (Qt names it)
        keys = Qt.Key
        acts: dict[int, Callable[[], None]] = {
            keys.Key_PageDown: lambda: self.turn(1),
            keys.Key_PageUp: lambda: self.turn(-1),
            keys.Key_Home: lambda: self.turn(-self.pages),
            keys.Key_End: lambda: self.turn(self.pages),
            keys.Key_Plus: lambda: self.magnify(1),
            keys.Key_Minus: lambda: self.magnify(-1),
        }
        act = acts.get(event.key())
        if act is None:
            super().keyPressEvent(event)
        else:
            act()
            event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt names it)
        super().resizeEvent(event)
        if self._drawing is not None:
            self._settle.start()

    def _ask(self) -> None:
        if self._drawing is not None and self.pages:
            room = max(self.area.viewport().width() - 24, 200)
            self._drawing.ask(self.page, room / POINTS_OF_A4 * self.zoom * self.devicePixelRatioF())

    def _show(self, drawn: Drawn) -> None:
        if drawn.page != self.page or self.document is None:
            return
        self._picture, self.fault = drawn, None
        pixmap = QPixmap.fromImage(drawn.image)
        pixmap.setDevicePixelRatio(self.devicePixelRatioF())
        self.sheet.setPixmap(pixmap)
        self._shown(self.document.id)
        self.again()

    def _failed(self, fault: Fault, page: int) -> None:
        if page in (-1, self.page):
            self.fault = fault
            self.sheet.setPixmap(QPixmap())
            self.again()

    def said(self, language: Language) -> None:
        _ = language.say
        self.back.say(language, _("Back to the list"))
        self.before.say(language, _("Previous document"))
        self.after.say(language, _("Next document"))
        self.page_before.say(language, _("Previous page"))
        self.page_after.say(language, _("Next page"))
        self.smaller.say(language, _("Smaller"))
        self.larger.say(language, _("Larger"))
        self.before.setEnabled(self._has[0])
        self.after.setEnabled(self._has[1])
        self.page_before.setEnabled(self.page > 0)
        self.page_after.setEnabled(self.page + 1 < self.pages)
        self.scale.say(language, _("{n} %", n=round(self.zoom * 100)))
        self.where.say(
            language, _("Page {page} of {pages}", page=self.page + 1, pages=self.pages) if self.pages else ""
        )
        mark, words = self._state(language)
        self.notice.say(language, mark, words)
        if self.document is not None:
            line = Line.of(self.document)
            self.title.say(language, f"{reference(line.reference)}  {head(line)}")
            self.setWindowTitle(line.reference)
            self.subtitle.say(language, tail(language, line))
            self.sheet.setAccessibleName(_("Picture of page {page}", page=self.page + 1))

    def _state(self, language: Language) -> tuple[Mark, str]:  # noqa: PLR0911  (one answer a case)
        _ = language.say
        match self.fault:
            case None:
                return Mark.INFO, "" if self._picture else _("Opening the document…")
            case Fault.CHANGED:
                return Mark.STOP, _(
                    "These are not the bytes that were checked. The document is not shown: do not sign."
                )
            case Fault.TOO_SLOW:
                return Mark.STOP, _("This document takes too long to draw. It cannot be shown here.")
            case Fault.TOO_LARGE:
                return Mark.STOP, _("This document is too large to be shown here.")
            case Fault.ENCRYPTED:
                return Mark.STOP, _("This document is locked with a password. It cannot be shown.")
            case Fault.CRASHED:
                return Mark.STOP, _("This document broke the program that draws it. It cannot be shown; be wary of it.")
            case Fault.PAGE:
                return Mark.STOP, _("This page cannot be drawn.")
            case Fault.NOT_A_PDF | Fault.NO_PAGE:
                return Mark.STOP, _("This document cannot be read as a PDF. It cannot be shown; be wary of it.")
