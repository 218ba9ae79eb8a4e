"""Names of persons."""

import pytest

from pki.registration.errors import NameRefused
from pki.registration.names import LATIN_LIMIT, accept_name


def latin(name: str) -> str:
    return accept_name("name_latin", name, script="LATIN", limit=LATIN_LIMIT)


def arabic(name: str) -> str:
    return accept_name("name_ar", name, script="ARABIC", limit=200)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Ahmed   El Alaoui ", "Ahmed El Alaoui"),
        ("Fatima-Zahra Aït Ba'amrane", "Fatima-Zahra Aït Ba'amrane"),
        ("Ai\u0308t", "A\u00eft"),
        ("A" * 64, "A" * 64),
    ],
)
def test_latin(given: str, kept: str) -> None:
    assert latin(given) == kept


@pytest.mark.parametrize("name", ["محمد العلوي", "فاطمة الزهراء بناني", "مُحَمَّد"])
def test_arabic(name: str) -> None:
    assert arabic(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "-",
        "A" * 65,
        "Ahm\u0435d",  # Cyrillic е
        "Ahmed\u202e",  # right-to-left override
        "Ahmed\u2066",  # isolate
        "Ahmed\u200f",  # mark
        "Ah\u200bmed",  # zero width space
        "Ahmed\u00a0Alaoui",  # a space that is not one
        "Ahmed\nAlaoui",
        "Ahmed\x00",
        "Ahmed2",
        "أحمد",
        "Ahmed<script>",
    ],
)
def test_refused(name: str) -> None:
    with pytest.raises(NameRefused):
        latin(name)


@pytest.mark.parametrize("name", ["Ahmed", "محمد A", "محمد\u200f", "محمد\u061c", "محمد\u202e", "محمد٣"])
def test_refused_arabic(name: str) -> None:
    with pytest.raises(NameRefused):
        arabic(name)
