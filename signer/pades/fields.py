"""Signature fields: added before the first signature, each with its place on a page. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_string

from hsm.prepared.errors import IncrementReason, IncrementRefused
from hsm.prepared.fields import BaseField, any_signed, find_unsigned_field, walk
from hsm.prepared.room import pages
from signer.pades.errors import FieldSigned, FieldsRefused, FieldUnknown, PdfUnreadable
from signer.pades.increment import Increment
from signer.pades.objects import (
    Object,
    array,
    copied,
    decimals,
    dictionary,
    encoded_stream,
    integer,
    name,
    raw_entries,
    resolved,
    resolved_array,
    resolved_dictionary,
)
from signer.signature_boxes import Box, signature_boxes

NAME = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)
SIGNATURES_EXIST_AND_APPEND_ONLY = 3
PRINTED_AND_LOCKED = 132


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """A signature field to be. `page` counts from 0, -1 is the last; `box` None: not visible."""

    name: str
    page: int = -1
    box: Box | None = None


def add_signature_fields(pdf: bytes, fields: Sequence[FieldSpec]) -> bytes:
    """Return `pdf` with one increment that adds `fields`, empty, in their places.

    Its pages are read as the signer's own program will read them before it signs there.

    :raise FieldsRefused: a signature is there already, or a name is taken or not one.
    :raise PdfUnreadable: the PDF cannot be read strictly.
    """
    increment = Increment(pdf)
    try:
        _refuse(increment, fields)
        references = [page.reference for page in pages(increment.root, resolved)]
        added = [_add_field(increment, field, references[field.page]) for field in fields]
        _place_on_pages(increment, added)
        _register(increment, [reference for reference, _ in added])
        content, _ = increment.write()
    except (FieldsRefused, PdfUnreadable):
        raise
    except Exception as error:  # foreign bytes meet the reader with many kinds of exception
        raise PdfUnreadable from error
    return content


def add_fields_at_foot(pdf: bytes, names: Sequence[str]) -> bytes:
    """Add one visible field per name to the foot of the last page, in the boxes that layout draws there.

    :raise FieldsRefused: as `add_signature_fields`, or more fields than a page holds.
    """
    increment = Increment(pdf)
    try:
        *_, last = pages(increment.root, resolved)
    except Exception as error:  # as above
        raise PdfUnreadable from error
    try:
        boxes = signature_boxes(len(names), page_width=last.seen.width)
    except ValueError as error:
        raise FieldsRefused(str(error)) from error
    left, bottom = last.seen.left, last.seen.bottom
    moved = [Box(left=left + box.left, bottom=bottom + box.bottom, width=box.width, height=box.height) for box in boxes]
    return add_signature_fields(pdf, [FieldSpec(name=each, box=box) for each, box in zip(names, moved, strict=True)])


def find_field(increment: Increment, field: str) -> BaseField:
    """The empty field of that name.

    :raise FieldUnknown: none, or more than one.
    :raise FieldSigned: it is signed.
    """
    try:
        return find_unsigned_field(increment.root, field, resolved)
    except IncrementRefused as error:
        if error.reason is IncrementReason.FIELD_SIGNED:
            raise FieldSigned(field) from error
        raise FieldUnknown(field) from error


def is_signed(increment: Increment) -> bool:
    """Whether any signature field of the document has a value."""
    return any_signed(increment.root, resolved)


def _refuse(increment: Increment, fields: Sequence[FieldSpec]) -> None:
    # THREAT: a field that appears after a signature breaks it, or shows a reader something nobody signed.
    # DEFENCE: every field is added before the first signature; a signed document takes no more.
    # TEST: tests/signer/pades/test_fields.py::test_signed_document_takes_no_field
    if is_signed(increment):
        raise FieldsRefused("the document is signed, and fields come before the first signature")
    names = [full for full, _, _ in walk(increment.root, resolved)]
    for field in fields:
        if not NAME.fullmatch(field.name):
            raise FieldsRefused(f"{field.name[:80]!r} is not a field's name")
        if field.name in names:
            raise FieldsRefused(f"a field {field.name!r} is there already")
        names.append(field.name)


def _add_field(
    increment: Increment, field: FieldSpec, page: generic.IndirectObject
) -> tuple[generic.IndirectObject, generic.IndirectObject]:
    box = field.box or Box(left=0, bottom=0, width=0, height=0)
    corners = (box.left, box.bottom, box.left + box.width, box.bottom + box.height)
    widget = dictionary(
        {
            "/Type": name("/Annot"),
            "/Subtype": name("/Widget"),
            "/FT": name("/Sig"),
            "/T": pdf_string(field.name),
            "/F": integer(PRINTED_AND_LOCKED),
            "/P": increment.reference(page.idnum, page.generation),
            "/Rect": decimals(*corners),
        }
    )
    if field.box is not None:
        # PDF/A wants an appearance of every visible annotation; an empty field shows the box that the page draws.
        widget[name("/AP")] = dictionary({"/N": increment.add(_empty_form(box.width, box.height))})
    return increment.add(widget), page


def _empty_form(width: float, height: float) -> generic.StreamObject:
    entries: dict[str, Object] = {
        "/Type": name("/XObject"),
        "/Subtype": name("/Form"),
        "/BBox": decimals(0, 0, width, height),
        "/Resources": dictionary({}),
    }
    return encoded_stream(entries, b"")


def _place_on_pages(
    increment: Increment, added: Sequence[tuple[generic.IndirectObject, generic.IndirectObject]]
) -> None:
    by_page: dict[int, tuple[generic.IndirectObject, list[generic.IndirectObject]]] = {}
    for widget, page in added:
        by_page.setdefault(page.idnum, (page, []))[1].append(widget)
    for page, widgets in by_page.values():
        node = resolved_dictionary(page)
        old = node.raw_get("/Annots") if "/Annots" in node else array([])
        entries = resolved_array(old)
        longer = array([*raw_entries(entries), *widgets])
        if isinstance(old, generic.IndirectObject):
            increment.revise(old.idnum, longer, old.generation)
        else:
            revised = copied(node)
            revised[name("/Annots")] = longer
            increment.revise(page.idnum, revised, page.generation)


def _register(increment: Increment, references: Sequence[generic.IndirectObject]) -> None:
    """Name the fields in the form, and say that the document uses ETSI's extensions (EN 319 142-1, annex A)."""
    root = increment.root
    form = copied(root["/AcroForm"]) if "/AcroForm" in root else dictionary({})
    fields = form["/Fields"] if "/Fields" in form else array([])
    form[name("/Fields")] = array([*raw_entries(fields), *references])
    form[name("/SigFlags")] = integer(SIGNATURES_EXIST_AND_APPEND_ONLY)
    extensions = copied(root["/Extensions"]) if "/Extensions" in root else dictionary({})
    if "/ESIC" not in extensions:
        extensions[name("/ESIC")] = dictionary({"/BaseVersion": name("/1.7"), "/ExtensionLevel": integer(2)})
    increment.revise_root({"/AcroForm": increment.add(form), "/Extensions": extensions})
