"""The trailer of an increment: the same catalog, the same document, nothing new."""

from pyhanko.pdf_utils import generic

from .comparison import same
from .errors import IncrementReason
from .sections import refuse

TRAILER_KEYS = {"/Size", "/Root", "/Info", "/ID", "/Prev"}
STREAM_TRAILER_KEYS = {"/Type", "/W", "/Index", "/Length", "/Filter", "/DecodeParms"}


def check_trailer(trailer: generic.DictionaryObject, old: generic.DictionaryObject) -> None:
    """Check the increment's own trailer against what the base's trailers say together."""
    stream = STREAM_TRAILER_KEYS if isinstance(trailer, generic.StreamObject) else set()
    for key in trailer:
        kept = key in old and same(old.raw_get(key), trailer.raw_get(key))
        if key not in TRAILER_KEYS | stream and not kept:
            raise refuse(IncrementReason.TRAILER, f"its trailer adds or changes {key}")
    if "/Encrypt" in trailer or "/Encrypt" in old:
        raise refuse(IncrementReason.ENCRYPTED, "it is encrypted")
    if "/Root" not in trailer or not same(trailer.raw_get("/Root"), old.raw_get("/Root")):
        raise refuse(IncrementReason.TRAILER, "its trailer names another catalog")
    if "/Info" in old and "/Info" in trailer and not same(trailer.raw_get("/Info"), old.raw_get("/Info")):
        raise refuse(IncrementReason.TRAILER, "its trailer names another information dictionary")
    if "/ID" in old and ("/ID" not in trailer or not same(trailer["/ID"][0], old["/ID"][0])):
        raise refuse(IncrementReason.TRAILER, "its trailer names another document")
