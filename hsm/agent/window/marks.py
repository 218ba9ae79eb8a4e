"""Shapes that go with a word: nothing is said by colour alone. Drawn, so that no font has to have them."""

from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QWidget

from . import style


class Mark(StrEnum):
    """A shape; its value is also the level that style sheets know."""

    INFO = "info"
    GOOD = "good"
    WARN = "warn"
    STOP = "stop"
    WAITING = "waiting"
    BUSY = "busy"


COLOURS = {
    Mark.INFO: style.LINK,
    Mark.GOOD: style.GREEN,
    Mark.WARN: style.AMBER_LINE,
    Mark.STOP: style.RED,
    Mark.WAITING: style.FIELD_LINE,
    Mark.BUSY: style.LINK,
}


def paint(painter: QPainter, square: QRectF, mark: Mark) -> None:
    """Draw a mark into a square."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = min(square.width(), square.height())
    painter.translate(square.center())
    painter.scale(side / 20, side / 20)
    colour = QColor(COLOURS[mark])
    white = QPen(QColor(style.WHITE), 2.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    if mark is Mark.GOOD:
        painter.drawEllipse(QPointF(0, 0), 9, 9)
        painter.setPen(white)
        painter.drawPolyline(QPolygonF([QPointF(-4.2, 0.2), QPointF(-1.2, 3.4), QPointF(4.4, -3.2)]))
    elif mark is Mark.STOP:
        painter.drawRoundedRect(QRectF(-8.5, -8.5, 17, 17), 3, 3)
        painter.setPen(white)
        painter.drawLine(QPointF(-3.6, -3.6), QPointF(3.6, 3.6))
        painter.drawLine(QPointF(-3.6, 3.6), QPointF(3.6, -3.6))
    elif mark is Mark.WARN:
        painter.drawPolygon(QPolygonF([QPointF(0, -9.2), QPointF(9.6, 8), QPointF(-9.6, 8)]))
        painter.setPen(white)
        painter.drawLine(QPointF(0, -3), QPointF(0, 2))
        painter.drawPoint(QPointF(0, 5.2))
    elif mark is Mark.INFO:
        painter.drawEllipse(QPointF(0, 0), 9, 9)
        painter.setPen(white)
        painter.drawPoint(QPointF(0, -4.2))
        painter.drawLine(QPointF(0, -0.4), QPointF(0, 4.4))
    else:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 2))
        painter.drawEllipse(QPointF(0, 0), 8, 8)
        if mark is Mark.BUSY:
            painter.setBrush(colour)
            painter.drawPie(QRectF(-8, -8, 16, 16), 90 * 16, -120 * 16)
    painter.restore()


class MarkLabel(QWidget):
    """A mark of its own; the words beside it say the same."""

    def __init__(self, mark: Mark, side: int = 24) -> None:
        super().__init__()
        self.mark = mark
        self.setFixedSize(QSize(side, side))

    def show_mark(self, mark: Mark) -> None:
        """Show another one."""
        self.mark = mark
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802  (Qt names it)
        painter = QPainter(self)
        paint(painter, QRectF(self.rect()), self.mark)
        painter.end()


def emblem(side: int = 256) -> QPixmap:
    """The program's picture: a seal with a check."""
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint(painter, QRectF(0, 0, side, side), Mark.GOOD)
    painter.end()
    return pixmap
