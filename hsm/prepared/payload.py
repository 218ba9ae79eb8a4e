"""Strict JSON: one spelling, every field asked for, none left over."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from . import instants
from .errors import ManifestReason, ManifestRefused

T = TypeVar("T")

SHA256_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
MAX_TEXT = 500
# Cc, lone surrogates, line and paragraph separators, what takes no room, and the marks that reorder text around them
# (UAX 9): none belongs in a name or a title. The joiners U+200C and U+200D do, in Arabic script.
FORBIDDEN_CHARACTERS = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def write(value: dict[str, object]) -> bytes:
    """Canonical JSON: sorted keys, no white space, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def read_object(content: bytes, what: str) -> "Fields":
    """The fields of a JSON object; a name given twice, or anything that is not an object, is refused."""
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ManifestRefused(ManifestReason.MALFORMED, f"the {what} is not JSON in its one spelling") from error
    return Fields(value, what)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    named = dict(pairs)
    if len(named) != len(pairs):
        raise ValueError("a name is given twice")
    return named


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


class Fields:
    """One JSON object, emptied field by field; `close` refuses what nobody asked for."""

    def __init__(self, value: object, what: str) -> None:
        if not isinstance(value, dict):
            raise ManifestRefused(ManifestReason.MALFORMED, f"the {what} is not a JSON object")
        self._left: dict[str, object] = dict(value)
        self._what = what

    def close(self) -> None:
        """Refuse if a field is left."""
        # THREAT: a field that this agent does not know changes what a newer server means by the manifest.
        # DEFENCE: every field is asked for by name; one that is missing or left over refuses the whole.
        # TEST: tests/hsm/prepared/test_manifest.py::test_unknown_field_is_refused
        if self._left:
            raise ManifestRefused(
                ManifestReason.FIELD_UNKNOWN, f"the {self._what} has an unknown field: {min(self._left)[:40]!r}"
            )

    def take(self, name: str, kind: type[T]) -> T:
        """A field of exactly that JSON type."""
        if name not in self._left:
            raise ManifestRefused(ManifestReason.FIELD_MISSING, f"the {self._what} lacks the field {name!r}")
        value = self._left.pop(name)
        if type(value) is not kind:
            raise self.invalid(name)
        return value

    def invalid(self, name: str) -> ManifestRefused:
        """The refusal of a field's value."""
        return ManifestRefused(ManifestReason.FIELD_INVALID, f"the {self._what}'s field {name!r} has a wrong value")

    def is_null(self, name: str) -> bool:
        """Whether a field says null; it is taken then, and left for its own reader otherwise."""
        if name not in self._left:
            raise ManifestRefused(ManifestReason.FIELD_MISSING, f"the {self._what} lacks the field {name!r}")
        if self._left[name] is not None:
            return False
        del self._left[name]
        return True

    def take_as(self, name: str, read: Callable[[str], T]) -> T:
        """A text field, read by `read` (ValueError means refused)."""
        text = self.take(name, str)
        try:
            return read(text)
        except ValueError as error:
            raise self.invalid(name) from error

    def text(self, name: str, *, empty: bool = False) -> str:
        """A text for people: bounded, without control or bidirectional marks."""
        text = self.take(name, str)
        if len(text) > MAX_TEXT or FORBIDDEN_CHARACTERS.search(text) or not (text or empty):
            raise self.invalid(name)
        return text

    def digest(self, name: str) -> str:
        """A SHA-256 in lower-case hexadecimal."""
        text = self.take(name, str)
        if not SHA256_HEX.fullmatch(text):
            raise self.invalid(name)
        return text

    def instant(self, name: str) -> datetime:
        """An instant in its one spelling."""
        return self.take_as(name, instants.read)

    def count(self, name: str) -> int:
        """A whole number, zero or more."""
        number = self.take(name, int)
        if number < 0:
            raise self.invalid(name)
        return number

    def choice(self, name: str, values: tuple[T, ...]) -> T:
        """One of `values`, of the same JSON type (True is not 1)."""
        if name not in self._left:
            raise ManifestRefused(ManifestReason.FIELD_MISSING, f"the {self._what} lacks the field {name!r}")
        given = self._left.pop(name)
        for value in values:
            if type(given) is type(value) and given == value:
                return value
        raise self.invalid(name)

    def within(self, name: str) -> "Fields":
        """A nested object."""
        return Fields(self.take(name, dict), f"{self._what}'s {name}")

    def each(self, name: str, most: int) -> list[object]:
        """A list of at least one and at most `most` values."""
        values: list[object] = self.take(name, list)
        if not 1 <= len(values) <= most:
            raise self.invalid(name)
        return values
