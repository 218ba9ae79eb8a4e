"""What would be issued for an order, and the digest by which a second person approves it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from pki.journal.canonical import canonical_json, instant_text
from pki.quota.evidence import DeviceClaim, KeyAttributes
from pki.quota.tables import IssuanceRequest
from pki.records import HolderId, OfficeId, OrderId

__all__ = ["DeviceClaim"]
_DOMAIN = "khatam-issuance-v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateToIssue:
    """One certificate as its approver reads it."""

    purpose: str
    subject: str
    """RFC 4514, the national id masked."""
    serial: str
    not_before: datetime
    not_after: datetime
    tbs_sha256: str
    """Of the very bytes that will be signed (DER TBSCertificate)."""
    intent: UUID
    attributes: KeyAttributes | None = None
    """What the holder's station says of the key; part of what is approved. None: it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedIssuance:
    """Exactly what would be issued, and how far that is."""

    id: UUID
    order: OrderId
    digest: str
    """SHA-256, hex: what an approval names."""
    certificates: tuple[CertificateToIssue, ...]
    device: DeviceClaim
    requests_sha256: str
    submitted_by: str
    approved_at: datetime | None
    approved_by: str | None
    used_at: datetime | None


def issuance_digest(
    *, order: OrderId, holder: HolderId, office: OfficeId, certificates: Sequence[CertificateToIssue]
) -> str:
    """SHA-256 (hex) over canonical JSON: order, holder, office, each TBS digest and what is said of its key."""
    return hashlib.sha256(
        canonical_json(
            {
                "domain": _DOMAIN,
                "order": order,
                "holder": holder,
                "office": office,
                "certificates": [
                    {"purpose": each.purpose, "serial": each.serial, "tbs_sha256": each.tbs_sha256}
                    | ({} if each.attributes is None else {"attributes": asdict(each.attributes)})
                    for each in certificates
                ],
            }
        )
    ).hexdigest()


_CURRENT = (
    select(IssuanceRequest)
    .where(IssuanceRequest.order_id == bindparam("order"), IssuanceRequest.superseded_at.is_(None))
    .execution_options(populate_existing=True)
)


def current_request(session: Session, order: OrderId) -> PreparedIssuance | None:
    """What stands to be issued, or was; None before the holder sent requests."""
    row = session.scalars(_CURRENT, {"order": order}).one_or_none()
    if row is None:
        return None
    return PreparedIssuance(
        id=row.id,
        order=order,
        digest=row.digest,
        certificates=_parsed(row.certificates),
        device=DeviceClaim(label=row.device_label, serial=row.device_serial, model=row.device_model),
        requests_sha256=row.requests_sha256,
        submitted_by=row.submitted_by,
        approved_at=row.approved_at,
        approved_by=row.approved_by,
        used_at=row.used_at,
    )


def spelled(certificates: Sequence[CertificateToIssue]) -> str:
    """As the records keep them."""
    return json.dumps(
        [
            {
                "purpose": each.purpose,
                "subject": each.subject,
                "serial": each.serial,
                "not_before": instant_text(each.not_before),
                "not_after": instant_text(each.not_after),
                "tbs_sha256": each.tbs_sha256,
                "intent": str(each.intent),
                "attributes": None if each.attributes is None else asdict(each.attributes),
            }
            for each in certificates
        ],
        ensure_ascii=False,
    )


def _parsed(text: str) -> tuple[CertificateToIssue, ...]:
    return tuple(
        CertificateToIssue(
            purpose=each["purpose"],
            subject=each["subject"],
            serial=each["serial"],
            not_before=datetime.fromisoformat(each["not_before"]),
            not_after=datetime.fromisoformat(each["not_after"]),
            tbs_sha256=each["tbs_sha256"],
            intent=UUID(each["intent"]),
            attributes=KeyAttributes(**each["attributes"]) if each.get("attributes") else None,
        )
        for each in json.loads(text)
    )
