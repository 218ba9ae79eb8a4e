"""The quicker reader gives what the library's gives: value, type, place in the stream, errors."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic

from signer.verification.quick_hex import read_hex_string

LIBRARY = generic.read_hex_string_from_stream


def outcome(reader: Any, content: bytes) -> object:
    stream = io.BytesIO(content)
    try:
        value = reader(stream)
    except Exception as error:  # noqa: BLE001 - whichever it is, both must raise it
        return type(error)
    return type(value), value, value.original_bytes, stream.tell()


@given(st.binary(max_size=40), st.binary(max_size=10))
def test_same_as_the_library(inside: bytes, after: bytes) -> None:
    for content in (b"<" + inside.hex().encode() + b">" + after, b"<" + inside + b">" + after, b"<" + inside):
        assert outcome(read_hex_string, content) == outcome(LIBRARY, content)


LONG = b"<" + b"41" * 70_000 + b">x"


@pytest.mark.parametrize(
    "content", [b"<>", b"<4>", b"<41 42>", b"<41%comment\n42>", b"<feff0041>", b"<", b"<4", b"<zz>", LONG]
)
def test_corners(content: bytes) -> None:
    assert outcome(read_hex_string, content) == outcome(LIBRARY, content)
