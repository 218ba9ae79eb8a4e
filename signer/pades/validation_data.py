"""Validation data (DSS, EN 319 142-1, 5.4): what a signature's later judges will need, in one increment. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from pyhanko.pdf_utils import generic

from signer.pades.errors import PadesError, PdfUnreadable
from signer.pades.increment import Increment
from signer.pades.objects import array, copied, dictionary, name, raw_entries, resolved, stream
from signer.pades.ports import RevocationProofs

_ENTRIES = ("/Certs", "/OCSPs", "/CRLs")


def add_validation(pdf: bytes, *, proofs: RevocationProofs, certificates: Sequence[bytes] = ()) -> bytes:
    """Return `pdf` with an increment that adds proofs and certificates to its validation data.

    What is there stays there; what is there already is not added twice. Nothing new: `pdf` itself. Whether the
    proofs are sound and young enough is the caller's to know.

    :raise PdfUnreadable: the PDF cannot be read strictly.
    """
    increment = Increment(pdf)
    try:
        if not _extend(increment, proofs, certificates):
            return pdf
        content, _ = increment.write()
    except PadesError:
        raise
    except Exception as error:  # foreign bytes meet the reader with many kinds of exception
        raise PdfUnreadable from error
    return content


def _extend(increment: Increment, proofs: RevocationProofs, certificates: Sequence[bytes]) -> bool:
    root = increment.root
    held = root.raw_get("/DSS") if "/DSS" in root else None
    store = dictionary({"/Type": name("/DSS")}) if held is None else copied(root["/DSS"])
    given = ((*certificates, *proofs.certificates), proofs.ocsp_responses, proofs.crls)
    changed = False
    for key, values in zip(_ENTRIES, given, strict=True):
        changed |= _append(increment, store, key, values)
    if not changed:
        return False
    if isinstance(held, generic.IndirectObject):
        increment.revise(held.idnum, store, held.generation)
    else:
        increment.revise_root({"/DSS": increment.add(store)})
    return True


def _append(increment: Increment, store: generic.DictionaryObject, key: str, values: Iterable[bytes]) -> bool:
    entries = store[key] if key in store else array([])
    references = raw_entries(entries)
    seen = {hashlib.sha256(_content(each)).digest() for each in references}
    before = len(references)
    for value in values:
        digest = hashlib.sha256(value).digest()
        if digest not in seen:
            seen.add(digest)
            references.append(increment.add(stream({}, value)))
    if len(references) == before:
        return False
    store[name(key)] = array(references)
    return True


def _content(reference: generic.PdfObject) -> bytes:
    held = resolved(reference)
    if not isinstance(held, generic.StreamObject):
        raise ValueError("validation data that is no stream")  # noqa: TRY004
    return held.data
