"""PDFs written byte by byte, so that each attack can spell what no library would write."""

import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
CATALOG, PAGES, PAGE, CONTENT, FONT, FORM, FIELD, MARK = range(1, 9)
FREE = 9
"""The first object number that `licence` leaves free."""
SIGNED_WORDS, OTHER_WORDS = "FOUR FLOORS", "TWELVE FLOORS"
HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
FORM_ENTRIES = b"/Type /XObject /Subtype /Form /BBox [0 0 200 60] /Resources << >> "
COVER = b"1 g 0 0 595 842 re f 0 g "
"""A white sheet over the page."""

Objects = dict[int, bytes]
Attack = Callable[[bytes], bytes]
"""A signed file, and what somebody makes of it."""


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< " + entries + b"/Length %d >>\nstream\n" % len(data) + data + b"\nendstream"


def words(text: str) -> bytes:
    """A content stream that shows `text`."""
    return b"BT /F1 12 Tf 72 700 Td (" + text.encode() + b") Tj ET"


OTHER_CONTENT = stream(words(OTHER_WORDS))


def licence(*, over: Objects | None = None, trailer: bytes = b"", size: int | None = None) -> bytes:
    """A one-page document with one empty signature field `President`; `over` replaces or adds objects."""
    objects: Objects = {
        CATALOG: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>",
        PAGES: b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        PAGE: page(),
        CONTENT: stream(words(SIGNED_WORDS)),
        FONT: HELVETICA,
        FORM: b"<< /Fields [7 0 R] /SigFlags 3 >>",
        FIELD: field(),
        MARK: stream(b"", FORM_ENTRIES),
    }
    return written(objects | (over or {}), trailer=trailer, size=size)


def page(*, contents: bytes = b"4 0 R", annotations: bytes = b"[7 0 R]", more: bytes = b"") -> bytes:
    return (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >> /Contents "
        + contents
        + b" /Annots "
        + annotations
        + b" "
        + more
        + b">>"
    )


def field(
    *, rect: bytes = b"[50 400 250 460]", name: bytes = b"President", value: bytes = b"", mark: bytes = b"8 0 R"
) -> bytes:
    return (
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /F 132 /P 3 0 R /T ("
        + name
        + b") /Rect "
        + rect
        + b" /AP << /N "
        + mark
        + b" >> "
        + value
        + b">>"
    )


def _bodies(objects: Objects, begin: int) -> tuple[bytes, dict[int, int]]:
    out, places = b"", {}
    for number, body in objects.items():
        places[number] = begin + len(out)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    return out, places


def written(objects: Objects, *, trailer: bytes = b"", size: int | None = None) -> bytes:
    """A whole file with a table of cross-references."""
    head = b"%PDF-1.7\n%\xc2\xa5\xc2\xb1\n"
    out, places = _bodies(objects, len(head))
    start = len(head) + len(out)
    table = b"0 1\n0000000000 65535 f \n" + table_of(places)
    said = b"/Size %d /Root 1 0 R /ID [<00> <00>] " % (size or max(places) + 1) + trailer
    return head + out + ending(table, said, start)


def table_of(places: dict[int, int]) -> bytes:
    return b"".join(b"%d 1\n%010d 00000 n \n" % (number, places[number]) for number in sorted(places))


def ending(table: bytes, trailer: bytes, start: int) -> bytes:
    return b"xref\n" + table + b"trailer\n<< " + trailer + b">>\nstartxref\n%d\n%%%%EOF\n" % start


def startxref(pdf: bytes) -> int:
    return int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])


def size_of(pdf: bytes) -> int:
    return max(int(each) for each in re.findall(rb"/Size (\d+)", pdf))


def appended(
    pdf: bytes,
    objects: Objects,
    *,
    size: int | None = None,
    trailer: bytes = b"",
    between: bytes = b"",
    table: bytes | None = None,
    previous: int | None = None,
    root: int = CATALOG,
) -> bytes:
    """`pdf` and one increment with a table. `between` are bytes that no table lists; `table` replaces its entries."""
    out, places = _bodies(objects, len(pdf))
    out += between
    identity = re.search(rb"/ID ?(\[[^\]]*\])", pdf)
    said = b"/Size %d /Root %d 0 R /Prev %d " % (
        size if size is not None else max(size_of(pdf), *(number + 1 for number in objects)),
        root,
        startxref(pdf) if previous is None else previous,
    )
    said += (b"/ID " + identity[1] + b" " if identity else b"") + trailer
    return pdf + out + ending(table_of(places) if table is None else table, said, len(pdf) + len(out))


def appended_stream(
    pdf: bytes, objects: Objects, *, size: int | None = None, index: list[tuple[int, int]] | None = None
) -> bytes:
    """The same with a cross-reference stream; `index` lists (object, offset) as they are to be written."""
    out, places = _bodies(objects, len(pdf))
    own = max(size_of(pdf), *(number + 1 for number in objects))
    start = len(pdf) + len(out)
    entries = index if index is not None else sorted({**places, own: start}.items())
    said = b"/Type /XRef /W [1 4 1] /Size %d /Root 1 0 R /Prev %d /ID [<00> <00>] /Index [%b] " % (
        own + 1 if size is None else size,
        startxref(pdf),
        b" ".join(b"%d 1" % number for number, _ in entries),
    )
    data = b"".join(b"\x01" + offset.to_bytes(4, "big") + b"\x00" for _, offset in entries)
    body = b"%d 0 obj\n" % own + stream(data, said) + b"\nendobj\n"
    return pdf + out + body + b"startxref\n%d\n%%%%EOF\n" % start


def body_of(pdf: bytes, number: int) -> bytes:
    """How an object is written last."""
    found: list[bytes] = re.findall(rb"(?<=\n)%d 0 obj\n(.*?)\nendobj" % number, pdf, re.DOTALL)
    return found[-1]


def extended(body: bytes, entries: bytes) -> bytes:
    """A dictionary with entries more."""
    assert body.rstrip().endswith(b">>")
    return body.rstrip()[:-2] + entries + b" >>"


def listed(body: bytes, number: int) -> bytes:
    """A form or page that names one object more beside the field."""
    changed = re.sub(rb"\[ ?7 0 R ?\]", b"[7 0 R %d 0 R]" % number, body)
    assert changed != body
    return changed


def other_pages(first: int) -> Objects:
    """A page tree that says something else."""
    resources = b"/Resources << /Font << /F1 " + HELVETICA + b" >> >> "
    return {
        first: b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % (first + 1),
        first + 1: b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Contents %d 0 R " % (first, first + 2)
        + resources
        + b">>",
        first + 2: OTHER_CONTENT,
    }


def signature(*, entries: bytes = b"", reserve: int = 64, subfilter: bytes = b"ETSI.CAdES.detached") -> bytes:
    """An empty signature dictionary, /ByteRange to be filled by `mended`."""
    head = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /" + subfilter + b" /M (D:20261102100000Z) " + entries
    return head + b"/ByteRange " + b" " * 48 + b" /Contents <" + b"00" * reserve + b"> >>"


def mended(base: bytes, pdf: bytes) -> bytes:
    """`pdf` with the byte range that its gap asks for."""
    before = pdf.index(b"<" + b"0" * 64, len(base))
    after = pdf.index(b">", before) + 1
    found = re.compile(rb"/ByteRange  {40,48}").search(pdf, len(base))
    assert found
    said = b"/ByteRange [0 %d %d %d]" % (before, after, len(pdf) - after)
    return pdf[: found.start()] + said.ljust(len(found[0])) + pdf[found.end() :]


def preparation(
    base: bytes,
    *,
    mark: bytes = b"0 0 10 10 re f",
    mark_entries: bytes = FORM_ENTRIES,
    entries: bytes = b"",
    at: int | None = None,
    rect: bytes = b"[50 400 250 460]",
    subfilter: bytes = b"ETSI.CAdES.detached",
) -> Objects:
    """The objects of one honest preparation: signature, mark, field. `at`: their first number."""
    first = size_of(base) if at is None else at
    value = b"/V %d 0 R " % first
    return {
        first: signature(entries=entries, subfilter=subfilter),
        first + 1: stream(mark, mark_entries),
        FIELD: field(rect=rect, value=value, mark=b"%d 0 R" % (first + 1)),
    }


def prepared(base: bytes, more: Objects | None = None, **options: object) -> bytes:
    """`base` and one increment that prepares a signature; `more` objects besides, or instead."""
    return mended(base, appended(base, preparation(base, **options) | (more or {})))  # type: ignore[arg-type]


def shown(pdf: bytes, folder: Path) -> str | None:
    """What poppler reads on the page; None where it is not installed."""
    if shutil.which("pdftotext") is None:
        return None
    file = folder / "shown.pdf"
    file.write_bytes(pdf)
    done = subprocess.run(["pdftotext", str(file), "-"], capture_output=True, text=True, check=False, timeout=20)
    return done.stdout.strip()
