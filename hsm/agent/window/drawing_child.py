"""The process that reads a PDF for display: it holds no PIN, no device, no network, no file, and one document.

Run as `python -I -m hsm.agent.window.drawing_child` (or the packaged program with `DRAW_ARGUMENT`). Frames on both
pipes: four bytes of length, big-endian, then the bytes. It reads the document first and answers `{"pages": n}`; then
for each `{"page": i, "dots": d}` (i from 0, d dots per point) it answers `{"width", "height", "dots"}` and a second
frame of raw pixels, BGRX, 4 × width × height bytes. What it cannot do is `{"fault": …}`. It ends when its input ends.
"""

import contextlib
import ctypes
import importlib
import json
import math
import os
import struct
import sys
from typing import Any, BinaryIO

DRAW_ARGUMENT = "--draw-pages"
"""For a packaged program, whose `sys.executable` is no Python: its entry runs `main()` on this only argument."""
MAX_DOCUMENT_BYTES = 64 * 1024**2
MAX_PIXELS = 12_000_000
MAX_PAGES = 5_000
MEMORY_BYTES = 1024**3
CPU_SECONDS = 20
"""For opening, and again for each page."""
_CLONE_NEWUSER, _CLONE_NEWNET, _PR_SET_NO_NEW_PRIVS, _PR_SET_DUMPABLE = 0x10000000, 0x40000000, 38, 4


class Forbidden(RuntimeError):
    """This process tried what only an attack would make it try."""


def main() -> int:
    """Serve one document; never raises on what is in it."""
    incoming, outgoing = sys.stdin.buffer, _private_output()
    importlib.import_module("pypdfium2")  # before the walls: afterwards no file can be opened
    confine()
    content = _receive(incoming, MAX_DOCUMENT_BYTES)
    if content is None:
        return 0
    document, fault = _opened(content)
    if document is None:
        _answer(outgoing, {"fault": fault})
        return 0
    _answer(outgoing, {"pages": min(len(document), MAX_PAGES)})
    while (asked := _receive(incoming, 1024)) is not None:
        _renew_cpu()
        try:
            question = json.loads(asked)
            head, pixels = _drawn(document, int(question["page"]), float(question["dots"]))
        except Exception:  # noqa: BLE001  (whatever a document makes the reader raise: this page is not shown)
            _answer(outgoing, {"fault": "page"})
            continue
        _answer(outgoing, head)
        _send(outgoing, pixels)
    return 0


def confine() -> None:
    """Raise the walls; what a system does not offer is left out, the audit hook holds everywhere."""
    # THREAT: a PDF made to be opened by the signer runs code: reads the key's PIN, calls home, plants a file.
    # DEFENCE: another process without PIN, driver or connection; empty environment; own empty network where the kernel
    #   gives one; not one more file descriptor (no file, no socket, not from native code either); memory and CPU
    #   bounded; audit hook; pdfium built without JavaScript; what comes back is measured pixels.
    # TEST: tests/hsm/agent/window/test_drawing.py::test_the_child_has_no_way_out
    os.environ.clear()
    with contextlib.suppress(OSError, AttributeError, TypeError):
        libc = ctypes.CDLL(None, use_errno=True)
        any(libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    with contextlib.suppress(ImportError):
        import resource

        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_FSIZE, 0)
        _limit(resource.RLIMIT_AS, MEMORY_BYTES)
        _limit(resource.RLIMIT_NOFILE, 0)
    _renew_cpu()
    sys.addaudithook(_refuse)


def _limit(kind: int, most: int) -> None:
    """For good: the hard limit goes down too."""
    import resource

    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def _renew_cpu() -> None:
    """Allow `CPU_SECONDS` from now: the limit counts the whole life of a process."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + CPU_SECONDS, hard))


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    started = (
        "socket.",
        "subprocess.",
        "os.exec",
        "os.fork",
        "os.posix_spawn",
        "os.spawn",
        "os.system",
        "os.startfile",
    )
    if event.startswith(started) or event in (
        "open",
        "ctypes.dlopen",
        "os.remove",
        "os.rename",
        "os.mkdir",
        "os.listdir",
    ):
        raise Forbidden(event)


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
