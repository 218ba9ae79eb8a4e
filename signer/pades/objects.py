"""Typed makers of PDF objects: the library's own constructors carry no types."""
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

Object = generic.PdfObject


def name(text: str) -> generic.NameObject:
    """A name, given with its slash."""
    return pdf_name(text)


def dictionary(entries: Mapping[str, Object]) -> generic.DictionaryObject:
    """A dictionary of these entries."""
    return generic.DictionaryObject({pdf_name(key): value for key, value in entries.items()})


def copied(value: generic.DictionaryObject) -> generic.DictionaryObject:
    """A dictionary with the same entries, references kept as references."""
    return generic.DictionaryObject({key: value.raw_get(key) for key in value})


def array(values: Iterable[Object]) -> generic.ArrayObject:
    """An array of these values."""
    return generic.ArrayObject(values)


def raw_entries(value: generic.ArrayObject) -> list[Object]:
    """The entries of an array, references kept as references."""
    return [value.raw_get(index) for index in range(len(value))]


def integers(*values: int) -> generic.ArrayObject:
    """An array of whole numbers."""
    return generic.ArrayObject(generic.NumberObject(each) for each in values)


def integer(value: int) -> generic.NumberObject:
    """A whole number."""
    return generic.NumberObject(value)


def decimals(*values: float) -> generic.ArrayObject:
    """An array of numbers, to the thousandth."""
    return generic.ArrayObject(generic.FloatObject(f"{each:.3f}") for each in values)


def stream(entries: Mapping[str, Object], data: bytes) -> generic.StreamObject:
    """A compressed stream."""
    made = generic.StreamObject({pdf_name(key): value for key, value in entries.items()}, stream_data=data)
    made.compress()
    return made


def encoded_stream(entries: Mapping[str, Object], encoded: bytes) -> generic.StreamObject:
    """A stream whose bytes are already as its entries say."""
    return generic.StreamObject({pdf_name(key): value for key, value in entries.items()}, encoded_data=encoded)


def indirect(number: int, generation: int, document: object) -> generic.IndirectObject:
    """The reference to an object."""
    return generic.IndirectObject(number, generation, document)


def resolved(value: Object) -> Object:
    """What a reference means; anything else is itself."""
    found: Object = value.get_object()
    return found


def resolved_dictionary(value: Object) -> generic.DictionaryObject:
    """What a reference means, when that is a dictionary.

    :raise ValueError: it is not.
    """
    found = resolved(value)
    if not isinstance(found, generic.DictionaryObject):
        raise ValueError("not a dictionary")  # noqa: TRY004
    return found


def resolved_array(value: Object) -> generic.ArrayObject:
    """What a reference means, when that is an array.

    :raise ValueError: it is not.
    """
    found = resolved(value)
    if not isinstance(found, generic.ArrayObject):
        raise ValueError("not an array")  # noqa: TRY004
    return found


def entry(holder: generic.DictionaryObject, key: str) -> Object | None:
    """What an entry means, references followed; None when it is not there."""
    return resolved(holder.raw_get(key)) if key in holder else None
