"""Increments that leave the page as it is, and add to the document around it: scripts, layers, notes, forms, titles.

EAA, SSA and the hiding shadow attack; see `test_after_signing`. Clauses are those of ISO 32000-1.
"""

import re

from tests.hostile.builders import (
    CATALOG,
    FIELD,
    FORM,
    FORM_ENTRIES,
    PAGE,
    Attack,
    appended,
    body_of,
    extended,
    listed,
    size_of,
    stream,
)


def script_on_opening(pdf: bytes) -> bytes:
    """/OpenAction is added to the catalog (12.6.4.16)."""
    script = b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"
    return appended(pdf, {CATALOG: extended(body_of(pdf, CATALOG), script)})


def layers_added(pdf: bytes) -> bytes:
    """Shadow attack, hide: optional content is declared (8.11.4)."""
    return appended(pdf, {CATALOG: extended(body_of(pdf, CATALOG), b"/OCProperties << /OCGs [] /D << >> >>")})


def permissions_dropped(pdf: bytes) -> bytes:
    """The certification is taken out of /Perms (12.8.4), to be freer afterwards."""
    body = re.sub(rb"/Perms (<<.*?>>|\d+ 0 R)", b"", body_of(pdf, CATALOG), flags=re.DOTALL)
    return appended(pdf, {CATALOG: extended(body, b"/Lang (fr)")})


def names_added(pdf: bytes) -> bytes:
    """A file is attached to the signed document (7.11.4)."""
    entry = b"/Names << /EmbeddedFiles << /Names [(khatam.json) << /Type /Filespec /F (khatam.json) >>] >> >>"
    return appended(pdf, {CATALOG: extended(body_of(pdf, CATALOG), entry)})


def annotation_added(pdf: bytes) -> bytes:
    """EAA: a free text is laid over the page (12.5.6.6)."""
    number = size_of(pdf)
    note = b"<< /Type /Annot /Subtype /FreeText /Rect [50 600 500 720] /Contents (TWELVE) /DA (/F1 30 Tf 0 g) >>"
    return appended(pdf, {PAGE: listed(body_of(pdf, PAGE), number), number: note})


def annotation_dropped(pdf: bytes) -> bytes:
    """The signature's own widget leaves the page."""
    return appended(pdf, {PAGE: re.sub(rb"/Annots ?\[ ?7 0 R ?\]", b"/Annots []", body_of(pdf, PAGE))})


def mark_redrawn(pdf: bytes) -> bytes:
    """SSA: the mark of the signature is drawn anew."""
    mark = int(re.findall(rb"/N (\d+) 0 R", body_of(pdf, FIELD))[-1])
    return appended(pdf, {mark: stream(b"0 0 200 60 re f", FORM_ENTRIES)})


def mark_moved(pdf: bytes) -> bytes:
    """SSA: the widget of the signature covers the page."""
    moved = re.sub(rb"/Rect ?\[.*?\]", b"/Rect [0 0 595 842]", body_of(pdf, FIELD))
    return appended(pdf, {FIELD: moved})


def form_defaults_changed(pdf: bytes) -> bytes:
    """/NeedAppearances, with other defaults: viewers redraw the fields by themselves (12.7.2)."""
    entries = b"/NeedAppearances true /DA (/F1 60 Tf 0 g)"
    return appended(pdf, {FORM: extended(body_of(pdf, FORM), entries)})


def dynamic_form_added(pdf: bytes) -> bytes:
    """/XFA is added to the form (12.7.8): some viewers show nothing else."""
    return appended(pdf, {FORM: extended(body_of(pdf, FORM), b"/XFA (<xdp/>)")})


def text_field_added(pdf: bytes) -> bytes:
    """A text field is added to the form and laid over the page."""
    number = size_of(pdf)
    text = b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (x) /P 3 0 R /Rect [50 600 500 720] /V (TWELVE) >>"
    changes = {FORM: listed(body_of(pdf, FORM), number), PAGE: listed(body_of(pdf, PAGE), number), number: text}
    return appended(pdf, changes)


def information_changed(pdf: bytes) -> bytes:
    """The information dictionary gives the document another title, which viewers show above the page (14.3.3)."""
    number = size_of(pdf)
    return appended(pdf, {number: b"<< /Title (Permit for twelve floors) >>"}, trailer=b"/Info %d 0 R " % number)


def metadata_added(pdf: bytes) -> bytes:
    """XMP says of the document what its signer did not (14.3.2)."""
    number = size_of(pdf)
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>'
        b'<rdf:li xml:lang="x-default">Twelve</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>'
    )
    catalog = extended(body_of(pdf, CATALOG), b"/Metadata %d 0 R" % number)
    return appended(pdf, {CATALOG: catalog, number: stream(xmp, b"/Type /Metadata /Subtype /XML ")})


OTHER: list[Attack] = [
    script_on_opening,
    layers_added,
    permissions_dropped,
    names_added,
    annotation_added,
    annotation_dropped,
    mark_redrawn,
    mark_moved,
    form_defaults_changed,
    dynamic_form_added,
    text_field_added,
    information_changed,
    metadata_added,
]
