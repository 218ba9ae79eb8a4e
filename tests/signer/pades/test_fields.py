import io

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields

from signer.pades.errors import FieldsRefused, PdfUnreadable
from signer.pades.fields import FieldSpec, add_fields_at_foot, add_signature_fields
from signer.signature_boxes import MOST, Box, signature_boxes
from tests.hostile.builders import PAGE, page
from tests.hostile.builders import licence as licence_by_hand
from tests.signer.pades.estate import Estate


def rectangles(pdf: bytes) -> dict[str, list[float]]:
    fields = enumerate_sig_fields(PdfFileReader(io.BytesIO(pdf)))
    return {name: [float(each) for each in reference.get_object()["/Rect"]] for name, _, reference in fields}


def test_fields_stand_where_layout_draws_boxes(unsigned: bytes) -> None:
    found = rectangles(add_fields_at_foot(unsigned, ["A", "B", "C"]))
    for name, box in zip("ABC", signature_boxes(3), strict=True):
        assert found[name] == pytest.approx([box.left, box.bottom, box.left + box.width, box.bottom + box.height])


def test_fields_are_on_the_last_page_and_in_its_annotations(licence: bytes) -> None:
    root = PdfFileReader(io.BytesIO(licence)).root
    page = root["/Pages"]["/Kids"][0]
    assert len(page["/Annots"]) == 3
    assert root["/AcroForm"]["/SigFlags"] == 3
    assert root["/Extensions"]["/ESIC"]["/ExtensionLevel"] == 2


def test_more_fields_later_but_before_the_first_signature(licence: bytes) -> None:
    more = add_signature_fields(licence, [FieldSpec(name="Witness", box=Box(left=9, bottom=9, width=90, height=40))])
    assert set(rectangles(more)) == {"President", "Member-1", "Member-2", "Witness"}


def test_fields_stand_on_what_is_seen_of_a_foreign_page() -> None:
    """Its crop box reaches beyond its media box: viewers show what both have, and there the fields stand."""
    boxes = page(annotations=b"[]").replace(b"[0 0 595 842]", b"[100 50 695 892] /CropBox [-6000 -6000 6000 6000]")
    foreign = licence_by_hand(over={PAGE: boxes})
    left, bottom, right, top = rectangles(add_fields_at_foot(foreign, ["A"]))["A"]
    (box,) = signature_boxes(1, page_width=595)
    assert (left, bottom) == pytest.approx((100 + box.left, 50 + box.bottom))
    assert right <= 695
    assert top <= 892


@pytest.mark.parametrize("more", [b"/Kids [] ", b"/CropBox [900 900 999 999] ", b"/CropBox [0 0 1 1] "])
def test_page_that_the_signers_program_would_refuse(more: bytes) -> None:
    with pytest.raises(PdfUnreadable):
        add_fields_at_foot(licence_by_hand(over={PAGE: page(annotations=b"[]", more=more)}), ["A"])


def test_signed_document_takes_no_field(estate: Estate, licence: bytes) -> None:
    with pytest.raises(FieldsRefused, match="before the first signature"):
        add_fields_at_foot(estate.sign(licence), ["Late"])


@pytest.mark.parametrize("name", ["President", "a.b", "", "x" * 81, "É"])
def test_names_that_are_refused(licence: bytes, name: str) -> None:
    with pytest.raises(FieldsRefused):
        add_fields_at_foot(licence, [name])


def test_one_name_twice(unsigned: bytes) -> None:
    with pytest.raises(FieldsRefused):
        add_fields_at_foot(unsigned, ["A", "A"])


def test_more_than_a_page_holds(unsigned: bytes) -> None:
    with pytest.raises(FieldsRefused):
        add_fields_at_foot(unsigned, [f"F{place}" for place in range(MOST + 1)])


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n%%EOF"])
def test_unreadable(content: bytes) -> None:
    with pytest.raises(PdfUnreadable):
        add_fields_at_foot(content, ["A"])


def test_boxes_do_not_overlap_and_stay_on_the_page() -> None:
    boxes = signature_boxes(MOST)
    for place, one in enumerate(boxes):
        assert one.left >= 0
        assert one.left + one.width <= 595.276
        assert one.bottom + one.height <= 841.89
        for other in boxes[place + 1 :]:
            apart = one.left + one.width <= other.left or other.bottom + other.height <= one.bottom
            assert apart
