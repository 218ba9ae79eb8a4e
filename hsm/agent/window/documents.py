"""The closed list as a view shows it: one line a document, with what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from hsm.agent.consent import ListedDocument

from . import style
from .languages import Language, isolated, plain, reference
from .marks import COLOURS, Mark, paint
from .words import kind_named, reason

Index = QModelIndex | QPersistentModelIndex


class Fate(StrEnum):
    """What became of a document."""

    LISTED = "listed"
    WAITING = "waiting"
    SIGNING = "signing"
    SENDING = "sending"
    SIGNED = "signed"
    NOT_SIGNED = "not-signed"


@dataclass(slots=True, kw_only=True)
class Line:
    """One document of the list."""

    id: str
    reference: str
    kind: str = ""
    title: str = ""
    beneficiary: str | None = None
    opened: bool = False
    fate: Fate = Fate.LISTED
    reason: str | None = None

    @classmethod
    def of(cls, document: ListedDocument) -> "Line":
        return cls(
            id=document.id,
            reference=document.reference,
            kind=document.kind,
            title=document.title,
            beneficiary=document.beneficiary,
        )


class Documents(QAbstractListModel):
    """The lines, in the order of the list."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines: list[Line] = []
        self._rows: dict[str, int] = {}
        self.language: Language | None = None

    def show(self, lines: Sequence[Line]) -> None:
        """Show other lines."""
        self.beginResetModel()
        self.lines = list(lines)
        self._rows = {line.id: row for row, line in enumerate(self.lines)}
        self.endResetModel()

    def speak(self, language: Language) -> None:
        """Say the lines in that language."""
        self.language = language
        self._changed(0, len(self.lines) - 1)

    def mark_opened(self, id: str) -> None:  # noqa: A002
        """The signer saw it."""
        row = self._rows[id]
        self.lines[row].opened = True
        self._changed(row, row)

    def mark(self, id: str, fate: Fate, why: str | None = None) -> int | None:  # noqa: A002
        """What became of it; the row, None for a document that is not in the list."""
        row = self._rows.get(id)
        if row is not None:
            self.lines[row].fate, self.lines[row].reason = fate, why
            self._changed(row, row)
        return row

    def having(self, *fates: Fate) -> int:
        """How many lines came to that."""
        return sum(line.fate in fates for line in self.lines)

    @property
    def unopened(self) -> int:
        """How many were not opened."""
        return sum(not line.opened for line in self.lines)

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802  (Qt names it)
        return 0 if parent is not None and parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A line as read out: the same words that are drawn."""
        if not index.isValid() or self.language is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            line = self.lines[index.row()]
            parts = (reference(line.reference), head(line), tail(self.language, line), badge(self.language, line)[1])
            return " – ".join(part for part in parts if part)
        return None

    def _changed(self, first: int, last: int) -> None:
        if last >= first:
            self.dataChanged.emit(self.index(first), self.index(last))


def head(line: Line) -> str:
    """The person concerned, or the title where the document names none."""
    return isolated(line.beneficiary or line.title)


def tail(language: Language, line: Line) -> str:
    """Kind and title."""
    kind = kind_named(language, line.kind) if line.kind else ""
    title = isolated(line.title) if line.beneficiary and plain(line.title) else ""
    return " · ".join(part for part in (kind, title) if part)


def badge(language: Language, line: Line) -> tuple[Mark, str]:
    """Shape and word for where a document is."""
    _ = language.say
    match line.fate:
        case Fate.LISTED:
            return (Mark.GOOD, _("opened")) if line.opened else (Mark.WAITING, _("not opened"))
        case Fate.WAITING:
            return Mark.WAITING, _("waiting")
        case Fate.SIGNING:
            return Mark.BUSY, _("being signed")
        case Fate.SENDING:
            return Mark.BUSY, _("being recorded")
        case Fate.SIGNED:
            return Mark.GOOD, _("signed")
        case Fate.NOT_SIGNED:
            why = reason(language, line.reason) if line.reason else ""
            return Mark.STOP, _("not signed: {why}", why=why) if why else _("not signed")


class DocumentPainter(QStyledItemDelegate):
    """Draws a line: mark, reference and person, kind and title, where it is; in the direction of its view."""

    def __init__(self, documents: Documents, parent: QObject) -> None:
        super().__init__(parent)
        self._documents = documents
        self.opens = True
        """Lines are doors: the pointer's line says so."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802, ARG002  (Qt names it)
        strong, small, _ = self._fonts()
        return QSize(200, max(52, QFontMetrics(strong).height() + QFontMetrics(small).height() + 12))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        language = self._documents.language
        if language is None:
            return
        line = self._documents.lines[index.row()]
        strong, small, code = self._fonts()
        painter.save()
        painter.setLayoutDirection(option.direction)
        rect: QRect = option.rect
        self._ground(painter, option, rect)
        mark, word = badge(language, line)
        within = rect.adjusted(14, 5, -14, -5)

        def place(x: float, width: float, top: float = 0, height: float = within.height()) -> QRectF:
            """A rectangle so far from the line's beginning, whichever side that is."""
            logical = QRect(int(within.x() + x), int(within.y() + top), int(width), int(height))
            return QRectF(QStyle.visualRect(option.direction, within, logical))

        middle, plain_text = Qt.AlignmentFlag.AlignVCenter, Qt.TextFlag.TextSingleLine
        paint(painter, place(0, 22, (within.height() - 22) / 2, 22), mark)
        painter.setFont(small)
        # A refusal has a reason worth reading: it may take half the line.
        most = within.width() * (0.5 if line.fate is Fate.NOT_SIGNED else 0.24)
        word_width = min(QFontMetrics(small).horizontalAdvance(word) + 6, most)
        painter.setPen(QColor(COLOURS[mark] if mark is not Mark.WAITING else style.MUTED))
        shown = QFontMetrics(small).elidedText(word, Qt.TextElideMode.ElideRight, int(word_width))
        painter.drawText(
            place(within.width() - word_width, word_width), middle | Qt.AlignmentFlag.AlignRight | plain_text, shown
        )
        width = within.width() - 36 - word_width - 16
        half = QFontMetrics(strong).height() + 1
        painter.setFont(code)
        number = reference(line.reference)
        number_width = min(QFontMetrics(code).horizontalAdvance(number) + 14, width * 0.45)
        painter.setPen(QColor(style.LINK))
        leading = Qt.AlignmentFlag.AlignLeft
        shown = QFontMetrics(code).elidedText(number, Qt.TextElideMode.ElideMiddle, int(number_width))
        painter.drawText(place(36, number_width, 0, half), middle | leading | plain_text, shown)
        painter.setFont(strong)
        painter.setPen(QColor(style.TEXT))
        shown = QFontMetrics(strong).elidedText(head(line), Qt.TextElideMode.ElideRight, int(width - number_width))
        painter.drawText(place(36 + number_width, width - number_width, 0, half), middle | leading | plain_text, shown)
        painter.setFont(small)
        painter.setPen(QColor(style.MUTED))
        shown = QFontMetrics(small).elidedText(tail(language, line), Qt.TextElideMode.ElideRight, int(width))
        painter.drawText(place(36, width, half, within.height() - half), middle | leading | plain_text, shown)
        painter.restore()

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect) -> None:
        state = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver) and self.opens
        painter.fillRect(rect, QColor(style.GREEN_GROUND if chosen else style.GREY_GROUND if hovered else style.WHITE))
        painter.setPen(QColor(style.LINE))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        if chosen and state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(style.TEXT), 2))
            painter.drawRect(rect.adjusted(1, 1, -2, -2))

    def _fonts(self) -> tuple[Any, Any, Any]:
        code = self._documents.language.code if self._documents.language else "en"
        return style.font(code, points=11, bold=True), style.font(code, points=9.5), style.font("en", points=10.5)


class DocumentList(QListView):
    """The list on a page. Enter, Space and a click open the line, where lines are doors."""

    opening = Signal(int)
    """The row to open."""

    def __init__(self, documents: Documents, *, opens: bool) -> None:
        super().__init__()
        self._opens = opens
        self._painter = DocumentPainter(documents, self)
        self._painter.opens = opens
        self.setModel(documents)
        self.setItemDelegate(self._painter)
        self.setMouseTracking(opens)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(120)
        if opens:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.clicked.connect(lambda index: self.opening.emit(index.row()))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  (Qt names it)
        if self._opens and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            if self.currentIndex().isValid():
                self.opening.emit(self.currentIndex().row())
            event.accept()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: Any) -> None:  # noqa: N802  (Qt names it)
        """The keyboard begins at the first line."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.model().rowCount():
            self.setCurrentIndex(self.model().index(0, 0))

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LanguageChange:
            self.scheduleDelayedItemsLayout()
        return super().event(event)
