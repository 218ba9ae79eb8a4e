"""Increments that bring another page than the signed one, or other shapes for its letters.

ISA and shadow attacks; see `test_after_signing`. Clauses are those of ISO 32000-1.
"""

import re

from tests.hostile.builders import (
    CATALOG,
    CONTENT,
    FONT,
    OTHER_CONTENT,
    PAGE,
    PAGES,
    Attack,
    appended,
    body_of,
    other_pages,
    page,
    size_of,
    startxref,
    stream,
)


def content_replaced(pdf: bytes) -> bytes:
    """ISA, plain: an increment brings another content stream (7.5.6)."""
    return appended(pdf, {CONTENT: OTHER_CONTENT})


def content_reference_swapped(pdf: bytes) -> bytes:
    """Shadow attack, replace: the page names a content stream that is new."""
    number = size_of(pdf)
    changed = body_of(pdf, PAGE).replace(b"4 0 R", b"%d 0 R" % number)
    return appended(pdf, {PAGE: changed, number: OTHER_CONTENT})


def pages_swapped(pdf: bytes) -> bytes:
    """Shadow attack, hide-and-replace: the catalog gets another page tree (7.7.2)."""
    number = size_of(pdf)
    catalog = re.sub(rb"/Pages 2 0 R", b"/Pages %d 0 R" % number, body_of(pdf, CATALOG))
    return appended(pdf, {CATALOG: catalog, **other_pages(number)})


def page_tree_kids_swapped(pdf: bytes) -> bytes:
    """The page tree's /Kids names another page (7.7.3)."""
    number = size_of(pdf)
    return appended(pdf, {PAGES: b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % (number + 1), **other_pages(number)})


def root_swapped(pdf: bytes) -> bytes:
    """The last trailer names another catalog, with the same form (7.5.5)."""
    number = size_of(pdf)
    catalog = b"<< /Type /Catalog /Pages %d 0 R /AcroForm 6 0 R >>" % (number + 1)
    return appended(pdf, {number: catalog, **other_pages(number + 1)}, root=number)


def proofs_that_redefine_the_page(pdf: bytes) -> bytes:
    """Smuggling in the security store: the page's content is listed among the certificates (EN 319 142-1, 5.4.2.2)."""
    catalog = re.sub(rb"/DSS \d+ 0 R", b"/DSS << /Certs [4 0 R] >>", body_of(pdf, CATALOG))
    return appended(pdf, {CATALOG: catalog, CONTENT: OTHER_CONTENT})


def object_stream_redefines_the_page(pdf: bytes) -> bytes:
    """The page is redefined inside an object stream (7.5.7), beside a list that names it there (7.5.8)."""
    number = size_of(pdf)
    other = page(contents=b"%d 0 R" % (number + 2))
    inner = b"3 0 " + other
    body = b"%d 0 obj\n" % number + stream(inner, b"/Type /ObjStm /N 1 /First 4 ") + b"\nendobj\n"
    body += b"%d 0 obj\n" % (number + 2) + OTHER_CONTENT + b"\nendobj\n"
    start = len(pdf) + len(body)
    rows = [(2, number, 0), (1, len(pdf), 0), (1, start, 0), (1, len(pdf) + body.index(b"%d 0 obj" % (number + 2)), 0)]
    data = b"".join(bytes((kind,)) + place.to_bytes(4, "big") + bytes((last,)) for kind, place, last in rows)
    said = b"/Type /XRef /W [1 4 1] /Size %d /Root 1 0 R /Prev %d /Index [3 1 %d 3] " % (
        number + 3,
        startxref(pdf),
        number,
    )
    list_stream = b"%d 0 obj\n" % (number + 1) + stream(data, said) + b"\nendobj\n"
    return pdf + body + list_stream + b"startxref\n%d\n%%%%EOF\n" % start


def font_swapped(pdf: bytes) -> bytes:
    """The font object is redefined: the same codes, other shapes (9.6)."""
    shapes = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Type /Encoding /Differences "
    return appended(pdf, {FONT: shapes + b"[70 /T /W /E /L /V /E] >> >>"})


SHOWN_OTHERWISE: list[Attack] = [
    content_replaced,
    content_reference_swapped,
    pages_swapped,
    page_tree_kids_swapped,
    root_swapped,
    proofs_that_redefine_the_page,
    object_stream_redefines_the_page,
]
"""Poppler falls for these: it shows OTHER_WORDS."""
OTHER: list[Attack] = [
    font_swapped,
]
