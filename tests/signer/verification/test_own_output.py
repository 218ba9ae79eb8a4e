"""What this service itself renders, signs and completes, verified from its proofs alone."""

import dataclasses
from datetime import datetime, timedelta

import pytest

from signer.pades.fields import add_fields_at_foot
from signer.pades.validation_data import add_validation
from signer.rendering.facts import LicenceFacts
from signer.rendering.render import render
from signer.verification.etsi import Indication
from signer.verification.findings import Coverage, LaterChanges, Level
from signer.verification.inspection import inspect_bytes
from signer.verification.trust import Anchor, TrustConfiguration
from tests.signer.pades.estate import DAY, T0, Estate, Proofs

REFERENCE = "L26-0000123"


def proofs(own: Estate, at: datetime) -> Proofs:
    """Lists of both authorities: those certificates name no responder, so their OCSP answers are not read."""
    return Proofs(crls=(own.crl(own.root, at), own.crl(own.issuing, at)), certificates=(own.issuing.der,))


@pytest.fixture(scope="module")
def own() -> Estate:
    return Estate()


@pytest.fixture(scope="module")
def unsigned() -> bytes:
    facts = dataclasses.replace(LicenceFacts.sample(reference=REFERENCE), check="7Q4K")
    return add_fields_at_foot(render(facts).content, ["President", "Member-1", "Member-2"])


@pytest.fixture(scope="module")
def trust(own: Estate) -> TrustConfiguration:
    return TrustConfiguration(anchors=(Anchor(der=own.root.der),), certificates=(own.issuing.der,))


def test_licence_b_lt(own: Estate, unsigned: bytes, trust: TrustConfiguration) -> None:
    signed = own.sign(unsigned, certify=True)
    complete = add_validation(signed, proofs=proofs(own, T0 + timedelta(seconds=2)))
    findings = inspect_bytes(complete, trust, T0 + 200 * DAY)
    (signature,) = findings.signatures
    assert (signature.indication, signature.level) == (Indication.TOTAL_PASSED, Level.B_LT)
    assert signature.best_time == T0
    assert (signature.later_changes, signature.changes_allowed) == (LaterChanges.LTA_UPDATES, True)
    assert findings.claims["reference"] == REFERENCE
    assert findings.claims["kind"] == "licence"
    assert findings.claims["environment"] == "rehearsal"
    assert findings.claims["body_code"]


def test_signed_revision_is_what_was_stored(own: Estate, unsigned: bytes, trust: TrustConfiguration) -> None:
    """The register knows a file by its signed revision: the very bytes that completion stores."""
    import hashlib

    signed = own.sign(unsigned)
    complete = add_validation(signed, proofs=proofs(own, T0))
    (signature,) = inspect_bytes(complete, trust, T0 + DAY).signatures
    assert signature.revision_sha256 == hashlib.sha256(signed).hexdigest()


def test_three_signatures_in_turn(own: Estate, unsigned: bytes, trust: TrustConfiguration) -> None:
    pdf, people = unsigned, (own.president, *own.members[:2])
    for place, (who, name) in enumerate(zip(people, ("President", "Member-1", "Member-2"), strict=True)):
        pdf = own.sign(pdf, who, field_name=name, certify=place == 0, at=T0)
        pdf = add_validation(pdf, proofs=proofs(own, T0))
    findings = inspect_bytes(pdf, trust, T0 + DAY)
    assert [each.field for each in findings.signatures] == ["President", "Member-1", "Member-2"]
    for signature in findings.signatures:
        assert (signature.indication, signature.level) == (Indication.TOTAL_PASSED, Level.B_LT)
        assert signature.coverage is Coverage.ENTIRE_REVISION
        assert signature.changes_allowed
