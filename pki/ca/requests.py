"""Certificate requests (PKCS#10, RFC 2986): what is taken from them is the public key, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from hsm.keys import KeyKind, PublicKey
from pki.der import UNREADABLE, require_bounded

from .errors import CsrReason, CsrRefused
from .public_keys import KeyFault, KeyRefused, accept_public_key, spki_sha256

_PROOF_DIGESTS = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedRequest:
    """A public key whose holder proved to have its private key. Names in the request are not kept."""

    public_key: PublicKey
    kind: KeyKind
    spki_sha256: str


def accept_csr(der: bytes) -> AcceptedRequest:
    """Accept a request: at most 16 kB, 32 levels, a good key, and its proof of possession verified.

    :raise CsrRefused: with its reason; nothing is recorded of it.
    """
    try:
        require_bounded(der)
        request = x509.load_der_x509_csr(der)
        digest = request.signature_hash_algorithm
        key = request.public_key()
    except UNREADABLE as error:
        raise CsrRefused(CsrReason.MALFORMED, "it is not a PKCS#10 request that can be read") from error
    try:
        accepted, kind = accept_public_key(key)
    except KeyRefused as error:
        reason = CsrReason.KEY_WEAK if error.fault is KeyFault.WEAK else CsrReason.KEY_KIND
        raise CsrRefused(reason, error.said) from error
    if not isinstance(digest, _PROOF_DIGESTS):
        raise CsrRefused(CsrReason.SIGNATURE_WEAK, "it is signed with a digest weaker than SHA-256")
    # THREAT: someone has another person's public key certified in his own name.
    # DEFENCE: the request's own signature is verified under the key that it holds.
    # TEST: tests/pki/ca/test_requests.py::test_failed_proof_of_possession_is_refused
    if not _proved(request):
        raise CsrRefused(CsrReason.PROOF_FAILED, "its signature does not prove possession of the private key")
    return AcceptedRequest(public_key=accepted, kind=kind, spki_sha256=spki_sha256(accepted))


def _proved(request: x509.CertificateSigningRequest) -> bool:
    try:
        return request.is_signature_valid
    except UNREADABLE:
        return False
