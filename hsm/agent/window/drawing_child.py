"""The process that reads a PDF for display: it holds no PIN, no device and one document, behind `confinement`'s walls.

Run as `python -I -m hsm.agent.window.drawing_child` (or the packaged program with `DRAW_ARGUMENT`). Frames on both
pipes: four bytes of length, big-endian, then the bytes. Before it reads anything it says which walls stand,
`{"walls": […]}`. It reads the document first and answers `{"pages": n}`; then
for each `{"page": i, "dots": d}` (i from 0, d dots per point) it answers `{"width", "height", "dots"}` and a second
frame of raw pixels, BGRX, 4 × width × height bytes. What it cannot do is `{"fault": …}`. It ends when its input ends.
"""

import importlib
import json
import math
import os
import struct
import sys
from typing import Any, BinaryIO

from hsm.agent.confinement import confine, renew_cpu

MAX_DOCUMENT_BYTES = 64 * 1024**2
MAX_PIXELS = 12_000_000
MAX_PAGES = 5_000


def main() -> int:
    """Serve one document; never raises on what is in it."""
    incoming, outgoing = sys.stdin.buffer, _private_output()
    importlib.import_module("pypdfium2")  # before the walls: afterwards no file can be opened
    _answer(outgoing, {"walls": confine()})
    content = _receive(incoming, MAX_DOCUMENT_BYTES)
    if content is None:
        return 0
    document, fault = _opened(content)
    if document is None:
        _answer(outgoing, {"fault": fault})
        return 0
    _answer(outgoing, {"pages": min(len(document), MAX_PAGES)})
    while (asked := _receive(incoming, 1024)) is not None:
        renew_cpu()
        try:
            question = json.loads(asked)
            head, pixels = _drawn(document, int(question["page"]), float(question["dots"]))
        except Exception:  # noqa: BLE001  (whatever a document makes the reader raise: this page is not shown)
            _answer(outgoing, {"fault": "page"})
            continue
        _answer(outgoing, head)
        _send(outgoing, pixels)
    return 0


def _private_output() -> BinaryIO:
    """The pipe to the parent, out of reach of a library that prints."""
    kept = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(kept, "wb", buffering=0)


def _opened(content: bytes) -> tuple[Any, str]:
    pypdfium2: Any = importlib.import_module("pypdfium2")
    try:
        document = pypdfium2.PdfDocument(content)
        if not len(document):
            return None, "no-page"
        document.init_forms()
    except pypdfium2.PdfiumError as error:
        return None, "encrypted" if "password" in str(error).lower() else "not-a-pdf"
    except Exception:  # noqa: BLE001  (as above)
        return None, "not-a-pdf"
    return document, ""


def _drawn(document: Any, number: int, dots: float) -> tuple[dict[str, Any], bytes]:
    """The page, drawn no larger than `MAX_PIXELS` allow."""
    page = document[number]
    try:
        width, height = page.get_size()
        if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
            raise ValueError("no size")
        dots = min(max(dots, 0.1), 8.0, math.sqrt(MAX_PIXELS / (width * height)), 16_000 / max(width, height))
        bitmap = page.render(scale=dots, rev_byteorder=False, prefer_bgrx=True, draw_annots=True, may_draw_forms=True)
        size = {"width": bitmap.width, "height": bitmap.height, "dots": dots}
        if bitmap.stride != bitmap.width * 4 or bitmap.width * bitmap.height > MAX_PIXELS * 1.1:
            raise ValueError("no such picture")
        return size, bytes(bitmap.buffer)
    finally:
        page.close()


def _receive(incoming: BinaryIO, most: int) -> bytes | None:
    head = incoming.read(4)
    if len(head) < 4:  # noqa: PLR2004
        return None
    (length,) = struct.unpack(">I", head)
    if length > most:
        return None
    body = incoming.read(length)
    return body if len(body) == length else None


def _answer(outgoing: BinaryIO, head: dict[str, Any]) -> None:
    _send(outgoing, json.dumps(head).encode())


def _send(outgoing: BinaryIO, body: bytes) -> None:
    left = memoryview(struct.pack(">I", len(body)) + body)
    while left:
        left = left[outgoing.write(left) or 0 :]


if __name__ == "__main__":
    raise SystemExit(main())
