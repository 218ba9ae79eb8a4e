"""How an increment lies in the file: every byte after the base belongs to a listed object, the xref or the trailer."""

import io
import re
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader, process_data_at_eof
from pyhanko.pdf_utils.xref import XRefSection, XRefSectionType

from .errors import IncrementReason, IncrementRefused

MAX_SIZE = 4 * 1024 * 1024  # pdfium's limit; Annex C of ISO 32000-1 has 8,388,607
LOOKS_LIKE_OBJECT = re.compile(rb"\d[\x00\t\n\f\r ]+\d+[\x00\t\n\f\r ]+obj")
BLANK = re.compile(rb"[\x00\t\n\f\r ]*")
OBJECT_HEADER = re.compile(rb"(\d{1,10}) (\d{1,5}) obj(?=[\s<\[(/])")
OBJECT_END = re.compile(rb"[\x00\t\n\f\r ]*endobj(?=[\x00\t\n\f\r ])")
TABLE = re.compile(
    rb"xref[ ]?\r?\n(?:\d{1,10} \d{1,10}[ ]?\r?\n(?:\d{10} \d{5} [nf](?: \n| \r|\r\n))+)+trailer\s*(?=<<)"
)
TABLE_LINE = re.compile(rb"(?m)^(\d{10}) (\d{5}) ([nf])")
TAIL = re.compile(rb"[\x00\t\n\f\r ]*startxref[ ]?\r?\n(\d{1,15})[ ]?\r?\n%%EOF(?:\r\n|\n|\r)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One object of the increment and the bytes it takes, `endobj` apart."""

    number: int
    generation: int
    start: int
    end: int
    value: generic.PdfObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Increment:
    """The one increment, read whole. `trailer` is its own trailer, nothing inherited."""

    objects: dict[int, Placed]
    trailer: generic.DictionaryObject
    list_number: int
    """The number of its cross-reference stream; 0 for a table."""
    base_size: int
    """Object numbers of the base are below this; new ones are not."""


def refuse(reason: IncrementReason, detail: str) -> IncrementRefused:
    """The refusal, for `raise`."""
    return IncrementRefused(reason, detail)


def read_increment(reader: PdfFileReader, base: bytes, prepared: bytes) -> Increment:
    """Read what follows `base` in `prepared`; refuse a byte that belongs to nothing.

    :raise IncrementRefused: not exactly one increment, or one with hidden parts.
    """
    # THREAT: two readers see two files: duplicate objects, a second trailer, /Prev past the base, bytes after the end.
    # DEFENCE: the xref's objects, the xref and the trailer must tile the increment without a gap, /Prev must be the
    #   base's own startxref, hybrid files and object streams are refused.
    # TEST: tests/hsm/prepared/test_increment_layout.py::test_bytes_between_objects_are_refused
    sections = reader.xrefs._xref_sections  # noqa: SLF001  # internal API, but the only view of single sections
    _require_sections(sections)
    last = sections[-1]
    if any(section.meta_info.start_location >= len(base) for section in sections[:-1]):
        raise refuse(IncrementReason.NOT_ONE_INCREMENT, "it adds more than one revision")
    placed = _place(reader, last.xref_data.standard_xrefs, prepared, len(base))
    trailer = _read_end(reader, last, placed, prepared)
    previous = process_data_at_eof(_at_end(base))
    if trailer.get("/Prev") != previous or "/XRefStm" in trailer:
        raise refuse(IncrementReason.NOT_ONE_INCREMENT, "it does not continue the document shown")
    base_size = sections[-2].meta_info.size
    stream = last.meta_info.stream_ref
    list_number = 0 if stream is None else stream.idnum
    _require_size(trailer, max(base_size, list_number + 1, max(placed) + 1))
    _require_no_object_inside(prepared, len(base), len(placed) + (stream is not None))
    return Increment(objects=placed, trailer=trailer, list_number=list_number, base_size=base_size)


def _require_size(trailer: generic.DictionaryObject, size: int) -> None:
    """The trailer counts the objects there are: 7.5.5, and no more than viewers take."""
    # THREAT: a count without measure makes viewers drop the list and look for objects, also inside the mark's drawing.
    # DEFENCE: the exact count, below the least of the viewers' limits; and no object may seem to begin inside another.
    # TEST: tests/hostile/test_preparing.py::test_count_without_measure
    said = trailer.raw_get("/Size") if "/Size" in trailer else None
    if type(said) is not generic.NumberObject or int(said) != size or size > MAX_SIZE:
        raise refuse(IncrementReason.TRAILER, "its trailer counts other objects than there are")


def _require_no_object_inside(prepared: bytes, begin: int, count: int) -> None:
    if sum(1 for _ in LOOKS_LIKE_OBJECT.finditer(prepared, begin)) != count:
        raise refuse(IncrementReason.HIDDEN_BYTES, "one of its objects hides another")


def _require_sections(sections: list[XRefSection]) -> None:
    minimum = 2
    if len(sections) < minimum:
        raise refuse(IncrementReason.NOT_ONE_INCREMENT, "it has no revision of its own")
    last = sections[-1]
    if last.meta_info.xref_section_type not in (XRefSectionType.STANDARD, XRefSectionType.STREAM):
        raise refuse(IncrementReason.NOT_ONE_INCREMENT, "it is a hybrid file")
    data = last.xref_data
    if data.hybrid is not None:
        raise refuse(IncrementReason.NOT_ONE_INCREMENT, "it is a hybrid file")
    if data.xrefs_in_objstm:
        raise refuse(IncrementReason.OBJECT_STREAM, "it keeps objects inside an object stream")
    if data.freed:
        raise refuse(IncrementReason.OBJECT_FREED, f"it removes object {min(data.freed)}")


def _at_end(content: bytes) -> io.BytesIO:
    stream = io.BytesIO(content)
    stream.seek(-1, io.SEEK_END)
    return stream


def _place(
    reader: PdfFileReader, offsets: dict[int, tuple[int, int]], prepared: bytes, begin: int
) -> dict[int, Placed]:
    """Read each listed object where the xref says it is; they must follow one another."""
    placed: dict[int, Placed] = {}
    at = begin
    for number, (generation, offset) in sorted(offsets.items(), key=lambda entry: entry[1][1]):
        _require_blank(prepared, at, offset)
        one = _read_object(reader, prepared, offset)
        if (one.number, one.generation) != (number, generation):
            raise refuse(IncrementReason.HIDDEN_BYTES, f"object {number} is not where the list says")
        end = OBJECT_END.match(prepared, one.end)
        if end is None:
            raise refuse(IncrementReason.HIDDEN_BYTES, f"object {number} does not end where it should")
        placed[number] = one
        at = end.end()
    if not placed:
        raise refuse(IncrementReason.NOTHING_ADDED, "it adds nothing")
    return placed


def _require_blank(prepared: bytes, begin: int, end: int) -> None:
    blank = BLANK.match(prepared, begin)
    if end < begin or blank is None or blank.end() < end:
        raise refuse(IncrementReason.HIDDEN_BYTES, f"it has bytes at {begin} that belong to no listed object")


def _read_object(reader: PdfFileReader, prepared: bytes, offset: int) -> Placed:
    header = OBJECT_HEADER.match(prepared, offset)
    if header is None:
        raise refuse(IncrementReason.HIDDEN_BYTES, f"no object begins at {offset}")
    number, generation = int(header[1]), int(header[2])
    value, end = read_value(reader, prepared, header.end(), number, generation)
    return Placed(number=number, generation=generation, start=offset, end=end, value=value)


def read_value(
    reader: PdfFileReader, content: bytes, begin: int, number: int, generation: int
) -> tuple[generic.PdfObject, int]:
    """The value that begins there, and where it ends. A stream's /Length is a number, not a reference."""
    stream = io.BytesIO(content)
    blank = BLANK.match(content, begin)
    stream.seek(blank.end() if blank else begin)
    value = generic.read_object(stream, generic.Reference(number, generation, reader))
    if isinstance(value, generic.StreamObject) and not isinstance(value.raw_get("/Length"), generic.NumberObject):
        raise refuse(IncrementReason.MALFORMED, f"the length of stream {number} is not a number")
    return value, stream.tell()


def _read_end(
    reader: PdfFileReader, section: XRefSection, placed: dict[int, Placed], prepared: bytes
) -> generic.DictionaryObject:
    """Read xref and trailer; they begin after the last object and end the file."""
    start = section.meta_info.declared_startxref
    if section.meta_info.xref_section_type is XRefSectionType.STREAM:
        trailer, end = _read_xref_stream(reader, placed, prepared, start)
    else:
        trailer, end = _read_table(reader, placed, prepared, start)
    tail = TAIL.fullmatch(prepared, end)
    if tail is None or int(tail[1]) != start:
        raise refuse(IncrementReason.HIDDEN_BYTES, "it does not end with its trailer")
    return trailer


def _read_table(
    reader: PdfFileReader, placed: dict[int, Placed], prepared: bytes, start: int
) -> tuple[generic.DictionaryObject, int]:
    last = max(one.end for one in placed.values())
    end = OBJECT_END.match(prepared, last)
    _require_blank(prepared, end.end() if end else last, start)
    table = TABLE.match(prepared, start)
    if table is None:
        raise refuse(IncrementReason.MALFORMED, "its list of objects is not written as the standard says")
    lines = TABLE_LINE.findall(table[0])
    if sum(kind == b"n" for _, _, kind in lines) != len(placed) or sum(kind == b"f" for _, _, kind in lines) > 1:
        raise refuse(IncrementReason.HIDDEN_BYTES, "its list names an object twice, or frees one")
    trailer, after = read_value(reader, prepared, table.end(), 0, 0)
    if type(trailer) is not generic.DictionaryObject:
        raise refuse(IncrementReason.TRAILER, "its trailer is not a dictionary")
    return trailer, after


def _read_xref_stream(
    reader: PdfFileReader, placed: dict[int, Placed], prepared: bytes, start: int
) -> tuple[generic.DictionaryObject, int]:
    others = [one for one in placed.values() if one.start != start]
    last = max(one.end for one in others)
    end = OBJECT_END.match(prepared, last)
    _require_blank(prepared, end.end() if end else last, start)
    one = _read_object(reader, prepared, start)
    if not isinstance(one.value, generic.StreamObject) or one.value.get("/Type") != "/XRef":
        raise refuse(IncrementReason.TRAILER, "its list of objects is not a cross-reference stream")
    index = [int(number) for number in one.value.get("/Index", ())]
    if sum(index[1::2]) != len(others) + (one.number in placed) + (0 in index[0::2]):
        raise refuse(IncrementReason.HIDDEN_BYTES, "its list names an object twice, or frees one")
    placed.pop(one.number, None)
    closing = OBJECT_END.match(prepared, one.end)
    if closing is None:
        raise refuse(IncrementReason.HIDDEN_BYTES, "its list of objects does not end where it should")
    return one.value, closing.end()
