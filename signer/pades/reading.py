"""Reading back what is in a signed PDF of ours: whose signatures, which time-stamps, which status proofs.

Nothing is verified here; foreign files are the business of verification's workers.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import extract_certificate_info

from signer.pades.errors import PdfUnreadable
from signer.pades.objects import entry, raw_entries, resolved
from signer.pades.time_stamps import parse_time_stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureParts:
    """One signature. Chains are DER, leaf first, as far as the signature carries them, without a root."""

    field: str
    chain: tuple[bytes, ...]
    time_stamp_chain: tuple[bytes, ...]
    gen_time: datetime | None
    """Of its time-stamp; None without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPdf:
    """Signatures in their order, and the proofs of the validation data (DER)."""

    signatures: tuple[SignatureParts, ...]
    ocsp_responses: tuple[bytes, ...]
    crls: tuple[bytes, ...]


def read_signed_pdf(pdf: bytes) -> SignedPdf:
    """Parse the signatures and the validation data of a PDF.

    :raise PdfUnreadable: it cannot be read, or holds what is no signature.
    """
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=True)
        signatures = tuple(_parts(each.field_name, each.signed_data) for each in reader.embedded_regular_signatures)
        store = entry(reader.root, "/DSS")
        held = store if isinstance(store, generic.DictionaryObject) else None
        return SignedPdf(signatures=signatures, ocsp_responses=_streams(held, "/OCSPs"), crls=_streams(held, "/CRLs"))
    except Exception as error:  # what is no signature meets the parser with many kinds of exception
        raise PdfUnreadable from error


def _parts(field: str, signed: cms.SignedData) -> SignatureParts:
    token = next(
        (
            attribute["values"][0]
            for attribute in signed["signer_infos"][0]["unsigned_attrs"] or ()
            if attribute["type"].native == "signature_time_stamp_token"
        ),
        None,
    )
    return SignatureParts(
        field=field,
        chain=_chain(signed),
        time_stamp_chain=() if token is None else _chain(token["content"]),
        gen_time=None if token is None else parse_time_stamp(token.dump()).gen_time,
    )


def _chain(signed: cms.SignedData) -> tuple[bytes, ...]:
    """The signer's certificate and, by name, the issuers carried with it."""
    info = extract_certificate_info(signed)
    return tuple(each.dump() for each in _upwards(info.signer_cert, info.other_certs))


def _upwards(leaf: x509.Certificate, others: Iterable[x509.Certificate]) -> list[x509.Certificate]:
    by_name = {each.subject.hashable: each for each in others if each.subject != each.issuer}
    chain = [leaf]
    while (above := by_name.pop(chain[-1].issuer.hashable, None)) is not None:
        chain.append(above)
    return chain


def _streams(store: generic.DictionaryObject | None, key: str) -> tuple[bytes, ...]:
    found = None if store is None else entry(store, key)
    if not isinstance(found, generic.ArrayObject):
        return ()
    held = (resolved(each) for each in raw_entries(found))
    return tuple(each.data for each in held if isinstance(each, generic.StreamObject))
