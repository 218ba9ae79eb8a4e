"""The names of documents: `<letter><yy>-<7 digits>`, their check characters, and the address in the QR code."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from signer.dossiers.errors import ReferencesExhausted
from signer.dossiers.kinds import DocumentKind
from signer.dossiers.tables import ReferenceSequence

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 characters, without those that are read for another (0 O 1 I)."""

LETTERS = {
    DocumentKind.LICENCE: "L",
    DocumentKind.REFUSAL: "R",
    DocumentKind.OPINION: "A",
    DocumentKind.MINUTES: "P",
    DocumentKind.KEY_ACCEPTANCE: "K",
    DocumentKind.DELEGATION: "T",
}
DOSSIER_LETTER = "D"
"""Series of dossiers and of their application files."""

LAST_NUMBER = 9_999_999

_REFERENCE = re.compile(r"[LRAPKTD][0-9]{2}-[0-9]{7}")
_PUBLIC = re.compile(rf"([LRAPKTD][0-9]{{2}}-[0-9]{{7}})-([{ALPHABET}]{{4}})")


@final
class CheckKey:
    """The installation's secret for check characters. Never printed."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        if len(value) < 16:  # noqa: PLR2004
            raise ValueError("a check key has at least 16 bytes")
        self._value = value

    def __repr__(self) -> str:
        return "CheckKey(****)"

    def __reduce__(self) -> str:
        raise TypeError("a check key is not pickled")

    def characters(self, reference: str) -> str:
        """The four characters: the first 20 bits of HMAC-SHA-256(key, reference), 5 bits each."""
        digest = hmac.digest(self._value, reference.encode("ascii"), hashlib.sha256)
        bits = int.from_bytes(digest[:3], "big") >> 4
        return "".join(ALPHABET[bits >> shift & 31] for shift in (15, 10, 5, 0))

    def matches(self, reference: str, check: str) -> bool:
        """Whether `check` (upper or lower case) are the reference's characters; in constant time."""
        # THREAT: references are consecutive, so anybody could walk through all licences of a country.
        # DEFENCE: a public look needs four keyed characters (20 bits) besides; the door limits the rate.
        # TEST: tests/signer/dossiers/test_references.py::test_check_of_another_reference_is_refused
        if not is_reference(reference) or not check.isascii():
            return False
        return hmac.compare_digest(self.characters(reference), check.upper())


def is_reference(text: str) -> bool:
    """Whether `text` is written exactly as a reference is."""
    return _REFERENCE.fullmatch(text) is not None


def parse_public_name(text: str) -> tuple[str, str] | None:
    """Split `L26-0000123-7Q4K` (any case) into reference and check; None when it is not written so."""
    found = _PUBLIC.fullmatch(text.upper())
    return (found[1], found[2]) if found else None


def public_address(host: str, reference: str, check: str) -> str:
    """What the QR code holds: upper case throughout, so that it stays in the QR's alphanumeric mode."""
    return f"HTTPS://{host.upper()}/V/{reference}-{check}"


def next_reference(session: Session, letter: str, year: int) -> str:
    """Take the next reference of a series. A step: a rolled-back transaction gives the number back."""
    row = (ReferenceSequence.letter == letter, ReferenceSequence.year == year)
    for _ in range(2):
        number = session.scalar(
            update(ReferenceSequence)
            .where(*row, ReferenceSequence.last < LAST_NUMBER)
            .values(last=ReferenceSequence.last + 1)
            .returning(ReferenceSequence.last)
            .execution_options(synchronize_session=False)
        )
        if number is None and session.scalar(select(ReferenceSequence.last).where(*row)) is not None:
            raise ReferencesExhausted(letter, year)
        if number is None:
            number = _first(session, letter, year)
        if number is not None:
            return f"{letter}{year % 100:02}-{number:07}"
    raise ReferencesExhausted(letter, year)  # pragma: no cover — the row exists after a lost race


def _first(session: Session, letter: str, year: int) -> int | None:
    """Open the series with 1, or return None because another transaction just did."""
    try:
        with session.begin_nested():
            session.execute(insert(ReferenceSequence).values(letter=letter, year=year, last=1))
    except IntegrityError:
        return None
    return 1
