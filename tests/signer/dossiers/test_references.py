"""References and their check characters."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.dossiers.errors import ReferencesExhausted
from signer.dossiers.references import ALPHABET, CheckKey, next_reference, parse_public_name, public_address
from signer.dossiers.tables import ReferenceSequence
from tests.signer.dossiers.town import Town

KEY = CheckKey(b"k" * 32)
REFERENCES = st.from_regex(r"[LRAPKTD][0-9]{2}-[0-9]{7}", fullmatch=True).filter(str.isascii)


def test_check_is_the_first_twenty_bits_of_the_mac() -> None:
    mac = hmac.new(b"k" * 32, b"L26-0000123", hashlib.sha256).digest()
    bits = f"{int.from_bytes(mac, 'big'):0256b}"[:20]
    assert KEY.characters("L26-0000123") == "".join(ALPHABET[int(bits[at : at + 5], 2)] for at in (0, 5, 10, 15))
    assert len(set(ALPHABET)) == 32


@given(reference=REFERENCES)
def test_name_in_the_code_reads_back(reference: str) -> None:
    check = KEY.characters(reference)
    name = public_address("khatam.example", reference, check).removeprefix("HTTPS://KHATAM.EXAMPLE/V/")
    assert parse_public_name(name.lower()) == (reference, check)
    assert KEY.matches(reference, check.lower())


def test_check_of_another_reference_is_refused() -> None:
    assert not KEY.matches("L26-0000124", KEY.characters("L26-0000123"))
    for check in ("", "é234", "7Q4K7"):
        assert not KEY.matches("L26-0000123", check)
    assert not KEY.matches("X26-0000123", KEY.characters("L26-0000123"))


def test_key_is_never_printed() -> None:
    assert "k" * 4 not in repr(KEY)
    with pytest.raises(TypeError):
        KEY.__reduce__()
    with pytest.raises(ValueError, match="16 bytes"):
        CheckKey(b"short")


def test_series_count_by_letter_and_year(town: Town) -> None:
    with town.records.writing() as session:
        given = [
            next_reference(session, letter, year)
            for letter, year in (("L", 2026), ("L", 2026), ("A", 2026), ("L", 2027))
        ]
    assert given == ["L26-0000001", "L26-0000002", "A26-0000001", "L27-0000001"]


def test_full_series_gives_nothing(town: Town) -> None:
    with town.records.writing() as session:
        session.add(ReferenceSequence(letter="L", year=2026, last=9_999_999))
        session.flush()
        with pytest.raises(ReferencesExhausted):
            next_reference(session, "L", 2026)
