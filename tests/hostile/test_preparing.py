"""Prepared files that a hostile service sends to a signer: what is shown to him must be all that he signs.

Clauses are those of ISO 32000-1. The base is what the signer is shown; each case adds one deviation to an honest
preparation, and names it.
"""

from pathlib import Path

import pytest

from hsm.prepared.errors import IncrementReason as Why
from hsm.prepared.errors import IncrementRefused
from hsm.prepared.increment import check_increment
from tests.hostile.builders import (
    CATALOG,
    CONTENT,
    FIELD,
    FORM,
    FORM_ENTRIES,
    HELVETICA,
    MARK,
    NOW,
    OTHER_CONTENT,
    OTHER_WORDS,
    PAGE,
    PAGES,
    Objects,
    appended,
    appended_stream,
    field,
    licence,
    mended,
    page,
    preparation,
    prepared,
    shown,
    signature,
    size_of,
    startxref,
    stream,
    words,
)

OPAQUE = b"1 g 0 0 595 842 re f 0 g " + words(OTHER_WORDS)
CATALOG_ENTRIES = b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R "


@pytest.fixture(scope="module")
def base() -> bytes:
    return licence()


def refusal(base: bytes, pdf: bytes, docmdp: int | None = None) -> Why:
    with pytest.raises(IncrementRefused) as refused:
        check_increment(base, pdf, "President", docmdp, NOW)
    return refused.value.reason


def test_honest_preparations_pass(base: bytes) -> None:
    """With a table and with a stream of cross-references: what the attacks start from."""
    for pdf in (prepared(base), mended(base, appended_stream(base, preparation(base)))):
        assert check_increment(base, pdf, "President", None, NOW)


# Two readers, two files.

HIDING = b"q Q\nendstream\nendobj\n4 0 obj\n" + OTHER_CONTENT + b"\nendobj\n99 0 obj\n<< /Length 3 >>\nstream\nq Q"


@pytest.mark.parametrize("size", [2**31 - 1, 2**31, 10**9, 10**15])
def test_count_without_measure(base: bytes, size: int, tmp_path: Path) -> None:
    """/Size so large that viewers drop the list (7.5.5), and find a page hidden in the mark's drawing."""
    pdf = mended(base, appended_stream(base, preparation(base, mark=HIDING), size=size))
    words_shown = shown(pdf, tmp_path)
    assert words_shown is None or OTHER_WORDS in words_shown  # the attack is real
    assert refusal(base, pdf) is Why.TRAILER


@pytest.mark.parametrize("size", [b"2147483647", b"11.0", b"12", b"10", b"-1", b"9 0 R"])
def test_count_that_is_not_the_count(base: bytes, size: bytes) -> None:
    """/Size is the highest number plus one, as an integer (7.5.5)."""
    pdf = appended(base, preparation(base))
    at = pdf.rindex(b"/Size 11")
    changed = mended(base, pdf[:at] + b"/Size " + size + pdf[at + 8 :])
    assert refusal(base, changed) in {Why.TRAILER, Why.MALFORMED, Why.HIDDEN_BYTES}


def test_count_without_measure_in_the_base() -> None:
    """The same, prepared in the base."""
    base = licence(size=2**31 - 1)
    pdf = mended(base, appended(base, preparation(base, at=9), size=2**31 - 1))
    assert refusal(base, pdf) in {Why.TRAILER, Why.FIELD_CHANGED, Why.APPEARANCE}


def test_object_hidden_in_the_mark(base: bytes) -> None:
    """The mark's drawing holds what readers that repair files would take for an object."""
    assert refusal(base, prepared(base, mark=HIDING)) is Why.HIDDEN_BYTES


def test_object_hidden_in_a_string(base: bytes) -> None:
    """The same in a text of the signature dictionary."""
    assert refusal(base, prepared(base, entries=b"/Reason (\n4 0 obj\n<< >>\nendobj\n) ")) is Why.HIDDEN_BYTES


def test_key_given_twice(base: bytes) -> None:
    """The catalog names two page trees (7.3.7)."""
    assert refusal(base, prepared(base, {CATALOG: CATALOG_ENTRIES + b"/Pages 9 0 R >>"})) is Why.MALFORMED


def test_key_in_another_spelling(base: bytes) -> None:
    """The catalog names two page trees, one of them as /P#61ges (7.3.5)."""
    assert refusal(base, prepared(base, {CATALOG: CATALOG_ENTRIES + b"/P#61ges 9 0 R >>"})) is Why.MALFORMED


def test_two_ends(base: bytes) -> None:
    """A second startxref and %%EOF behind the first."""
    pdf = appended(base, preparation(base))
    pdf += b"startxref\n%d\n%%%%EOF\n" % startxref(pdf)
    assert refusal(base, mended(base, pdf)) in {Why.HIDDEN_BYTES, Why.MALFORMED}


def test_end_in_a_comment(base: bytes) -> None:
    """A startxref in a comment behind the end: readers of bytes find it first."""
    pdf = appended(base, preparation(base)) + b"%%startxref %d\n" % startxref(base)
    assert refusal(base, mended(base, pdf)) in {Why.HIDDEN_BYTES, Why.MALFORMED}


def test_base_with_an_end_of_its_own() -> None:
    """The base ends in bytes that make viewers repair it: they show the signer another page than all later readers."""
    base = licence() + b"4 0 obj\n" + OTHER_CONTENT + b"\nendobj\n%" + b" " * 1200 + b"\n"
    assert refusal(base, prepared(base)) is Why.MALFORMED


def test_object_listed_twice_in_a_stream(base: bytes) -> None:
    """One list, one number, two places; an empty subsection evens out the count (7.5.8.2)."""
    made = preparation(base)
    pdf = appended_stream(base, made)
    at = pdf.index(b"%d 0 obj" % FIELD, len(base))
    places = {number: pdf.index(b"%d 0 obj" % number, len(base)) for number in made}
    twice = appended_stream(base, made, index=[(FIELD, at), *sorted(places.items())])
    twice = twice.replace(b"/Index [7 1 7 1", b"/Index [0 0 7 1 7 1")
    assert refusal(base, mended(base, twice)) in {Why.MALFORMED, Why.HIDDEN_BYTES}


def test_encryption_declared(base: bytes) -> None:
    """/Encrypt in the increment's trailer (7.6.1)."""
    handler = b"/Encrypt << /Filter /Standard /V 1 /R 2 /O <00> /U <00> /P -4 >> "
    pdf = mended(base, appended(base, preparation(base), trailer=handler))
    assert refusal(base, pdf) in {Why.ENCRYPTED, Why.TRAILER, Why.MALFORMED}


def test_previous_in_a_circle(base: bytes) -> None:
    """/Prev names the increment's own table."""
    pdf = appended(base, preparation(base))
    own = startxref(pdf)
    looped = appended(base, preparation(base), previous=own)
    assert refusal(base, mended(base, looped)) in {Why.MALFORMED, Why.NOT_ONE_INCREMENT}


# What the page draws.


def test_object_that_the_page_waits_for(tmp_path: Path) -> None:
    """Shadow attack: the shown page names an object that does not exist; the mark takes its number (7.3.10)."""
    base = licence(over={PAGE: page(contents=b"[4 0 R 10 0 R]")})
    pdf = prepared(base, mark=words(OTHER_WORDS))
    words_shown = shown(pdf, tmp_path)
    assert words_shown is None or "TWELVE" in words_shown
    assert refusal(base, pdf) is Why.OBJECT_CHANGED


def test_metadata_that_the_page_waits_for() -> None:
    """The same, as a new metadata stream."""
    base = licence(over={PAGE: page(contents=b"[4 0 R 11 0 R]")})
    more: Objects = {
        CATALOG: CATALOG_ENTRIES + b"/Metadata 11 0 R >>",
        11: stream(words(OTHER_WORDS), b"/Type /Metadata /Subtype /XML "),
    }
    assert refusal(base, prepared(base, more)) is Why.OBJECT_CHANGED


def test_mark_in_place_of_the_page(base: bytes) -> None:
    """The mark takes the number of the page's content."""
    more: Objects = {CONTENT: stream(words(OTHER_WORDS), FORM_ENTRIES), FIELD: field(value=b"/V 9 0 R ", mark=b"4 0 R")}
    made = {9: signature(), **more}
    assert refusal(base, mended(base, appended(base, made))) is Why.APPEARANCE


@pytest.mark.parametrize("rect", [b"[0 0 595 842]", b"[595 842 0 0]", b"[0 0 400 300]"])
def test_mark_as_large_as_its_page(rect: bytes, tmp_path: Path) -> None:
    """The base has an empty field over its page, not yet among the annotations; the mark covers what was shown."""
    base = licence(over={PAGE: page(annotations=b"[]"), FIELD: field(rect=rect)})
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /Font << /F1 11 0 R >> >> "
    pdf = prepared(base, {PAGE: page(), 11: HELVETICA}, rect=rect, mark=OPAQUE, mark_entries=entries)
    words_shown = shown(pdf, tmp_path)
    assert words_shown is None or "TWELVE" in words_shown
    assert refusal(base, pdf) is Why.APPEARANCE


LARGE = b"[0 0 400 300]"
"""A rectangle of a quarter of the page; the cases below call the page so large that it looks small."""


def covering(pages: Objects) -> Why:
    """The reason for which a mark of that rectangle is refused on those pages."""
    base = licence(over={FIELD: field(rect=LARGE), **pages})
    return refusal(base, prepared(base, rect=LARGE))


@pytest.mark.parametrize(
    "boxes",
    [
        b"/MediaBox [0 0 595 842] /CropBox [0 0 6000 6000]",  # viewers show what both boxes have
        b"/MediaBox [0 0 595 842] /CropBox [6000 6000 0 0]",
        b"/MediaBox [0 0 595 842] /CropBox [-6000 -6000 6000 6000]",
        b"/MediaBox [0 0 6000 6000] /CropBox [0 0 595 842]",
        b"/MediaBox [0 0 6000 842] /CropBox [0 0 595 6000]",
        b"/MediaBox [0 0 595 842] /UserUnit 10",
        b"/MediaBox [0 0 595 842] /Rotate 90",
    ],
)
def test_page_that_is_smaller_than_one_of_its_boxes(boxes: bytes) -> None:
    """What is seen of a page is its crop box inside its media box (14.11.2)."""
    assert covering({PAGE: page().replace(b"/MediaBox [0 0 595 842]", boxes)}) is Why.APPEARANCE


@pytest.mark.parametrize(
    "boxes",
    [
        b"/MediaBox [0 0 595 842] /CropBox [600 900 6000 6000]",  # nothing in common
        b"/MediaBox [0 0 595 842] /CropBox [0 0 0 0]",
        b"/MediaBox [0 0 595 842] /CropBox [0 0 595]",
        b"/MediaBox [0 0 595 842] /CropBox (0 0 595 842)",
        b"/MediaBox [0 0 595 842] /CropBox null",
        b"/MediaBox [0 0 595 842] /CropBox [0 0 (595) 842]",
        b"/MediaBox [0 0 595 842] /CropBox [0 0 true 842]",
        b"/MediaBox [0 0 595 842] /CropBox [0 0 /W /H]",
        b"/MediaBox [0 0 595 842] /CropBox [0 0 98 0 R 842]",
        b"/MediaBox [0 0 1000000 1000000]",  # over 14,400 units, implementations differ (annex C)
        b"/MediaBox [0 0 " + b"9" * 400 + b" 842]",
        b"/MediaBox [0 0 2 842]",
        b"",
    ],
)
def test_page_that_cannot_be_measured(boxes: bytes) -> None:
    """An empty, absurd or unreadable box: viewers each make something else of it."""
    reason = covering({PAGE: page().replace(b"/MediaBox [0 0 595 842]", boxes)})
    assert reason in {Why.APPEARANCE, Why.MALFORMED}


def test_page_with_indirect_boxes_passes() -> None:
    """Boxes and their numbers may be objects of their own (7.3.10), inherited, and in any order of corners."""
    boxes: Objects = {
        PAGES: b"<< /Type /Pages /Count 1 /Kids [3 0 R] /MediaBox 9 0 R /Rotate 90 /CropBox [595 0 0 10 0 R] >>",
        PAGE: page().replace(b"/MediaBox [0 0 595 842]", b""),
        9: b"[-10 0 595 842]",
        10: b"842.0",
    }
    base = licence(over=boxes)
    made = mended(base, appended(base, preparation(base, at=11)))
    assert check_increment(base, made, "President", None, NOW)
    assert covering(boxes) is Why.APPEARANCE


@pytest.mark.parametrize(
    "more",
    [
        {PAGE: page(more=b"/Kids [] ")},  # a page for viewers, an empty node for who looks for children
        {PAGE: page(more=b"/Kids null ")},
        {PAGE: page(more=b"/Kids [9 0 R] "), 9: page().replace(b"595 842", b"6000 6000")},
        {PAGE: page().replace(b"/Type /Page ", b"/Type /Pages ")},
        {PAGES: b"<< /Type /Pages /Count 2 /Kids [3 0 R 9 0 R] >>", 9: b"<< /Type /Pages /Parent 2 0 R /Kids [] >>"},
        {PAGES: b"<< /Type /Page /Count 1 /Kids [3 0 R] >>"},
        {PAGES: b"<< /Type /Pages /Count 2 /Kids [3 0 R 3 0 R] >>"},
        {PAGES: b"<< /Type /Pages /Count 2 /Kids [3 0 R 2 0 R] >>"},
        {PAGES: b"<< /Type /Pages /Count 2 /Kids [3 0 R 98 0 R] >>"},
        {PAGES: b"<< /Type /Pages /Count 1 /Kids 3 0 R >>"},
    ],
)
def test_page_tree_that_two_readers_take_for_two(more: Objects) -> None:
    """A node is a page or has children, never both, never neither, each once (7.7.3)."""
    assert covering(more) in {Why.MALFORMED, Why.APPEARANCE}
    base = licence(over=more)
    assert refusal(base, mended(base, appended(base, preparation(base, at=size_of(base))))) is Why.MALFORMED


@pytest.mark.parametrize("parent", [b"/Parent 9 0 R ", b"", b"/Parent 3 0 R ", b"/Parent << /MediaBox [0 0 9 9] >> "])
def test_page_that_inherits_from_another_parent(parent: bytes) -> None:
    """Some viewers look for an inherited box along /Parent, not along the tree (7.7.3.4)."""
    more: Objects = {
        PAGES: b"<< /Type /Pages /Count 1 /Kids [3 0 R] /MediaBox [0 0 6000 6000] >>",
        PAGE: page().replace(b"/MediaBox [0 0 595 842]", b"").replace(b"/Parent 2 0 R ", parent),
        9: b"<< /Type /Pages /Count 1 /Kids [3 0 R] /MediaBox [0 0 595 842] >>",
    }
    base = licence(over={FIELD: field(rect=LARGE), **more})
    assert refusal(base, mended(base, appended(base, preparation(base, at=10, rect=LARGE)))) is Why.MALFORMED


def test_mark_on_no_page() -> None:
    """The field names a page that is not in the tree: nobody measured it."""
    more: Objects = {
        PAGE: page(annotations=b"[]"),
        9: page(annotations=b"[]"),
        FIELD: field(rect=LARGE).replace(b"/P 3 0 R", b"/P 9 0 R"),
    }
    base = licence(over=more)
    made = preparation(base, at=10, rect=LARGE)
    made[FIELD] = made[FIELD].replace(b"/P 3 0 R", b"/P 9 0 R")
    assert refusal(base, mended(base, appended(base, made))) is Why.APPEARANCE


@pytest.mark.parametrize("flags", [b"140", b"148", b"(x)", b"-1", b"99999999999"])
def test_mark_that_does_not_shrink_with_its_page(flags: bytes) -> None:
    """/F with NoZoom or NoRotate (12.5.3): at a tenth of its size the page lies under the mark."""
    plain = field()
    base = licence(over={FIELD: plain.replace(b"/F 132", b"/F " + flags)})
    made = preparation(base)
    made[FIELD] = made[FIELD].replace(b"/F 132", b"/F " + flags)
    assert refusal(base, mended(base, appended(base, made))) in {Why.APPEARANCE, Why.MALFORMED}


@pytest.mark.parametrize("key", [b"ViewArea", b"ViewClip", b"PrintArea", b"PrintClip"])
def test_other_box_shown(key: bytes) -> None:
    """The catalog asks for another box to be shown (12.2): a small one, over which the mark is large."""
    preferences = CATALOG_ENTRIES + b"/ViewerPreferences << /" + key + b" /ArtBox >> >>"
    base = licence(over={CATALOG: preferences})
    assert refusal(base, prepared(base)) is Why.APPEARANCE


def test_mark_over_a_small_page_that_its_field_does_not_name() -> None:
    """/P names a large page; the field lies on a small one."""
    small = page().replace(b"[0 0 595 842]", b"[0 0 200 200]")
    base = licence(
        over={
            PAGES: b"<< /Type /Pages /Count 2 /Kids [3 0 R 9 0 R] >>",
            9: small,
        }
    )
    assert refusal(base, prepared(base)) is Why.APPEARANCE


def test_rectangle_enlarged(base: bytes) -> None:
    """The increment moves the field over the page (12.5.2)."""
    assert refusal(base, prepared(base, rect=b"[0 0 595 842]")) is Why.FIELD_CHANGED


def test_mark_without_bounds(base: bytes) -> None:
    """/BBox is required of a form (table 95); some viewers do not clip without it."""
    entries = b"/Type /XObject /Subtype /Form /Resources << >> "
    assert refusal(base, prepared(base, mark_entries=entries)) is Why.APPEARANCE


def test_mark_that_is_another_on_paper(base: bytes) -> None:
    """An image with /Alternates (8.9.5.4): one on the screen, another in print."""
    image = b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray "
    more: Objects = {
        11: stream(b"\0", image + b"/Alternates [<< /Image 12 0 R /DefaultForPrinting true >>] "),
        12: stream(b"\xff", image),
    }
    entries = FORM_ENTRIES.replace(b"<< >>", b"<< /XObject << /I 11 0 R >> >>")
    assert refusal(base, prepared(base, more, mark_entries=entries)) is Why.ACTIVE_CONTENT


def test_mark_with_more_states(base: bytes) -> None:
    """A mark that is another one under the mouse (12.5.5, /R and /D)."""
    states = field(value=b"/V 9 0 R ", mark=b"10 0 R /D 10 0 R")
    assert refusal(base, prepared(base, {FIELD: states})) is Why.APPEARANCE


def test_mark_made_of_the_documents_own_parts(base: bytes) -> None:
    """The mark draws with the page's font, which the document could change."""
    entries = FORM_ENTRIES.replace(b"<< >>", b"<< /Font << /F1 5 0 R >> >>")
    assert refusal(base, prepared(base, mark_entries=entries)) is Why.APPEARANCE


def test_old_mark_redrawn(base: bytes) -> None:
    """The empty field's own appearance is replaced in place."""
    assert refusal(base, prepared(base, {MARK: stream(OPAQUE, FORM_ENTRIES)})) is Why.OBJECT_CHANGED


def test_another_widget_taken_away() -> None:
    """The page's annotations are replaced: a member's field is gone."""
    over = {FORM: b"<< /Fields [7 0 R 9 0 R] /SigFlags 3 >>", 9: field(name=b"Member")}
    base = licence(over={**over, PAGE: page(annotations=b"[7 0 R 9 0 R]")})
    assert refusal(base, prepared(base, {PAGE: page(annotations=b"[7 0 R]")})) is Why.PAGE_CHANGED


def test_another_field_signed_besides() -> None:
    """Two fields get a value in one increment."""
    over = {FORM: b"<< /Fields [7 0 R 9 0 R] /SigFlags 3 >>", 9: field(name=b"Member")}
    base = licence(over={**over, PAGE: page(annotations=b"[7 0 R 9 0 R]")})
    also = {9: field(name=b"Member", value=b"/V 10 0 R ")}
    assert refusal(base, prepared(base, also)) is Why.OBJECT_CHANGED


def test_field_with_two_widgets() -> None:
    """One field, two places (12.7.3.1): the second would show the mark elsewhere."""
    kid = b"<< /Type /Annot /Subtype /Widget /Rect [50 400 250 460] /P 3 0 R /Parent 7 0 R >>"
    over = {FIELD: b"<< /FT /Sig /T (President) /Kids [9 0 R 10 0 R] >>", 9: kid, 10: kid}
    base = licence(over={**over, PAGE: page(annotations=b"[9 0 R 10 0 R]")})
    made = {11: signature(), FIELD: b"<< /FT /Sig /T (President) /Kids [9 0 R 10 0 R] /V 11 0 R >>"}
    assert refusal(base, mended(base, appended(base, made))) is Why.FIELD_UNKNOWN


@pytest.mark.parametrize(
    "entry",
    [
        b"/OpenAction 9 0 R",
        b"/AA << >>",
        b"/Names << >>",
        b"/OCProperties << >>",
        b"/Perms << /UR3 9 0 R >>",
        b"/Lang (fr)",
        b"/Collection << >>",
        b"/ViewerPreferences << /HideToolbar true >>",
        b"/PageLabels << >>",
        b"/Requirements []",
        b"/Threads []",
        b"/URI << /Base (http://x) >>",
        b"/AF []",
        b"/DSS << >>",
        b"/Version /9.9",
        b"/Extensions << /X 9 0 R >>",
    ],
)
def test_catalog_entry_added(base: bytes, entry: bytes) -> None:
    """The catalog gets what no signature needs (7.7.2)."""
    reason = refusal(base, prepared(base, {CATALOG: CATALOG_ENTRIES + entry + b" >>"}))
    assert reason in {Why.CATALOG_CHANGED, Why.DOCMDP}


@pytest.mark.parametrize("entry", [b"/XFA (<xdp/>)", b"/NeedAppearances true", b"/CO []", b"/DR << >>", b"/Q 2"])
def test_form_entry_added(base: bytes, entry: bytes) -> None:
    """The form gets what no signature needs (12.7.2)."""
    form = b"<< /Fields [7 0 R] /SigFlags 3 " + entry + b" >>"
    assert refusal(base, prepared(base, {FORM: form})) is Why.FORM_CHANGED


def test_pages_swapped(base: bytes) -> None:
    """The catalog names another page tree."""
    changed = {CATALOG: b"<< /Type /Catalog /Pages 11 0 R /AcroForm 6 0 R >>", 11: b"<< /Type /Pages /Count 0 >>"}
    assert refusal(base, prepared(base, changed)) is Why.CATALOG_CHANGED


def test_inherited_resources_changed(base: bytes) -> None:
    """The page tree gets resources that pages inherit (7.7.3.4)."""
    tree = b"<< /Type /Pages /Count 1 /Kids [3 0 R] /Resources << >> >>"
    assert refusal(base, prepared(base, {PAGES: tree})) is Why.OBJECT_CHANGED


# The signature dictionary.


@pytest.mark.parametrize(
    "entries",
    [
        b"/Changes [1 2 3] ",
        b"/Cert (x) ",
        b"/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /P 1 /V /1.2 >> >>] ",
        b"/Reference [<< /Type /SigRef /TransformMethod /FieldMDP /TransformParams << /Action /All >> >>] ",
        b"/Prop_Build << /App 5 0 R >> ",
        b"/Reason /Name ",
        b"/V 1 ",
        b"/Unknown 1 ",
    ],
)
def test_signature_says_more(base: bytes, entries: bytes) -> None:
    """Entries of the signature dictionary that were not announced (table 252)."""
    assert refusal(base, prepared(base, entries=entries)) in {Why.SIGNATURE_DICTIONARY, Why.DOCMDP}


@pytest.mark.parametrize("docmdp", [1, 2, 3])
def test_certification_announced_and_missing(base: bytes, docmdp: int) -> None:
    assert refusal(base, prepared(base), docmdp) is Why.DOCMDP


@pytest.mark.parametrize(
    "name", [b"adbe.pkcs7.detached", b"adbe.pkcs7.sha1", b"adbe.x509.rsa_sha1", b"ETSI.RFC3161", b"etsi.cades.detached"]
)
def test_other_form_of_signature(base: bytes, name: bytes) -> None:
    """/SubFilter aliases and others (EN 319 142-1, 5.3)."""
    assert refusal(base, prepared(base, subfilter=name)) is Why.SUBFILTER


def test_announced_name_in_another_spelling(base: bytes) -> None:
    """/SubFilter with escapes means the same name to everyone: it passes as what it is (7.3.5)."""
    assert check_increment(base, prepared(base, subfilter=b"ETSI.C#41dES.detached"), "President", None, NOW)


def test_gap_with_white_space(base: bytes) -> None:
    """The gap holds white space, which hexadecimal strings ignore (7.3.4.3)."""
    pdf = prepared(base)
    at = pdf.index(b"<" + b"0" * 64, len(base))
    assert refusal(base, pdf[: at + 3] + b"  " + pdf[at + 5 :]) is Why.CONTENTS


def test_gap_wider_than_contents(base: bytes) -> None:
    """The byte range leaves out a blank before /Contents."""
    pdf = prepared(base)
    at = pdf.index(b"<" + b"0" * 64, len(base))
    changed = pdf.replace(b"/ByteRange [0 %d " % at, b"/ByteRange [0 %d " % (at - 1))
    assert changed != pdf
    assert refusal(base, changed) in {Why.CONTENTS, Why.BYTE_RANGE}


def test_free_number_is_what_the_builders_say() -> None:
    """The builders' own promise."""
    assert size_of(licence()) == MARK + 1
