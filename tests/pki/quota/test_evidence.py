"""What a station says of its keys: part of what is approved, kept as claimed, and refused in production."""

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError

from pki.quota.errors import ApprovalDigestDiffers, KeyEvidenceRefused
from pki.quota.evidence import (
    EvidencePolicy,
    KeyAttributes,
    StationEvidence,
    evidence_of_order,
    refuse_weak_keys,
)
from pki.quota.kinds import EvidenceStanding, KeyUse
from pki.quota.submitting import submit_requests
from pki.quota.tables import IssuanceRequest, KeyEvidence
from pki.records import OrderId
from tests.pki.ca.estate import csr
from tests.pki.estate import PROTECTION, T0
from tests.pki.quota.estate import DEVICE, Bureau

GOOD = KeyAttributes(
    sensitive=True,
    extractable=False,
    never_extractable=True,
    always_sensitive=True,
    local=True,
    always_authenticate=None,
)
STRICT = EvidencePolicy(strict=True)


def said(attributes: KeyAttributes) -> StationEvidence:
    return StationEvidence(station="PC-1", keys={KeyUse.SIGNATURE: attributes, KeyUse.AUTHENTICATION: GOOD})


def submitted(bureau: Bureau, order: OrderId, evidence: StationEvidence) -> None:
    submit_requests(
        bureau.records,
        bureau.issuance,
        PROTECTION,
        order=order,
        signature_csr=csr(),
        authentication_csr=csr(),
        device=DEVICE,
        by=bureau.himself(order),
        at=T0,
        evidence=evidence,
    )


@pytest.mark.parametrize(
    "attributes",
    [
        KeyAttributes(extractable=True),
        KeyAttributes(never_extractable=False),
        KeyAttributes(sensitive=False),
        KeyAttributes(always_sensitive=False),
        KeyAttributes(local=False),
    ],
)
def test_production_refuses_a_key_that_can_leave_its_device(attributes: KeyAttributes) -> None:
    with pytest.raises(KeyEvidenceRefused):
        refuse_weak_keys(STRICT, said(attributes), [KeyUse.SIGNATURE])
    refuse_weak_keys(STRICT, said(GOOD), [KeyUse.SIGNATURE, KeyUse.AUTHENTICATION])
    refuse_weak_keys(EvidencePolicy(strict=False), said(attributes), [KeyUse.SIGNATURE])


def test_production_refuses_silence() -> None:
    with pytest.raises(KeyEvidenceRefused):
        refuse_weak_keys(STRICT, None, [KeyUse.SIGNATURE])


def test_the_approver_reads_it_and_it_is_kept_as_claimed(bureau: Bureau) -> None:
    order = bureau.requested()
    submitted(bureau, order, said(KeyAttributes(extractable=True, local=False)))
    issuance = bureau.view(order).issuance
    assert issuance is not None
    signature = next(each for each in issuance.certificates if each.purpose == "signature")
    assert signature.attributes is not None
    assert len(signature.attributes.warnings) == 2
    bureau.approve(order)
    issued = bureau.issue(order)
    with bureau.records.reading() as session:
        kept = evidence_of_order(session, order)
    assert {each.spki_sha256 for each in kept} == {each.spki_sha256 for each in issued}
    assert {(each.standing, each.station) for each in kept} == {(EvidenceStanding.CLAIMED, "PC-1")}
    for change in (update(KeyEvidence).values(local=True), delete(KeyEvidence)):
        with pytest.raises(DatabaseError), bureau.records.writing() as session:
            session.execute(change)


def test_evidence_altered_after_the_approval_is_not_issued(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.requested()
    submitted(sqlite_bureau, order, said(KeyAttributes(extractable=True)))
    sqlite_bureau.approve(order)
    issuance = sqlite_bureau.view(order).issuance
    assert issuance is not None
    with sqlite_bureau.records.writing() as session:
        row = session.get_one(IssuanceRequest, issuance.id)
        row.certificates = row.certificates.replace('"extractable": true', '"extractable": false')
    with pytest.raises(ApprovalDigestDiffers):
        sqlite_bureau.issue(order)
