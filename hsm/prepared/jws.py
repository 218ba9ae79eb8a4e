"""Compact JWS (RFC 7515), ES256 alone, under a certificate that chains to the anchor shipped with the agent."""

import base64
import binascii
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from hsm.keys import SignatureAlgorithm, SigningKey

from . import payload as strict
from .errors import ManifestReason, ManifestRefused

MAX_JWS = 512 * 1024
MAX_CHAIN = 4
COORDINATE_BYTES = 32
# An arc under a UUID of ours (X.667): the extended key usage of the key that signs manifests, and of no other.
MANIFEST_KEY_PURPOSE = x509.ObjectIdentifier("2.25.262400431408012267011913350494235073741")


def sign_compact(content: bytes, *, type: str, key: SigningKey, chain: tuple[bytes, ...]) -> str:  # noqa: A002
    """Sign `content`; `type` is the header's `typ`, `chain` is DER, leaf first."""
    header = strict.write({"alg": "ES256", "typ": type, "x5c": [base64.b64encode(der).decode() for der in chain]})
    signed = f"{_encode(header)}.{_encode(content)}"
    r, s = decode_dss_signature(key.sign(signed.encode("ascii"), SignatureAlgorithm.ECDSA_SHA256))
    return f"{signed}.{_encode(r.to_bytes(COORDINATE_BYTES, 'big') + s.to_bytes(COORDINATE_BYTES, 'big'))}"


def verify_compact(jws: str, *, type: str, anchor: x509.Certificate, at: datetime) -> bytes:  # noqa: A002
    """Return the payload of a JWS of that `typ` whose key chains to `anchor` at that instant.

    :raise ManifestRefused: anything else.
    """
    if len(jws) > MAX_JWS or not jws.isascii() or jws.count(".") != 2:  # noqa: PLR2004
        raise ManifestRefused(ManifestReason.MALFORMED, "it is not a compact JWS")
    head, body, value = jws.split(".")
    fields = strict.read_object(_decode(head), "header")
    # THREAT: "alg": "none", or a key of the caller's in the header.
    # DEFENCE: ES256 by name, exactly the three header fields, and the key only from a chain to our own anchor.
    # TEST: tests/hsm/prepared/test_manifest.py::test_other_header_is_refused
    if fields.take("alg", str) != "ES256":
        raise fields.invalid("alg")
    if fields.take("typ", str) != type:
        raise fields.invalid("typ")
    chain = [_certificate(each) for each in fields.each("x5c", MAX_CHAIN)]
    fields.close()
    _require_chain(chain, anchor, at)
    _require_manifest_key(chain[0])
    _verify_value(chain[0], f"{head}.{body}".encode("ascii"), _decode(value))
    return _decode(body)


def _verify_value(leaf: x509.Certificate, signed: bytes, value: bytes) -> None:
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ManifestRefused(ManifestReason.KEY_USAGE, "its key is not a P-256 key")
    if len(value) != 2 * COORDINATE_BYTES:
        raise ManifestRefused(ManifestReason.SIGNATURE_INVALID, "its signature is not 64 bytes")
    r, s = (int.from_bytes(half, "big") for half in (value[:COORDINATE_BYTES], value[COORDINATE_BYTES:]))
    try:
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise ManifestRefused(ManifestReason.SIGNATURE_INVALID, "its signature does not hold") from error


def _require_manifest_key(leaf: x509.Certificate) -> None:
    # THREAT: another certificate of the same authority (a holder's, the OCSP signer's) signs a manifest.
    # DEFENCE: digitalSignature alone, no CA, and no extended usage but the manifest key's own.
    # TEST: tests/hsm/prepared/test_manifest.py::test_certificate_of_another_use_is_refused
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = _purposes(leaf)
        authority = _is_authority(leaf)
    except (x509.ExtensionNotFound, ValueError) as error:
        raise ManifestRefused(ManifestReason.KEY_USAGE, "its certificate does not say what its key is for") from error
    others = (usage.content_commitment, usage.key_encipherment, usage.data_encipherment, usage.key_agreement)
    alone = usage.digital_signature and not any((*others, usage.key_cert_sign, usage.crl_sign))
    if not alone or authority or purposes != {MANIFEST_KEY_PURPOSE}:
        raise ManifestRefused(ManifestReason.KEY_USAGE, "its certificate is not a manifest key's")


def _purposes(leaf: x509.Certificate) -> set[x509.ObjectIdentifier]:
    return set(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _require_chain(chain: list[x509.Certificate], anchor: x509.Certificate, at: datetime) -> None:
    path = chain if chain[-1] == anchor else [*chain, anchor]
    for certificate in path:
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            raise ManifestRefused(ManifestReason.CERTIFICATE_EXPIRED, "a certificate of its key is not valid now")
    for depth, (issued, issuer) in enumerate(pairwise(path)):
        try:
            issued.verify_directly_issued_by(issuer)
            constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
            signs = issuer.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
        except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound) as error:
            raise ManifestRefused(ManifestReason.OTHER_ANCHOR, "its key does not chain to this PC's anchor") from error
        too_deep = constraints.path_length is not None and depth > constraints.path_length
        if not constraints.ca or not signs or too_deep:
            raise ManifestRefused(ManifestReason.OTHER_ANCHOR, "its key was certified by one who may not certify")


def _certificate(text: object) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(base64.b64decode(str(text), validate=True))
    except ValueError as error:
        raise ManifestRefused(ManifestReason.MALFORMED, "its header holds what is not a certificate") from error


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ManifestRefused(ManifestReason.MALFORMED, "it is not base64url") from error
    if _encode(content) != text:
        raise ManifestRefused(ManifestReason.MALFORMED, "it is not base64url in its one spelling")
    return content
