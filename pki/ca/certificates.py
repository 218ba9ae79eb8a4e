"""Certificates as the records know them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from pki.records import CertificateId, HolderId, OrderId

from .errors import CertificateUnknown
from .profile import CertificatePurpose
from .serials import serial_text
from .tables import CERTIFICATES, CertificateOrigin, CertificateRow


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRecord:
    """One certificate. `serial` is lower-case hex without leading zeros; both dates are inside its validity."""

    id: CertificateId
    issuer: UUID
    order: OrderId | None
    holder: HolderId | None
    profile: str | None
    purpose: CertificatePurpose
    serial: str
    der: bytes
    sha256: str
    spki_sha256: str
    not_before: datetime
    not_after: datetime
    issued_at: datetime
    origin: CertificateOrigin

    @property
    def pem(self) -> str:
        """The certificate as PEM."""
        return x509.load_der_x509_certificate(self.der).public_bytes(Encoding.PEM).decode("ascii")


def certificate_by_id(session: Session, certificate: CertificateId) -> CertificateRecord:
    """The certificate of that id.

    :raise CertificateUnknown: none.
    """
    row = session.get(CertificateRow, certificate)
    if row is None:
        raise CertificateUnknown(certificate)
    return _record(row)


def certificate_by_sha256(session: Session, sha256: str) -> CertificateRecord | None:
    """The certificate whose DER has that lower-case hex SHA-256, if the records hold it."""
    row = session.scalars(select(CertificateRow).where(CertificateRow.sha256 == sha256)).one_or_none()
    return None if row is None else _record(row)


_OF_INTENT = select(CertificateRow).where(CertificateRow.intent_id == bindparam("intent"))
_OF_ORDER = (
    select(CertificateRow)
    .where(CertificateRow.order_id == bindparam("order"))
    .order_by(CertificateRow.issued_at, CertificateRow.id)
)


def certificates_of_order(session: Session, order: OrderId) -> tuple[CertificateRecord, ...]:
    """The certificates of an order, in the order of their issue."""
    return tuple(map(_record, session.scalars(_OF_ORDER, {"order": order})))


def certificate_of_intent(session: Session, intent: UUID) -> CertificateRecord | None:
    """The certificate that an intent became, if it did."""
    row = session.scalars(_OF_INTENT, {"intent": intent}).one_or_none()
    return None if row is None else _record(row)


def service_certificate(session: Session, profile: str) -> CertificateRecord | None:
    """The latest certificate of one of the service's own profiles (root, issuing, ocsp, tsa, manifest, seal)."""
    row = session.scalars(
        select(CertificateRow)
        .where(CertificateRow.profile == profile, CertificateRow.order_id.is_(None))
        .order_by(CertificateRow.not_before.desc(), CertificateRow.issued_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _record(row)


def insert_certificate(
    session: Session,
    *,
    der: bytes,
    issuer: UUID,
    intent: UUID | None,
    order: UUID | None,
    holder: UUID | None,
    profile: str | None,
    purpose: CertificatePurpose,
    spki_sha256: str,
    at: datetime,
) -> CertificateRecord:
    """Record a certificate that was verified by the caller."""
    parsed = x509.load_der_x509_certificate(der)
    record = CertificateRecord(
        id=CertificateId(uuid4()),
        issuer=issuer,
        order=None if order is None else OrderId(order),
        holder=None if holder is None else HolderId(holder),
        profile=profile,
        purpose=purpose,
        serial=serial_text(parsed.serial_number),
        der=der,
        sha256=hashlib.sha256(der).hexdigest(),
        spki_sha256=spki_sha256,
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
        issued_at=at,
        origin=CertificateOrigin.REGISTERED if intent is None else CertificateOrigin.ISSUED,
    )
    row = {
        "id": record.id,
        "intent_id": intent,
        "issuer_id": issuer,
        "order_id": order,
        "holder_id": holder,
        "profile": profile,
        "purpose": purpose,
        "serial": record.serial,
        "der": der,
        "sha256": record.sha256,
        "spki_sha256": spki_sha256,
        "not_before": record.not_before,
        "not_after": record.not_after,
        "issued_at": at,
        "origin": record.origin,
    }
    session.execute(insert(CERTIFICATES), row)
    return record


def _record(row: CertificateRow) -> CertificateRecord:
    return CertificateRecord(
        id=CertificateId(row.id),
        issuer=row.issuer_id,
        order=None if row.order_id is None else OrderId(row.order_id),
        holder=None if row.holder_id is None else HolderId(row.holder_id),
        profile=row.profile,
        purpose=row.purpose,
        serial=row.serial,
        der=row.der,
        sha256=row.sha256,
        spki_sha256=row.spki_sha256,
        not_before=row.not_before,
        not_after=row.not_after,
        issued_at=row.issued_at,
        origin=row.origin,
    )
