"""A prepared file is the shown document plus one signature: each case deviates once."""

import hashlib
from datetime import datetime, timedelta

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field

from hsm.prepared.errors import IncrementReason as Why
from hsm.prepared.errors import IncrementRefused
from hsm.prepared.increment import check_increment
from tests.hsm.prepared.authority import present
from tests.hsm.prepared.documents import Change, Preparer, make_base


def refusal(
    base: bytes, prepared: bytes, *, field: str = "president", docmdp: int | None = None, at: datetime | None = None
) -> Why:
    with pytest.raises(IncrementRefused) as refused:
        check_increment(base, prepared, field, docmdp, at or present())
    assert "not signed" in str(refused.value)
    return refused.value.reason


def test_digest_is_over_the_byte_range(base: bytes, prepared: bytes) -> None:
    checked = check_increment(base, prepared, "president", None, present())
    start, before, after, length = checked.byte_range
    assert (start, after + length) == (0, len(prepared))
    assert checked.digest == hashlib.sha256(prepared[:before] + prepared[after:]).digest()
    assert set(prepared[before:after]) == set(b"<0>")


@pytest.mark.parametrize("stream_xrefs", [False, True])
@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("docmdp", [None, 2])
@pytest.mark.parametrize("mark", [False, True])
def test_what_the_service_prepares_is_accepted(
    preparer: Preparer, stream_xrefs: bool, merged: bool, docmdp: int | None, mark: bool
) -> None:
    base = make_base(stream_xrefs=stream_xrefs, merged=merged)
    prepared = preparer.prepare(base, docmdp=docmdp, mark=mark)
    assert check_increment(base, prepared, "president", docmdp, present()).byte_range[3] > 0


def test_second_signature_is_accepted(preparer: Preparer) -> None:
    base = make_base(signature_fields=("member", "president"))
    first = preparer.prepare(base, field="member", docmdp=2)
    second = preparer.prepare(first, field="president")
    assert check_increment(first, second, "president", None, present())
    assert refusal(base, second) is Why.NOT_ONE_INCREMENT
    assert refusal(first, second, field="member") is Why.FIELD_SIGNED


def test_base_is_not_the_one_shown(base: bytes, prepared: bytes) -> None:
    other = base.replace(b"(Licence)", b"(Refusal)")
    assert refusal(other, prepared) is Why.NOT_THE_BASE
    assert refusal(base, base) is Why.NOTHING_ADDED
    assert refusal(b"", prepared) is Why.NOT_THE_BASE


def test_other_field_than_announced(preparer: Preparer, base: bytes, prepared: bytes) -> None:
    two = make_base(signature_fields=("member", "president"))
    assert refusal(base, prepared, field="member") is Why.FIELD_UNKNOWN
    assert refusal(two, preparer.prepare(two, field="member")) is Why.FIELD_CHANGED


def test_certification_is_as_announced(preparer: Preparer, base: bytes, prepared: bytes) -> None:
    certified = preparer.prepare(base, docmdp=2)
    assert refusal(base, prepared, docmdp=2) is Why.DOCMDP
    assert refusal(base, certified) is Why.DOCMDP
    assert refusal(base, certified, docmdp=1) is Why.DOCMDP
    assert check_increment(base, certified, "president", 2, present())


@pytest.mark.parametrize("minutes", [-10, 10])
def test_signing_time_bounds_are_inside(base: bytes, prepared: bytes, minutes: int) -> None:
    begin = check_increment(base, prepared, "president", None, present())
    assert begin
    assert refusal(base, prepared, at=present() + timedelta(minutes=minutes * 2)) is Why.SIGNING_TIME


def test_other_subfilter_is_refused(preparer: Preparer, base: bytes) -> None:
    assert refusal(base, preparer.prepare(base, subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED)) is Why.SUBFILTER


def page_of(writer: IncrementalPdfFileWriter) -> generic.DictionaryObject:
    return writer.root["/Pages"]["/Kids"][0]


def change_content(writer: IncrementalPdfFileWriter) -> None:
    reference = page_of(writer).raw_get("/Contents")
    reference.get_object()._data = b"BT /F1 12 Tf 72 700 Td (Refusal) Tj ET"
    reference.get_object()._encoded_data = None
    writer.mark_update(reference)


def rotate_page(writer: IncrementalPdfFileWriter) -> None:
    page_of(writer)["/Rotate"] = generic.NumberObject(90)
    writer.mark_update(page_of(writer).container_ref)


def replace_content(writer: IncrementalPdfFileWriter) -> None:
    page = page_of(writer)
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"q Q"))
    writer.mark_update(page.container_ref)


def change_font(writer: IncrementalPdfFileWriter) -> None:
    resources = page_of(writer).raw_get("/Resources")
    page_of(writer)["/Resources"]["/Font"]["/F1"]["/BaseFont"] = pdf_name("/ZapfDingbats")
    writer.mark_update(resources if isinstance(resources, generic.IndirectObject) else page_of(writer).container_ref)


def change_page_tree(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/Pages"]["/Count"] = generic.NumberObject(2)
    writer.mark_update(writer.root.raw_get("/Pages"))


def add_page(writer: IncrementalPdfFileWriter) -> None:
    copied = generic.DictionaryObject({key: page_of(writer).raw_get(key) for key in page_of(writer)})
    reference = writer.add_object(copied)
    writer.root["/Pages"]["/Kids"].append(reference)
    writer.root["/Pages"]["/Count"] = generic.NumberObject(2)
    writer.mark_update(writer.root.raw_get("/Pages"))


def add_field(writer: IncrementalPdfFileWriter) -> None:
    append_signature_field(writer, SigFieldSpec("other", on_page=0, box=(0, 0, 90, 20)))


def move_field(writer: IncrementalPdfFileWriter) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0]
    field["/Rect"] = generic.ArrayObject(generic.NumberObject(each) for each in (0, 0, 595, 842))
    writer.mark_update(writer.root["/AcroForm"]["/Fields"].raw_get(0))


def add_annotation(writer: IncrementalPdfFileWriter) -> None:
    note = {pdf_name("/Type"): pdf_name("/Annot"), pdf_name("/Subtype"): pdf_name("/FreeText")}
    writer.register_annotation(page_of(writer).container_ref, writer.add_object(generic.DictionaryObject(note)))


def add_stray(writer: IncrementalPdfFileWriter) -> None:
    writer.add_object(generic.DictionaryObject({pdf_name("/Why"): generic.NumberObject(1)}))


def form_appearance(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/AcroForm"]["/DA"] = generic.TextStringObject("/F1 1 Tf")
    writer.update_container(writer.root["/AcroForm"])


def open_script(writer: IncrementalPdfFileWriter) -> None:
    script = {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): generic.TextStringObject("app.alert(1)")}
    writer.root["/OpenAction"] = generic.DictionaryObject(script)
    writer.update_root()


def additional_actions(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/AA"] = generic.DictionaryObject({})
    writer.update_root()


def names_script(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/Names"] = generic.DictionaryObject({pdf_name("/JavaScript"): generic.DictionaryObject({})})
    writer.update_root()


def optional_content(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/OCProperties"] = generic.DictionaryObject({})
    writer.update_root()


def extension_reference(writer: IncrementalPdfFileWriter) -> None:
    hidden = writer.add_object(generic.DictionaryObject({}))
    writer.root["/Extensions"] = generic.DictionaryObject({pdf_name("/X"): hidden})
    writer.update_root()


def retitle(writer: IncrementalPdfFileWriter) -> None:
    writer.trailer["/Info"]["/Title"] = generic.TextStringObject("Refusal")
    writer.mark_update(writer.trailer.raw_get("/Info"))


def replace_information(writer: IncrementalPdfFileWriter) -> None:
    writer.set_info(generic.DictionaryObject({pdf_name("/Title"): generic.TextStringObject("Refusal")}))


def trailer_entry(writer: IncrementalPdfFileWriter) -> None:
    writer.set_custom_trailer_entry(pdf_name("/Extra"), generic.NumberObject(1))


def field_action(writer: IncrementalPdfFileWriter) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0]
    field["/A"] = generic.DictionaryObject({pdf_name("/S"): pdf_name("/Launch")})
    writer.mark_update(writer.root["/AcroForm"]["/Fields"].raw_get(0))


MORE = [
    (change_content, Why.OBJECT_CHANGED),
    (rotate_page, Why.PAGE_CHANGED),
    (replace_content, Why.PAGE_CHANGED),
    (change_font, Why.PAGE_CHANGED),
    (change_page_tree, Why.OBJECT_CHANGED),
    (add_page, Why.OBJECT_CHANGED),
    (add_field, Why.FORM_CHANGED),
    (move_field, Why.FIELD_CHANGED),
    (add_annotation, Why.PAGE_CHANGED),
    (add_stray, Why.STRAY_OBJECT),
    (form_appearance, Why.FORM_CHANGED),
    (open_script, Why.CATALOG_CHANGED),
    (additional_actions, Why.CATALOG_CHANGED),
    (names_script, Why.CATALOG_CHANGED),
    (optional_content, Why.CATALOG_CHANGED),
    (extension_reference, Why.CATALOG_CHANGED),
    (retitle, Why.METADATA_CHANGED),
    (replace_information, Why.TRAILER),
    (trailer_entry, Why.TRAILER),
    (field_action, Why.FIELD_CHANGED),
]


@pytest.mark.parametrize("stream_xrefs", [False, True])
@pytest.mark.parametrize(("also", "reason"), MORE, ids=lambda value: getattr(value, "__name__", ""))
def test_one_more_object_changed_is_refused(preparer: Preparer, also: Change, reason: Why, stream_xrefs: bool) -> None:
    base = make_base(stream_xrefs=stream_xrefs)
    assert refusal(base, preparer.prepare(base, also=also)) is reason


def same_length(prepared: bytes, old: bytes, new: bytes) -> bytes:
    assert prepared.count(old) >= 1
    at = prepared.rindex(old)
    return prepared[:at] + new.ljust(len(old)) + prepared[at + len(old) :]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (b"/OC 1 ", Why.ACTIVE_CONTENT),
        (b"/JS ()", Why.ACTIVE_CONTENT),
        (b"/AA 12", Why.ACTIVE_CONTENT),
        (b"/EF 12", Why.ACTIVE_CONTENT),
    ],
)
def test_active_content_is_refused(base: bytes, prepared: bytes, entry: bytes, reason: Why) -> None:
    # /CA 1 of the mark's graphics state becomes the entry: the file keeps its length.
    changed = same_length(prepared, b"/CA 1\n", entry)
    assert refusal(base, changed) is reason


def test_mark_reaching_into_the_document_is_refused(base: bytes, prepared: bytes) -> None:
    assert refusal(base, same_length(prepared, b"/CA 1\n", b"/C 1 0 R"[:6])) is Why.MALFORMED
    at = prepared.rindex(b"/XObject <<")
    inside = prepared.index(b" 0 R", at)
    digits = len(prepared[:inside]) - len(prepared[:inside].rstrip(b"0123456789"))
    changed = prepared[: inside - digits] + b"1".rjust(digits, b"0") + prepared[inside:]
    assert refusal(base, changed) in {Why.APPEARANCE, Why.MALFORMED}


def test_any_flipped_byte_of_the_increment_is_refused_or_outside_what_is_signed_for(
    base: bytes, prepared: bytes
) -> None:
    """No flipped byte passes with the digest of the file that was prepared."""
    good = check_increment(base, prepared, "president", None, present())
    passed = []
    for at in range(len(base), len(prepared), 29):
        flipped = prepared[:at] + bytes((prepared[at] ^ 0x01,)) + prepared[at + 1 :]
        try:
            checked = check_increment(base, flipped, "president", None, present())
        except IncrementRefused:
            continue
        assert checked.digest != good.digest
        passed.append(at)
    # What passes is the mark's drawing, the reason text, the second half of /ID, digits of a date.
    assert all(not good.byte_range[1] <= at < good.byte_range[2] for at in passed)


def test_any_flipped_byte_of_the_base_is_refused(base: bytes, prepared: bytes) -> None:
    for at in range(0, len(base), 41):
        flipped = bytes((prepared[at] ^ 0x01,))
        assert refusal(base, prepared[:at] + flipped + prepared[at + 1 :]) is Why.NOT_THE_BASE
