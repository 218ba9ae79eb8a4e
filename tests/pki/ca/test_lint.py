"""Lint: each deviation once, each with its finding."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hsm.keys import SignatureAlgorithm
from pki.ca.errors import LintRefused
from pki.ca.lint import Case, require_clean
from pki.ca.names import Organisation, holder_name, service_name
from pki.ca.profile import QcStatement, built_in_profiles
from pki.ca.qualified import Approval, ApprovalKind
from pki.ca.serials import random_serial
from pki.ca.unsigned import IssuerFacts, build_unsigned, throw_away_key
from pki.trust.marks import Environment
from tests.pki.ca.estate import ADDRESSES, HOLDER, PERSON, T0

ALGORITHM = SignatureAlgorithm.ECDSA_SHA256
ORGANISATION = Organisation.of("Commune Test", None, Environment.REHEARSAL)
KEY = ec.generate_private_key(ec.SECP256R1()).public_key()
ISSUER_KEY = ec.generate_private_key(ec.SECP256R1()).public_key()
ISSUER = IssuerFacts(
    id=HOLDER,
    name=service_name(ORGANISATION, "Khatam Issuing CA", Environment.REHEARSAL),
    public_key=ISSUER_KEY,
    key_identifier=x509.SubjectKeyIdentifier.from_public_key(ISSUER_KEY).digest,
    not_after=T0 + timedelta(days=3000),
)
PROFILE = built_in_profiles()["holder-signature"]


def case(environment: Environment = Environment.REHEARSAL) -> Case:
    certificate = build_unsigned(
        PROFILE,
        subject=holder_name(PERSON),
        public_key=KEY,
        serial=random_serial(),
        issuer=ISSUER,
        policies=PROFILE.policies[environment],
        addresses=ADDRESSES,
        algorithm=ALGORITHM,
        at=T0,
    )
    return Case(certificate=certificate, profile=PROFILE, issuer=ISSUER, environment=environment, approvals=())


def rebuilt(
    *,
    serial: int | None = None,
    subject: x509.Name | None = None,
    issuer: x509.Name | None = None,
    days: int = 100,
    without: type[x509.ExtensionType] | None = None,
    instead: x509.ExtensionType | None = None,
    critical: bool | None = None,
    digest: hashes.SHA224 | hashes.SHA256 | None = None,
) -> Case:
    """The good certificate with one thing changed."""
    good = case()
    certificate = good.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject or certificate.subject)
        .issuer_name(issuer or certificate.issuer)
        .public_key(KEY)
        .serial_number(serial or certificate.serial_number)
        .not_valid_before(certificate.not_valid_before_utc)
        .not_valid_after(certificate.not_valid_before_utc + timedelta(days=days))
    )
    gone = without or type(instead) if (without or instead) else None
    for extension in certificate.extensions:
        if gone is None or not isinstance(extension.value, gone):
            builder = builder.add_extension(extension.value, extension.critical)
        elif without is None and instead is not None:
            builder = builder.add_extension(instead, extension.critical if critical is None else critical)
    if instead is not None and not any(isinstance(each.value, type(instead)) for each in certificate.extensions):
        builder = builder.add_extension(instead, bool(critical))
    return replace(good, certificate=builder.sign(throw_away_key(ALGORITHM), digest or hashes.SHA256()))


def codes(found: Case) -> set[str]:
    try:
        require_clean(found)
    except LintRefused as error:
        return {finding.split(":")[0] for finding in error.findings}
    return set()


def name(**changes: str | None) -> x509.Name:
    oids = {
        "cn": NameOID.COMMON_NAME,
        "sn": NameOID.SURNAME,
        "number": NameOID.SERIAL_NUMBER,
        "c": NameOID.COUNTRY_NAME,
    }
    parts = {"c": "MA", "cn": "Ahmed El Alaoui", "sn": "El Alaoui", "number": "IDCMA-BE1", **changes}
    return x509.Name([x509.NameAttribute(oids[key], value) for key, value in parts.items() if value])


def test_good_certificate_is_clean() -> None:
    assert codes(case()) == set()
    assert codes(rebuilt()) == set()


AUTHORITY = x509.AuthorityKeyIdentifier(b"\x01" * 20, None, None)
OTHER_POLICY = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("1.2.3"), None)])
USAGE = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
DEVIATIONS: dict[str, tuple[Callable[[], Case], set[str]]] = {
    "short serial": (lambda: rebuilt(serial=4097), {"serial-short"}),
    "another issuer's name": (lambda: rebuilt(issuer=name()), {"issuer", "issuer-name", "test-mark"}),
    "too long a life": (lambda: rebuilt(days=731), {"validity"}),
    "outlives its issuer": (
        lambda: replace(rebuilt(), issuer=replace(ISSUER, not_after=T0 + timedelta(days=1))),
        {"outlives-issuer"},
    ),
    "no surname": (lambda: rebuilt(subject=name(sn=None)), {"subject"}),
    "no number": (lambda: rebuilt(subject=name(number=None)), {"subject"}),
    "a number out of form": (lambda: rebuilt(subject=name(number="BE1")), {"national-number"}),
    "a hidden letter": (lambda: rebuilt(subject=name(cn="Ahmed\u202e")), {"subject-characters"}),
    "an attribute twice": (
        lambda: rebuilt(subject=x509.Name([*name(), x509.NameAttribute(NameOID.COMMON_NAME, "Other")])),
        {"subject-twice"},
    ),
    "a weak digest": (lambda: rebuilt(digest=hashes.SHA224()), {"digest"}),
    "no subject key identifier": (lambda: rebuilt(without=x509.SubjectKeyIdentifier), {"ski"}),
    "another authority key identifier": (lambda: rebuilt(instead=AUTHORITY), {"aki"}),
    "digitalSignature too": (lambda: rebuilt(instead=USAGE), {"key-usage"}),
    "no key usage": (lambda: rebuilt(without=x509.KeyUsage), {"key-usage"}),
    "an authority": (
        lambda: rebuilt(instead=x509.BasicConstraints(ca=True, path_length=None)),
        {"constraints"},
    ),
    "not critical": (
        lambda: rebuilt(instead=x509.BasicConstraints(ca=False, path_length=None), critical=False),
        {"criticality"},
    ),
    "an extended usage": (
        lambda: rebuilt(instead=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])),
        {"extended-usage"},
    ),
    "nocheck": (lambda: rebuilt(instead=x509.OCSPNoCheck()), {"ocsp-nocheck"}),
    "another policy": (lambda: rebuilt(instead=OTHER_POLICY), {"policies", "test-policy"}),
    "no place for status": (
        lambda: rebuilt(without=x509.AuthorityInformationAccess),
        {"ca-issuers", "status"},
    ),
    "no list": (lambda: rebuilt(without=x509.CRLDistributionPoints), {"status"}),
    "a stranger": (
        lambda: rebuilt(instead=x509.SubjectAlternativeName([x509.DNSName("x.ma")])),
        {"stranger"},
    ),
    "rehearsal marks in production": (
        lambda: replace(case(), environment=Environment.PRODUCTION),
        {"test-mark", "policies", "test-policy"},
    ),
    "production marks in a rehearsal": (
        lambda: replace(case(Environment.PRODUCTION), environment=Environment.REHEARSAL),
        {"policies", "test-policy"},
    ),
}


@pytest.mark.parametrize("deviation", DEVIATIONS)
def test_every_deviation_is_found(deviation: str) -> None:
    build, expected = DEVIATIONS[deviation]
    assert codes(build()) == expected


@pytest.mark.parametrize(
    ("statement", "kind"),
    [(QcStatement.COMPLIANCE, ApprovalKind.CERTIFICATES), (QcStatement.SSCD, ApprovalKind.DEVICE)],
)
def test_nothing_is_called_qualified_without_its_approval(statement: QcStatement, kind: ApprovalKind) -> None:
    profile = replace(PROFILE, qc_statements=(statement, QcStatement.ESIGN, QcStatement.LEGISLATION_MA))
    good = case()
    certificate = build_unsigned(
        profile,
        subject=holder_name(PERSON),
        public_key=KEY,
        serial=random_serial(),
        issuer=ISSUER,
        policies=profile.policies[Environment.REHEARSAL],
        addresses=ADDRESSES,
        algorithm=ALGORITHM,
        at=T0,
    )
    marked = replace(good, certificate=certificate, profile=profile)
    assert codes(marked) == {"qualified"}
    begin = T0 - timedelta(days=1)
    approval = Approval(kind=kind, decision="1/PSCo/2025", not_before=begin, not_after=T0 + timedelta(days=900))
    assert codes(replace(marked, approvals=(approval,))) == set()
    over = replace(approval, not_after=T0 - timedelta(hours=1))
    assert codes(replace(marked, approvals=(over,))) == {"qualified"}
    other = next(each for each in ApprovalKind if each is not kind)
    assert codes(replace(marked, approvals=(replace(approval, kind=other),))) == {"qualified"}
