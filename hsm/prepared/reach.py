"""How the base refers to its own objects: what nothing else uses may be revised, what is awaited may not be added."""

from collections import Counter
from collections.abc import Callable

from pyhanko.pdf_utils import generic

from .comparison import references
from .errors import IncrementReason, IncrementRefused

MAX_OBJECTS = 500_000


def count_references(
    trailer: generic.DictionaryObject, resolve: Callable[[generic.PdfObject], generic.PdfObject]
) -> Counter[int]:
    """How often each object number is written as a reference in what the trailer reaches."""
    counted: Counter[int] = Counter()
    seen: set[tuple[int, int]] = set()
    left: list[generic.PdfObject] = [trailer]
    while left:
        for reference in references(left.pop()):
            counted[reference.idnum] += 1
            key = (reference.idnum, reference.generation)
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > MAX_OBJECTS:
                raise IncrementRefused(IncrementReason.MALFORMED, "it has too many objects")
            left.append(resolve(reference))
    return counted
