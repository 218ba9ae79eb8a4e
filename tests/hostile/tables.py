"""Increments whose tables, trailers and ends say one thing to one reader and another to the next.

Clauses are those of ISO 32000-1.
"""

import re

from tests.hostile.builders import (
    CATALOG,
    CONTENT,
    OTHER_CONTENT,
    Attack,
    appended,
    appended_stream,
    body_of,
    ending,
    extended,
    other_pages,
    size_of,
    startxref,
    stream,
    table_of,
)


def table_that_shrinks(pdf: bytes) -> bytes:
    """An increment declares /Size 1; the next one replaces the page as if its number had never been given (7.5.5)."""
    shrunk = appended(pdf, {CATALOG: body_of(pdf, CATALOG)}, size=1)
    return appended(shrunk, {CONTENT: OTHER_CONTENT})


def key_given_twice(pdf: bytes) -> bytes:
    """The catalog has /Pages twice: one reader takes the first, another the last (7.3.7)."""
    number = size_of(pdf)
    catalog = extended(body_of(pdf, CATALOG), b"/Pages %d 0 R" % number)
    return appended(pdf, {CATALOG: catalog, **other_pages(number)})


def end_in_a_comment(pdf: bytes) -> bytes:
    """Two ends: the reader of lines finds one startxref, the reader of bytes the one in a comment behind it (7.5.5)."""
    changed = appended(pdf, {CONTENT: OTHER_CONTENT})
    return changed + b"startxref\n%d\n%%%%EOF\n%%startxref %d\n" % (startxref(pdf), startxref(changed))


def table_too_large(pdf: bytes) -> bytes:
    """/Size without measure: some readers drop the table and look for objects, also inside a harmless stream."""
    hidden = b"q Q\nendstream\nendobj\n4 0 obj\n" + OTHER_CONTENT + b"\nendobj\n99 0 obj\n<< /Length 3 >>\nstream\nq Q"
    proofs = size_of(pdf)
    catalog = re.sub(rb"/DSS \d+ 0 R", b"/DSS << /Certs [%d 0 R] >>" % proofs, body_of(pdf, CATALOG))
    return appended_stream(pdf, {CATALOG: catalog, proofs: stream(hidden)}, size=2**31 - 1)


def objects_without_a_table(pdf: bytes) -> bytes:
    """ISA without cross-references: objects alone, and an end too far away for readers that then look for objects."""
    return pdf + b"4 0 obj\n" + OTHER_CONTENT + b"\nendobj\n%" + b" " * 200 + b"\ntrailer\n<< /Root 1 0 R >>\n"


def hybrid_file(pdf: bytes) -> bytes:
    """Hybrid cross-references: the table hides what the stream at /XRefStm shows (7.5.8.4)."""
    number = size_of(pdf)
    body = b"4 0 obj\n" + OTHER_CONTENT + b"\nendobj\n"
    at = len(pdf) + len(body)
    data = b"\x01" + len(pdf).to_bytes(4, "big") + b"\x00"
    hidden = stream(data, b"/Type /XRef /W [1 4 1] /Size %d /Index [4 1] /Root 1 0 R " % (number + 1))
    body += b"%d 0 obj\n" % number + hidden + b"\nendobj\n"
    said = b"/Size %d /Root 1 0 R /Prev %d /XRefStm %d " % (number + 1, startxref(pdf), at)
    return pdf + body + ending(table_of({number: at}), said, len(pdf) + len(body))


def tail_of_blanks(pdf: bytes) -> bytes:
    """Blanks behind the end: too many, and readers look for objects by themselves (7.5.5, implementation note)."""
    return pdf + b"\n" * 900


def unlinked_increment(pdf: bytes) -> bytes:
    """An increment, and behind it the old end again: whoever rebuilds the table finds the increment's objects."""
    return appended(pdf, {CONTENT: OTHER_CONTENT}) + b"startxref\n%d\n%%%%EOF\n" % startxref(pdf)


def stray_object(pdf: bytes) -> bytes:
    """An object that nothing refers to, for a later trick."""
    return appended(pdf, {size_of(pdf): OTHER_CONTENT})


def bytes_between_objects(pdf: bytes) -> bytes:
    """An increment with bytes that its table does not list."""
    return appended(pdf, {CATALOG: body_of(pdf, CATALOG)}, between=b"4 0 obj\n" + OTHER_CONTENT + b"\nendobj\n")


def object_listed_twice(pdf: bytes) -> bytes:
    """One table, one number, two places (7.5.4)."""
    number = size_of(pdf)
    first = b"%d 0 obj\n" % number + b"<< >>\nendobj\n"
    places = b"4 2\n%010d 00000 n \n%010d 00000 n \n" % (len(pdf), len(pdf))
    return appended(pdf, {number: b"<< >>"}, between=first, table=places + b"4 1\n%010d 00000 n \n" % len(pdf))


def object_freed(pdf: bytes) -> bytes:
    """The table frees the field of the signature (7.5.4)."""
    return appended(pdf, {CATALOG: body_of(pdf, CATALOG)}, table=b"7 1\n0000000000 00001 f \n")


def previous_skips_the_signature(pdf: bytes) -> bytes:
    """/Prev leads past the signed revision to the one before it."""
    first = int(re.findall(rb"startxref\s+(\d+)", pdf)[0])
    return appended(pdf, {CONTENT: OTHER_CONTENT}, previous=first)


def previous_in_a_circle(pdf: bytes) -> bytes:
    """/Prev names its own table."""
    once = appended(pdf, {CONTENT: OTHER_CONTENT})
    return appended(pdf, {CONTENT: OTHER_CONTENT}, previous=startxref(once))


def encryption_declared(pdf: bytes) -> bytes:
    """/Encrypt appears in the last trailer (7.6): strings and streams would be read as others."""
    handler = b"/Encrypt << /Filter /Standard /V 1 /R 2 /O <" + b"00" * 32 + b"> /U <" + b"00" * 32 + b"> /P -4 >> "
    return appended(pdf, {CATALOG: body_of(pdf, CATALOG)}, trailer=handler)


SHOWN_OTHERWISE: list[Attack] = [
    table_that_shrinks,
    key_given_twice,
    end_in_a_comment,
    table_too_large,
]
"""Poppler falls for these: it shows OTHER_WORDS."""
OTHER: list[Attack] = [
    objects_without_a_table,
    hybrid_file,
    tail_of_blanks,
    unlinked_increment,
    stray_object,
    bytes_between_objects,
    object_listed_twice,
    object_freed,
    previous_skips_the_signature,
    previous_in_a_circle,
    encryption_declared,
]
