"""Certificates in PEM, as bodies bring them."""

from __future__ import annotations

from typing import Annotated

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import StringConstraints

from api.problems import Malformed

Pem = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


def der_of(pem: str, pointer: str) -> bytes:
    """The DER of exactly one PEM certificate.

    :raise Malformed: it is not that.
    """
    try:
        (certificate,) = x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise Malformed("One certificate in PEM is needed.", pointer) from error
    return certificate.public_bytes(Encoding.DER)
