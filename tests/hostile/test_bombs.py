"""Files that are small on the line and large in memory: the program that later holds the PIN reads them, in bounds.

Clauses are those of ISO 32000-1. Each case is read in a process of its own, which tells what it took.
"""

import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from tests.hostile.builders import (
    CATALOG,
    NOW,
    Objects,
    appended,
    licence,
    mended,
    preparation,
    prepared,
    startxref,
    stream,
)

MOST_MEGABYTES, MOST_SECONDS = 200, 10
"""Above what the program takes for an honest file."""
MEGABYTE = 1024**2
READ = """
import json, re, sys, time
from datetime import datetime
from pathlib import Path
from hsm.agent.signing.embedded import read_embedded
from hsm.prepared.errors import IncrementRefused
from hsm.prepared.increment import check_increment

base, pdf = (Path(each).read_bytes() for each in sys.argv[1:3])
def most_kilobytes():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

before, begun = most_kilobytes(), time.process_time()
why = None
try:
    check_increment(base, pdf, "President", None, datetime.fromisoformat(sys.argv[3]))
    checked = "passed"
except IncrementRefused as refused:
    checked, why = refused.reason.value, type(refused.__cause__).__name__
said = read_embedded(pdf)
print(json.dumps({
    "checked": checked,
    "why": why,
    "title": said.title,
    "megabytes": (most_kilobytes() - before) / 1024,
    "seconds": time.process_time() - begun,
}))
"""


def read(folder: Path, base: bytes, pdf: bytes) -> dict[str, object]:
    """What a process of its own makes of the file, within the bounds."""
    (folder / "base.pdf").write_bytes(base)
    (folder / "prepared.pdf").write_bytes(pdf)
    command = [sys.executable, "-c", READ, str(folder / "base.pdf"), str(folder / "prepared.pdf"), NOW.isoformat()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    told: dict[str, object] = json.loads(done.stdout)
    assert float(str(told["megabytes"])) < MOST_MEGABYTES
    assert float(str(told["seconds"])) < MOST_SECONDS
    return told


def inflating(megabytes: int, *, twice: bool = False) -> tuple[bytes, bytes]:
    """So many megabytes of blanks, deflated; twice: deflated again, a thousandth of a thousandth. And the filter."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * MEGABYTE) for _ in range(megabytes)) + packer.flush()
    if twice:
        return zlib.compress(packed, 9), b"/Filter [/FlateDecode /FlateDecode] "
    return packed, b"/Filter /FlateDecode "


def with_attachment(content: bytes, entries: bytes) -> Objects:
    """The licence's catalog with that `khatam.json`."""
    names = b"/Names << /EmbeddedFiles << /Names [(khatam.json) 9 0 R] >> >> "
    return {
        CATALOG: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R " + names + b">>",
        9: b"<< /Type /Filespec /F (khatam.json) /EF << /F 10 0 R >> >>",
        10: stream(content, b"/Type /EmbeddedFile " + entries),
    }


def test_honest_attachment_is_read(tmp_path: Path) -> None:
    """The control: what the bombs below are made from."""
    content = zlib.compress(json.dumps({"title": "Villa"}).encode())
    base = licence(over=with_attachment(content, b"/Filter /FlateDecode "))
    told = read(tmp_path, base, prepared(base))
    assert (told["checked"], told["title"]) == ("passed", "Villa")


@pytest.mark.parametrize(("megabytes", "twice"), [(60, False), (400, True)])
def test_attachment_that_inflates(tmp_path: Path, megabytes: int, twice: bool) -> None:
    """`khatam.json` of 64 kB or less that becomes tens or hundreds of megabytes (7.4.4)."""
    base = licence(over=with_attachment(*inflating(megabytes, twice=twice)))
    told = read(tmp_path, base, prepared(base))
    assert told["title"] is None
    assert told["checked"] == "passed"


@pytest.mark.parametrize("twice", [False, True])
def test_list_of_objects_that_inflates(tmp_path: Path, twice: bool) -> None:
    """The increment's cross-reference stream becomes hundreds of megabytes (7.5.8)."""
    base = licence()
    content, entries = inflating(400, twice=twice)
    made = preparation(base)
    own, at = max(made) + 1, len(appended(base, made))
    said = b"/Type /XRef /W [1 4 1] /Size %d /Root 1 0 R /Prev %d /Index [0 9] " % (own + 1, startxref(base))
    body = b"%d 0 obj\n" % own + stream(content, said + entries) + b"\nendobj\n"
    pdf = appended(base, made) + body + b"startxref\n%d\n%%%%EOF\n" % at
    told = read(tmp_path, base, mended(base, pdf))
    assert (told["checked"], told["why"]) == ("malformed", "PdfDecodeLimitError")
