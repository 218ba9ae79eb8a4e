"""Whether a status proof speaks of a certificate, at or after an instant. Pure; signatures are not verified here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp


def is_covered(
    certificate_der: bytes, *, not_before: datetime, ocsp_responses: Iterable[bytes], crls: Iterable[bytes]
) -> bool:
    """Whether one of these DER proofs is about that certificate and has thisUpdate at or after `not_before`.

    A proof that a certificate is revoked covers it, too: what it says is for verification to judge.
    """
    certificate = x509.load_der_x509_certificate(certificate_der)
    return any(_answers(each, certificate, not_before) for each in ocsp_responses) or any(
        _lists(each, certificate, not_before) for each in crls
    )


def _answers(response_der: bytes, certificate: x509.Certificate, not_before: datetime) -> bool:
    response = ocsp.load_der_ocsp_response(response_der)
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return False
    return any(
        each.serial_number == certificate.serial_number
        and each.certificate_status is not ocsp.OCSPCertStatus.UNKNOWN
        and each.this_update_utc >= not_before
        for each in response.responses
        if _same_issuer(each, certificate)
    )


def _same_issuer(single: ocsp.OCSPSingleResponse, certificate: x509.Certificate) -> bool:
    digest = hashes.Hash(single.hash_algorithm)
    digest.update(certificate.issuer.public_bytes())
    return digest.finalize() == single.issuer_name_hash


def _lists(crl_der: bytes, certificate: x509.Certificate, not_before: datetime) -> bool:
    crl = x509.load_der_x509_crl(crl_der)
    return crl.issuer == certificate.issuer and crl.last_update_utc >= not_before
