"""An order as it is answered, at whatever door: state, evidence, what waits for approval, certificates."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from sqlalchemy.orm import Session

from pki.ca.certificates import CertificateRecord, certificates_of_order
from pki.quota.evidence import evidence_of_order
from pki.quota.kinds import EvidenceStanding, KeyUse, OrderState, Road, UnlockKind
from pki.quota.orders import key_order
from pki.quota.requests import PreparedIssuance
from pki.quota.supplied import supplied_digest
from pki.quota.tables import KeyOrder
from pki.quota.unlocking import known_kinds

from .schema import Out, Zulu


class AttributesOut(Out):
    """Attributes of a private key, as PKCS#11 names them; null: the device does not say."""

    sensitive: bool | None
    extractable: bool | None
    never_extractable: bool | None
    always_sensitive: bool | None
    local: bool | None
    always_authenticate: bool | None


class EvidenceOut(Out):
    """What was said of one key and its device, and what stands behind it."""

    key: KeyUse
    certificate_sha256: str | None
    standing: EvidenceStanding
    station: str
    label: str
    serial: str
    model: str
    manufacturer: str
    firmware: str
    hardware: str
    attributes: AttributesOut
    recorded_at: Zulu


class PlannedOut(Out):
    """One certificate that would be issued."""

    purpose: str
    subject: str
    serial: str
    not_before: Zulu
    not_after: Zulu
    tbs_sha256: str
    attributes: AttributesOut | None
    """As the holder's station claims them; null: it says nothing."""
    warnings: list[str]
    """What speaks against the key, in words for the approver."""


class IssuanceOut(Out):
    """What waits for approval, or was approved."""

    digest: str
    approved: bool
    certificates: list[PlannedOut]

    @classmethod
    def of(cls, issuance: PreparedIssuance) -> IssuanceOut:
        """As it is answered."""
        planned = [
            PlannedOut(
                purpose=each.purpose,
                subject=each.subject,
                serial=each.serial,
                not_before=each.not_before,
                not_after=each.not_after,
                tbs_sha256=each.tbs_sha256,
                attributes=None if each.attributes is None else AttributesOut(**asdict(each.attributes)),
                warnings=[] if each.attributes is None else list(each.attributes.warnings),
            )
            for each in issuance.certificates
        ]
        return cls(digest=issuance.digest, approved=issuance.approved_at is not None, certificates=planned)


class CertificateOut(Out):
    """One certificate of the order."""

    id: UUID
    purpose: str
    sha256: str
    serial: str
    pem: str | None
    """Null for an officer of a commune: it names the holder's national id."""

    @classmethod
    def of(cls, record: CertificateRecord, *, named: bool) -> CertificateOut:
        """As it is answered."""
        pem = record.pem if named else None
        return cls(id=record.id, purpose=record.purpose.value, sha256=record.sha256, serial=record.serial, pem=pem)


class OrderOut(Out):
    """The life of one key."""

    id: UUID
    state: OrderState
    road: Road
    holder: UUID
    office: UUID
    payer: str | None
    paid_by: str | None
    device_serial: str | None
    approval_digest: str | None
    """Supplied: what a second officer approves."""
    issuance: IssuanceOut | None
    certificates: list[CertificateOut]
    evidence: list[EvidenceOut]
    known_unlock_secrets: list[UnlockKind]
    """Released and still in force: the device could not change them, and people know them."""


def order_out(session: Session, order: UUID, *, named: bool = True) -> OrderOut:
    """The order as it is answered.

    :param named: with what an officer of a commune does not see: certificates and subjects that name a national id.
    :raise OrderUnknown: there is none.
    """
    # THREAT: whoever helps in a commune reads the national id of its president out of a certificate.
    # DEFENCE: below the province neither certificates nor subjects of certificates are answered, masked or not.
    # TEST: tests/api/auth/test_matrix.py::test_an_officer_of_a_commune_sees_no_national_id
    view = key_order(session, order)
    certificates = {each.spki_sha256: each.sha256 for each in view.certificates}
    supplied = view.road is Road.SUPPLIED
    return OrderOut(
        id=view.id,
        state=view.state,
        road=view.road,
        holder=view.holder,
        office=view.office,
        payer=view.payer_code,
        paid_by=view.paid_by,
        device_serial=view.device_serial,
        approval_digest=supplied_digest(session.get_one(KeyOrder, order)) if supplied else None,
        evidence=[
            EvidenceOut(
                key=each.key_use,
                certificate_sha256=certificates.get(each.spki_sha256),
                standing=each.standing,
                station=each.station,
                attributes=AttributesOut(**asdict(each.attributes)),
                recorded_at=each.recorded_at,
                **asdict(each.device),
            )
            for each in evidence_of_order(session, view.id)
        ],
        issuance=None if view.issuance is None or not named else IssuanceOut.of(view.issuance),
        certificates=[CertificateOut.of(each, named=named) for each in certificates_of_order(session, view.id)],
        known_unlock_secrets=list(known_kinds(session, view.id)),
    )
