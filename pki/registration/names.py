"""Names of persons as they may stand in a register and in a certificate. Pure."""

from __future__ import annotations

import unicodedata

from pki.registration.errors import NameRefused

LATIN_LIMIT = 64
"""ub-common-name of RFC 5280, appendix A.1."""
ARABIC_LIMIT = 200
_PUNCTUATION = frozenset(" '’-.")


def accept_name(field: str, name: str, *, script: str, limit: int) -> str:
    """Return the name in NFC, trimmed, single-spaced.

    :param script: "LATIN" or "ARABIC": every letter belongs to it.
    :raise NameRefused: empty, too long, a letter of another script, or a character that is not seen.
    """
    # THREAT: invisible or direction-changing characters, or letters of another script that look alike, make
    #   one person read as another on a licence.
    # DEFENCE: one script per name, letters and marks of it, and four kinds of punctuation; nothing else.
    # TEST: tests/pki/registration/test_names.py::test_refused
    plain = " ".join(unicodedata.normalize("NFC", name).split(" ")).strip()
    while "  " in plain:
        plain = plain.replace("  ", " ")
    if not plain:
        raise NameRefused(field, "empty")
    if len(plain) > limit:
        raise NameRefused(field, f"longer than {limit} characters")
    if not any(unicodedata.category(each).startswith("L") for each in plain):
        raise NameRefused(field, "without a letter")
    for each in plain:
        if each not in _PUNCTUATION and not _belongs(each, script):
            raise NameRefused(field, f"character U+{ord(each):04X}")
    return plain


def _belongs(character: str, script: str) -> bool:
    category = unicodedata.category(character)
    if category.startswith("L"):
        return unicodedata.name(character, "").startswith(script)
    # Vowel signs of Arabic, and accents that have no composed letter.
    return category == "Mn" and unicodedata.name(character, "").startswith((script, "COMBINING"))
