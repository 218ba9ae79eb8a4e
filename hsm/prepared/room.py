"""How much of its page a mark may take: a mark beside the text, never over it all."""

from collections.abc import Iterator

from pyhanko.pdf_utils import generic

from .errors import IncrementReason, IncrementRefused
from .fields import BaseField, Resolve

LARGEST_SHARE = 1 / 8
MAX_PAGES = 20_000
CORNERS = 4

_Node = tuple[generic.PdfObject, tuple[generic.PdfObject | None, generic.PdfObject | None]]


def require_room(root: generic.DictionaryObject, field: BaseField, resolve: Resolve) -> None:
    """Refuse a mark that takes more than an eighth of a page it stands on, as the base has both.

    :raise IncrementRefused: also when its rectangle or a page's box cannot be measured.
    """
    # THREAT: the base has an empty field as large as its page; the mark then shows another document to everyone but
    #   the signer, who was shown the base.
    # DEFENCE: the rectangle is the base's, and small beside every page that lists it.
    # TEST: tests/hostile/test_preparing.py::test_mark_as_large_as_its_page
    mark = _area(field.widget.raw_get("/Rect") if "/Rect" in field.widget else None, resolve)
    if mark == 0:
        return
    for page, box in _pages(root, resolve):
        if _stands_on(page, field, resolve) and mark > LARGEST_SHARE * _area(box, resolve):
            raise IncrementRefused(IncrementReason.APPEARANCE, "its mark would cover its page")


def _stands_on(page: generic.IndirectObject, field: BaseField, resolve: Resolve) -> bool:
    own = field.widget.raw_get("/P") if "/P" in field.widget else None
    if isinstance(own, generic.IndirectObject) and own.idnum == page.idnum:
        return True
    node = resolve(page)
    if not isinstance(node, generic.DictionaryObject) or "/Annots" not in node:
        return False
    listed = resolve(node.raw_get("/Annots"))
    if not isinstance(listed, generic.ArrayObject):
        return False
    entries = [listed.raw_get(index) for index in range(len(listed))]
    return any(isinstance(each, generic.IndirectObject) and each.idnum == field.widget_number for each in entries)


def _pages(
    root: generic.DictionaryObject, resolve: Resolve
) -> Iterator[tuple[generic.IndirectObject, generic.PdfObject | None]]:
    """Each page and the box that readers see of it, inherited or its own (ISO 32000-1, 7.7.3.4)."""
    left: list[_Node] = [(root.raw_get("/Pages"), (None, None))]
    seen: set[int] = set()
    while left:
        reference, (media, crop) = left.pop()
        node = resolve(reference)
        if not isinstance(reference, generic.IndirectObject) or not isinstance(node, generic.DictionaryObject):
            raise IncrementRefused(IncrementReason.MALFORMED, "its pages are not a tree")
        if reference.idnum in seen or len(seen) > MAX_PAGES:
            raise IncrementRefused(IncrementReason.MALFORMED, "its pages are tangled")
        seen.add(reference.idnum)
        media = node.raw_get("/MediaBox") if "/MediaBox" in node else media
        crop = node.raw_get("/CropBox") if "/CropBox" in node else crop
        if "/Kids" not in node:
            yield reference, media if crop is None else crop
            continue
        kids = resolve(node.raw_get("/Kids"))
        if not isinstance(kids, generic.ArrayObject):
            raise IncrementRefused(IncrementReason.MALFORMED, "its pages are not a tree")
        left += [(kids.raw_get(index), (media, crop)) for index in range(len(kids))]


def _area(value: generic.PdfObject | None, resolve: Resolve) -> float:
    corners = None if value is None else resolve(value)
    if not isinstance(corners, generic.ArrayObject) or len(corners) != CORNERS:
        raise IncrementRefused(IncrementReason.APPEARANCE, "its mark or its page has no size")
    left, bottom, right, top = (float(resolve(corners.raw_get(index))) for index in range(CORNERS))  # type: ignore[arg-type]
    return abs(right - left) * abs(top - bottom)
