"""Lint: every certificate is held against its standards and its profile before the real key signs it.

Rules look at the finished certificate as a reader would see it, never at what the builder was told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID, NameOID

from pki.der import read_one
from pki.trust.marks import TEST_POLICY, Environment, policy_oids, says_test

from .errors import Finding, LintRefused
from .names import hides_something
from .profile import Profile, StatusSource, SubjectKind
from .public_keys import KeyRefused, accept_public_key
from .qualified import NEEDS, QC_STATEMENTS, Approval, claims
from .unsigned import IssuerFacts, key_usage

T = TypeVar("T", bound=x509.ExtensionType)
_LEGAL_PERSON = (NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATION_IDENTIFIER, NameOID.COMMON_NAME)
_PERSON = (NameOID.COUNTRY_NAME, NameOID.COMMON_NAME, NameOID.SURNAME, NameOID.SERIAL_NUMBER)
_MOST_SERIAL_OCTETS, _LEAST_SERIAL_BITS = 20, 128
_CRITICAL = {ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A certificate and what it is held against."""

    certificate: x509.Certificate
    profile: Profile
    issuer: IssuerFacts
    environment: Environment
    approvals: tuple[Approval, ...]

    def extension(self, kind: type[T]) -> T | None:
        """The extension of that kind, if there is one."""
        try:
            return self.certificate.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None


Rule = Callable[[Case], Iterable[Finding]]


def require_clean(case: Case) -> None:
    """Require that no rule finds anything.

    :raise LintRefused: with every finding.
    """
    # THREAT: a certificate that says too much (an authority, a qualified key, a production mark) is signed by mistake.
    # DEFENCE: the frozen bytes are linted under a throw-away key; the device signs only what passed.
    # TEST: tests/pki/ca/test_lint.py::test_every_deviation_is_found
    findings = tuple(finding for rule in RULES for finding in rule(case))
    if findings:
        raise LintRefused(findings)


def _unless(holds: object, code: str, clause: str, said: str) -> Iterator[Finding]:
    if not holds:
        yield Finding(code=code, clause=clause, said=said)


def _version_and_serial(case: Case) -> Iterator[Finding]:
    certificate = case.certificate
    yield from _unless(certificate.version is x509.Version.v3, "version", "RFC 5280, 4.1.2.1", "the version is not 3")
    octets = certificate.serial_number.bit_length() // 8 + 1
    good = certificate.serial_number > 0 and octets <= _MOST_SERIAL_OCTETS
    yield from _unless(good, "serial", "RFC 5280, 4.1.2.2", "the serial is not positive or longer than 20 octets")
    random = certificate.serial_number.bit_length() > _LEAST_SERIAL_BITS
    yield from _unless(random, "serial-short", "house rule", "the serial has less than 128 bits")


def _algorithm(case: Case) -> Iterator[Finding]:
    certificate = case.certificate
    outer = read_one(certificate.public_bytes(Encoding.DER), 0x30).children()
    inner = outer.next(0x30).children()
    for tag in (0xA0, 0x02):
        inner.optional(tag)
    same = inner.next(0x30).encoded == outer.next(0x30).encoded
    yield from _unless(same, "algorithm", "RFC 5280, 4.1.1.2", "the algorithms inside and outside differ")
    digest = certificate.signature_hash_algorithm
    strong = digest is not None and digest.digest_size >= 32  # noqa: PLR2004
    yield from _unless(strong, "digest", "TS 119 312", "the digest is weaker than SHA-256")


def _issuer(case: Case) -> Iterator[Finding]:
    same = case.certificate.issuer.public_bytes() == case.issuer.name.public_bytes()
    yield from _unless(same, "issuer", "RFC 5280, 4.1.2.4", "the issuer's name is not the issuer's subject")
    present = {attribute.oid for attribute in case.certificate.issuer}
    full = present.issuperset(_LEGAL_PERSON)
    clause = "EN 319 412-2, 4.2.3.1; decree 2-22-687, art. 2"
    yield from _unless(full, "issuer-name", clause, "the issuer lacks its state, name or number")
    marked = says_test(case.certificate.issuer) == (case.environment is Environment.REHEARSAL)
    yield from _unless(marked, "test-mark", "house rule", "the issuer's name does not fit the environment")


def _validity(case: Case) -> Iterator[Finding]:
    certificate, profile = case.certificate, case.profile
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    longest = timedelta(days=profile.validity_days)
    good = begins < ends and ends - begins < longest
    yield from _unless(good, "validity", "profile", "it is valid for nothing or for longer than its profile says")
    inside = case.issuer.not_after is None or ends <= case.issuer.not_after
    yield from _unless(inside, "outlives-issuer", "EN 319 411-1, 6.3.3", "it outlives its issuer")


def _subject(case: Case) -> Iterator[Finding]:
    attributes = list(case.certificate.subject)
    present = [attribute.oid for attribute in attributes]
    person = case.profile.subject is SubjectKind.PERSON
    wanted, clause = (_PERSON, "EN 319 412-2, 4.2.4") if person else (_LEGAL_PERSON, "EN 319 412-3, 4.2.1")
    yield from _unless(set(wanted) <= set(present), "subject", clause, "the subject lacks an attribute")
    yield from _unless(len(present) == len(set(present)), "subject-twice", clause, "an attribute stands twice")
    hidden = any(hides_something(str(attribute.value)) for attribute in attributes)
    yield from _unless(not hidden, "subject-characters", "house rule", "the subject holds a control character")
    empty = any(not str(attribute.value).strip() for attribute in attributes)
    yield from _unless(not empty, "subject-empty", clause, "an attribute of the subject is empty")
    for attribute in attributes:
        if person and attribute.oid == NameOID.SERIAL_NUMBER:
            good = str(attribute.value).startswith("IDCMA-")
            yield from _unless(good, "national-number", "EN 319 412-1, 5.1.3", "the number is not IDCMA-…")


def _key(case: Case) -> Iterator[Finding]:
    try:
        _, kind = accept_public_key(case.certificate.public_key())
    except KeyRefused as error:
        yield Finding(code="key", clause="TS 119 312", said=error.said)
        return
    said = f"a key of kind {kind.value} is not for this profile"
    yield from _unless(kind in case.profile.key_kinds, "key-kind", "profile", said)


def _identifiers(case: Case) -> Iterator[Finding]:
    own = case.extension(x509.SubjectKeyIdentifier)
    yield from _unless(own, "ski", "RFC 5280, 4.2.1.2", "there is no subject key identifier")
    authority = case.extension(x509.AuthorityKeyIdentifier)
    right = authority is not None and authority.key_identifier == case.issuer.key_identifier
    yield from _unless(right, "aki", "RFC 5280, 4.2.1.1", "the authority key identifier is not the issuer's")


def _usage(case: Case) -> Iterator[Finding]:
    same = case.extension(x509.KeyUsage) == key_usage(case.profile.key_usage)
    yield from _unless(same, "key-usage", "RFC 5280, 4.2.1.3; profile", "KeyUsage is not the profile's")
    constraints = case.extension(x509.BasicConstraints)
    wanted = x509.BasicConstraints(ca=case.profile.ca, path_length=case.profile.path_length)
    yield from _unless(
        constraints == wanted, "constraints", "RFC 5280, 4.2.1.9", "BasicConstraints is not the profile's"
    )
    extended = case.extension(x509.ExtendedKeyUsage)
    oids = tuple(oid.dotted_string for oid in extended) if extended else ()
    same = oids == case.profile.extended_key_usage
    yield from _unless(same, "extended-usage", "RFC 5280, 4.2.1.12; profile", "ExtendedKeyUsage is not the profile's")
    nocheck = bool(case.extension(x509.OCSPNoCheck))
    said = "id-pkix-ocsp-nocheck is not as the profile says"
    yield from _unless(nocheck == case.profile.ocsp_no_check, "ocsp-nocheck", "RFC 6960, 4.2.2.2.1", said)


def _criticality(case: Case) -> Iterator[Finding]:
    for extension in case.certificate.extensions:
        critical = extension.oid in _CRITICAL
        if extension.oid == ExtensionOID.EXTENDED_KEY_USAGE:
            critical = case.profile.extended_key_usage_critical
        said = f"the criticality of {extension.oid.dotted_string} is wrong"
        yield from _unless(extension.critical == critical, "criticality", "RFC 5280, 4.2; RFC 3161, 2.3", said)


def _strangers(case: Case) -> Iterator[Finding]:
    for extension in case.certificate.extensions:
        known = extension.oid in _KNOWN or (extension.oid == QC_STATEMENTS and case.profile.qc_statements)
        said = f"the extension {extension.oid.dotted_string} is in no profile"
        yield from _unless(known, "stranger", "profile", said)


def _policies(case: Case) -> Iterator[Finding]:
    found = policy_oids(case.certificate)
    wanted = frozenset(case.profile.policies[case.environment])
    yield from _unless(
        found == wanted, "policies", "EN 319 412-2, 4.3.3; profile", "the policies are not the profile's"
    )
    test = TEST_POLICY in found
    said = "the test policy does not fit the environment"
    yield from _unless(test == (case.environment is Environment.REHEARSAL), "test-policy", "house rule", said)


def _sources(case: Case) -> Iterator[Finding]:
    access = case.extension(x509.AuthorityInformationAccess)
    methods = {point.access_method for point in access} if access else set()
    issuers = AuthorityInformationAccessOID.CA_ISSUERS in methods or case.profile.self_signed
    clause = "EN 319 412-2, 4.4.1; decree 2-22-687, art. 2"
    yield from _unless(issuers, "ca-issuers", clause, "it does not say where its issuer's certificate is")
    status = set()
    if AuthorityInformationAccessOID.OCSP in methods:
        status.add(StatusSource.OCSP)
    if case.extension(x509.CRLDistributionPoints):
        status.add(StatusSource.CRL)
    said = "it does not say where its status is as its profile wants"
    yield from _unless(status == case.profile.status, "status", "EN 319 412-2, 4.3.11; decree 2-22-687, art. 2", said)


def _qualified(case: Case) -> Iterator[Finding]:
    for statement, kind in NEEDS.items():
        if claims(case.certificate, statement):
            at: datetime = case.certificate.not_valid_before_utc
            approved = any(approval.kind is kind and approval.holds(at) for approval in case.approvals)
            said = f"the statement {statement.value} needs an approval in force"
            yield from _unless(approved, "qualified", "EN 319 412-5; law 43-20, art. 11 and 72", said)


_KNOWN = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.OCSP_NO_CHECK,
    ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
}
RULES: tuple[Rule, ...] = (
    _version_and_serial,
    _algorithm,
    _issuer,
    _validity,
    _subject,
    _key,
    _identifiers,
    _usage,
    _criticality,
    _strangers,
    _policies,
    _sources,
    _qualified,
)
