"""Reading and writing the little DER that a CMS of ours is made of (X.690, 8 and 10). Definite lengths only."""

from __future__ import annotations

SEQUENCE = 0x30
SET = 0x31
INTEGER = 0x02


def tlv(tag: int, *contents: bytes) -> bytes:
    """One element."""
    body = b"".join(contents)
    if len(body) < 0x80:  # noqa: PLR2004  # X.690, 8.1.3.4
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def set_of(tag: int, *elements: bytes) -> bytes:
    """SET OF under `tag`, in DER order: ascending by encoding (X.690, 11.6)."""
    return tlv(tag, *sorted(elements))


def elements(content: bytes, start: int, end: int) -> list[tuple[int, int, int, int]]:
    """The elements in content[start:end]: tag, begin, begin of the value, end.

    :raise ValueError: not whole elements of definite length.
    """
    found: list[tuple[int, int, int, int]] = []
    while start < end:
        if start + 2 > end:
            raise ValueError("DER stops inside an element")
        tag, length, value = content[start], content[start + 1], start + 2
        if length >= 0x80:  # noqa: PLR2004
            count = length & 0x7F
            if not 1 <= count <= 4 or value + count > end:  # noqa: PLR2004
                raise ValueError("not a definite length")
            length = int.from_bytes(content[value : value + count], "big")
            value += count
        if value + length > end:
            raise ValueError("DER stops inside an element")
        found.append((tag, start, value, value + length))
        start = value + length
    return found


def inside(content: bytes, tag: int) -> list[tuple[int, int, int, int]]:
    """The elements of one constructed element that is the whole of `content`.

    :raise ValueError: it is not that, or empty.
    """
    (only,) = elements(content, 0, len(content))
    if only[0] != tag:
        raise ValueError("another element was expected")
    found = elements(content, only[2], only[3])
    if not found:
        raise ValueError("an empty element")
    return found
