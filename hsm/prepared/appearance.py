"""What the visible mark may be made of: pictures, letters, and nothing that acts or reaches out."""

from collections.abc import Callable

from pyhanko.pdf_utils import generic

from .comparison import MAX_DEPTH
from .errors import IncrementReason, IncrementRefused

MAX_OBJECTS = 2_000
CORNERS = 4
EXTERNAL_KEYS = {"/F", "/FFilter", "/FDecodeParms"}
FORBIDDEN_KEYS = {
    *("/JS", "/AA", "/OpenAction", "/URI", "/EF", "/EmbeddedFiles", "/OC", "/OCProperties", "/OPI", "/Ref", "/PS"),
    *("/XFA", "/RichMediaContent", "/AcroForm", "/Annots", "/JavaScript", "/Launch", "/Action", "/PieceInfo"),
    "/Alternates",  # another picture on paper than on the screen
}
FORBIDDEN_KINDS = {
    *("/JavaScript", "/Launch", "/URI", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition", "/Movie"),
    *("/Sound", "/RichMedia", "/RichMediaExecute", "/Action", "/Annot", "/Widget", "/Page", "/Pages", "/Catalog"),
    *("/Sig", "/DocTimeStamp", "/XRef", "/ObjStm", "/Filespec", "/EmbeddedFile", "/OCG", "/OCMD", "/PS", "/3D"),
}
PICTURES = {"/Form", "/Image"}


def require_appearance(form: generic.PdfObject, new: Callable[[generic.PdfObject], generic.PdfObject]) -> None:
    """Walk the mark from its form; `new` returns a new object and refuses a reference to an older one.

    :raise IncrementRefused: active content, a reference into the document, or no mark at all.
    """
    # THREAT: the mark carries a script, a link, an external file, or a layer that shows another text later.
    # DEFENCE: only new objects, reached from the widget's one appearance, none with a key or kind that acts.
    # TEST: tests/hsm/prepared/test_increment.py::test_active_content_is_refused
    top = new(form)
    if not isinstance(top, generic.StreamObject) or top.get("/Subtype") != "/Form":
        raise IncrementRefused(IncrementReason.APPEARANCE, "its mark is not a form")
    box = top.get("/BBox")
    if not isinstance(box, generic.ArrayObject) or len(box) != CORNERS:
        raise IncrementRefused(IncrementReason.APPEARANCE, "its mark has no bounds")
    seen: set[int] = {form.idnum} if isinstance(form, generic.IndirectObject) else set()
    left: list[tuple[generic.PdfObject, int]] = [(top, 0)]
    while left:
        value, depth = left.pop()
        if depth > MAX_DEPTH or len(seen) > MAX_OBJECTS:
            raise IncrementRefused(IncrementReason.APPEARANCE, "its mark is too large or too deep")
        if isinstance(value, generic.IndirectObject):
            target = new(value)
            if value.idnum not in seen:
                seen.add(value.idnum)
                left.append((target, depth + 1))
        elif isinstance(value, generic.DictionaryObject):
            _require_inert(value)
            left += [(value.raw_get(key), depth + 1) for key in value]
        elif isinstance(value, generic.ArrayObject):
            left += [(value.raw_get(index), depth + 1) for index in range(len(value))]


def _require_inert(value: generic.DictionaryObject) -> None:
    if FORBIDDEN_KEYS & value.keys():
        raise IncrementRefused(IncrementReason.ACTIVE_CONTENT, f"its mark has {min(FORBIDDEN_KEYS & value.keys())}")
    for key in ("/Type", "/Subtype", "/S"):
        kind = value.raw_get(key) if key in value else None
        if isinstance(kind, generic.IndirectObject):
            raise IncrementRefused(IncrementReason.ACTIVE_CONTENT, "its mark hides what one of its parts is")
        if isinstance(kind, generic.NameObject) and kind in FORBIDDEN_KINDS:
            raise IncrementRefused(IncrementReason.ACTIVE_CONTENT, f"its mark has a part of kind {kind}")
    if isinstance(value, generic.StreamObject):
        if EXTERNAL_KEYS & value.keys():
            raise IncrementRefused(IncrementReason.ACTIVE_CONTENT, "its mark reads an external file")
        if value.get("/Type") == "/XObject" and value.get("/Subtype") not in PICTURES:
            raise IncrementRefused(IncrementReason.APPEARANCE, "its mark has a part that is no picture")
