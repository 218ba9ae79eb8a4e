"""Does a certificate lead to a trust anchor at an instant: RFC 5280, 6, by pyHanko's validator. Fetches nothing."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers
from pyhanko_certvalidator.errors import (
    DisallowedAlgorithmError,
    ExpiredError,
    NotYetValidError,
    PathBuildingError,
    PathError,
    ValidationError,
)
from pyhanko_certvalidator.policy_decl import PKIXValidationParams

from pki.der import UNREADABLE, require_bounded

from .anchors import TrustAnchor
from .errors import ChainReason, ChainRefused

MAX_INTERMEDIATES = 8
_WEAK_DIGESTS = frozenset({"md2", "md5", "sha1"})
_LEAST_RSA_BITS, _LEAST_EC_BITS = 2048, 256


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedPath:
    """A path that holds: DER certificates, leaf first, without the anchor; and the anchor."""

    certificates: tuple[bytes, ...]
    anchor: TrustAnchor


def validate_chain(
    leaf: bytes, intermediates: Sequence[bytes], *, anchors: Sequence[TrustAnchor], at: datetime
) -> ValidatedPath:
    """Return the path from `leaf` (DER) to one of the anchors, valid at `at`.

    Checked: signatures and their strength, dates of every certificate and of the anchor (bounds inside), CA and
    path length, key usage of authorities, name constraints, policies where the anchor names some, no unknown
    critical extension. Not checked: revocation, and what the leaf's key is for.

    :raise ChainRefused: no anchor (an empty list is refused, too), or the reason of the path that came furthest.
    """
    parsed = _parsed(leaf)
    between = [_parsed(each) for each in intermediates[:MAX_INTERMEDIATES]]
    if len(intermediates) > MAX_INTERMEDIATES:
        raise ChainRefused(ChainReason.MALFORMED, f"more than {MAX_INTERMEDIATES} certificates above it")
    refusals: list[ChainRefused] = []
    for anchor in anchors:
        if not anchor.not_before <= at <= anchor.not_after:
            continue
        try:
            return asyncio.run(_path(parsed, between, anchor, at))
        except ChainRefused as refusal:
            refusals.append(refusal)
    told = [refusal for refusal in refusals if refusal.reason is not ChainReason.NO_ANCHOR]
    raise (told or [ChainRefused(ChainReason.NO_ANCHOR, "it leads to no trust anchor of that time")])[0]


async def _path(
    leaf: asn1_x509.Certificate, between: list[asn1_x509.Certificate], anchor: TrustAnchor, at: datetime
) -> ValidatedPath:
    params = PKIXValidationParams()
    if anchor.policy_oids:
        params = PKIXValidationParams(
            user_initial_policy_set=frozenset(anchor.policy_oids), initial_explicit_policy=True
        )
    root = asn1_x509.Certificate.load(anchor.der)
    context = ValidationContext(
        trust_roots=[CertTrustAnchor(root, TrustQualifiers(standard_parameters=params))],
        other_certs=between,
        moment=at,
        allow_fetching=False,
        weak_hash_algos=_WEAK_DIGESTS,
    )
    validator = CertificateValidator(leaf, between, validation_context=context, pkix_params=params)
    try:
        path = await validator.async_validate_path()
    except (PathBuildingError, DisallowedAlgorithmError, ExpiredError, NotYetValidError) as error:
        raise _refusal(error) from error
    except (PathError, ValidationError) as error:
        policy = "polic" in str(error).lower()
        reason = ChainReason.POLICY if policy and anchor.policy_oids else ChainReason.NOT_VALID
        raise ChainRefused(reason, "its path does not hold") from error
    ders = tuple(certificate.dump() for certificate in reversed(list(path)) if certificate.dump() != anchor.der)
    for der in ders:
        _require_strong_key(der)
    return ValidatedPath(certificates=ders, anchor=anchor)


def _refusal(error: Exception) -> ChainRefused:
    if isinstance(error, PathBuildingError):
        return ChainRefused(ChainReason.NO_ANCHOR, "it leads to no trust anchor of that time")
    if isinstance(error, DisallowedAlgorithmError):
        return ChainRefused(ChainReason.WEAK, "a signature in its path is too weak")
    return ChainRefused(ChainReason.NOT_VALID, "a certificate in its path is not valid at that time")


def _parsed(der: bytes) -> asn1_x509.Certificate:
    """Parse, by two libraries: asn1crypto is lazy and would fail in the middle of the validation."""
    try:
        require_bounded(der)
        certificate = x509.load_der_x509_certificate(der)
        _ = certificate.extensions, certificate.public_key(), certificate.subject, certificate.issuer
        parsed = asn1_x509.Certificate.load(der, strict=True)
        parsed.native  # noqa: B018 - parses everything
    except (*UNREADABLE, KeyError) as error:
        raise ChainRefused(ChainReason.MALFORMED, "a certificate cannot be read") from error
    return parsed


def _require_strong_key(der: bytes) -> None:
    key = x509.load_der_x509_certificate(der).public_key()
    strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size >= _LEAST_EC_BITS
    )
    if not strong:
        raise ChainRefused(ChainReason.WEAK, f"a key in its path is too weak ({hashlib.sha256(der).hexdigest()[:16]}…)")
