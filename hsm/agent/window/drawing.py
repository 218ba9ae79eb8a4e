"""Pages of one document as pictures, drawn by `drawing_child` from the very bytes that were hashed."""

import hashlib
import json
import math
import struct
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal
from PySide6.QtGui import QImage

from hsm.agent.confinement import drawing_command

from .drawing_child import MAX_DOCUMENT_BYTES, MAX_PAGES, MAX_PIXELS

SECONDS = 15
"""For opening, and again for each page; then the child is killed."""
_MAX_HEAD = 1024
_MAX_PICTURE = int(MAX_PIXELS * 1.1) * 4


class Fault(StrEnum):
    """Why a document or a page is not shown."""

    CHANGED = "changed"
    """The bytes are not those that were hashed: nothing of them is shown."""
    TOO_LARGE = "too-large"
    NOT_A_PDF = "not-a-pdf"
    ENCRYPTED = "encrypted"
    NO_PAGE = "no-page"
    PAGE = "page"
    TOO_SLOW = "too-slow"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One page."""

    page: int
    image: QImage
    dots: float
    """Dots per point that it was drawn with: fewer than asked on a huge page."""


def child_environment() -> QProcessEnvironment:
    """Nothing, but what Windows needs to start any program at all."""
    environment = QProcessEnvironment()
    if sys.platform == "win32":
        environment.insert("SystemRoot", QProcessEnvironment.systemEnvironment().value("SystemRoot"))
    return environment


class Drawing(QObject):
    """One document, one child process; `close` ends both. Signals come on the thread that made it."""

    opened = Signal(int)
    """How many pages."""
    drawn = Signal(object)
    failed = Signal(object, int)
    """The fault and its page; -1: the whole document. After that of a whole document nothing more comes."""

    def __init__(
        self, content: bytes, sha256: str, parent: QObject | None = None, *, command: list[str] | None = None
    ) -> None:
        super().__init__(parent)
        self._content = content
        self._sha256 = sha256
        self._command = command or drawing_command()
        self._buffer = bytearray()
        self._head: dict[str, Any] | None = None
        self._asked: tuple[int, float] | None = None
        self._next: tuple[int, float] | None = None
        self.pages = 0
        self._over = False
        self._process = QProcess(self)
        self._process.setProcessEnvironment(child_environment())
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._gone)
        self._process.errorOccurred.connect(self._gone)
        self._process.setStandardErrorFile(QProcess.nullDevice())
        self._clock = QTimer(self, singleShot=True, interval=SECONDS * 1000)
        self._clock.timeout.connect(lambda: self._fail(Fault.TOO_SLOW))

    @property
    def pid(self) -> int:
        """The child's process id; 0 when there is none."""
        return int(self._process.processId())

    def start(self) -> None:
        """Check the bytes, then hand them to the child."""
        # THREAT: what the window draws is not what is signed: bytes changed between check and display.
        # DEFENCE: the bytes handed to the child are hashed here, in this call, against the digest of the request.
        # TEST: tests/hsm/agent/window/test_drawing.py::test_other_bytes_than_those_hashed_are_not_shown
        if len(self._content) > MAX_DOCUMENT_BYTES:
            self._fail(Fault.TOO_LARGE)
        elif hashlib.sha256(self._content).hexdigest() != self._sha256:
            self._fail(Fault.CHANGED)
        else:
            self._process.start(self._command[0], self._command[1:])
            self._write(self._content)
            self._clock.start()

    def ask(self, page: int, dots: float) -> None:
        """Have one page drawn at so many dots per point; of several questions in a row the last one counts."""
        if self._over or not 0 <= page < self.pages:
            return
        if self._asked is not None:
            self._next = (page, dots)
            return
        self._asked = (page, dots)
        self._write(json.dumps({"page": page, "dots": dots}).encode())
        self._clock.start()

    def close(self) -> None:
        """End the child; nothing more is signalled."""
        self._over = True
        self._clock.stop()
        self._content = b""
        if self._process.state() is not QProcess.ProcessState.NotRunning:
            self._process.kill()
            self._process.waitForFinished(2000)

    def _write(self, body: bytes) -> None:
        self._process.write(struct.pack(">I", len(body)))
        self._process.write(body)

    def _read(self) -> None:
        self._buffer += bytes(self._process.readAllStandardOutput().data())
        while not self._over and (frame := self._frame()) is not None:
            self._take(frame)

    def _frame(self) -> bytes | None:
        """The next whole frame; a child that announces more than it may is ended."""
        if len(self._buffer) < 4:  # noqa: PLR2004
            return None
        (length,) = struct.unpack(">I", self._buffer[:4])
        if length > (_MAX_HEAD if self._head is None else _MAX_PICTURE):
            self._fail(Fault.CRASHED)
            return None
        if len(self._buffer) < 4 + length:
            return None
        frame = bytes(self._buffer[4 : 4 + length])
        del self._buffer[: 4 + length]
        return frame

    def _take(self, frame: bytes) -> None:
        try:
            if self._head is not None:
                self._picture(self._head, frame)
            else:
                self._answer(json.loads(frame))
        except (ValueError, KeyError, TypeError):
            self._fail(Fault.CRASHED)

    def _answer(self, head: dict[str, Any]) -> None:
        if "walls" in head and not self.pages:
            return  # said before it has read anything, for the doctor
        if "fault" in head:
            fault = Fault(head["fault"])
            if self.pages and self._asked is not None:
                page, self._asked = self._asked[0], None
                self._clock.stop()
                self.failed.emit(fault, page)
                self._go_on()
            else:
                self._fail(fault)
        elif not self.pages:
            pages = head["pages"]
            if not isinstance(pages, int) or not 0 < pages <= MAX_PAGES:
                raise ValueError("no such count")
            self.pages = pages
            self._content = b""
            self._clock.stop()
            self.opened.emit(pages)
        else:
            self._head = head

    def _picture(self, head: dict[str, Any], pixels: bytes) -> None:
        """Pixels are only looked at, and only when their number is the announced one."""
        width, height, dots = int(head["width"]), int(head["height"]), float(head["dots"])
        if (
            self._asked is None
            or min(width, height) < 1
            or len(pixels) != width * height * 4
            or not math.isfinite(dots)
        ):
            raise ValueError("no such picture")
        image = QImage(pixels, width, height, width * 4, QImage.Format.Format_RGB32).copy()
        page, self._asked, self._head = self._asked[0], None, None
        self._clock.stop()
        self.drawn.emit(Drawn(page=page, image=image, dots=dots))
        self._go_on()

    def _go_on(self) -> None:
        asked, self._next = self._next, None
        if asked is not None:
            self.ask(*asked)

    def _gone(self, *_: object) -> None:
        if not self._over:
            self._fail(Fault.CRASHED)

    def _fail(self, fault: Fault) -> None:
        if self._over:
            return
        self.close()
        self.failed.emit(fault, -1)
