"""The seal of an organisation on a PDF that we made: one invisible field, one certifying signature, one time-stamp.

A seal is never a person's signature: its certificate is of the profile `seal`, and verification calls it that.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hsm.keys import SigningKey
from hsm.prepared.attributes import signed_attributes
from signer.pades.embed import embed_signature
from signer.pades.fields import FieldSpec, add_signature_fields
from signer.pades.prepare import PreparedPdf, prepare_signature

FIELD = "seal"


class TimeStamps(Protocol):
    """Where a time-stamp comes from."""

    def stamp(self, imprint: bytes) -> bytes:
        """DER TimeStampToken over a SHA-256 digest."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SealKey:
    """The key of a seal, its certificate, and the issuers above it without the root."""

    key: SigningKey
    certificate: bytes
    chain: tuple[bytes, ...]


def prepare_seal(pdf: bytes, *, at: datetime) -> PreparedPdf:
    """Prepare the seal of an unsigned PDF; it certifies the document (DocMDP, P=2). Pure: for a worker.

    :raise FieldsRefused: the PDF is signed, or has such a field.
    :raise PdfUnreadable: it cannot be read strictly.
    """
    fielded = add_signature_fields(pdf, [FieldSpec(name=FIELD, page=0, box=None)])
    return prepare_signature(fielded, field=FIELD, appearance=None, certify=True, at=at)


def seal_prepared(prepared: PreparedPdf, seal: SealKey, time_stamps: TimeStamps) -> bytes:
    """Sign what was prepared under the seal's key and return the sealed PDF, B-T.

    :raise hsm.errors.HsmError: the device did not sign.
    :raise TimeStampUnavailable: no time-stamp was made.
    """
    algorithm = seal.key.algorithms[0]
    attributes = signed_attributes(prepared.document_digest, seal.certificate)
    value = seal.key.sign(attributes, algorithm)
    return embed_signature(
        prepared.content,
        byte_range=prepared.byte_range,
        attributes=attributes,
        value=value,
        algorithm=algorithm,
        certificate_der=seal.certificate,
        chain=seal.chain,
        time_stamp=time_stamps.stamp(hashlib.sha256(value).digest()),
    )
