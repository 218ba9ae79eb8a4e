"""BER-TLV as PIV data objects use it (NIST SP 800-73-4 Part 1, appendix A; ISO/IEC 7816-4, 5.2.2)."""

from collections.abc import Iterator

_LONG_TAG = 0x1F
_MORE = 0x80


class Malformed(ValueError):
    """The bytes are no sequence of TLVs."""


def tlv(tag: int, value: bytes) -> bytes:
    """Return one object: `tag` of one to three bytes, shortest definite length."""
    size = len(value)
    if size < _MORE:
        length = bytes([size])
    else:
        digits = size.to_bytes((size.bit_length() + 7) // 8)
        length = bytes([_MORE | len(digits)]) + digits
    return tag.to_bytes((tag.bit_length() + 7) // 8) + length + value


def parse(data: bytes) -> dict[int, bytes]:
    """Return the objects of `data` by tag; of two with one tag the first.

    :raise Malformed: cut short, or a length that runs past the end.
    """
    found: dict[int, bytes] = {}
    for tag, value in _objects(data):
        found.setdefault(tag, value)
    return found


def _objects(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        try:
            end = at + 1
            if data[at] & _LONG_TAG == _LONG_TAG:
                while data[end] & _MORE:
                    end += 1
                end += 1
            tag, size = int.from_bytes(data[at:end]), data[end]
            at = end + 1
        except IndexError:
            raise Malformed("cut short") from None
        if size & _MORE:
            digits = size & ~_MORE
            size = int.from_bytes(data[at : at + digits])
            at += digits
        if at + size > len(data):
            raise Malformed("longer than its place")
        yield tag, data[at : at + size]
        at += size
