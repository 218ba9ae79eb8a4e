"""Document metadata: dates and producer may change, what the document says about itself may not."""

import io

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.metadata import model, xmp_xml

from .comparison import references
from .errors import IncrementReason
from .sections import refuse

INFORMATION_KEYS = {"/ModDate", "/Producer"}
XMP_KEYS = {
    model.ExpandedName(ns="http://ns.adobe.com/xap/1.0/", local_name="ModifyDate"),
    model.ExpandedName(ns="http://ns.adobe.com/xap/1.0/", local_name="MetadataDate"),
    model.ExpandedName(ns="http://ns.adobe.com/pdf/1.3/", local_name="Producer"),
    model.ExpandedName(ns="http://ns.adobe.com/pdf/1.3/", local_name="PDFVersion"),
}


def require_metadata_stream(new: generic.PdfObject) -> generic.StreamObject:
    """A plain XML stream that names no other object."""
    allowed = {"/Type", "/Subtype", "/Length", "/Filter"}
    if not isinstance(new, generic.StreamObject) or not set(new) <= allowed or any(references(new)):
        raise refuse(IncrementReason.METADATA_CHANGED, "its metadata is not a plain stream")
    if new.get("/Type") != "/Metadata" or new.get("/Subtype") != "/XML":
        raise refuse(IncrementReason.METADATA_CHANGED, "its metadata is not XML")
    return new


def require_same_metadata(old: generic.PdfObject, new: generic.PdfObject) -> None:
    """Everything that the XMP said before it says still; dates and producer apart."""
    if not isinstance(old, generic.StreamObject) or _said(old) != _said(require_metadata_stream(new)):
        raise refuse(IncrementReason.METADATA_CHANGED, "it changes what the metadata say")


def _said(stream: generic.StreamObject) -> dict[model.ExpandedName, object]:
    content = stream.data
    said: dict[model.ExpandedName, object] = {}
    for structure in xmp_xml.parse_xmp(io.BytesIO(content)):
        for name, value in structure:
            if name in said and said[name] != value:
                raise refuse(IncrementReason.METADATA_CHANGED, "its metadata say two things at once")
            said[name] = value
    return {name: value for name, value in said.items() if name not in XMP_KEYS}
