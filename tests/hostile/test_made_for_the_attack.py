"""Documents that were prepared for the attack before they were signed: what they wait for comes afterwards.

Shadow attacks (Mainka et al., NDSS 2021). Clauses are those of ISO 32000-1.
"""

import re
from pathlib import Path

import pytest

from signer.verification.answer import Reason, Verdict
from tests.hostile.builders import (
    CATALOG,
    COVER,
    FORM,
    FORM_ENTRIES,
    HELVETICA,
    OTHER_CONTENT,
    OTHER_WORDS,
    PAGE,
    appended,
    appended_stream,
    body_of,
    field,
    licence,
    listed,
    page,
    shown,
    size_of,
    stream,
    words,
)
from tests.hostile.judging import AUTHENTIC, judged
from tests.signer.verification.estate import Estate


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
