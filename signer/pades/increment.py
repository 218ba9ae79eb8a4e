"""Writing one increment after a PDF: revised and new objects, a list of them in the base's own style, nothing else.

Metadata and information dictionaries are left alone: a signature adds a signature, and the agent that reads the
increment finds only that.
"""

from __future__ import annotations

import hashlib
import io

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader, process_data_at_eof

from signer.pades.errors import PdfUnreadable
from signer.pades.objects import (
    Object,
    array,
    copied,
    dictionary,
    encoded_stream,
    indirect,
    integer,
    integers,
    name,
)

KEPT_IN_TRAILER = ("/Root", "/Info")


class Raw(generic.PdfObject):
    """An object whose bytes are written as they are."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def write_to_stream(self, stream: io.BytesIO, handler: object = None, container_ref: object = None) -> None:
        """Write it."""
        del handler, container_ref
        stream.write(self.content)


class Increment:
    """Changes to `base`, collected, then written once.

    :raise PdfUnreadable: the base cannot be read strictly, or is encrypted.
    """

    def __init__(self, base: bytes) -> None:
        self._base = base
        try:
            self.reader = PdfFileReader(io.BytesIO(base), strict=True)
            if self.reader.encrypted:
                raise ValueError("encrypted")
            self._trailer = self.reader.trailer.flatten()
            self.root: generic.DictionaryObject = self.reader.root
            self._root: generic.IndirectObject = self._trailer.raw_get("/Root")
            self._previous = process_data_at_eof(_at_end(base))
            self._next = int(self._trailer["/Size"])
        except Exception as error:  # foreign bytes meet the reader with many kinds of exception
            raise PdfUnreadable from error
        self._objects: dict[tuple[int, int], Object] = {}

    def revise(self, number: int, value: Object, generation: int = 0) -> None:
        """Give an object of the base another value."""
        self._objects[(number, generation)] = value

    def revise_root(self, entries: dict[str, Object]) -> None:
        """Add entries to the document catalog, or give them other values."""
        self.root = copied(self.root)
        for key, value in entries.items():
            self.root[name(key)] = value
        self.revise(self._root.idnum, self.root, self._root.generation)

    def add(self, value: Object) -> generic.IndirectObject:
        """Add a new object and return the reference to it."""
        number = self._next
        self._next += 1
        self._objects[(number, 0)] = value
        return self.reference(number)

    def reference(self, number: int, generation: int = 0) -> generic.IndirectObject:
        """The reference to an object of this document."""
        return indirect(number, generation, self.reader)

    def write(self) -> tuple[bytes, dict[int, int]]:
        """Return the whole new document, and where the value of each written object begins."""
        out = io.BytesIO()
        out.write(self._base)
        if not self._base.endswith((b"\n", b"\r")):
            out.write(b"\n")
        places: dict[tuple[int, int], int] = {}
        values: dict[int, int] = {}
        for (number, generation), value in self._objects.items():
            places[number, generation] = out.tell()
            out.write(b"%d %d obj\n" % (number, generation))
            values[number] = out.tell()
            value.write_to_stream(out, None)
            out.write(b"\nendobj\n")
        start = out.tell()
        if self.reader.has_xref_stream:
            self._write_stream(out, places, start)
        else:
            self._write_table(out, places)
        out.write(b"startxref\n%d\n%%%%EOF\n" % start)
        return out.getvalue(), values

    def _trailer_entries(self, size: int) -> dict[str, Object]:
        entries: dict[str, Object] = {
            "/Size": integer(size),
            "/Prev": integer(self._previous),
        }
        for key in KEPT_IN_TRAILER:
            if key in self._trailer:
                entries[key] = self._trailer.raw_get(key)
        first = (
            self._trailer["/ID"][0] if "/ID" in self._trailer else generic.ByteStringObject(self._changed_id()[::-1])
        )
        entries["/ID"] = array([first, generic.ByteStringObject(self._changed_id())])
        return entries

    def _changed_id(self) -> bytes:
        """The changing half of /ID: of the base and the place of the increment (ISO 32000-1, 14.4), not of a clock."""
        return hashlib.sha256(b"%d" % self._next + self._base[-4096:]).digest()[:16]

    def _write_table(self, out: io.BytesIO, places: dict[tuple[int, int], int]) -> None:
        out.write(b"xref\n")
        for first, entries in _runs(places):
            out.write(b"%d %d\n" % (first, len(entries)))
            out.writelines(b"%010d %05d n \n" % (offset, generation) for generation, offset in entries)
        out.write(b"trailer\n")
        dictionary(self._trailer_entries(self._next)).write_to_stream(out, None)
        out.write(b"\n")

    def _write_stream(self, out: io.BytesIO, places: dict[tuple[int, int], int], start: int) -> None:
        number = self._next
        runs = _runs({**places, (number, 0): start})
        rows = b"".join(
            b"\x01" + offset.to_bytes(5, "big") + generation.to_bytes(2, "big")
            for _, entries in runs
            for generation, offset in entries
        )
        index = [each for first, entries in runs for each in (first, len(entries))]
        entries: dict[str, Object] = {
            "/Type": name("/XRef"),
            "/W": integers(1, 5, 2),
            "/Index": integers(*index),
            **self._trailer_entries(number + 1),
        }
        out.write(b"%d 0 obj\n" % number)
        encoded_stream(entries, rows).write_to_stream(out, None)
        out.write(b"\nendobj\n")


def _at_end(content: bytes) -> io.BytesIO:
    stream = io.BytesIO(content)
    stream.seek(-1, io.SEEK_END)
    return stream


def _runs(places: dict[tuple[int, int], int]) -> list[tuple[int, list[tuple[int, int]]]]:
    """Consecutive object numbers together, as both kinds of list want them."""
    runs: list[tuple[int, list[tuple[int, int]]]] = []
    for (number, generation), offset in sorted(places.items()):
        if not runs or number != runs[-1][0] + len(runs[-1][1]):
            runs.append((number, []))
        runs[-1][1].append((generation, offset))
    return runs
