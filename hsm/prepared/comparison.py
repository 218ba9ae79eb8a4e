"""Comparing PDF objects as they are written: kind by kind, references not followed."""

from collections.abc import Iterator

from pyhanko.pdf_utils import generic

from .errors import IncrementReason, IncrementRefused

MAX_DEPTH = 64
NUMBERS = (generic.NumberObject, generic.FloatObject)


def same(one: generic.PdfObject, other: generic.PdfObject, depth: int = 0) -> bool:
    """Whether two objects are written alike: the same kinds, names, numbers, references and bytes."""
    numbers = isinstance(one, NUMBERS) and isinstance(other, NUMBERS)
    if depth > MAX_DEPTH or (type(one) is not type(other) and not numbers):
        return False
    if isinstance(one, generic.DictionaryObject) and isinstance(other, generic.DictionaryObject):
        return _same_dictionaries(one, other, depth)
    if isinstance(one, generic.ArrayObject) and isinstance(other, generic.ArrayObject):
        pairs = [(one.raw_get(index), other.raw_get(index)) for index in range(min(len(one), len(other)))]
        return len(one) == len(other) and all(same(here, there, depth + 1) for here, there in pairs)
    if isinstance(one, generic.IndirectObject) and isinstance(other, generic.IndirectObject):
        return (one.idnum, one.generation) == (other.idnum, other.generation)
    return bool(one == other)


def _same_dictionaries(one: generic.DictionaryObject, other: generic.DictionaryObject, depth: int) -> bool:
    if isinstance(one, generic.StreamObject) and isinstance(other, generic.StreamObject):  # noqa: SIM102
        if one.encoded_data != other.encoded_data:
            return False
    return one.keys() == other.keys() and all(same(one.raw_get(key), other.raw_get(key), depth + 1) for key in one)


def changed_keys(old: generic.DictionaryObject, new: generic.DictionaryObject) -> set[str]:
    """The keys added, removed or with another value."""
    return {
        str(key)
        for key in old.keys() | new.keys()
        if key not in old or key not in new or not same(old.raw_get(key), new.raw_get(key))
    }


def references(value: generic.PdfObject, depth: int = 0) -> Iterator[generic.IndirectObject]:
    """Every reference written inside an object."""
    if depth > MAX_DEPTH:
        raise IncrementRefused(IncrementReason.MALFORMED, "an object is nested too deep")
    if isinstance(value, generic.IndirectObject):
        yield value
    elif isinstance(value, generic.DictionaryObject):
        for key in value:
            yield from references(value.raw_get(key), depth + 1)
    elif isinstance(value, generic.ArrayObject):
        for index in range(len(value)):
            yield from references(value.raw_get(index), depth + 1)


def string_bytes(value: object) -> bytes | None:
    """The bytes of a PDF string, whichever way the reader made it; None for anything else."""
    if isinstance(value, generic.TextStringObject | generic.ByteStringObject):
        return bytes(value.original_bytes)
    return None
