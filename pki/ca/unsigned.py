"""The certificate to be signed: built by `cryptography` under a throw-away key, which never signs for anyone.

The throw-away key is of the issuing key's kind, so the algorithm named inside the TBS is the one that the
device will use. The device then signs those very bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID

from hsm.keys import PublicKey, SignatureAlgorithm

from .addresses import CaAddresses
from .profile import Profile, StatusSource, Usage
from .qualified import qc_statements


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerFacts:
    """What a certificate says of its issuer."""

    id: UUID
    name: x509.Name
    public_key: PublicKey
    key_identifier: bytes
    not_after: datetime | None
    """None: the root itself."""


def signing_digest(algorithm: SignatureAlgorithm) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512:
    """The digest of an algorithm, in the builders' narrower type."""
    digest = algorithm.hash_algorithm
    assert isinstance(digest, hashes.SHA256 | hashes.SHA384 | hashes.SHA512)
    return digest


@cache
def throw_away_key(algorithm: SignatureAlgorithm) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    """One key of this process for each algorithm. Its signatures are thrown away."""
    if algorithm.value.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP384R1() if algorithm is SignatureAlgorithm.ECDSA_SHA384 else ec.SECP256R1())


def build_unsigned(
    profile: Profile,
    *,
    subject: x509.Name,
    public_key: PublicKey,
    serial: int,
    issuer: IssuerFacts,
    policies: tuple[str, ...],
    addresses: CaAddresses,
    algorithm: SignatureAlgorithm,
    at: datetime,
) -> x509.Certificate:
    """Return the certificate under the throw-away key. Valid from `at`, cut to the second.

    It ends with its issuer at the latest.
    """
    begins = at.replace(microsecond=0)
    ends = begins + timedelta(days=profile.validity_days) - timedelta(seconds=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.name)
        .public_key(public_key)
        .serial_number(serial)
        .not_valid_before(begins)
        .not_valid_after(min(ends, issuer.not_after) if issuer.not_after else ends)
    )
    for extension, critical in _extensions(profile, public_key, issuer, policies, addresses):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(throw_away_key(algorithm), signing_digest(algorithm))


def _extensions(
    profile: Profile, public_key: PublicKey, issuer: IssuerFacts, policies: tuple[str, ...], addresses: CaAddresses
) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=profile.ca, path_length=profile.path_length), True),
        (key_usage(profile.key_usage), True),
        (x509.SubjectKeyIdentifier.from_public_key(public_key), False),
        (x509.AuthorityKeyIdentifier(issuer.key_identifier, None, None), False),
        (_policies(policies), False),
    ]
    if profile.extended_key_usage:
        oids = [x509.ObjectIdentifier(oid) for oid in profile.extended_key_usage]
        found.append((x509.ExtendedKeyUsage(oids), profile.extended_key_usage_critical))
    if profile.ocsp_no_check:
        found.append((x509.OCSPNoCheck(), False))
    if not profile.self_signed:
        found.append((_authority_access(profile, issuer, addresses), False))
    if StatusSource.CRL in profile.status:
        full_name = [x509.UniformResourceIdentifier(addresses.crl(issuer.id))]
        point = x509.DistributionPoint(full_name=full_name, relative_name=None, reasons=None, crl_issuer=None)
        found.append((x509.CRLDistributionPoints([point]), False))
    if profile.qc_statements:
        found.append((qc_statements(profile.qc_statements), False))
    return found


def key_usage(given: frozenset[Usage]) -> x509.KeyUsage:
    """KeyUsage with exactly those bits."""
    return x509.KeyUsage(
        digital_signature=Usage.DIGITAL_SIGNATURE in given,
        content_commitment=Usage.CONTENT_COMMITMENT in given,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=Usage.KEY_CERT_SIGN in given,
        crl_sign=Usage.CRL_SIGN in given,
        encipher_only=False,
        decipher_only=False,
    )


def _policies(oids: tuple[str, ...]) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in oids])


def _authority_access(profile: Profile, issuer: IssuerFacts, addresses: CaAddresses) -> x509.AuthorityInformationAccess:
    points = [(AuthorityInformationAccessOID.CA_ISSUERS, addresses.certificate(issuer.id))]
    if StatusSource.OCSP in profile.status:
        points.insert(0, (AuthorityInformationAccessOID.OCSP, addresses.ocsp))
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(method, x509.UniformResourceIdentifier(address)) for method, address in points]
    )
