"""Reading back what is in a signed PDF of ours: whose signatures, which time-stamps, which status proofs.

Nothing is verified here; foreign files are the business of verification's workers. Signatures are found by their
ByteRange: a reader of PDF objects takes longer over one signature's digits than over all the rest.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from signer.pades.errors import PdfUnreadable
from signer.pades.names import names_of
from signer.pades.objects import entry, raw_entries, resolved
from signer.pades.time_stamps import parse_time_stamp

_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_GAP = re.compile(rb"<(?:[0-9A-Fa-f]{2})+>")
_TIME_STAMP_TOKEN = "1.2.840.113549.1.9.16.2.14"  # noqa: S105  # an object identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureParts:
    """One signature. Chains are DER, leaf first, as far as the signature carries them, without a root."""

    chain: tuple[bytes, ...]
    time_stamp_chain: tuple[bytes, ...]
    gen_time: datetime | None
    """Of its time-stamp; None without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPdf:
    """Signatures, the oldest first, and the proofs of the validation data (DER)."""

    signatures: tuple[SignatureParts, ...]
    ocsp_responses: tuple[bytes, ...]
    crls: tuple[bytes, ...]


def read_signed_pdf(pdf: bytes) -> SignedPdf:
    """Parse the signatures and the validation data of a PDF that this service signed.

    :raise PdfUnreadable: it cannot be read, or holds what is no signature.
    """
    try:
        store = entry(PdfFileReader(io.BytesIO(pdf), strict=True).root, "/DSS")
        held = store if isinstance(store, generic.DictionaryObject) else None
        return SignedPdf(
            signatures=tuple(_parts(each) for each in _contents(pdf)),
            ocsp_responses=_streams(held, "/OCSPs"),
            crls=_streams(held, "/CRLs"),
        )
    except Exception as error:  # what is no signature meets the parser with many kinds of exception
        raise PdfUnreadable from error


def _contents(pdf: bytes) -> list[bytes]:
    """What stands in the gap of each ByteRange, zeros after it and all."""
    gaps = sorted({tuple(int(each) for each in found.groups()) for found in _BYTE_RANGE.finditer(pdf)})
    found = []
    for before, after, length in gaps:
        gap = pdf[before:after]
        # Another PDF inside this one, uncompressed, has ByteRanges of its own: theirs have no gap here.
        if after + length <= len(pdf) and _GAP.fullmatch(gap):
            found.append(bytes.fromhex(gap[1:-1].decode("ascii")))
    if not found:
        raise ValueError("no signature")
    return found


def _parts(contents: bytes) -> SignatureParts:
    signed = cms.ContentInfo.load(contents)["content"]
    attributes = signed["signer_infos"][0]["unsigned_attrs"] or ()
    tokens = [each["values"][0] for each in attributes if each["type"].dotted == _TIME_STAMP_TOKEN]
    return SignatureParts(
        chain=_chain(signed),
        time_stamp_chain=_chain(tokens[0]["content"]) if tokens else (),
        gen_time=parse_time_stamp(tokens[0].dump()).gen_time if tokens else None,
    )


def _chain(signed: cms.SignedData) -> tuple[bytes, ...]:
    """The signer's certificate and, by name, the issuers carried with it."""
    carried = [each.dump() for each in signed["certificates"]]
    signer = signed["signer_infos"][0]["sid"].chosen
    wanted = signer["issuer"].dump(), signer["serial_number"].dump()
    chain = [next(each for each in carried if (names_of(each).issuer, names_of(each).serial) == wanted)]
    above = {names_of(each).subject: each for each in carried if names_of(each).subject != names_of(each).issuer}
    while (issuer := above.pop(names_of(chain[-1]).issuer, None)) is not None:
        chain.append(issuer)
    return tuple(chain)


def _streams(store: generic.DictionaryObject | None, key: str) -> tuple[bytes, ...]:
    found = None if store is None else entry(store, key)
    if not isinstance(found, generic.ArrayObject):
        return ()
    held = (resolved(each) for each in raw_entries(found))
    return tuple(each.data for each in held if isinstance(each, generic.StreamObject))
