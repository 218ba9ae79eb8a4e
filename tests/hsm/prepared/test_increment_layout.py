"""The increment's bytes: two readers must see one file."""

import re

import pytest

from hsm.prepared.errors import IncrementReason as Why
from hsm.prepared.errors import IncrementRefused
from hsm.prepared.increment import check_increment
from tests.hsm.prepared.authority import present
from tests.hsm.prepared.documents import Preparer, make_base


def refusal(base: bytes, prepared: bytes, field: str = "president") -> Why:
    with pytest.raises(IncrementRefused) as refused:
        check_increment(base, prepared, field, None, present())
    return refused.value.reason


def shifted(base: bytes, prepared: bytes, at: int, extra: bytes) -> bytes:
    """Insert bytes into the increment and mend offsets, ByteRange and startxref as a forger would."""
    changed = prepared[:at] + extra + prepared[at:]
    size = len(extra)

    def entry(found: re.Match[bytes]) -> bytes:
        offset = int(found[1])
        return b"%010d 00000 n" % (offset + size if offset >= at else offset)

    table = changed.rindex(b"\nxref\n")
    changed = changed[:table] + re.sub(rb"(\d{10}) 00000 n", entry, changed[table:])
    found = re.search(rb"startxref\n(\d+)\n%%EOF\n$", changed)
    assert found
    changed = changed[: found.start(1)] + b"%d" % (table + 1) + changed[found.end(1) :]
    return mended(base, changed)


def mended(base: bytes, changed: bytes) -> bytes:
    """The same with its ByteRange made right again."""
    before = changed.index(b"<" + b"0" * 64, len(base))
    after = changed.index(b">", before) + 1
    found = re.compile(rb"/ByteRange \[[\d ]+\][ ]*").search(changed, len(base))
    assert found
    text = b"/ByteRange [0 %d %d %d]" % (before, after, len(changed) - after)
    return changed[: found.start()] + text.ljust(len(found[0])) + changed[found.end() :]


def test_the_forgers_tools_work(base: bytes, prepared: bytes) -> None:
    at = prepared.index(b" obj", len(base) + 20)
    at = prepared.rindex(b"\n", 0, at) + 1
    assert check_increment(base, shifted(base, prepared, at, b"  \n "), "president", None, present())


@pytest.mark.parametrize(
    "extra", [b"1 0 obj\n<</Type/Catalog>>\nendobj\n", b"% comment\n", b"xref\n0 0\ntrailer\n<<>>\n"]
)
def test_bytes_between_objects_are_refused(base: bytes, prepared: bytes, extra: bytes) -> None:
    at = prepared.index(b" obj", len(base) + 20)
    at = prepared.rindex(b"\n", 0, at) + 1
    assert refusal(base, shifted(base, prepared, at, extra)) is Why.HIDDEN_BYTES
    first = prepared.index(b" obj", len(base)) - 3
    assert refusal(base, shifted(base, prepared, max(first, len(base)), extra)) in {Why.HIDDEN_BYTES, Why.MALFORMED}


def test_bytes_before_the_table_are_refused(base: bytes, prepared: bytes) -> None:
    at = prepared.rindex(b"xref\n", 0, prepared.rindex(b"trailer"))
    assert refusal(base, shifted(base, prepared, at, b"1 0 obj\n<<>>\nendobj\n")) is Why.HIDDEN_BYTES


@pytest.mark.parametrize("extra", [b"x", b"\n\n", b"% hello\n", b"startxref\n0\n%%EOF\n", b"1 0 obj\n<<>>\nendobj\n"])
def test_bytes_after_the_end_are_refused(base: bytes, prepared: bytes, extra: bytes) -> None:
    assert refusal(base, mended(base, prepared + extra)) in {Why.HIDDEN_BYTES, Why.MALFORMED}


def test_byte_range_short_of_the_end_is_refused(base: bytes, prepared: bytes) -> None:
    assert refusal(base, prepared.rstrip(b"\n")) is Why.BYTE_RANGE


def test_second_increment_is_refused(preparer: Preparer) -> None:
    base = make_base(signature_fields=("member", "president"))
    twice = preparer.prepare(preparer.prepare(base, field="member"), field="president")
    assert refusal(base, twice) is Why.NOT_ONE_INCREMENT


def test_prev_past_the_base_is_refused(preparer: Preparer) -> None:
    """/Prev skips the last revision of the base: the reader would compare against an older one."""
    base = make_base(signature_fields=("member", "president"))
    first = preparer.prepare(base, field="member")
    second = preparer.prepare(first, field="president")
    at = second.rindex(b"/Prev ")
    end = second.index(b"\n", at)
    older = re.search(rb"startxref\n(\d+)", base)
    assert older
    skipped = second[:at] + b"/Prev " + older[1].ljust(end - at - 6) + second[end:]
    assert refusal(first, skipped) in {Why.NOT_ONE_INCREMENT, Why.MALFORMED}


def test_hybrid_file_is_refused(base: bytes, prepared: bytes) -> None:
    at = prepared.rindex(b"/Size")
    hybrid = mended(base, prepared[:at] + b"/XRefStm 20\n" + prepared[at:])
    assert refusal(base, hybrid) in {Why.NOT_ONE_INCREMENT, Why.MALFORMED}


def with_first_entries(base: bytes, prepared: bytes, entries: bytes) -> bytes:
    table = prepared.rindex(b"\nxref\n") + len(b"\nxref\n")
    return mended(base, prepared[:table] + entries + prepared[table:])


def test_object_listed_twice_is_refused(base: bytes, prepared: bytes) -> None:
    field = re.compile(rb"\n(\d+) 0 obj\n<<\n/FT /Sig").search(prepared, len(base) - 1)
    assert field
    twice = with_first_entries(base, prepared, b"%b 1\n%010d 00000 n \n" % (field[1], field.start(1)))
    assert refusal(base, twice) is Why.HIDDEN_BYTES


def test_freed_object_is_refused(base: bytes, prepared: bytes) -> None:
    freed = with_first_entries(base, prepared, b"3 1\n0000000000 00001 f \n")
    assert refusal(base, freed) in {Why.OBJECT_FREED, Why.MALFORMED}


def test_duplicate_key_is_refused(base: bytes, prepared: bytes) -> None:
    at = prepared.rindex(b"/SubFilter /")
    end = at + len(b"/SubFilter /ETSI.CAdES.detached")
    changed = prepared[:at] + b"/Type /Sig".ljust(end - at) + prepared[end:]
    assert refusal(base, changed) is Why.MALFORMED


def test_gap_elsewhere_is_refused(base: bytes, prepared: bytes) -> None:
    """The ByteRange leaves out a page's text instead of /Contents."""
    at = base.index(b"(Licence)")
    found = re.compile(rb"/ByteRange \[[\d ]+\][ ]*").search(prepared, len(base))
    assert found
    text = b"/ByteRange [0 %d %d %d]" % (at, at + 9, len(prepared) - at - 9)
    changed = prepared[: found.start()] + text.ljust(len(found[0])) + prepared[found.end() :]
    assert refusal(base, changed) is Why.BYTE_RANGE


def test_contents_already_filled_is_refused(base: bytes, prepared: bytes) -> None:
    at = prepared.index(b"<" + b"0" * 64, len(base))
    assert refusal(base, prepared[: at + 9] + b"1" + prepared[at + 10 :]) is Why.CONTENTS


def test_zeros_of_another_entry_are_not_the_gap(base: bytes, prepared: bytes) -> None:
    """/Contents is short; the gap lies over another string of zeros in the same dictionary."""
    at = prepared.index(b"/Contents <" + b"0" * 64, len(base))
    changed = prepared[:at] + b"/Contents <00>/Location<" + prepared[at + 24 :]
    assert refusal(base, mended_at(base, changed, at + 23)) in {Why.CONTENTS, Why.BYTE_RANGE, Why.SIGNATURE_DICTIONARY}


def mended_at(base: bytes, changed: bytes, before: int) -> bytes:
    after = changed.index(b">", before) + 1
    found = re.compile(rb"/ByteRange \[[\d ]+\][ ]*").search(changed, len(base))
    assert found
    text = b"/ByteRange [0 %d %d %d]" % (before, after, len(changed) - after)
    return changed[: found.start()] + text.ljust(len(found[0])) + changed[found.end() :]


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7\n", b"%PDF-1.7\n%%EOF\n", b"\x00" * 100, b"%PDF-1.7\nstartxref\n0\n%%EOF"]
)
def test_unreadable_bytes_are_refused_with_a_reason(content: bytes) -> None:
    assert refusal(content, content + b"more") is Why.MALFORMED
