"""Preparing one signature: one increment with the mark, the signature dictionary, and a gap of zeros. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from pyhanko.pdf_utils import generic

from hsm.prepared.fields import BaseField
from signer.pades.errors import FieldsRefused, PadesError, PdfUnreadable
from signer.pades.fields import find_field, is_signed
from signer.pades.increment import Increment, Raw
from signer.pades.marks import add_mark
from signer.pades.objects import copied, dictionary, name

ByteRange = tuple[int, int, int, int]

RESERVED_BYTES = 16 * 1024
"""Room for the CMS: two RSA-4096 chains with their time-stamp take about 11 kB."""
DOCMDP = 2
"""Filling in fields and signing stay allowed after a certification (ISO 32000-1, table 254)."""
_RANGE_WIDTH = 48
_CERTIFYING = (
    b" /Reference [<< /Type /SigRef /TransformMethod /DocMDP"
    b" /TransformParams << /Type /TransformParams /V /1.2 /P %d >> >>]" % DOCMDP
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPdf:
    """Base + one increment whose /Contents is zeros; `document_digest` is SHA-256 over `byte_range`."""

    content: bytes
    byte_range: ByteRange
    document_digest: bytes
    sha256: str


def prepare_signature(
    base: bytes,
    *,
    field: str,
    appearance: bytes | None,
    certify: bool,
    at: datetime,
    reserve: int = RESERVED_BYTES,
) -> PreparedPdf:
    """Prepare the signature of an empty field.

    :param appearance: the visible mark, a one-page PDF of the field's proportions; None for none.
    :param certify: certify (DocMDP, P=2): only a document that nobody signed yet.
    :param at: the claimed signing time, /M; aware.
    :param reserve: bytes for the DER CMS.
    :raise FieldUnknown: `FieldSigned`: no empty field of that name.
    :raise FieldsRefused: a certification after a signature.
    :raise PdfUnreadable: the base or the mark cannot be read strictly.
    """
    if at.tzinfo is None:
        raise ValueError("an instant has a zone")
    increment = Increment(base)
    try:
        found = find_field(increment, field)
        if certify and is_signed(increment):
            raise FieldsRefused("a document that is signed can no longer be certified")
        signature, contents_at, range_at = _signature_dictionary(at, certify=certify, reserve=reserve)
        reference = increment.add(Raw(signature))
        _revise_field(increment, found, reference, appearance)
        if certify:
            _certify(increment, reference)
        content, places = increment.write()
    except PadesError:
        raise
    except Exception as error:  # foreign bytes meet the reader with many kinds of exception
        raise PdfUnreadable from error
    start = places[reference.idnum]
    before = start + contents_at
    after = before + 2 * reserve + 2
    byte_range = (0, before, after, len(content) - after)
    said = b"[%d %d %d %d]" % byte_range
    prepared = bytearray(content)
    prepared[start + range_at : start + range_at + _RANGE_WIDTH] = said.ljust(_RANGE_WIDTH)
    view = memoryview(prepared)
    digest = hashlib.sha256(view[:before])
    digest.update(view[after:])
    return PreparedPdf(
        content=bytes(prepared),
        byte_range=byte_range,
        document_digest=digest.digest(),
        sha256=hashlib.sha256(view).hexdigest(),
    )


def _signature_dictionary(at: datetime, *, certify: bool, reserve: int) -> tuple[bytes, int, int]:
    """The dictionary as bytes, and where in it /Contents and /ByteRange have their values."""
    when = at.astimezone(UTC).strftime("D:%Y%m%d%H%M%SZ").encode()
    head = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M (" + when + b")"
    head += (_CERTIFYING if certify else b"") + b" /ByteRange "
    middle = head + b" " * _RANGE_WIDTH + b" /Contents "
    return middle + b"<" + b"00" * reserve + b"> >>", len(middle), len(head)


def _revise_field(
    increment: Increment, found: BaseField, signature: generic.IndirectObject, appearance: bytes | None
) -> None:
    field = copied(found.value)
    field[name("/V")] = signature
    widget = field if found.widget_number == found.number else copied(found.widget)
    if appearance is not None:
        widget[name("/AP")] = dictionary({"/N": add_mark(increment, appearance)})
        increment.revise(found.widget_number, widget)
    increment.revise(found.number, field)


def _certify(increment: Increment, signature: generic.IndirectObject) -> None:
    root = increment.root
    permissions = copied(root["/Perms"]) if "/Perms" in root else dictionary({})
    permissions[name("/DocMDP")] = signature
    increment.revise_root({"/Perms": permissions})
