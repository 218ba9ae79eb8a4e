"""Copying a page of any PDF into a document as a form, object by object: what `marks` does not do as bytes."""

from __future__ import annotations

import io

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from signer.pades.increment import Increment, Raw
from signer.pades.objects import (
    Object,
    array,
    dictionary,
    encoded_stream,
    name,
    raw_entries,
    resolved,
    resolved_array,
    resolved_dictionary,
    stream,
)


def import_page(increment: Increment, pdf: bytes) -> generic.IndirectObject:
    """Add the one page of `pdf` as a form; return the reference to it.

    :raise ValueError: it has not exactly one page.
    """
    node = resolved_dictionary(PdfFileReader(io.BytesIO(pdf), strict=True).root.raw_get("/Pages"))
    inherited: dict[str, Object] = {}
    while True:
        inherited |= {key: node.raw_get(key) for key in ("/MediaBox", "/Resources") if key in node}
        if "/Kids" not in node:
            break
        kids = raw_entries(resolved_array(node.raw_get("/Kids")))
        if len(kids) != 1:
            raise ValueError("a mark has one page")
        node = resolved_dictionary(kids[0])
    bring = _Importer(increment).bring
    entries = {
        "/Type": name("/XObject"),
        "/Subtype": name("/Form"),
        "/BBox": bring(inherited["/MediaBox"]),
        "/Resources": bring(inherited.get("/Resources", dictionary({}))),
    }
    return increment.add(stream(entries, _content(node)))


def _content(page: generic.DictionaryObject) -> bytes:
    held = resolved(page.raw_get("/Contents")) if "/Contents" in page else None
    parts = raw_entries(held) if isinstance(held, generic.ArrayObject) else [held]
    return b"\n".join(each.data for each in map(_resolved_stream, parts) if each is not None)


def _resolved_stream(value: Object | None) -> generic.StreamObject | None:
    found = None if value is None else resolved(value)
    return found if isinstance(found, generic.StreamObject) else None


class _Importer:
    """Copies values of another document, each object once."""

    def __init__(self, increment: Increment) -> None:
        self._increment = increment
        self._known: dict[int, generic.IndirectObject] = {}

    def bring(self, value: Object) -> Object:
        """The value as this document may hold it."""
        if isinstance(value, generic.IndirectObject):
            if value.idnum not in self._known:
                # The place is taken first: what it holds may point back to it.
                place = self._known[value.idnum] = self._increment.add(Raw(b"null"))
                self._increment.revise(place.idnum, self.bring(resolved(value)))
            return self._known[value.idnum]
        if isinstance(value, generic.StreamObject):
            entries = {key: self.bring(value.raw_get(key)) for key in value if key != "/Length"}
            return encoded_stream(entries, value.encoded_data)
        if isinstance(value, generic.DictionaryObject):
            return dictionary({key: self.bring(value.raw_get(key)) for key in value})
        if isinstance(value, generic.ArrayObject):
            return array(self.bring(each) for each in raw_entries(value))
        return value
