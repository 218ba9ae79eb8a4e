"""Serials as people give them, and as people should not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pki.quota.devices.errors import SerialsRefused
from pki.quota.devices.serials import MOST, read_serials, serials_between, typed_serials
from pki.registration.errors import ImportRefused


def test_good_lines_are_kept_and_the_others_named() -> None:
    kept, refused = read_serials("serial\nA001\na001\n=1+1\nA002\n\n")
    assert [(each.line, each.serial) for each in kept] == [(2, "A001"), (5, "A002")]
    assert [(each.number, each.value) for each in refused] == [(3, "a001"), (4, "=1+1")]


@pytest.mark.parametrize(
    "serial", ["", "A 1", "=A1", "-A1", "A1\n", "А1", "٣", "A/1", "A" * 101], ids=lambda serial: repr(serial)[:12]
)
def test_no_serial(serial: str) -> None:
    # The second is Cyrillic, the third an Arabic digit: they look like others.
    kept, refused = typed_serials([serial.replace("\n", "\x00")])
    assert (kept, len(refused)) == ([], 1)


@pytest.mark.parametrize("text", ["", "number\nA1\n", "serial;serial\nA1;A2\n", 'serial\n"A1\n'])
def test_no_file_of_serials(text: str) -> None:
    with pytest.raises((ImportRefused, SerialsRefused)):
        read_serials(text)


def test_no_longer_than_said() -> None:
    assert len(typed_serials([f"A{number}" for number in range(MOST)])[0]) == MOST
    with pytest.raises(SerialsRefused):
        typed_serials(["A1"] * (MOST + 1))


@given(prefix=st.sampled_from(["", "A", "IDP-0x"]), start=st.integers(0, 99_000), length=st.integers(1, 60))
def test_a_range_holds_both_ends_and_all_between(prefix: str, start: int, length: int) -> None:
    found = serials_between(f"{prefix}{start:06}", f"{prefix}{start + length - 1:06}")
    assert found == [f"{prefix}{number:06}" for number in range(start, start + length)]


@pytest.mark.parametrize(
    ("first", "last"),
    [("A002", "A001"), ("A1", "A10"), ("A1", "B2"), ("A", "B"), ("A1", "A1B"), ("0", "9" * 16), ("00000", "10000")],
)
def test_no_range(first: str, last: str) -> None:
    with pytest.raises(SerialsRefused):
        serials_between(first, last)
