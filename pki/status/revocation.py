"""Revoking certificates of our own authority, and the state of any certificate that the records hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

from cryptography import x509
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pki.ca.certificates import CertificateRecord, certificate_by_id
from pki.ca.issuers import issuer_by_id
from pki.ca.tables import IssuerKind
from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.records import CertificateId

from .blocks import Block, block_of
from .errors import AlreadyRevoked, RevocationNotOurs
from .lists import latest_list
from .tables import RevocationReason, RevocationRow

_REASONS = {
    x509.ReasonFlags.key_compromise: RevocationReason.KEY_COMPROMISE,
    x509.ReasonFlags.affiliation_changed: RevocationReason.AFFILIATION_CHANGED,
    x509.ReasonFlags.superseded: RevocationReason.SUPERSEDED,
    x509.ReasonFlags.cessation_of_operation: RevocationReason.CESSATION_OF_OPERATION,
    x509.ReasonFlags.privilege_withdrawn: RevocationReason.PRIVILEGE_WITHDRAWN,
}


class Standing(StrEnum):
    """How a certificate stands at an instant."""

    VALID = "valid"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    BLOCKED = "blocked"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """The authority's word. `invalidity_date`: since when the key is known to be in wrong hands."""

    revoked_at: datetime
    reason: RevocationReason
    invalidity_date: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateState:
    """How a certificate stands, and why."""

    standing: Standing
    revocation: Revocation | None
    """Also when it came after the instant asked about."""
    block: Block | None


def revoke(
    session: Session,
    *,
    certificate: CertificateId,
    reason: RevocationReason,
    at: datetime,
    by: Actor,
    invalidity_date: datetime | None = None,
) -> Revocation:
    """Revoke a certificate of our own authority for good, from this second on. A step: the caller commits.

    OCSP says so at once; the next list carries it (`pki.status.lists.publish_crl`).

    :raise AlreadyRevoked: with its instant.
    :raise RevocationNotOurs: its issuer is elsewhere.
    :raise CertificateUnknown: none.
    """
    found = certificate_by_id(session, certificate)
    if issuer_by_id(session, found.issuer).kind is not IssuerKind.EMBEDDED:
        raise RevocationNotOurs(certificate)
    moment = at.replace(microsecond=0)
    values = {
        "id": uuid4(),
        "certificate_id": certificate,
        "revoked_at": moment,
        "reason": reason,
        "invalidity_date": invalidity_date,
        "recorded_at": at,
    }
    revoked = insert_into(session, RevocationRow).on_conflict_do_nothing().returning(RevocationRow.id)
    if session.connection().execute(revoked, values).one_or_none() is None:
        held = _recorded(session, certificate)
        raise AlreadyRevoked(certificate, moment if held is None else held.revoked_at)
    subject = f"certificate:{certificate}" if found.order is None else f"order:{found.order}"
    facts = {"certificate": str(certificate), "serial": found.serial, "reason": reason.value}
    record(session, kind="certificate.revoked", subject=subject, by=by, at=at, facts=facts)
    return Revocation(revoked_at=moment, reason=reason, invalidity_date=invalidity_date)


def antedate_invalidity(
    session: Session, *, certificate: CertificateRecord, since: datetime, at: datetime, by: Actor
) -> None:
    """Since an earlier instant than its revocation says, the key was in wrong hands; the next list carries it. A step.

    Never later than what is on record, nor than the revocation; nothing is changed then, or if there is none of ours.
    RFC 5280, 5.3.2: the invalidity date may precede lists that did not say so; `revoked_at` stays.
    """
    row = RevocationRow
    earlier = since < func.coalesce(row.invalidity_date, row.revoked_at)
    before = session.execute(
        select(row.invalidity_date).where(row.certificate_id == certificate.id, earlier).with_for_update()
    ).one_or_none()
    if before is None:
        return
    session.execute(
        update(row)
        .where(row.certificate_id == certificate.id)
        .values(invalidity_date=since)
        .execution_options(synchronize_session=False)
    )
    facts = {
        "certificate": str(certificate.id),
        "serial": certificate.serial,
        "invalidity_date": since.isoformat(),
        "before": None if before.invalidity_date is None else before.invalidity_date.isoformat(),
    }
    subject = f"certificate:{certificate.id}" if certificate.order is None else f"order:{certificate.order}"
    record(session, kind="certificate.invalidity-antedated", subject=subject, by=by, at=at, facts=facts)


def certificate_state(session: Session, *, certificate: CertificateId, at: datetime) -> CertificateState:
    """How a certificate stands at that instant, as the records know it now.

    Another issuer's certificate is judged by the latest list configured for it.

    :raise CertificateUnknown: none.
    """
    found = certificate_by_id(session, certificate)
    revocation = revocation_of(session, found)
    block = None if found.order is None else block_of(session, order=found.order, at=at)
    if revocation is not None and revocation.revoked_at <= at:
        standing = Standing.REVOKED
    elif block is not None:
        standing = Standing.BLOCKED
    elif at < found.not_before:
        standing = Standing.NOT_YET_VALID
    elif at > found.not_after:
        standing = Standing.EXPIRED
    else:
        standing = Standing.VALID
    return CertificateState(standing=standing, revocation=revocation, block=block)


def revocation_of(session: Session, certificate: CertificateRecord) -> Revocation | None:
    """The authority's word on a certificate: ours from the records, another's from its latest list."""
    recorded = _recorded(session, certificate.id)
    if recorded is not None or issuer_by_id(session, certificate.issuer).kind is IssuerKind.EMBEDDED:
        return recorded
    listed = latest_list(session, certificate.issuer)
    if listed is None:
        return None
    entry = x509.load_der_x509_crl(listed.der).get_revoked_certificate_by_serial_number(int(certificate.serial, 16))
    if entry is None:
        return None
    return Revocation(revoked_at=entry.revocation_date_utc, reason=_reason(entry), invalidity_date=_invalidity(entry))


def _recorded(session: Session, certificate: CertificateId) -> Revocation | None:
    row = session.execute(
        select(RevocationRow.revoked_at, RevocationRow.reason, RevocationRow.invalidity_date).where(
            RevocationRow.certificate_id == certificate
        )
    ).one_or_none()
    if row is None:
        return None
    return Revocation(revoked_at=row.revoked_at, reason=row.reason, invalidity_date=row.invalidity_date)


def _reason(entry: x509.RevokedCertificate) -> RevocationReason:
    try:
        flag = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return RevocationReason.UNSPECIFIED
    return _REASONS.get(flag, RevocationReason.UNSPECIFIED)


def _invalidity(entry: x509.RevokedCertificate) -> datetime | None:
    try:
        return entry.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date_utc
    except x509.ExtensionNotFound:
        return None
