"""The few DER encodings that this room writes itself (X.690, 8 and 10)."""


def tlv(tag: int, *contents: bytes) -> bytes:
    """One definite-length element."""
    body = b"".join(contents)
    if len(body) < 0x80:  # noqa: PLR2004  # X.690, 8.1.3.4
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def sequence(*elements: bytes) -> bytes:
    """SEQUENCE of encoded elements."""
    return tlv(0x30, *elements)


def set_of(*elements: bytes) -> bytes:
    """SET OF, in DER order: ascending by encoding (X.690, 11.6)."""
    return tlv(0x31, *sorted(elements))


def octet_string(content: bytes) -> bytes:
    """OCTET STRING."""
    return tlv(0x04, content)


def object_identifier(dotted: str) -> bytes:
    """OBJECT IDENTIFIER (X.690, 8.19)."""
    first, second, *others = (int(arc) for arc in dotted.split("."))
    body = b""
    for arc in (first * 40 + second, *others):
        group = bytes((arc & 0x7F,))
        while arc := arc >> 7:
            group = bytes((0x80 | arc & 0x7F,)) + group
        body += group
    return tlv(0x06, body)
