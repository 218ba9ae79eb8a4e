"""Files that must never be called authentic, made from one that is."""
# mypy: disable-error-code="no-untyped-call"

import io
from collections.abc import Iterator

from .peers import signed_revisions


def one_byte_changed(pdf: bytes, places: int = 5) -> Iterator[tuple[int, bytes]]:
    """`pdf` with one byte changed, at `places` places spread over what its last signature covers."""
    last = signed_revisions(pdf)[-1]
    covered = [*range(last.gap_start), *range(last.gap_end, last.end)]
    for number in range(1, places + 1):
        offset = covered[number * len(covered) // (places + 1)]
        yield offset, pdf[:offset] + bytes([pdf[offset] ^ 0x01]) + pdf[offset + 1 :]


def page_added(pdf: bytes) -> bytes:
    """`pdf` with a page added by an incremental update: every earlier byte is as it was."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    drawing = generic.StreamObject(stream_data=b"0.8 g 100 300 300 200 re f")
    page = generic.DictionaryObject(
        {
            generic.NameObject("/Type"): generic.NameObject("/Page"),
            generic.NameObject("/MediaBox"): generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 595, 842)]),
            generic.NameObject("/Resources"): generic.DictionaryObject(),
            generic.NameObject("/Contents"): writer.add_object(drawing),
        }
    )
    writer.insert_page(page)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()
