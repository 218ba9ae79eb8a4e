import io
from collections.abc import Callable
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt import StandardSecurityHandler
from pyhanko.pdf_utils.embed import EmbeddedFileObject, FileSpec, embed_file
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from signer.pades.errors import IntakeReason, IntakeRefused
from signer.pades.intake import inspect_intake
from tests.signer.pades.estate import Estate

MOST = 50 * 1024 * 1024


def inspect(pdf: bytes) -> Any:
    return inspect_intake(pdf, most_bytes=MOST)


def dictionary(**entries: Any) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name("/" + key): value for key, value in entries.items()})


def changed(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def on_root(key: str, value: Any) -> Callable[[IncrementalPdfFileWriter], None]:
    def change(writer: IncrementalPdfFileWriter) -> None:
        writer.root[pdf_name(key)] = value

    return change


def on_page(key: str, value: Any) -> Callable[[IncrementalPdfFileWriter], None]:
    def change(writer: IncrementalPdfFileWriter) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        page[pdf_name(key)] = value
        writer.update_container(page)

    return change


def annotation(**entries: Any) -> Callable[[IncrementalPdfFileWriter], None]:
    rectangle = generic.ArrayObject([generic.NumberObject(each) for each in (0, 0, 9, 9)])
    return on_page("/Annots", generic.ArrayObject([dictionary(Type=pdf_name("/Annot"), Rect=rectangle, **entries)]))


def action(kind: str, **more: Any) -> generic.DictionaryObject:
    return dictionary(S=pdf_name(kind), **more)


def outside_stream(writer: IncrementalPdfFileWriter) -> None:
    stream = generic.StreamObject({pdf_name("/F"): pdf_string("elsewhere.bin")}, stream_data=b"")
    writer.root["/Pages"]["/Kids"][0][pdf_name("/Contents")] = writer.add_object(stream)
    writer.update_container(writer.root["/Pages"]["/Kids"][0])


def attached(name: str, content: bytes) -> Callable[[IncrementalPdfFileWriter], None]:
    def change(writer: IncrementalPdfFileWriter) -> None:
        held = EmbeddedFileObject.from_file_data(writer, content, mime_type="application/octet-stream")
        embed_file(writer, FileSpec(file_spec_string=name, embedded_data=held))

    return change


def names_with_script() -> generic.DictionaryObject:
    script = action("/JavaScript", JS=pdf_string("app.alert(1)"))
    return dictionary(JavaScript=dictionary(Names=generic.ArrayObject([pdf_string("a"), script])))


def hidden(key: str, value: Callable[[IncrementalPdfFileWriter], Any]) -> Callable[[IncrementalPdfFileWriter], None]:
    """The same, behind references."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        writer.root[pdf_name(key)] = writer.add_object(value(writer))

    return change


ACTIVE: dict[str, tuple[Callable[[IncrementalPdfFileWriter], None], IntakeReason]] = {
    "script-in-names": (on_root("/Names", names_with_script()), IntakeReason.SCRIPT),
    "script-on-opening": (on_root("/OpenAction", action("/JavaScript", JS=pdf_string("x"))), IntakeReason.SCRIPT),
    "launch-on-opening": (on_root("/OpenAction", action("/Launch", F=pdf_string("x"))), IntakeReason.ACTION),
    "opening-behind-a-reference": (hidden("/OpenAction", lambda _: action("/URI")), IntakeReason.ACTION),
    "kind-behind-a-reference": (
        hidden("/Lang", lambda writer: dictionary(S=writer.add_object(pdf_name("/JavaScript")))),
        IntakeReason.SCRIPT,
    ),
    "form-behind-a-reference": (hidden("/AcroForm", lambda _: dictionary(XFA=pdf_string("x"))), IntakeReason.XFA),
    "additional-actions": (on_root("/AA", dictionary(WC=action("/GoTo"))), IntakeReason.ACTION),
    "page-actions": (on_page("/AA", dictionary(O=action("/GoTo"))), IntakeReason.ACTION),
    "submit-form": (annotation(Subtype=pdf_name("/Link"), A=action("/SubmitForm")), IntakeReason.ACTION),
    "import-data": (annotation(Subtype=pdf_name("/Link"), A=action("/ImportData")), IntakeReason.ACTION),
    "next-action": (
        annotation(Subtype=pdf_name("/Link"), A=action("/GoTo", Next=action("/Launch"))),
        IntakeReason.ACTION,
    ),
    "script-link": (
        annotation(Subtype=pdf_name("/Link"), A=action("/URI", URI=pdf_string("JavaScript:alert(1)"))),
        IntakeReason.ACTION,
    ),
    "rich-media": (annotation(Subtype=pdf_name("/RichMedia")), IntakeReason.RICH_MEDIA),
    "screen": (annotation(Subtype=pdf_name("/Screen")), IntakeReason.RICH_MEDIA),
    "program-by-name": (attached("plan.pdf.EXE", b"x"), IntakeReason.EXECUTABLE),
    "program-by-content": (attached("plan.dwg", b"MZ\x90\x00"), IntakeReason.EXECUTABLE),
    "layers": (
        on_root("/OCProperties", dictionary(OCGs=generic.ArrayObject(), D=dictionary())),
        IntakeReason.OPTIONAL_CONTENT,
    ),
    "outside-stream": (outside_stream, IntakeReason.EXTERNAL_STREAM),
    "dynamic-form": (
        on_root("/AcroForm", dictionary(Fields=generic.ArrayObject(), XFA=pdf_string("<xdp/>"))),
        IntakeReason.XFA,
    ),
}


@pytest.mark.parametrize("name", sorted(ACTIVE))
def test_active_content_is_refused_with_its_reason(unsigned: bytes, name: str) -> None:
    change, reason = ACTIVE[name]
    with pytest.raises(IntakeRefused) as refused:
        inspect(changed(unsigned, change))
    assert refused.value.reason is reason
    assert "nothing was stored" in str(refused.value)


HARMLESS: dict[str, Callable[[IncrementalPdfFileWriter], None]] = {
    "link": annotation(Subtype=pdf_name("/Link"), A=action("/URI", URI=pdf_string("https://rokhas.ma"))),
    "go-to-on-opening": on_root("/OpenAction", action("/GoTo", D=generic.ArrayObject())),
    "next-page": annotation(Subtype=pdf_name("/Link"), A=action("/Named", N=pdf_name("/NextPage"))),
    "attachment": attached("data.json", b"{}"),
}


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_harmless_content_is_accepted(unsigned: bytes, name: str) -> None:
    assert inspect(changed(unsigned, HARMLESS[name])).pages == 1


def test_our_own_documents_are_accepted(unsigned: bytes, licence: bytes) -> None:
    assert inspect(unsigned).signed_fields == ()
    assert inspect(licence).signed_fields == ()


def test_signed_is_accepted_and_said(estate: Estate, licence: bytes) -> None:
    assert inspect(estate.sign(licence)).signed_fields == ("President",)


def encrypted(pdf: bytes) -> bytes:
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(pdf)))
    writer._assign_security_handler(
        StandardSecurityHandler.build_from_pw("owner", "", encrypt_metadata=True),
    )
    writer.encrypt("")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


BYTES: dict[str, tuple[Callable[[bytes], bytes], IntakeReason]] = {
    "empty": (lambda _: b"", IntakeReason.EMPTY),
    "not-a-pdf": (lambda _: b"PK\x03\x04 a word processor's file", IntakeReason.NOT_A_PDF),
    "truncated": (lambda pdf: pdf[: len(pdf) // 2], IntakeReason.TRUNCATED),
    "end-only": (lambda _: b"%PDF-1.7\nstartxref\n9\n%%EOF", IntakeReason.MALFORMED),
    "middle-gone": (lambda pdf: pdf[:2000] + pdf[-3000:], IntakeReason.MALFORMED),
}


@pytest.mark.parametrize("name", sorted(BYTES))
def test_bad_bytes(unsigned: bytes, name: str) -> None:
    change, reason = BYTES[name]
    with pytest.raises(IntakeRefused) as refused:
        inspect(change(unsigned))
    assert refused.value.reason is reason


def test_encrypted(unsigned: bytes) -> None:
    with pytest.raises(IntakeRefused) as refused:
        inspect(encrypted(unsigned))
    assert refused.value.reason is IntakeReason.ENCRYPTED


def test_one_byte_too_many(unsigned: bytes) -> None:
    assert inspect_intake(unsigned, most_bytes=len(unsigned)).size == len(unsigned)
    with pytest.raises(IntakeRefused) as refused:
        inspect_intake(unsigned, most_bytes=len(unsigned) - 1)
    assert refused.value.reason is IntakeReason.TOO_LARGE
