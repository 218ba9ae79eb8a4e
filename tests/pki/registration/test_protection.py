"""National ids at rest."""

import pickle

import pytest
from sqlalchemy import select

from pki.records import Records
from pki.registration.errors import NationalIdMalformed, NationalIdUnreadable
from pki.registration.protection import ProtectedNumber, ProtectedNumbers
from pki.registration.tables import Holder
from tests.pki.estate import PROTECTION, person


def test_nothing_readable_at_rest(sqlite_records: Records) -> None:
    person(sqlite_records, cin="AB123456")
    with sqlite_records.reading() as session:
        row = session.execute(select(Holder.cin_encrypted, Holder.cin_hash)).one()
    assert b"AB123456" not in row.cin_encrypted
    assert b"123456" not in row.cin_encrypted + row.cin_hash.encode()


def test_round_trip_and_equality() -> None:
    first, second = PROTECTION.protect("AB123456"), PROTECTION.protect(" ab123456")
    assert first.keyed_hash == second.keyed_hash
    assert first.encrypted != second.encrypted
    assert PROTECTION.reveal(first) == PROTECTION.reveal(second) == "AB123456"


def test_other_keys_read_nothing() -> None:
    other = ProtectedNumbers(b"x" * 32, b"y" * 32)
    number = PROTECTION.protect("AB123456")
    assert other.protect("AB123456").keyed_hash != number.keyed_hash
    with pytest.raises(NationalIdUnreadable):
        other.reveal(number)


def test_number_cannot_be_moved_to_another_row() -> None:
    one, two = PROTECTION.protect("AB123456"), PROTECTION.protect("CD654321")
    with pytest.raises(NationalIdUnreadable):
        PROTECTION.reveal(ProtectedNumber(encrypted=one.encrypted, keyed_hash=two.keyed_hash))


@pytest.mark.parametrize(
    ("number", "masked"),
    [("AB123456", "AB••••56"), ("be123456", "BE••••56"), ("K12345", "K•••45"), ("K1234", "K••34"), ("K123", "••••")],
)
def test_masked(number: str, masked: str) -> None:
    assert PROTECTION.masked(number) == masked


@pytest.mark.parametrize("number", ["", "123", "ABC123", "AB", "AB123456789", "AB12 34", "AB١٢٣٤", "AB1234\n5"])
def test_malformed(number: str) -> None:
    with pytest.raises(NationalIdMalformed):
        PROTECTION.protect(number)


def test_keys_are_never_shown() -> None:
    assert "eeee" not in repr(PROTECTION)
    with pytest.raises(TypeError):
        pickle.dumps(PROTECTION)


@pytest.mark.parametrize("keys", [(b"short", b"h" * 32), (b"e" * 32, b"short")])
def test_short_keys(keys: tuple[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        ProtectedNumbers(*keys)
