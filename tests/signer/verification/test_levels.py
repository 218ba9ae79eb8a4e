"""Signatures of pyHanko's own making, level by level, at several instants."""

from datetime import timedelta

import pytest

from signer.verification.etsi import Indication, SubIndication
from signer.verification.findings import (
    Coverage,
    LaterChanges,
    Level,
    ProofSource,
    RevocationStatus,
    SignatureFindings,
    TimeSource,
)
from signer.verification.inspection import inspect_bytes
from signer.verification.trust import Anchor, TrustConfiguration
from tests.signer.verification.estate import DAY, HOUR, T0, Estate, document, issue, name, usage

BASE = document()
PASSED, UNSURE, FAILED = Indication.TOTAL_PASSED, Indication.INDETERMINATE, Indication.TOTAL_FAILED


def only(pdf: bytes, trust: TrustConfiguration, *, at: object = T0 + HOUR) -> SignatureFindings:
    findings = inspect_bytes(pdf, trust, at)  # type: ignore[arg-type]
    (signature,) = findings.signatures
    return signature


@pytest.fixture(scope="module")
def b_t(estate: Estate) -> bytes:
    return estate.sign(BASE)


@pytest.fixture(scope="module")
def b_lt(estate: Estate) -> bytes:
    return estate.b_lt(BASE)


def test_b_b_passes_without_a_time(estate: Estate) -> None:
    found = only(estate.sign(BASE, at=None), estate.trust())
    assert (found.indication, found.level) == (PASSED, Level.B_B)
    assert (found.best_time, found.time_source) == (None, TimeSource.NONE)


def test_b_t(estate: Estate, b_t: bytes) -> None:
    found = only(b_t, estate.trust())
    assert (found.indication, found.level, found.best_time) == (PASSED, Level.B_T, T0)
    assert (found.time_source, found.coverage) == (TimeSource.TIME_STAMP, Coverage.ENTIRE_FILE)
    assert found.revocation.source is ProofSource.SUPPLIED_CRL
    assert found.digest_algorithm == "sha256"


def test_b_lt_needs_a_proof_after_the_time_stamp(estate: Estate, b_t: bytes) -> None:
    before = estate.with_proofs(b_t, estate.ocsp_response(estate.president, T0 - timedelta(seconds=1)))
    assert only(before, estate.trust()).level is Level.B_T
    same_second = estate.with_proofs(b_t, estate.ocsp_response(estate.president, T0))
    assert only(same_second, estate.trust()).level is Level.B_LT


def test_b_lt_stands_on_its_own_proofs(estate: Estate, b_lt: bytes) -> None:
    """A year later, with nothing supplied, and after the signer's certificate has expired."""
    for at in (T0 + HOUR, T0 + 365 * DAY, T0 + 900 * DAY):
        found = only(b_lt, estate.trust(crls=()), at=at)
        assert (found.indication, found.level, found.best_time) == (PASSED, Level.B_LT, T0)
        assert found.revocation.source is ProofSource.EMBEDDED_OCSP
        assert (found.later_changes, found.changes_allowed) == (LaterChanges.LTA_UPDATES, True)


def test_b_lt_does_not_outlive_its_time_stamper(estate: Estate, b_lt: bytes) -> None:
    found = only(b_lt, estate.trust(crls=()), at=T0 + 1600 * DAY)
    assert found.indication is UNSURE
    assert found.best_time is None


def test_b_lta(estate: Estate, b_lt: bytes) -> None:
    archived = estate.archived(b_lt, at=T0 + HOUR)
    found = only(archived, estate.trust(at=T0 + HOUR), at=T0 + 2 * HOUR)
    assert (found.indication, found.level, found.best_time) == (PASSED, Level.B_LTA, T0)


def test_time_stamper_without_proof(estate: Estate, b_t: bytes) -> None:
    """Asked for by the service; offline its absence is accepted, a revocation that is there is not."""
    captured = T0 + HOUR
    pdf = estate.with_proofs(
        b_t, estate.ocsp_response(estate.president, captured), crls=(estate.crl(estate.root, captured, days=90),)
    )
    anchors = (Anchor(der=estate.root.der),)
    service = TrustConfiguration(anchors=anchors)
    offline = TrustConfiguration(anchors=anchors, time_stamp_status_required=False)
    assert only(pdf, service, at=T0 + DAY).sub_indication is SubIndication.NO_POE
    assert only(pdf, offline, at=T0 + DAY).indication is PASSED
    serial = estate.tsa.certificate.serial_number
    revoked = estate.with_proofs(pdf, crls=(estate.crl(estate.issuing, captured, {serial: T0 - DAY}),))
    assert only(revoked, offline, at=T0 + DAY).indication is not PASSED


def test_no_proof_of_status_is_told_from_a_broken_chain(estate: Estate, b_t: bytes) -> None:
    found = only(b_t, estate.trust(crls=()))
    assert (found.sub_indication, found.detail, found.best_time) == (SubIndication.TRY_LATER, "no-status-proof", T0)
    stale = only(b_t, estate.trust(), at=T0 + 30 * DAY)
    assert stale.sub_indication is SubIndication.TRY_LATER


def test_stranger(estate: Estate) -> None:
    other = Estate()
    pdf = estate.sign(BASE, other.president, chain=(other.issuing,))
    found = only(pdf, estate.trust())
    assert (found.indication, found.sub_indication) == (UNSURE, SubIndication.NO_CERTIFICATE_CHAIN_FOUND)
    assert found.anchor_sha256 is None


def test_stranger_with_the_name_of_our_authority(estate: Estate) -> None:
    """Same names, another key: a chain that looks right and is not."""
    other = Estate()
    pdf = estate.sign(BASE, other.president, chain=(other.issuing, other.root))
    assert only(pdf, estate.trust()).indication is not PASSED


def test_time_stamp_of_an_unknown_authority_proves_nothing(estate: Estate) -> None:
    other = Estate()
    pdf = other.sign(BASE, estate.president, chain=(estate.issuing,))
    found = only(pdf, estate.trust())
    assert (found.indication, found.sub_indication) == (UNSURE, SubIndication.NO_POE)
    assert (found.detail, found.best_time) == ("time-stamp", None)


@pytest.mark.parametrize("level", ["B-T", "B-LT"])
def test_revocation_before_and_after_the_signature(estate: Estate, b_t: bytes, b_lt: bytes, level: str) -> None:
    pdf, serial = {"B-T": b_t, "B-LT": b_lt}[level], estate.president.certificate.serial_number
    after = only(pdf, estate.trust(at=T0 + DAY, revoked={serial: T0 + HOUR}), at=T0 + DAY)
    assert (after.indication, after.revocation.status) == (PASSED, RevocationStatus.REVOKED)
    before = only(pdf, estate.trust(at=T0 + DAY, revoked={serial: T0 - HOUR}), at=T0 + DAY)
    assert (before.indication, before.sub_indication) == (UNSURE, SubIndication.REVOKED_NO_POE)
    assert (before.best_time, before.revocation.revoked_at) == (T0, T0 - HOUR)


def test_an_embedded_revocation_by_a_stranger_does_not_count(estate: Estate, b_t: bytes) -> None:
    other, serial = Estate(), estate.president.certificate.serial_number
    forged = other.crl(other.issuing, T0 + HOUR, {serial: T0 - DAY})
    found = only(estate.with_proofs(b_t, crls=(forged,)), estate.trust(at=T0 + HOUR), at=T0 + DAY)
    assert (found.indication, found.revocation.status) == (PASSED, RevocationStatus.GOOD)


def test_revoked_without_a_time(estate: Estate) -> None:
    serial = estate.president.certificate.serial_number
    found = only(estate.sign(BASE, at=None), estate.trust(revoked={serial: T0 - HOUR}))
    assert (found.sub_indication, found.best_time) == (SubIndication.REVOKED_NO_POE, None)


def test_signed_after_the_certificate_expired(estate: Estate) -> None:
    """The library lets this pass; a time-stamp later than notAfter is no proof of anything earlier."""
    short = estate.person("Short", not_before=T0 - 2 * DAY, not_after=T0 - DAY)
    found = only(estate.sign(BASE, short), estate.trust())
    assert (found.indication, found.sub_indication) == (UNSURE, SubIndication.OUT_OF_BOUNDS_NO_POE)


def test_signed_before_the_certificate_was_valid(estate: Estate) -> None:
    early = estate.person("Early", not_before=T0 + DAY)
    found = only(estate.sign(BASE, early), estate.trust(at=T0 + 2 * DAY), at=T0 + 2 * DAY)
    assert (found.indication, found.sub_indication) == (FAILED, SubIndication.NOT_YET_VALID)


def test_authentication_certificate(estate: Estate) -> None:
    wrong = estate.person("Login", key_usage=usage(signature=True))
    found = only(estate.sign(BASE, wrong), estate.trust())
    assert (found.sub_indication, found.detail) == (SubIndication.CHAIN_CONSTRAINTS_FAILURE, "key-usage")


def test_sha1_is_broken(estate: Estate) -> None:
    found = only(estate.sign(BASE, digest="sha1"), estate.trust())
    assert found.indication is not PASSED
    assert found.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE


def test_anchor_outside_its_dates(estate: Estate, b_t: bytes) -> None:
    anchor = Anchor(der=estate.root.der, not_after=T0 - DAY)
    assert only(b_t, estate.trust(anchor=anchor)).indication is not PASSED
    inside = Anchor(der=estate.root.der, not_before=T0 - DAY, not_after=T0 + DAY)
    assert only(b_t, estate.trust(anchor=inside)).indication is PASSED


def test_anchor_limited_to_policies(estate: Estate, b_t: bytes) -> None:
    """None of the estate's certificates names a policy."""
    anchor = Anchor(der=estate.root.der, policy_oids=("1.2.3.4",))
    assert only(b_t, estate.trust(anchor=anchor)).indication is not PASSED


def test_three_signatures_each_with_its_own_level(estate: Estate) -> None:
    people = [estate.person(f"Member {n}", f"IDCMA-W{n}23456") for n in range(3)]
    pdf = document(field_names=("Member-0", "Member-1", "Member-2"))
    pdf = estate.b_lt(pdf, people[0], field_name="Member-0")
    pdf = estate.b_lt(pdf, people[1], field_name="Member-1", at=T0 + HOUR)
    pdf = estate.sign(pdf, people[2], field_name="Member-2", at=T0 + 2 * HOUR)
    findings = inspect_bytes(pdf, estate.trust(at=T0 + 2 * HOUR), T0 + 3 * HOUR)
    assert [each.indication for each in findings.signatures] == [PASSED] * 3
    assert [each.level for each in findings.signatures] == [Level.B_LT, Level.B_LT, Level.B_T]
    assert all(each.changes_allowed for each in findings.signatures)
    assert len({each.revision_sha256 for each in findings.signatures}) == 3
    assert findings.signatures[2].revision_sha256 == findings.sha256


def test_national_ids_do_not_leave_the_worker(estate: Estate) -> None:
    talkative = estate.person("Ahmed BE123456", "IDCMA-BE123456")
    assert "BE123456" not in repr(only(estate.sign(BASE, talkative), estate.trust()))


def test_root_that_signs_documents_is_a_stranger(estate: Estate) -> None:
    alone = issue(name("Alone"), None, key_usage=usage(commitment=True))
    assert only(estate.sign(BASE, alone, chain=()), estate.trust()).indication is UNSURE
