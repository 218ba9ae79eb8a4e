"""A licence is genuinely signed, then somebody adds bytes: nothing that a viewer shows otherwise stays AUTHENTIC.

The papers: Mladenov et al., "1 Trillion Dollar Refund" (CCS 2019: USF, ISA, SWA); Mainka et al., "Shadow Attacks"
(NDSS 2021: hide, replace, hide-and-replace); Rohlmann et al., "Breaking the Specification: PDF Certification" (S&P
2021: EAA, SSA). Clauses are those of ISO 32000-1. Each attack below is one change to the signed file; its docstring
names it.
"""

import asyncio
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signer.verification.answer import Reason, Verdict
from signer.verification.findings import LaterChanges
from tests.hostile.builders import (
    CATALOG,
    CONTENT,
    FIELD,
    FONT,
    FORM,
    FORM_ENTRIES,
    HELVETICA,
    OTHER_CONTENT,
    OTHER_WORDS,
    PAGE,
    PAGES,
    SIGNED_WORDS,
    Objects,
    appended,
    appended_stream,
    ending,
    field,
    licence,
    page,
    shown,
    size_of,
    startxref,
    stream,
    table_of,
    words,
)
from tests.hostile.judging import inspected, judged
from tests.signer.verification.estate import HOUR, T0, Estate, document

Attack = Callable[[bytes], bytes]
COVER = b"1 g 0 0 595 842 re f 0 g "
AUTHENTIC = (Verdict.AUTHENTIC, Reason.IN_FORCE)


def body_of(pdf: bytes, number: int) -> bytes:
    """How an object is written last."""
    found: list[bytes] = re.findall(rb"(?<=\n)%d 0 obj\n(.*?)\nendobj" % number, pdf, re.DOTALL)
    return found[-1]


def extended(body: bytes, entries: bytes) -> bytes:
    """A dictionary with entries more."""
    assert body.rstrip().endswith(b">>")
    return body.rstrip()[:-2] + entries + b" >>"


def listed(body: bytes, number: int) -> bytes:
    """A form or page that names one object more beside the field."""
    changed = re.sub(rb"\[ ?7 0 R ?\]", b"[7 0 R %d 0 R]" % number, body)
    assert changed != body
    return changed


def other_pages(first: int) -> Objects:
    """A page tree that says something else."""
    resources = b"/Resources << /Font << /F1 " + HELVETICA + b" >> >> "
    return {
        first: b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % (first + 1),
        first + 1: b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Contents %d 0 R " % (first, first + 2)
        + resources
        + b">>",
        first + 2: OTHER_CONTENT,
    }


def test_the_untouched_licences_are_authentic(
    estate: Estate, certified: bytes, approved: bytes, tmp_path: Path
) -> None:
    """What the attacks start from; and poppler reads what was signed."""
    for pdf in (certified, approved):
        assert judged(estate, pdf) == AUTHENTIC
        words_shown = shown(pdf, tmp_path)
        assert words_shown is None or words_shown.startswith(SIGNED_WORDS)


# Attacks that poppler falls for: it shows OTHER_WORDS.


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


def objects_without_a_table(pdf: bytes) -> bytes:
    """ISA without cross-references: objects alone, and an end too far away for readers that then look for objects."""
    return pdf + b"4 0 obj\n" + OTHER_CONTENT + b"\nendobj\n%" + b" " * 200 + b"\ntrailer\n<< /Root 1 0 R >>\n"


def table_too_large(pdf: bytes) -> bytes:
    """/Size without measure: some readers drop the table and look for objects, also inside a harmless stream."""
    hidden = b"q Q\nendstream\nendobj\n4 0 obj\n" + OTHER_CONTENT + b"\nendobj\n99 0 obj\n<< /Length 3 >>\nstream\nq Q"
    proofs = size_of(pdf)
    catalog = re.sub(rb"/DSS \d+ 0 R", b"/DSS << /Certs [%d 0 R] >>" % proofs, body_of(pdf, CATALOG))
    return appended_stream(pdf, {CATALOG: catalog, proofs: stream(hidden)}, size=2**31 - 1)


def font_swapped(pdf: bytes) -> bytes:
    """The font object is redefined: the same codes, other shapes (9.6)."""
    shapes = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Type /Encoding /Differences "
    return appended(pdf, {FONT: shapes + b"[70 /T /W /E /L /V /E] >> >>"})


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


SHOWN_OTHERWISE: list[Attack] = [
    content_replaced,
    content_reference_swapped,
    pages_swapped,
    page_tree_kids_swapped,
    root_swapped,
    table_that_shrinks,
    key_given_twice,
    end_in_a_comment,
    table_too_large,
    proofs_that_redefine_the_page,
    object_stream_redefines_the_page,
]


# Attacks that other readers may fall for, or that lie about the document without another page.


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


def script_on_opening(pdf: bytes) -> bytes:
    """/OpenAction is added to the catalog (12.6.4.16)."""
    script = b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"
    return appended(pdf, {CATALOG: extended(body_of(pdf, CATALOG), script)})


def layers_added(pdf: bytes) -> bytes:
    """Shadow attack, hide: optional content is declared (8.11.4)."""
    return appended(pdf, {CATALOG: extended(body_of(pdf, CATALOG), b"/OCProperties << /OCGs [] /D << >> >>")})


def permissions_dropped(pdf: bytes) -> bytes:
    """The certification is taken out of /Perms (12.8.4), to be freer afterwards."""
    body = re.sub(rb"/Perms (<<.*?>>|\d+ 0 R)", b"", body_of(pdf, CATALOG), flags=re.DOTALL)
    return appended(pdf, {CATALOG: extended(body, b"/Lang (fr)")})


def names_added(pdf: bytes) -> bytes:
    """A file is attached to the signed document (7.11.4)."""
    entry = b"/Names << /EmbeddedFiles << /Names [(khatam.json) << /Type /Filespec /F (khatam.json) >>] >> >>"
    return appended(pdf, {CATALOG: extended(body_of(pdf, CATALOG), entry)})


def annotation_added(pdf: bytes) -> bytes:
    """EAA: a free text is laid over the page (12.5.6.6)."""
    number = size_of(pdf)
    note = b"<< /Type /Annot /Subtype /FreeText /Rect [50 600 500 720] /Contents (TWELVE) /DA (/F1 30 Tf 0 g) >>"
    return appended(pdf, {PAGE: listed(body_of(pdf, PAGE), number), number: note})


def annotation_dropped(pdf: bytes) -> bytes:
    """The signature's own widget leaves the page."""
    return appended(pdf, {PAGE: re.sub(rb"/Annots ?\[ ?7 0 R ?\]", b"/Annots []", body_of(pdf, PAGE))})


def mark_redrawn(pdf: bytes) -> bytes:
    """SSA: the mark of the signature is drawn anew."""
    mark = int(re.findall(rb"/N (\d+) 0 R", body_of(pdf, FIELD))[-1])
    return appended(pdf, {mark: stream(b"0 0 200 60 re f", FORM_ENTRIES)})


def mark_moved(pdf: bytes) -> bytes:
    """SSA: the widget of the signature covers the page."""
    moved = re.sub(rb"/Rect ?\[.*?\]", b"/Rect [0 0 595 842]", body_of(pdf, FIELD))
    return appended(pdf, {FIELD: moved})


def form_defaults_changed(pdf: bytes) -> bytes:
    """/NeedAppearances, with other defaults: viewers redraw the fields by themselves (12.7.2)."""
    entries = b"/NeedAppearances true /DA (/F1 60 Tf 0 g)"
    return appended(pdf, {FORM: extended(body_of(pdf, FORM), entries)})


def dynamic_form_added(pdf: bytes) -> bytes:
    """/XFA is added to the form (12.7.8): some viewers show nothing else."""
    return appended(pdf, {FORM: extended(body_of(pdf, FORM), b"/XFA (<xdp/>)")})


def text_field_added(pdf: bytes) -> bytes:
    """A text field is added to the form and laid over the page."""
    number = size_of(pdf)
    text = b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (x) /P 3 0 R /Rect [50 600 500 720] /V (TWELVE) >>"
    changes = {FORM: listed(body_of(pdf, FORM), number), PAGE: listed(body_of(pdf, PAGE), number), number: text}
    return appended(pdf, changes)


def information_changed(pdf: bytes) -> bytes:
    """The information dictionary gives the document another title, which viewers show above the page (14.3.3)."""
    number = size_of(pdf)
    return appended(pdf, {number: b"<< /Title (Permit for twelve floors) >>"}, trailer=b"/Info %d 0 R " % number)


def metadata_added(pdf: bytes) -> bytes:
    """XMP says of the document what its signer did not (14.3.2)."""
    number = size_of(pdf)
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>'
        b'<rdf:li xml:lang="x-default">Twelve</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>'
    )
    catalog = extended(body_of(pdf, CATALOG), b"/Metadata %d 0 R" % number)
    return appended(pdf, {CATALOG: catalog, number: stream(xmp, b"/Type /Metadata /Subtype /XML ")})


OTHER: list[Attack] = [
    objects_without_a_table,
    font_swapped,
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
    script_on_opening,
    layers_added,
    permissions_dropped,
    names_added,
    annotation_added,
    annotation_dropped,
    mark_redrawn,
    mark_moved,
    form_defaults_changed,
    dynamic_form_added,
    text_field_added,
    information_changed,
    metadata_added,
]


@pytest.mark.parametrize("attack", [*SHOWN_OTHERWISE, *OTHER], ids=lambda attack: attack.__name__)
def test_what_was_added_is_never_authentic(estate: Estate, attack: Attack, approved: bytes) -> None:
    """Behind an approval, which allows more than a certification."""
    changed = attack(approved)
    assert changed.startswith(approved)
    assert judged(estate, changed)[0] is not Verdict.AUTHENTIC


@pytest.mark.parametrize("attack", SHOWN_OTHERWISE, ids=lambda attack: attack.__name__)
def test_what_was_added_to_a_certified_licence(estate: Estate, attack: Attack, certified: bytes) -> None:
    assert judged(estate, attack(certified))[0] is not Verdict.AUTHENTIC


@pytest.mark.parametrize("attack", SHOWN_OTHERWISE, ids=lambda attack: attack.__name__)
def test_the_attacks_are_real(attack: Attack, approved: bytes, tmp_path: Path) -> None:
    """A viewer shows other words than those signed."""
    words_shown = shown(attack(approved), tmp_path)
    assert words_shown is not None, "poppler is not installed"
    assert OTHER_WORDS.split()[0] in words_shown


@pytest.mark.parametrize("attack", [table_that_shrinks, key_given_twice, end_in_a_comment, table_too_large])
def test_increments_that_two_readers_read_differently(estate: Estate, approved: bytes, attack: Attack) -> None:
    """The signature holds; the answer says that something was added."""
    findings = inspected(estate, attack(approved))
    assert findings.signatures[0].later_changes is LaterChanges.OTHER
    assert judged(estate, attack(approved)) == (Verdict.NOT_AUTHENTIC, Reason.CONTENT_ADDED)


# Documents prepared for the attack before they were signed.


def test_object_that_the_signed_page_waits_for(estate: Estate, tmp_path: Path) -> None:
    """Shadow attack, prepared: the page names an object that no one has yet; it comes after the signature (7.3.10)."""
    signed = estate.b_lt(licence(over={PAGE: page(contents=b"[4 0 R 900 0 R]")}), certify=True)
    changed = appended(signed, {900: OTHER_CONTENT})
    words_shown = shown(changed, tmp_path)
    assert words_shown is None or "TWELVE" in words_shown
    assert judged(estate, changed) == (Verdict.NOT_AUTHENTIC, Reason.CONTENT_ADDED)


def test_awaited_object_that_comes_as_a_proof(estate: Estate) -> None:
    """The same, smuggled in as a certificate of the security store."""
    signed = estate.b_lt(licence(over={PAGE: page(contents=b"[4 0 R 900 0 R]")}))
    catalog = re.sub(rb"/DSS \d+ 0 R", b"/DSS << /Certs [900 0 R] >>", body_of(signed, CATALOG))
    changed = appended(signed, {CATALOG: catalog, 900: OTHER_CONTENT})
    assert judged(estate, changed)[0] is Verdict.NOT_AUTHENTIC


def test_awaited_object_that_comes_as_information(estate: Estate) -> None:
    """The same, a font that comes as the information dictionary."""
    resources = b"/Resources << /Font << /F1 900 0 R >> >> "
    awaiting = page().replace(b"/Resources << /Font << /F1 5 0 R >> >> ", resources)
    signed = estate.b_lt(licence(over={PAGE: awaiting}))
    changed = appended(signed, {900: HELVETICA}, trailer=b"/Info 900 0 R ")
    assert judged(estate, changed)[0] is Verdict.NOT_AUTHENTIC


def test_awaited_object_that_comes_as_a_list_of_objects(estate: Estate) -> None:
    """The same, as the increment's own cross-reference stream."""
    signed = estate.b_lt(licence(over={PAGE: page(contents=b"[4 0 R 900 0 R]")}))
    changed = appended_stream(signed, {CATALOG: body_of(signed, CATALOG), 899: b"null"})
    assert b"900 0 obj" in changed
    assert judged(estate, changed)[0] is Verdict.NOT_AUTHENTIC


def test_field_whose_size_is_told_by_references(estate: Estate, tmp_path: Path) -> None:
    """A new field whose /Rect is written by references looks empty to one reader and covers the page for another."""
    cover = stream(COVER + words(OTHER_WORDS), FORM_ENTRIES.replace(b"[0 0 200 60]", b"[0 0 595 842]"))
    cover = cover.replace(b"/Resources << >>", b"/Resources << /Font << /F1 5 0 R >> >>")
    signed = estate.b_lt(licence(over={9: b"0", 10: b"595", 11: b"842", 12: cover}), certify=True)
    number = size_of(signed)
    new = field(name=b"X", rect=b"[9 0 R 9 0 R 10 0 R 11 0 R]", mark=b"12 0 R")
    form, leaf = listed(body_of(signed, FORM), number), listed(body_of(signed, PAGE), number)
    changed = appended(signed, {FORM: form, PAGE: leaf, number: new})
    words_shown = shown(changed, tmp_path)
    assert words_shown is None or "TWELVE" in words_shown
    assert judged(estate, changed) == (Verdict.NOT_AUTHENTIC, Reason.CONTENT_ADDED)


@pytest.mark.parametrize("certify", [False, True])
def test_form_filled_in_after_the_last_signature(estate: Estate, certify: bool) -> None:
    """Shadow attack, replace by a form: DocMDP P=2 allows it (12.8.2.2), our verdict does not."""
    font = FORM_ENTRIES.replace(b"<< >>", b"<< /Font << /F1 5 0 R >> >>")
    text = b"<< /Type /Annot /Subtype /Widget /FT /Tx /F 4 /P 3 0 R /T (floors) /V (%b) /Rect [50 500 250 520] "
    text += b"/DA (/F1 12 Tf 0 g) /AP << /N %d 0 R >> >>"
    base = licence(
        over={
            FORM: b"<< /Fields [7 0 R 9 0 R] /SigFlags 3 /DR << /Font << /F1 5 0 R >> >> >>",
            PAGE: page(annotations=b"[7 0 R 9 0 R]"),
            9: text % (b"FOUR", 10),
            10: stream(b"BT /F1 12 Tf 2 2 Td (FOUR) Tj ET", font),
        }
    )
    signed = estate.b_lt(base, certify=certify)
    number = size_of(signed)
    changed = appended(signed, {9: text % (b"TWELVE", number), number: stream(words("TWELVE"), font)})
    assert judged(estate, signed) == AUTHENTIC
    assert judged(estate, changed) == (Verdict.NOT_AUTHENTIC, Reason.CONTENT_ADDED)


# Signature fields of others.


def covering_time_stamp(pdf: bytes, estate: Estate) -> bytes:
    store = SimpleCertificateStore()
    store.register(estate.issuing.asn1)
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    fields.append_signature_field(writer, fields.SigFieldSpec("Stamp", box=(0, 0, 595, 842)))
    number = generic.NumberObject
    form = {
        pdf_name("/Type"): pdf_name("/XObject"),
        pdf_name("/Subtype"): pdf_name("/Form"),
        pdf_name("/BBox"): generic.ArrayObject([number(0), number(0), number(595), number(842)]),
    }
    cover = writer.add_object(generic.StreamObject(form, stream_data=COVER))
    widget = writer.root["/AcroForm"]["/Fields"][-1]
    widget["/AP"] = generic.DictionaryObject({pdf_name("/N"): cover})
    stamper = DummyTimeStamper(estate.tsa.asn1, estate.tsa.asn1_key, certs_to_embed=store, fixed_dt=T0 + HOUR)
    output = io.BytesIO()
    made = signers.PdfTimeStamper(stamper, field_name="Stamp").async_timestamp_pdf(
        writer, "sha256", output=output, validation_context=None
    )
    asyncio.run(made)
    return output.getvalue()


@pytest.mark.parametrize("kind", ["certified", "approved"])
def test_visible_time_stamp_over_the_page(estate: Estate, kind: str, request: pytest.FixtureRequest) -> None:
    """SSA by a document time-stamp, which anybody can have made: its field covers the page."""
    changed = covering_time_stamp(request.getfixturevalue(kind), estate)
    assert judged(estate, changed) == (Verdict.NOT_AUTHENTIC, Reason.CONTENT_ADDED)


def test_invisible_time_stamp_stays_welcome(estate: Estate, certified: bytes) -> None:
    """Archiving is no attack."""
    assert judged(estate, estate.archived(certified, at=T0 + HOUR)) == AUTHENTIC


def test_line_end_added_on_the_way_stays_welcome(estate: Estate, certified: bytes) -> None:
    """Mail gateways do that."""
    assert judged(estate, certified + b"\r\n") == AUTHENTIC


@pytest.mark.parametrize("box", [None, (0, 0, 595, 842)])
def test_a_second_signature_by_a_stranger(
    estate: Estate, approved: bytes, box: tuple[int, int, int, int] | None
) -> None:
    """Somebody whom no anchor knows signs behind the president, with and without a mark over the page."""
    stranger = Estate()
    changed = stranger.sign(approved, field_name="Second", chain=(stranger.issuing,), at=T0 + HOUR, box=box)
    assert judged(estate, changed)[0] is Verdict.NOT_AUTHENTIC


def test_signed_bytes_as_the_beginning_of_another_document(estate: Estate, approved: bytes) -> None:
    """A whole other file behind the signed one: its tables know nothing of the signature."""
    other = document({"reference": "L26-7777777", "kind": "licence"})
    assert judged(estate, approved + other)[0] is not Verdict.AUTHENTIC
