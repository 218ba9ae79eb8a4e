"""A base made to betray: its own objects mean two things at once, or it waits for what an increment brings."""

import io
import re

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from hsm.prepared.errors import IncrementReason as Why
from hsm.prepared.errors import IncrementRefused
from hsm.prepared.increment import check_increment
from tests.hsm.prepared.authority import present
from tests.hsm.prepared.documents import Change, Preparer, make_base

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="application/pdf"/>'
    b"</rdf:RDF></x:xmpmeta>"
)


def refusal(base: bytes, prepared: bytes) -> Why:
    with pytest.raises(IncrementRefused) as refused:
        check_increment(base, prepared, "president", None, present())
    return refused.value.reason


def updated(base: bytes, change: Change) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(base))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def add_metadata(writer: IncrementalPdfFileWriter) -> None:
    kinds = {pdf_name("/Type"): pdf_name("/Metadata"), pdf_name("/Subtype"): pdf_name("/XML")}
    writer.root["/Metadata"] = writer.add_object(generic.StreamObject(kinds, stream_data=XMP))
    writer.update_root()


def show(writer: IncrementalPdfFileWriter, reference: generic.IndirectObject) -> None:
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = reference
    writer.mark_update(page.container_ref)


def with_metadata(*, also_content: bool) -> bytes:
    base = updated(make_base(), add_metadata)
    if not also_content:
        return base
    return updated(base, lambda writer: show(writer, writer.root.raw_get("/Metadata")))


def test_dated_metadata_is_accepted(preparer: Preparer) -> None:
    base = with_metadata(also_content=False)
    prepared = preparer.prepare(base)
    assert b"/Metadata" in prepared[len(base) :]
    assert check_increment(base, prepared, "president", None, present())


def test_metadata_that_is_also_content_is_refused(preparer: Preparer) -> None:
    base = with_metadata(also_content=True)
    assert refusal(base, preparer.prepare(base)) is Why.OBJECT_CHANGED


def test_metadata_that_says_something_else_is_refused(preparer: Preparer) -> None:
    base = with_metadata(also_content=False)

    def retitle(writer: IncrementalPdfFileWriter) -> None:
        writer._meta.title = "Refusal"

    assert refusal(base, preparer.prepare(base, also=retitle)) is Why.METADATA_CHANGED


@pytest.mark.parametrize("stream_xrefs", [False, True])
def test_object_that_the_base_waits_for_is_refused(preparer: Preparer, stream_xrefs: bool) -> None:
    """The base's page shows an object that is not there yet: blank when read, filled by the increment."""
    base = make_base(stream_xrefs=stream_xrefs)
    caught = 0
    for number in range(9, 17):
        waiting = updated(base, lambda writer, n=number: show(writer, generic.IndirectObject(n, 0, writer)))  # type: ignore[misc]
        prepared = preparer.prepare(waiting)
        brought = re.search(rb"(?m)^%d 0 obj" % number, prepared[len(waiting) :])
        if brought and not re.search(rb"(?m)^%d 0 obj" % number, waiting):
            assert refusal(waiting, prepared) is Why.OBJECT_CHANGED
            caught += 1
    assert caught >= 3


def test_escaped_names_are_read_as_what_they_are(base: bytes, prepared: bytes) -> None:
    at = prepared.rindex(b"/CA 1\n")
    changed = prepared[:at] + b"/#4aS 1"[:6] + prepared[at + 6 :]
    assert refusal(base, changed) in {Why.ACTIVE_CONTENT, Why.MALFORMED}
    at = prepared.rindex(b"/BackgroundGS <<")
    changed = prepared[:at] + b"/#4a#53".ljust(13) + prepared[at + 13 :]
    assert refusal(base, changed) is Why.ACTIVE_CONTENT
