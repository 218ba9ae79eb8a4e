"""Files that somebody changed, wrapped or pieced together. Each deviates once from a good one."""

import io
import random
import re
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from signer.verification.answer import Kind, Reason, Verdict
from signer.verification.conclusion import weigh
from signer.verification.etsi import Indication, SubIndication
from signer.verification.findings import Coverage, FileFindings, FileForm, LaterChanges
from signer.verification.inspection import inspect_bytes
from signer.verification.register import DocumentFacts, Entitled, Match, OfficeFacts, RegisterFacts, SignerFacts
from tests.signer.verification.estate import CLAIMS, DAY, HOUR, T0, Estate, document

NAME, ARRAY, NUMBER = generic.NameObject, generic.ArrayObject, generic.NumberObject
HUGE_XREF = b"%PDF-1.7\nxref\n0 99999999999\n0000000000 65535 f \ntrailer<</Size 1>>\nstartxref\n9\n%%EOF"
OFFICE = OfficeFacts(entitled=Entitled.YES, reason="office-current", body="06.117.01.03")


@pytest.fixture(scope="module")
def licence(estate: Estate) -> bytes:
    return estate.b_lt(document(field_names=("President",)), certify=True)


def inspected(estate: Estate, pdf: bytes) -> FileFindings:
    return inspect_bytes(pdf, estate.trust(at=T0 + HOUR), T0 + DAY)


def verdict(findings: FileFindings) -> tuple[Verdict, Reason]:
    """The verdict when the register has nothing to object: what speaks is the file alone."""
    kept = DocumentFacts(reference="L26-0000123", kind=Kind.LICENCE, body="06.117.01.03", match=Match.KEPT)
    signers = tuple(SignerFacts(office=OFFICE) for _ in findings.signatures)
    concluded = weigh(findings, RegisterFacts(signers=signers, document=kept))
    return concluded.verdict, concluded.reason


def incremented(pdf: bytes, change: Any) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    change(writer)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def test_the_untouched_licence_is_authentic(estate: Estate, licence: bytes) -> None:
    assert verdict(inspected(estate, licence)) == (Verdict.AUTHENTIC, Reason.IN_FORCE)


def byte_range(pdf: bytes) -> tuple[int, int, int]:
    found = re.search(rb"/ByteRange\s*\[\s*0\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf)
    assert found
    return int(found[1]), int(found[2]), int(found[2]) + int(found[3])


def test_one_byte_changed_anywhere_is_altered(estate: Estate, licence: bytes) -> None:
    start, stop, end = byte_range(licence)
    covered = [*range(10, start), *range(stop, end)]
    interesting = [
        found.start() + 2
        for word in (b"/ByteRange", b"/FT", b"/Sig", b"xref", b"%%EOF", b"/Root", b"/V ")
        for found in re.finditer(re.escape(word), licence)
        if found.start() + 2 in set(covered)
    ]
    for offset in [*random.Random(7).sample(covered, 25), *interesting]:
        changed = licence[:offset] + bytes([licence[offset] ^ 1]) + licence[offset + 1 :]
        assert verdict(inspected(estate, changed)) == (Verdict.NOT_AUTHENTIC, Reason.ALTERED), offset


def test_page_added(estate: Estate, licence: bytes) -> None:
    def change(writer: Any) -> None:
        drawing = generic.StreamObject(stream_data=b"0.8 g 100 300 300 200 re f")
        page = {"/Type": NAME("/Page"), "/MediaBox": ARRAY([NUMBER(n) for n in (0, 0, 595, 842)])}
        page |= {"/Resources": generic.DictionaryObject(), "/Contents": writer.add_object(drawing)}
        writer.insert_page(generic.DictionaryObject({NAME(key): value for key, value in page.items()}))

    findings = inspected(estate, incremented(licence, change))
    assert findings.signatures[0].indication is Indication.TOTAL_PASSED  # every signed byte is as it was
    assert findings.signatures[0].later_changes is LaterChanges.OTHER
    assert verdict(findings) == (Verdict.NOT_AUTHENTIC, Reason.CONTENT_ADDED)


def test_content_replaced_by_increment(estate: Estate, licence: bytes) -> None:
    """Incremental saving attack: the page's content stream is replaced."""

    def change(writer: Any) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        page[NAME("/Contents")] = writer.add_object(generic.StreamObject(stream_data=b"1 0 0 rg 0 0 595 842 re f"))
        writer.update_container(page)

    assert verdict(inspected(estate, incremented(licence, change))) == (Verdict.NOT_AUTHENTIC, Reason.CONTENT_ADDED)


def test_annotation_laid_over(estate: Estate, licence: bytes) -> None:
    def change(writer: Any) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        note = {"/Type": NAME("/Annot"), "/Subtype": NAME("/FreeText"), "/Contents": generic.pdf_string("12 étages")}
        note["/Rect"] = ARRAY([NUMBER(n) for n in (50, 50, 400, 400)])
        reference = writer.add_object(generic.DictionaryObject({NAME(key): value for key, value in note.items()}))
        page["/Annots"].append(reference)
        writer.update_container(page["/Annots"])
        writer.update_container(page)

    assert verdict(inspected(estate, incremented(licence, change))) == (Verdict.NOT_AUTHENTIC, Reason.CONTENT_ADDED)


def test_comment_after_the_signature_is_content_added(estate: Estate, licence: bytes) -> None:
    """Bytes after the last %%EOF that are no revision at all."""
    findings = inspected(estate, licence + b"\n% something\n")
    assert verdict(findings)[0] in {Verdict.AUTHENTIC, Verdict.NOT_AUTHENTIC}
    assert findings.signatures[0].coverage is Coverage.ENTIRE_REVISION


def test_claims_come_from_the_signed_revision(estate: Estate, licence: bytes) -> None:
    def change(writer: Any) -> None:
        specification = writer.root["/Names"]["/EmbeddedFiles"]["/Names"][1]
        stream = specification["/EF"]["/F"]
        swapped = generic.StreamObject(stream_data=b'{"reference": "L26-9999999", "kind": "licence"}')
        specification["/EF"][NAME("/F")] = writer.add_object(swapped)
        writer.update_container(specification["/EF"])
        assert stream is not None

    findings = inspected(estate, incremented(licence, change))
    assert findings.claims["reference"] == CLAIMS["reference"]
    assert verdict(findings) == (Verdict.NOT_AUTHENTIC, Reason.CONTENT_ADDED)


def rewritten(pdf: bytes, numbers: bytes) -> bytes:
    """`pdf` with other numbers in its byte range, written in the same room."""
    found = re.search(rb"/ByteRange\s*\[[^\]]*\]", pdf)
    assert found
    text = b"/ByteRange [" + numbers + b"]"
    assert len(text) <= len(found[0])
    return pdf[: found.start()] + text.ljust(len(found[0])) + pdf[found.end() :]


def test_gap_wider_than_contents(estate: Estate, licence: bytes) -> None:
    start, stop, end = byte_range(licence)
    findings = inspected(estate, rewritten(licence, b"0 %d %d %d" % (start - 20, stop, end - stop)))
    assert findings.signatures[0].sub_indication is SubIndication.FORMAT_FAILURE
    assert verdict(findings) == (Verdict.NOT_AUTHENTIC, Reason.ALTERED)


@pytest.mark.parametrize(
    "numbers",
    [
        "0 {start} {inside} {rest}",
        "0 {start} -1 {rest}",
        "5 {start} {stop} {rest}",
        "0 {start} {stop} 9999",
        "0 0 0 0",
    ],
    ids=["overlapping", "negative", "not-from-zero", "past-the-end", "empty"],
)
def test_byte_range_tricks(estate: Estate, licence: bytes, numbers: str) -> None:
    start, stop, end = byte_range(licence)
    text = numbers.format(start=start, stop=stop, inside=start - 5, rest=end - stop)
    assert verdict(inspected(estate, rewritten(licence, text.encode()))) == (Verdict.NOT_AUTHENTIC, Reason.ALTERED)


def test_signature_wrapping(estate: Estate, licence: bytes) -> None:
    """The signed bytes are moved behind foreign ones, and a second range points at them."""
    start, stop, end = byte_range(licence)
    foreign = document({"reference": "L26-7777777", "kind": "licence"})
    wrapped = foreign + licence[len(foreign) :]
    findings = inspected(estate, wrapped + licence[stop:end])
    assert verdict(findings)[0] is not Verdict.AUTHENTIC
    assert start


def test_signature_object_removed_or_emptied(estate: Estate, licence: bytes) -> None:
    """Universal signature forgery: /Contents or /ByteRange made unusable in the hope of a viewer's shrug."""
    start, stop, _ = byte_range(licence)
    emptied = licence[: start + 1] + b"0" * (stop - start - 2) + licence[stop - 1 :]
    for pdf in (
        emptied,
        licence.replace(b"/ByteRange", b"/ByteRangX"),
        licence.replace(b"/Contents <", b"/Contentz <"),
    ):
        assert verdict(inspected(estate, pdf))[0] is Verdict.NOT_AUTHENTIC


def test_two_signatures_one_altered_between(estate: Estate) -> None:
    pdf = document(field_names=("Member-1", "Member-2"))
    first = estate.sign(pdf, field_name="Member-1")

    def change(writer: Any) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        page[NAME("/Contents")] = writer.add_object(generic.StreamObject(stream_data=b"0 0 595 842 re f"))
        writer.update_container(page)

    second = estate.sign(incremented(first, change), estate.person("Second"), field_name="Member-2", at=T0 + HOUR)
    findings = inspected(estate, second)
    assert [each.changes_allowed for each in findings.signatures] == [False, True]
    assert verdict(findings) == (Verdict.NOT_AUTHENTIC, Reason.CONTENT_ADDED)


def test_signature_copied_from_another_document(estate: Estate, licence: bytes) -> None:
    """The CMS value of a good signature, put into another document of the same layout."""
    other = estate.sign(document({**CLAIMS, "reference": "L26-0000999"}, field_names=("President",)))
    start, stop, _ = byte_range(licence)
    other_start, other_stop, _ = byte_range(other)
    value = licence[start + 1 : stop - 1][: other_stop - other_start - 2]
    grafted = other[: other_start + 1] + value.ljust(other_stop - other_start - 2, b"0") + other[other_stop - 1 :]
    findings = inspected(estate, grafted)
    assert findings.signatures[0].sub_indication is SubIndication.HASH_FAILURE
    assert verdict(findings) == (Verdict.NOT_AUTHENTIC, Reason.ALTERED)
    known = inspected(estate, licence).signatures[0].value_sha256
    assert findings.signatures[0].value_sha256 == known  # recognised for what it was


def test_a_stranger_signs_behind_the_president(estate: Estate, licence: bytes) -> None:
    other = Estate()
    pdf = estate.sign(licence, other.president, field_name="Stranger", chain=(other.issuing,), at=T0 + HOUR)
    assert verdict(inspected(estate, pdf))[0] is Verdict.NOT_AUTHENTIC


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"", FileForm.EMPTY),
        (b"GIF89a" * 100, FileForm.NOT_PDF),
        (b"%PDF-1.7\n" + b"[" * 200_000, FileForm.MALFORMED),
        (b"%PDF-1.7\n" + random.Random(1).randbytes(5000), FileForm.MALFORMED),
        (b"%PDF-1.7\n1 0 obj\n" + b"<</A " * 20_000 + b"\nendobj\nstartxref\n9\n%%EOF", FileForm.MALFORMED),
        (
            b"%PDF-1.7\nxref\n0 99999999999\n0000000000 65535 f \ntrailer<</Size 1>>\nstartxref\n9\n%%EOF",
            FileForm.MALFORMED,
        ),
    ],
    ids=["0-bytes", "not-a-pdf", "nested-arrays", "garbage", "nested-dictionaries", "huge-xref"],
)
def test_hostile_files_are_verdicts(estate: Estate, content: bytes, form: FileForm) -> None:
    findings = inspected(estate, content)
    assert findings.form in {form, FileForm.TOO_COMPLEX}
    assert verdict(findings)[0] is Verdict.CANNOT_TELL


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_truncated(estate: Estate, licence: bytes, share: float) -> None:
    assert verdict(inspected(estate, licence[: int(len(licence) * share)]))[0] is not Verdict.AUTHENTIC


def test_encrypted(estate: Estate) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import copy_into_new_writer

    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(document())))
    writer.encrypt(owner_pass="owner", user_pass="user")
    output = io.BytesIO()
    writer.write(output)
    findings = inspected(estate, output.getvalue())
    assert findings.form is FileForm.ENCRYPTED
    assert verdict(findings) == (Verdict.CANNOT_TELL, Reason.ENCRYPTED)


def test_unsigned(estate: Estate) -> None:
    assert verdict(inspected(estate, document())) == (Verdict.NOT_AUTHENTIC, Reason.NO_SIGNATURE)
