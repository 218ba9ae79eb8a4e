"""Signed byte ranges as the bytes have them, whatever the PDF's own tables say."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_VALUE = re.compile(rb"<(30[0-9A-Fa-f]{1000,})>")
_HEX = re.compile(rb"<[0-9A-Fa-f\s]*>")
MAX_RANGES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRange:
    """[0, start) and [stop, end): all but one hexadecimal string, `<` and `>` included."""

    start: int
    stop: int
    end: int

    def contents(self, pdf: bytes) -> bytes:
        """The CMS object in the gap, with its zero padding."""
        return bytes.fromhex(pdf[self.start + 1 : self.stop - 1].decode("ascii"))

    def digest(self, pdf: bytes, algorithm: str) -> bytes:
        """The digest of what is covered."""
        state = hashlib.new(algorithm)
        view = memoryview(pdf)
        state.update(view[: self.start])
        state.update(view[self.stop : self.end])
        return state.digest()


def sound_range(pdf: bytes, numbers: tuple[int, ...]) -> SignedRange | None:
    """The range that four numbers describe, if its gap is exactly one hexadecimal string inside the file."""
    # THREAT: a gap wider than the signature value hides bytes that no signature covers (signature wrapping).
    # DEFENCE: the range starts at 0 and its gap is one hexadecimal string and nothing else.
    # TEST: tests/signer/verification/test_attacks.py::test_gap_wider_than_contents
    if len(numbers) != 4:  # noqa: PLR2004
        return None
    first, start, stop, length = numbers
    if first != 0 or length < 0 or not 0 < start < stop <= stop + length <= len(pdf):
        return None
    if not _HEX.fullmatch(pdf, start, stop):
        return None
    return SignedRange(start=start, stop=stop, end=stop + length)


def ranges_in(pdf: bytes) -> Iterator[SignedRange]:
    """Every sound byte range written in the file, in order; at most `MAX_RANGES`."""
    for number, found in enumerate(_BYTE_RANGE.finditer(pdf)):
        if number == MAX_RANGES:
            return
        sound = sound_range(pdf, tuple(int(each) for each in found.groups()))
        if sound is not None:
            yield sound


def values_in(pdf: bytes) -> Iterator[bytes]:
    """Long hexadecimal strings that may be signature values, wherever they stand; at most `MAX_RANGES`."""
    for number, found in enumerate(_VALUE.finditer(pdf)):
        if number == MAX_RANGES:
            return
        yield bytes.fromhex(found[1][: len(found[1]) // 2 * 2].decode("ascii"))
