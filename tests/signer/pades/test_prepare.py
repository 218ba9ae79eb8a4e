import hashlib
import io
from datetime import datetime

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

from hsm.prepared.increment import check_increment
from signer.pades.errors import FieldSigned, FieldsRefused, FieldUnknown, PdfUnreadable
from signer.pades.fields import FieldSpec, add_signature_fields
from signer.pades.prepare import prepare_signature
from tests.signer.pades.estate import T0, Estate


def plain_pdf(*, stream_xrefs: bool) -> bytes:
    """A PDF as somebody else's program writes it."""
    writer = PdfFileWriter(stream_xrefs=stream_xrefs)
    contents = writer.add_object(_content())
    writer.insert_page(PageObject(contents=contents, media_box=(0, 0, 595, 842)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _content() -> object:
    from pyhanko.pdf_utils.generic import StreamObject

    return StreamObject(stream_data=b"q Q")


@pytest.mark.parametrize("certify", [True, False])
@pytest.mark.parametrize("marked", [True, False])
def test_the_agent_accepts_the_increment(
    estate: Estate, licence: bytes, mark: bytes, certify: bool, marked: bool
) -> None:
    prepared = estate.prepare(licence, field_name="President", mark=mark if marked else None, certify=certify)
    checked = check_increment(licence, prepared.content, "President", 2 if certify else None, T0)
    assert checked.byte_range == prepared.byte_range
    assert checked.digest == prepared.document_digest
    assert prepared.sha256 == hashlib.sha256(prepared.content).hexdigest()
    assert prepared.content.startswith(licence)


@pytest.mark.parametrize("stream_xrefs", [True, False])
@pytest.mark.parametrize("visible", [True, False])
def test_somebody_elses_pdf(estate: Estate, mark: bytes, stream_xrefs: bool, visible: bool) -> None:
    from signer.signature_boxes import signature_boxes

    box = signature_boxes(1)[0] if visible else None
    base = add_signature_fields(plain_pdf(stream_xrefs=stream_xrefs), [FieldSpec(name="President", box=box)])
    prepared = estate.prepare(base, field_name="President", mark=mark if visible else None, certify=True)
    check_increment(base, prepared.content, "President", 2, T0)


def test_only_what_a_signature_needs_is_touched(estate: Estate, licence: bytes, mark: bytes) -> None:
    prepared = estate.prepare(licence, field_name="President", mark=mark)
    reader = PdfFileReader(io.BytesIO(prepared.content))
    touched = {each.idnum for each in reader.xrefs.explicit_refs_in_revision(reader.total_revisions - 1)}
    old = {each.idnum for each in PdfFileReader(io.BytesIO(licence)).xrefs.explicit_refs_in_revision(0)}
    field = reader.root["/AcroForm"]["/Fields"].raw_get(0).idnum
    assert {each for each in touched if each in old or each == field} == {field}


def test_the_mark_shows_and_no_signing_time_is_signed(estate: Estate, licence: bytes, mark: bytes) -> None:
    reader = PdfFileReader(io.BytesIO(estate.prepare(licence, field_name="President", mark=mark).content))
    field = reader.root["/AcroForm"]["/Fields"][0]
    form = field["/AP"]["/N"]
    assert form["/Subtype"] == "/Form"
    assert b"TJ" in form.data or b"Tj" in form.data
    assert field["/V"]["/SubFilter"] == "/ETSI.CAdES.detached"
    assert field["/V"]["/M"] == "D:20261102100000Z"


def test_the_same_input_gives_the_same_bytes(estate: Estate, licence: bytes, mark: bytes) -> None:
    one, other = (estate.prepare(licence, field_name="President", mark=mark, certify=True) for _ in range(2))
    assert one == other


def test_no_such_field(estate: Estate, licence: bytes) -> None:
    with pytest.raises(FieldUnknown):
        estate.prepare(licence, field_name="Governor")


def test_a_signed_field_is_not_signed_again(estate: Estate, licence: bytes) -> None:
    with pytest.raises(FieldSigned):
        estate.prepare(estate.sign(licence), field_name="President")


def test_no_certification_after_a_signature(estate: Estate, licence: bytes) -> None:
    with pytest.raises(FieldsRefused, match="no longer be certified"):
        estate.prepare(estate.sign(licence), field_name="Member-1", certify=True)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"not a PDF"])
def test_what_cannot_be_read(estate: Estate, content: bytes) -> None:
    with pytest.raises(PdfUnreadable):
        estate.prepare(content, field_name="President")


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\nstartxref\n0\n%%EOF", b"startxref"])
def test_a_mark_that_is_not_of_our_layout(estate: Estate, licence: bytes, content: bytes) -> None:
    with pytest.raises(PdfUnreadable):
        estate.prepare(licence, field_name="President", mark=content)


def test_an_instant_has_a_zone(licence: bytes) -> None:
    with pytest.raises(ValueError, match="zone"):
        prepare_signature(licence, field="President", appearance=None, certify=False, at=datetime(2026, 11, 2))  # noqa: DTZ001
