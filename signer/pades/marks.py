"""Putting a mark's page into a document as a form, object by object, as bytes.

A mark usually comes from our own layout: plain objects, a plain list of them, no object streams. Reading its fonts'
tables as objects and writing them again costs more than all the rest of a signature, so only references are
renumbered. Any other PDF goes the long way (`importing`). Whatever a mark holds, the signer's agent looks at it again
before it signs.
"""

from __future__ import annotations

import re

from pyhanko.pdf_utils import generic

from signer.pades.importing import import_page
from signer.pades.increment import Increment, Raw

_PRODUCER = b"/Creator(Typst"
_TABLE = re.compile(rb"xref\s+0 (\d+)\s+")
_ENTRY = re.compile(rb"(\d{10}) (\d{5}) ([nf])[ \r\n]{2}")
_REFERENCE = re.compile(rb"(?<![\w.])(\d+) 0 R\b")
_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_BOX = re.compile(rb"/MediaBox\s*\[([-0-9. ]+)\]")
_RESOURCES = re.compile(rb"/Resources\s+(\d+) 0 R")
_CONTENTS = re.compile(rb"/Contents\s+(\d+) 0 R")


def add_mark(increment: Increment, mark: bytes) -> generic.IndirectObject:
    """Add the one page of `mark` as a form; return the reference to it.

    :raise Exception: it cannot be read, or has not exactly one page; the increment is then not to be used.
    """
    if not mark.startswith(b"%PDF-"):
        raise ValueError("a mark is a PDF")
    objects = _objects(mark)
    if objects is None:
        return import_page(increment, mark)
    pages = [body for body in objects.values() if _PAGE.search(_before_stream(body))]
    if len(pages) != 1:
        raise ValueError("a mark has one page")
    box, resources, contents = (pattern.search(pages[0]) for pattern in (_BOX, _RESOURCES, _CONTENTS))
    if box is None or resources is None or contents is None:
        raise ValueError("a mark's page has a size, resources and one content")
    known: dict[int, generic.IndirectObject] = {}
    wanted = _bring(increment, objects, int(resources[1]), known)
    body = objects[int(contents[1])]
    if not body.startswith(b"<<"):
        raise ValueError("a mark's content is a stream")
    head = b"<</Type/XObject/Subtype/Form/BBox[%s]/Resources %d 0 R" % (box[1], wanted.idnum)
    return increment.add(Raw(head + body[2:]))


def _bring(
    increment: Increment, objects: dict[int, bytes], number: int, known: dict[int, generic.IndirectObject]
) -> generic.IndirectObject:
    """Add an object and what it names; each once."""
    if number in known:
        return known[number]
    place = Raw(b"null")
    known[number] = increment.add(place)
    body = objects[number]
    head = _before_stream(body)

    def renumbered(found: re.Match[bytes]) -> bytes:
        return b"%d 0 R" % _bring(increment, objects, int(found[1]), known).idnum

    place.content = _REFERENCE.sub(renumbered, head) + body[len(head) :]
    return known[number]


def _before_stream(body: bytes) -> bytes:
    head, _, _ = body.partition(b"stream")
    return head


def _objects(pdf: bytes) -> dict[int, bytes] | None:
    """Every object of the file by its number: the bytes between `obj` and `endobj`. None: not written plainly."""
    start = int(pdf[pdf.rindex(b"startxref") + 9 :].split(maxsplit=1)[0])
    table = _TABLE.match(pdf, start)
    if table is None or _PRODUCER not in pdf:
        return None
    offsets: dict[int, int] = {}
    at = table.end()
    for number in range(int(table[1])):
        entry = _ENTRY.match(pdf, at)
        if entry is None:
            raise ValueError("a mark's list of objects is cut off")
        at = entry.end()
        if entry[3] == b"n":
            offsets[number] = int(entry[1])
    ends = sorted([*offsets.values(), start])
    found: dict[int, bytes] = {}
    for number, begin in offsets.items():
        piece = pdf[begin : ends[ends.index(begin) + 1]]
        head = b"%d 0 obj" % number
        if not piece.startswith(head) or b"endobj" not in piece:
            raise ValueError("a mark's object is not where its list says")
        found[number] = piece[len(head) : piece.rindex(b"endobj")].strip(b"\r\n ")
    return found
