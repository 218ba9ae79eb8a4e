"""Pages come from the very bytes that were hashed; a document made to harm ends its own child and nothing else."""

import hashlib
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from PySide6.QtGui import QImage

from hsm.agent.confinement import DRAW_ARGUMENT, drawing_command
from hsm.agent.window import drawing, drawing_child
from hsm.agent.window.drawing import Drawing, Drawn, Fault
from signer.rendering.facts import LicenceFacts
from signer.rendering.render import render
from tests.hsm.agent.window.conftest import Until
from tests.hsm.agent.window.requests import CONTENT, SHA256


class Seen:
    """What a drawing signalled."""

    def __init__(self, content: bytes, sha256: str | None = None, *, command: list[str] | None = None) -> None:
        self.pages = 0
        self.drawn: list[Drawn] = []
        self.faults: list[tuple[Fault, int]] = []
        self.drawing = Drawing(content, sha256 or hashlib.sha256(content).hexdigest(), command=command)
        self.drawing.opened.connect(self._opened)
        self.drawing.drawn.connect(self.drawn.append)
        self.drawing.failed.connect(lambda fault, page: self.faults.append((fault, page)))
        self.drawing.start()

    def _opened(self, pages: int) -> None:
        self.pages = pages
        self.drawing.ask(0, 1.0)


def ended(seen: Seen) -> bool:
    return bool(seen.drawn or seen.faults)


def test_a_page_is_drawn_as_asked(until: Until) -> None:
    seen = Seen(CONTENT)
    until(lambda: ended(seen))
    assert (seen.pages, seen.faults) == (1, [])
    image = seen.drawn[0].image
    assert (image.width(), image.height()) == (595, 842)
    assert image.format() is QImage.Format.Format_RGB32
    inked = sum(image.pixelColor(x, y).lightness() < 128 for x in range(70, 130) for y in range(125, 145))
    assert inked > 20
    seen.drawing.close()


def test_other_bytes_than_those_hashed_are_not_shown(until: Until) -> None:
    for changed in (CONTENT[:-1] + b"x", CONTENT + b"\n"):
        seen = Seen(changed, SHA256)
        assert seen.faults == [(Fault.CHANGED, -1)]
        assert seen.drawing.pid == 0


def test_the_bytes_handed_over_are_the_hashed_ones(until: Until) -> None:
    """A child that answers with the digest of what it was given."""
    program = (
        "import hashlib,struct,sys\n"
        "n=struct.unpack('>I',sys.stdin.buffer.read(4))[0]\n"
        "d=int(hashlib.sha256(sys.stdin.buffer.read(n)).hexdigest()[:3],16)%4999+1\n"
        "b=b'{\"pages\": %d}'%d\n"
        "sys.stdout.buffer.write(struct.pack('>I',len(b))+b);sys.stdout.flush();sys.stdin.read()\n"
    )
    seen = Seen(CONTENT, command=[sys.executable, "-I", "-c", program])
    until(lambda: seen.pages)
    assert seen.pages == int(SHA256[:3], 16) % 4999 + 1
    seen.drawing.close()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (CONTENT[:120], Fault.NOT_A_PDF),
        (b"no pdf at all", Fault.NOT_A_PDF),
        (b"%PDF-1.7\n" + os.urandom(2000), Fault.NOT_A_PDF),
    ],
)
def test_what_is_no_pdf_says_so(until: Until, content: bytes, fault: Fault) -> None:
    seen = Seen(content)
    until(lambda: ended(seen))
    assert seen.faults == [(fault, -1)]


def test_an_encrypted_document_says_so(until: Until) -> None:
    writer = copy_into_new_writer(PdfFileReader(BytesIO(CONTENT)))
    writer.encrypt("owner", "reader")
    sealed = BytesIO()
    writer.write(sealed)
    seen = Seen(sealed.getvalue())
    until(lambda: ended(seen))
    assert seen.faults == [(Fault.ENCRYPTED, -1)]


def test_a_licence_as_it_is_rendered_is_shown(until: Until) -> None:
    seen = Seen(render(LicenceFacts.sample()).content)
    until(lambda: ended(seen))
    assert seen.faults == []
    assert seen.pages >= 1
    picture = seen.drawn[0].image
    shades = {picture.pixelColor(x, y).lightness() for x in range(0, picture.width(), 3) for y in range(0, 500, 3)}
    assert max(shades) > 240
    assert min(shades) < 100


def test_the_packaged_program_draws_too() -> None:
    start = Path(__file__).parents[4] / "deploy/agent/windows/start.py"
    asked = len(CONTENT[:120]).to_bytes(4, "big") + CONTENT[:120]
    command = [sys.executable, str(start), DRAW_ARGUMENT]
    done = subprocess.run(command, input=asked, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0
    assert b"not-a-pdf" in done.stdout


def test_a_huge_page_is_drawn_small(until: Until) -> None:
    seen = Seen(CONTENT.replace(b"595", b"99999").replace(b"842", b"99999"))
    until(lambda: ended(seen))
    assert not seen.faults
    image = seen.drawn[0].image
    assert image.width() * image.height() <= drawing_child.MAX_PIXELS * 1.1
    seen.drawing.close()


def test_a_child_that_hangs_is_ended(until: Until, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "SECONDS", 1)
    seen = Seen(CONTENT, command=[sys.executable, "-I", "-c", "while True: pass"])
    until(lambda: seen.drawing.pid or ended(seen))
    pid = seen.drawing.pid
    until(lambda: ended(seen))
    assert seen.faults == [(Fault.TOO_SLOW, -1)]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.abort()",
        "import sys; sys.stdout.buffer.write(b'\\xff' * 64)",
        "import sys; w=sys.stdout.buffer; w.write(b'\\0\\0\\0\\3[1]'); w.flush(); sys.stdin.read()",
        "print('nothing of the kind')",
    ],
)
def test_a_child_taken_over_can_only_fail(until: Until, program: str) -> None:
    seen = Seen(CONTENT, command=[sys.executable, "-I", "-c", program])
    until(lambda: ended(seen))
    assert seen.faults == [(Fault.CRASHED, -1)]


def test_the_child_inherits_nothing(until: Until, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHATAM_CANARY", "canary")
    seen = Seen(CONTENT)
    until(lambda: seen.pages)
    pid = seen.drawing.pid
    process = Path("/proc") / str(pid)
    assert b"canary" not in (process / "environ").read_bytes()
    links = {str(each.readlink()) for each in (process / "fd").iterdir()}
    assert not any(link.startswith("socket:") for link in links), links
    assert drawing_command()[1] == "-I"
    seen.drawing.close()


def test_closing_leaves_no_child(until: Until) -> None:
    seen = Seen(CONTENT)
    until(lambda: seen.pages)
    pid = seen.drawing.pid
    seen.drawing.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not seen.faults
