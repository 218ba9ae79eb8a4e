"""Finding the one signature field that a manifest names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pyhanko.pdf_utils import generic

from .errors import IncrementReason, IncrementRefused

MAX_FIELDS = 10_000
MAX_DEPTH = 32

Resolve = Callable[[generic.PdfObject], generic.PdfObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseField:
    """The field as the base has it. `widget` is the field itself when the two are one dictionary."""

    number: int
    value: generic.DictionaryObject
    widget_number: int
    widget: generic.DictionaryObject


def walk(root: generic.DictionaryObject, resolve: Resolve) -> Iterator[tuple[str, int, generic.DictionaryObject]]:
    """Each terminal field of the form: full name, object number, dictionary."""
    form = resolve(root.raw_get("/AcroForm")) if "/AcroForm" in root else None
    if not isinstance(form, generic.DictionaryObject):
        return
    left = [(each, "", 0) for each in _entries(form, "/Fields", resolve)]
    seen: set[int] = set()
    while left:
        reference, prefix, depth = left.pop()
        value = resolve(reference)
        if not isinstance(reference, generic.IndirectObject) or not isinstance(value, generic.DictionaryObject):
            raise IncrementRefused(IncrementReason.MALFORMED, "its form has a field that is not an object of its own")
        if reference.idnum in seen or len(seen) > MAX_FIELDS or depth > MAX_DEPTH:
            raise IncrementRefused(IncrementReason.MALFORMED, "its form's fields are tangled")
        seen.add(reference.idnum)
        partial = value.get("/T")
        name = prefix if partial is None else f"{prefix}.{partial}" if prefix else str(partial)
        children = [kid for kid in _entries(value, "/Kids", resolve) if _has_name(kid, resolve)]
        if children:
            left += [(kid, name, depth + 1) for kid in children]
        else:
            yield name, reference.idnum, value


def _entries(holder: generic.DictionaryObject, key: str, resolve: Resolve) -> list[generic.PdfObject]:
    if key not in holder:
        return []
    entries = resolve(holder.raw_get(key))
    if not isinstance(entries, generic.ArrayObject):
        raise IncrementRefused(IncrementReason.MALFORMED, f"{key} is not a list")
    return [entries.raw_get(index) for index in range(len(entries))]


def _has_name(kid: generic.PdfObject, resolve: Resolve) -> bool:
    value = resolve(kid)
    return isinstance(value, generic.DictionaryObject) and "/T" in value


def find_unsigned_field(root: generic.DictionaryObject, name: str, resolve: Resolve) -> BaseField:
    """The empty signature field of that full name.

    :raise IncrementRefused: there is none, or more than one, or it is signed.
    """
    found = [(number, value) for full, number, value in walk(root, resolve) if full == name]
    if len(found) != 1 or found[0][1].get("/FT") != "/Sig":
        raise IncrementRefused(IncrementReason.FIELD_UNKNOWN, f"it has no signature field {name!r}")
    number, field = found[0]
    if "/V" in field:
        raise IncrementRefused(IncrementReason.FIELD_SIGNED, f"its field {name!r} is signed already")
    kids = _entries(field, "/Kids", resolve)
    if not kids:
        return BaseField(number=number, value=field, widget_number=number, widget=field)
    widget = resolve(kids[0])
    if len(kids) != 1 or not isinstance(kids[0], generic.IndirectObject):
        raise IncrementRefused(IncrementReason.FIELD_UNKNOWN, f"its field {name!r} shows in more than one place")
    if not isinstance(widget, generic.DictionaryObject):
        raise IncrementRefused(IncrementReason.MALFORMED, "its widget is not a dictionary")
    return BaseField(number=number, value=field, widget_number=kids[0].idnum, widget=widget)


def any_signed(root: generic.DictionaryObject, resolve: Resolve) -> bool:
    """Whether a signature field of the form has a value."""
    return any(value.get("/FT") == "/Sig" and "/V" in value for _, _, value in walk(root, resolve))
