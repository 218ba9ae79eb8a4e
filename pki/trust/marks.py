"""Rehearsal and production: the two kinds of installation, and the marks that tell their certificates apart."""

from __future__ import annotations

from enum import StrEnum

from cryptography import x509
from cryptography.x509.oid import NameOID

TEST_POLICY = "2.25.36905827554372502670504736426947706358"
"""Policy of every certificate made in a rehearsal (an arc under a UUID of ours, X.667)."""
TEST_WORD = "TEST"
"""Stands in the issuer's common name in a rehearsal."""


class Environment(StrEnum):
    """Every installation is one of the two."""

    REHEARSAL = "rehearsal"
    PRODUCTION = "production"


def policy_oids(certificate: x509.Certificate) -> frozenset[str]:
    """The certificate policies it names; none if it names none.

    :raise ValueError: its extensions cannot be read.
    """
    try:
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(policy.policy_identifier.dotted_string for policy in policies)


def says_test(name: x509.Name) -> bool:
    """Whether a name's common name or organisation carries the word TEST."""
    attributes = (*name.get_attributes_for_oid(NameOID.COMMON_NAME),)
    attributes += (*name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME),)
    return any(TEST_WORD in str(attribute.value).upper().split() for attribute in attributes)


def bears_rehearsal_marks(certificate: x509.Certificate) -> bool:
    """Whether a certificate says itself that it is for tests.

    :raise ValueError: its extensions cannot be read.
    """
    return says_test(certificate.issuer) or says_test(certificate.subject) or TEST_POLICY in policy_oids(certificate)
