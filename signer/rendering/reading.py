"""Reading facts: every field of its kind, of its type, printable as it is; or refused. Pure."""

from __future__ import annotations

import dataclasses
import types
import typing
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from signer.rendering.errors import FactsRefused
from signer.rendering.facts import (
    ApplicationFacts,
    DelegationFacts,
    DocumentFacts,
    KeyAcceptanceFacts,
    LicenceFacts,
    MinutesFacts,
    OpinionFacts,
    RefusalFacts,
)

KINDS: Mapping[str, type[DocumentFacts]] = {
    each.KIND: each
    for each in (
        ApplicationFacts,
        OpinionFacts,
        MinutesFacts,
        LicenceFacts,
        RefusalFacts,
        KeyAcceptanceFacts,
        DelegationFacts,
    )
}
MOST_CHARACTERS = 20_000
MOST_ENTRIES = 500
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def parse_facts(kind: str, given: Mapping[str, object]) -> DocumentFacts:
    """The facts of one document of `kind`; fields that the kind does not print are left out.

    :raise FactsRefused: a field is missing, of another type, or holds what cannot be printed as it is.
    """
    if kind not in KINDS:
        raise FactsRefused("kind", f"is {kind[:40]!r}, and no such document is laid out here")
    facts = _read(KINDS[kind], given, kind)
    assert isinstance(facts, DocumentFacts)
    return facts


def _read(shape: type[Any], given: object, name: str) -> Any:
    if not isinstance(given, Mapping):
        raise FactsRefused(name, "is not an object")
    hints = typing.get_type_hints(shape)
    values: dict[str, Any] = {}
    for each in dataclasses.fields(shape):
        inner = f"{name}.{each.name}"
        if each.name in given:
            lines = bool(each.metadata.get("lines"))
            values[each.name] = _value(hints[each.name], given[each.name], inner, lines=lines)
        elif each.default is dataclasses.MISSING:
            raise FactsRefused(inner, "is missing")
    return shape(**values)


def _value(hint: Any, given: object, name: str, *, lines: bool) -> Any:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        inner = next(each for each in typing.get_args(hint) if each is not types.NoneType)
        return None if given is None else _value(inner, given, name, lines=lines)
    if origin is tuple:
        if not isinstance(given, list | tuple) or len(given) > MOST_ENTRIES:
            raise FactsRefused(name, "is not a list of reasonable length")
        entry = typing.get_args(hint)[0]
        return tuple(_value(entry, each, f"{name}[{place}]", lines=False) for place, each in enumerate(given))
    if dataclasses.is_dataclass(hint):
        assert isinstance(hint, type)
        return _read(hint, given, name)
    return _leaf(hint, given, name, lines=lines)


def _leaf(hint: Any, given: object, name: str, *, lines: bool) -> Any:
    if typing.get_origin(hint) is typing.Literal:
        if given not in typing.get_args(hint):
            raise FactsRefused(name, f"is not one of {', '.join(typing.get_args(hint))}")
        return given
    if hint is bool:
        if not isinstance(given, bool):
            raise FactsRefused(name, "is neither true nor false")
        return given
    if not isinstance(given, str):
        raise FactsRefused(name, "is not a text")
    if hint is date:
        try:
            return date.fromisoformat(given)
        except ValueError as error:
            raise FactsRefused(name, "is not a day (YYYY-MM-DD)") from error
    return _text(given, name, lines=lines)


def _text(given: str, name: str, *, lines: bool) -> str:
    # THREAT: marks that reorder text make a paper read differently from what was decided.
    # DEFENCE: such marks, and control characters, are refused in every fact before it is printed.
    # TEST: tests/signer/rendering/test_reading.py::test_reordering_marks_are_refused
    if len(given) > MOST_CHARACTERS:
        raise FactsRefused(name, f"is longer than {MOST_CHARACTERS} characters")
    given = given.replace("\r\n", "\n") if lines else given
    for each in given:
        if each in _REORDERING or (unicodedata.category(each) == "Cc" and not (lines and each == "\n")):
            raise FactsRefused(name, "has control characters or marks that reorder text")
    return given
