"""What may follow the last signature: proofs and archive time-stamps, in increments that every reader reads alike."""

import io
import re
from collections.abc import Iterable
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DiffResult,
    DocInfoRule,
    DSSCompareRule,
    FormUpdatingRule,
    MetadataUpdateRule,
    ModificationLevel,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    SuspiciousModification,
    XrefStreamRule,
)

from hsm.prepared.comparison import NUMBERS, changed_keys
from hsm.prepared.errors import IncrementRefused
from hsm.prepared.metadata import INFORMATION_KEYS, require_same_metadata
from hsm.prepared.sections import read_increment

MAX_INCREMENTS = 64
TRAILING_BLANKS = 16
_ENDING = re.compile(rb"startxref[ ]?\r?\n\d{1,15}[ ]?\r?\n%%EOF(?:\r\n|\n|\r)?")
_BLANK = re.compile(rb"[\x00\t\n\f\r ]*")
_EMPTY = generic.DictionaryObject({})  # type: ignore[no-untyped-call]


def whole_increments_follow(pdf: bytes, end: int) -> bool:
    """Whether the bytes from `end` on are nothing, or whole increments without a byte that belongs to no object."""
    # THREAT: an increment that this reader does not see, or sees otherwise than a viewer: a key written twice, a table
    #   that shrinks, objects without a table, a second startxref in a comment.
    # DEFENCE: each increment is read again strictly, and its objects, table and trailer must fill it to the last byte.
    # TEST: tests/hostile/test_after_signing.py::test_increments_that_two_readers_read_differently
    at = end
    for _ in range(MAX_INCREMENTS):
        if len(pdf) - at <= TRAILING_BLANKS and _BLANK.fullmatch(pdf, at):
            return True
        ending = _ENDING.search(pdf, at)
        if ending is None or not _is_increment(pdf[:at], pdf[: ending.end()]):
            return False
        at = ending.end()
    return False


def _is_increment(before: bytes, after: bytes) -> bool:
    try:
        increment = read_increment(PdfFileReader(io.BytesIO(after), strict=True), before, after)
        size = increment.trailer.raw_get("/Size")
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - hostile bytes
        return False
    # A count beyond the objects there are makes some readers drop the table and look for objects by themselves.
    most = max(increment.base_size, max(increment.objects) + 2)
    return type(size) is generic.NumberObject and int(size) <= most


class _Unseen(SigFieldCreationRule):
    """New fields, and fields that get their value now, show nothing."""

    def apply(self, context: Any) -> Iterable[Any]:
        for name, spec in context.field_specs.items():
            old, new = spec.old_field, spec.new_field
            filled = new is not None and "/V" in new and (old is None or "/V" not in old)
            if new is not None and (old is None or filled) and not _unseen(new):
                raise SuspiciousModification(f"field {name} shows something after the last signature")
        return super().apply(context)


def _unseen(widget: generic.DictionaryObject) -> bool:
    """Whether a widget takes no room, by plain numbers, and has nothing to show."""
    rectangle = widget.raw_get("/Rect") if "/Rect" in widget else None
    if not isinstance(rectangle, generic.ArrayObject) or {"/AP", "/MK", "/Kids"} & widget.keys():
        return False
    numbers = [rectangle.raw_get(index) for index in range(len(rectangle))]
    if len(numbers) != 4 or not all(isinstance(each, NUMBERS) for each in numbers):  # noqa: PLR2004
        return False
    return bool(numbers[0] == numbers[2] or numbers[1] == numbers[3])


class _AfterLastSignature(StandardDiffPolicy):
    """Security store, invisible archive time-stamps, dates. No field is filled, nothing lies about unused."""

    # THREAT: what nobody signed is drawn after the last signature: a visible time-stamp field, a filled-in form, an
    #   object that the signed pages wait for, another title.
    # DEFENCE: after the last signature the library's policy for archiving alone, without its leniencies.
    # TEST: tests/hostile/test_signed_behind.py, tests/hostile/test_made_for_the_attack.py
    def apply(self, old: HistoricalResolver, new: HistoricalResolver, *rest: Any, **named: Any) -> DiffResult:
        _require_nothing_awaited(old, new)
        _require_same_words(old, new)
        result: DiffResult = super().apply(old, new, *rest, **named)
        if result.modification_level > ModificationLevel.LTA_UPDATES:
            raise SuspiciousModification("more than proofs and time-stamps follows the last signature")
        return result


def _require_nothing_awaited(old: Any, new: Any) -> None:
    old._load_reverse_xref_cache()  # noqa: SLF001  # internal API, but the library's own list of references
    for reference in new.explicit_refs_in_revision():
        known = old.reader.xrefs.get_historical_ref(reference, old.revision) is not None
        if not known and old._get_usages_of_ref(reference):  # noqa: SLF001
            raise SuspiciousModification(f"{reference} was awaited by what was signed")


def _require_same_words(old: HistoricalResolver, new: HistoricalResolver) -> None:
    """What the document says of itself, dates and producer apart."""
    before, after = (_read(each, each.trailer_view, "/Info", _EMPTY) for each in (old, new))
    if not _dictionaries(before, after) or not changed_keys(before, after) <= INFORMATION_KEYS:
        raise SuspiciousModification("its information dictionary says something else")
    old_metadata, new_metadata = (_read(each, each.root, "/Metadata") for each in (old, new))
    if old_metadata is None and new_metadata is None:
        return
    try:
        require_same_metadata(old_metadata, new_metadata)
    except IncrementRefused as error:
        raise SuspiciousModification("its metadata say something else") from error


def _dictionaries(*values: Any) -> bool:
    return all(isinstance(each, generic.DictionaryObject) for each in values)


def _read(resolver: Any, holder: Any, key: str, default: Any = None) -> Any:
    """The value of a key in that revision, read afresh: the resolver's own cache cannot hold metadata."""
    if key not in holder:
        return default
    value = holder.raw_get(key)
    if isinstance(value, generic.IndirectObject):
        value = resolver.reader.get_object(value.reference, revision=resolver.revision)
    return value


AFTER_LAST_SIGNATURE = _AfterLastSignature(
    global_rules=[
        CatalogModificationRule(),  # type: ignore[no-untyped-call]
        *(
            rule.as_qualified(ModificationLevel.LTA_UPDATES)
            for rule in (
                DocInfoRule(),
                XrefStreamRule(),
                DSSCompareRule(),
                MetadataUpdateRule(),  # type: ignore[no-untyped-call]
            )
        ),
    ],
    form_rule=FormUpdatingRule(
        field_rules=[_Unseen(), SigFieldModificationRule()],  # type: ignore[no-untyped-call]
        ignored_acroform_keys=frozenset({"/Fields"}),
    ),
    ignore_orphaned_objects=False,
)
"""For the last signature of a document; for earlier ones the later signature vouches for what lies between."""
