"""How much of its page a mark may take: a mark beside the text, never over it all."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from pyhanko.pdf_utils import generic

from .errors import IncrementReason, IncrementRefused
from .fields import BaseField, Resolve

LARGEST_SHARE = 1 / 8
MAX_PAGES = 20_000
CORNERS = 4
SHORTEST_SIDE, LONGEST_SIDE = 3, 14_400
"""Of a page, in its own units (ISO 32000-1, annex C.2); beyond them viewers differ."""
NO_ZOOM, NO_ROTATE = 1 << 3, 1 << 4
SHOWN_BOXES = {"/MediaBox", "/CropBox"}
CHOICES_OF_BOX = ("/ViewArea", "/ViewClip", "/PrintArea", "/PrintClip")

_Boxes = tuple[generic.PdfObject | None, generic.PdfObject | None]
_Node = tuple[generic.PdfObject, int | None, _Boxes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A rectangle of a page's own space, its corners in order."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        """Never negative."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Never negative."""
        return self.top - self.bottom

    @property
    def size(self) -> float:
        """In square units."""
        return self.width * self.height

    def inside(self, other: Self) -> "Area":
        """What both have; without width or height where they have nothing in common."""
        left, bottom = max(self.left, other.left), max(self.bottom, other.bottom)
        right, top = min(self.right, other.right), min(self.top, other.top)
        return Area(left=left, bottom=bottom, right=max(left, right), top=max(bottom, top))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the tree, and what viewers show of it."""

    reference: generic.IndirectObject
    node: generic.DictionaryObject
    seen: Area


def require_room(root: generic.DictionaryObject, field: BaseField, resolve: Resolve) -> None:
    """Refuse a mark that takes more than an eighth of a page it stands on, as the base has both.

    :raise IncrementRefused: also when its rectangle or a page's box cannot be measured, or it stands on no page.
    """
    # THREAT: the base has an empty field as large as its page; the mark then shows another document to everyone but
    #   the signer, who was shown the base.
    # DEFENCE: the rectangle is the base's, and small beside what viewers show of every page that lists it; it keeps
    #   its size beside the page at any zoom.
    # TEST: tests/hostile/test_preparing.py::test_mark_as_large_as_its_page
    mark = _area(field.widget.raw_get("/Rect") if "/Rect" in field.widget else None, resolve).size
    if mark == 0:
        return
    _require_bound_to_page(field, resolve)
    _require_usual_boxes(root, resolve)
    stands = [page for page in pages(root, resolve) if _stands_on(page, field, resolve)]
    if not stands:
        raise IncrementRefused(IncrementReason.APPEARANCE, "its mark stands on no page")
    if any(mark > LARGEST_SHARE * page.seen.size for page in stands):
        raise IncrementRefused(IncrementReason.APPEARANCE, "its mark would cover its page")


def pages(root: generic.DictionaryObject, resolve: Resolve) -> Iterator[Page]:
    """Each page in its order, with what readers see of it: boxes inherited or its own (ISO 32000-1, 7.7.3.4).

    :raise IncrementRefused: `MALFORMED` for a tree that two readers may take for two; `APPEARANCE` for a page that
        cannot be measured.
    """
    # THREAT: a page is measured by another box than the one that viewers show, or not taken for a page at all.
    # DEFENCE: a node is a page or has children, each under the parent that it names, each once; what is measured is
    #   the crop box inside the media box, within the sizes on which viewers agree.
    # TEST: tests/hostile/test_preparing.py::test_page_that_is_smaller_than_one_of_its_boxes
    left: list[_Node] = [(root.raw_get("/Pages"), None, (None, None))]
    seen: set[int] = set()
    while left:
        reference, parent, (media, crop) = left.pop()
        node = resolve(reference)
        if not isinstance(reference, generic.IndirectObject) or not isinstance(node, generic.DictionaryObject):
            raise IncrementRefused(IncrementReason.MALFORMED, "its pages are not a tree")
        if reference.idnum in seen or len(seen) > MAX_PAGES:
            raise IncrementRefused(IncrementReason.MALFORMED, "its pages are tangled")
        seen.add(reference.idnum)
        if _parent(node) != parent:
            raise IncrementRefused(IncrementReason.MALFORMED, "its pages name another parent")
        media = node.raw_get("/MediaBox") if "/MediaBox" in node else media
        crop = node.raw_get("/CropBox") if "/CropBox" in node else crop
        kids = _kids(node, resolve)
        if kids is None:
            yield Page(reference=reference, node=node, seen=_seen(media, crop, resolve))
        else:
            left += [(each, reference.idnum, (media, crop)) for each in reversed(kids)]


def _require_bound_to_page(field: BaseField, resolve: Resolve) -> None:
    flags = resolve(field.widget.raw_get("/F")) if "/F" in field.widget else 0
    if not isinstance(flags, int) or flags & (NO_ZOOM | NO_ROTATE):
        raise IncrementRefused(IncrementReason.APPEARANCE, "its mark does not keep its size beside the page")


def _require_usual_boxes(root: generic.DictionaryObject, resolve: Resolve) -> None:
    preferences = resolve(root.raw_get("/ViewerPreferences")) if "/ViewerPreferences" in root else None
    if not isinstance(preferences, generic.DictionaryObject):
        return
    if {_said(preferences, key, resolve) for key in CHOICES_OF_BOX if key in preferences} - SHOWN_BOXES:
        raise IncrementRefused(IncrementReason.APPEARANCE, "its pages are to be shown by another box")


def _stands_on(page: Page, field: BaseField, resolve: Resolve) -> bool:
    own = field.widget.raw_get("/P") if "/P" in field.widget else None
    if isinstance(own, generic.IndirectObject) and own.idnum == page.reference.idnum:
        return True
    if "/Annots" not in page.node:
        return False
    listed = resolve(page.node.raw_get("/Annots"))
    if not isinstance(listed, generic.ArrayObject):
        return False
    entries = [listed.raw_get(index) for index in range(len(listed))]
    return any(isinstance(each, generic.IndirectObject) and each.idnum == field.widget_number for each in entries)


def _parent(node: generic.DictionaryObject) -> int | None:
    """The number of the parent that a node names; -1 for one that is not an object of its own."""
    if "/Parent" not in node:
        return None
    parent = node.raw_get("/Parent")
    return parent.idnum if isinstance(parent, generic.IndirectObject) else -1


def _kids(node: generic.DictionaryObject, resolve: Resolve) -> list[generic.PdfObject] | None:
    """A node's children; None for a page."""
    kind = _said(node, "/Type", resolve) if "/Type" in node else None
    if "/Kids" not in node:
        if kind not in (None, "/Page"):
            raise IncrementRefused(IncrementReason.MALFORMED, "its pages are not a tree")
        return None
    kids = resolve(node.raw_get("/Kids"))
    if kind not in (None, "/Pages") or not isinstance(kids, generic.ArrayObject) or not kids:
        raise IncrementRefused(IncrementReason.MALFORMED, "its pages are not a tree")
    return [kids.raw_get(index) for index in range(len(kids))]


def _said(node: generic.DictionaryObject, key: str, resolve: Resolve) -> str:
    return str(resolve(node.raw_get(key)))


def _seen(media: generic.PdfObject | None, crop: generic.PdfObject | None, resolve: Resolve) -> Area:
    whole = _area(media, resolve)
    seen = whole if crop is None else _area(crop, resolve).inside(whole)
    if not all(SHORTEST_SIDE <= side <= LONGEST_SIDE for side in (whole.width, whole.height, seen.width, seen.height)):
        raise IncrementRefused(IncrementReason.APPEARANCE, "its page has no size that viewers agree on")
    return seen


def _area(value: generic.PdfObject | None, resolve: Resolve) -> Area:
    corners = None if value is None else resolve(value)
    if not isinstance(corners, generic.ArrayObject) or len(corners) != CORNERS:
        raise IncrementRefused(IncrementReason.APPEARANCE, "its mark or its page has no size")
    numbers = [_number(corners.raw_get(index), resolve) for index in range(CORNERS)]
    left, right = sorted(numbers[0::2])
    bottom, top = sorted(numbers[1::2])
    return Area(left=left, bottom=bottom, right=right, top=top)


def _number(value: generic.PdfObject, resolve: Resolve) -> float:
    number = resolve(value)
    if not isinstance(number, generic.NumberObject | generic.FloatObject):
        raise IncrementRefused(IncrementReason.APPEARANCE, "its mark or its page has no size")
    try:
        return float(number)
    except OverflowError as error:
        raise IncrementRefused(IncrementReason.APPEARANCE, "its mark or its page has no size") from error
