"""The strict reader: bounds, minimal lengths, nothing after."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsm.prepared.der import tlv
from pki.der import (
    INTEGER,
    DERError,
    encoded_oid,
    generalized_time,
    integer,
    parse_boolean,
    parse_integer,
    read_one,
    require_bounded,
)


def nested(levels: int) -> bytes:
    data = b""
    for _ in range(levels):
        data = tlv(0x30, data)
    return data


def test_deep_nesting_is_refused() -> None:
    require_bounded(nested(32))
    with pytest.raises(DERError):
        require_bounded(nested(33))
    with pytest.raises(DERError):
        require_bounded(nested(4000))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",  # indefinite
        b"\x30\x81\x05hello",  # not minimal
        b"\x30\x82\x00\x80" + bytes(128),
        b"\x30\x84\xff\xff\xff\xff",  # a length that lies
        b"\x30\x05\x01",
        b"\x1f\x81\x01\x00",  # long tag
        b"\x30\x00\x30\x00",  # two elements
        b"\x04" + b"\x82\x40\x01" + bytes(0x4001),  # too large
    ],
)
def test_what_is_not_der_is_refused(data: bytes) -> None:
    with pytest.raises(DERError):
        require_bounded(data)


@given(st.integers())
def test_integers_come_back(value: int) -> None:
    assert parse_integer(read_one(integer(value), INTEGER)) == value


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"\xff\xff"])
def test_integers_are_minimal(content: bytes) -> None:
    with pytest.raises(DERError):
        parse_integer(read_one(tlv(INTEGER, content), INTEGER))


@pytest.mark.parametrize("content", [b"", b"\x2a\x86", b"\x2a\x80\x01", b"\x80\x01"])
def test_malformed_object_identifiers_are_refused(content: bytes) -> None:
    assert encoded_oid(read_one(b"\x06\x03\x2a\x83\x00", 6)) == b"\x06\x03\x2a\x83\x00"
    with pytest.raises(DERError):
        encoded_oid(read_one(tlv(6, content), 6))


def test_booleans_have_two_spellings() -> None:
    with pytest.raises(DERError):
        parse_boolean(read_one(b"\x01\x01\x01", 1))


@given(st.binary(max_size=200))
def test_hostile_bytes_raise_one_error_only(data: bytes) -> None:
    try:
        require_bounded(data)
    except DERError:
        return


def test_times_are_cut_to_the_second() -> None:
    assert generalized_time(datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC))[2:] == b"20260102030405Z"
