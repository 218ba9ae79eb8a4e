"""Revocation lists (RFC 5280, 5): recorded, signed in the device, published; and those of other issuers, kept.

A list of ours is complete: it holds every certificate that its issuer ever revoked, expired ones too, and says so
(expiredCertsOnCRL, X.509). Law 43-20 art. 33 wants status beyond validity; RFC 5280, 3.3 wants one list more.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from hsm.keys import SigningKey, default_algorithm, verify
from pki.ca.errors import AuthorityMismatch, IssuerUnknown, SignatureWrong
from pki.ca.issuers import Issuer, issuer_by_id, issuer_by_role, issuer_facts, issuers
from pki.ca.keyring import ISSUING, ROOT, Keyring
from pki.ca.public_keys import spki_sha256
from pki.ca.tables import CertificateRow, IssuerKind
from pki.ca.unsigned import signing_digest, throw_away_key
from pki.der import assembled, generalized_time
from pki.journal.acts import Actor, ActorKind, record
from pki.records import Records

from .tables import CrlRow, RevocationReason, RevocationRow

_EXPIRED_CERTS_ON_CRL = x509.ObjectIdentifier("2.5.29.60")
_FLAGS = {
    RevocationReason.KEY_COMPROMISE: x509.ReasonFlags.key_compromise,
    RevocationReason.AFFILIATION_CHANGED: x509.ReasonFlags.affiliation_changed,
    RevocationReason.SUPERSEDED: x509.ReasonFlags.superseded,
    RevocationReason.CESSATION_OF_OPERATION: x509.ReasonFlags.cessation_of_operation,
    RevocationReason.PRIVILEGE_WITHDRAWN: x509.ReasonFlags.privilege_withdrawn,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CrlPolicy:
    """How often lists are made and how long they hold, by the role of the issuing key."""

    every: timedelta = timedelta(hours=24)
    lifetime: timedelta = timedelta(days=7)
    root_every: timedelta = timedelta(days=30)
    root_lifetime: timedelta = timedelta(days=90)

    def rhythm(self, role: str | None) -> tuple[timedelta, timedelta]:
        """How often, and how long."""
        return (self.root_every, self.root_lifetime) if role == ROOT else (self.every, self.lifetime)


_DEFAULT = CrlPolicy()
_BY = Actor(kind=ActorKind.SYSTEM, id="lists")


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """A signed list. Both instants are whole seconds."""

    issuer: UUID
    number: int
    this_update: datetime
    next_update: datetime
    der: bytes


def publish_crl(
    records: Records,
    keyring: Keyring,
    *,
    at: datetime,
    issuer: UUID | None = None,
    by: Actor = _BY,
    policy: CrlPolicy = _DEFAULT,
) -> bytes:
    """Make the next list of one of our own issuers (by default the issuing authority) and return its DER.

    Recorded, signed with no transaction open, verified, published. Killed in between, its number is skipped.

    :raise IssuerUnknown: none of ours.
    :raise AuthorityMismatch, SignatureWrong: nothing was published; the list before stays.
    :raise hsm.errors.HsmError: likewise.
    """
    with records.writing() as session:
        ours = issuer_by_role(session, ISSUING) if issuer is None else issuer_by_id(session, issuer)
        role = _role(ours)
        unsigned, crl_id = _record_unsigned(session, ours, at=at, lifetime=policy.rhythm(role)[1])
    key = keyring.key(role)
    if spki_sha256(key.public_key) != spki_sha256(issuer_facts(ours).public_key):
        raise AuthorityMismatch(role)
    der = _signed(key, unsigned.tbs_certlist_bytes, role)
    with records.writing() as session:
        session.execute(update(CrlRow).where(CrlRow.id == crl_id, CrlRow.der.is_(None)).values(der=der))
        facts = {"sha256": hashlib.sha256(der).hexdigest(), "revoked": len(unsigned)}
        record(session, kind="crl.published", subject=f"issuer:{ours.id}", by=by, at=at, facts=facts)
    return der


def publish_due_crls(
    records: Records, keyring: Keyring, *, at: datetime, by: Actor = _BY, policy: CrlPolicy = _DEFAULT
) -> tuple[UUID, ...]:
    """Make the lists that are due: none yet, an old one, or revocations since. Safe to run twice.

    :return: the issuers whose lists were made.
    """
    with records.reading() as session:
        due = [issuer.id for issuer in issuers(session) if _due(session, issuer, at=at, policy=policy)]
    for each in due:
        publish_crl(records, keyring, at=at, issuer=each, by=by, policy=policy)
    return tuple(due)


def latest_list(session: Session, issuer: UUID) -> RevocationList | None:
    """The newest signed list of an issuer, ours or configured."""
    row = session.scalars(
        select(CrlRow)
        .where(CrlRow.issuer_id == issuer, CrlRow.der.is_not(None))
        .order_by(CrlRow.number.desc())
        .limit(1)
    ).one_or_none()
    if row is None or row.der is None:
        return None
    return RevocationList(
        issuer=row.issuer_id,
        number=int(row.number, 16),
        this_update=row.this_update,
        next_update=row.next_update,
        der=row.der,
    )


def record_list(
    session: Session,
    *,
    issuer: UUID,
    number: int,
    validity: tuple[datetime, datetime],
    tbs: bytes,
    der: bytes | None,
    at: datetime,
) -> UUID:
    """Record a list: of ours before its signature, of another's as it came."""
    crl = uuid4()
    session.execute(
        insert(CrlRow).values(
            id=crl,
            issuer_id=issuer,
            number=f"{number:040x}",
            this_update=validity[0],
            next_update=validity[1],
            tbs_sha256=hashlib.sha256(tbs).hexdigest(),
            der=der,
            recorded_at=at,
        )
    )
    return crl


def _role(issuer: Issuer) -> str:
    if issuer.kind is not IssuerKind.EMBEDDED or issuer.role is None:
        raise IssuerUnknown(issuer.name)
    return issuer.role


def _record_unsigned(
    session: Session, issuer: Issuer, *, at: datetime, lifetime: timedelta
) -> tuple[x509.CertificateRevocationList, UUID]:
    last = session.scalar(select(func.max(CrlRow.number)).where(CrlRow.issuer_id == issuer.id))
    number = 1 if last is None else int(last, 16) + 1
    this_update = at.replace(microsecond=0)
    next_update = this_update + lifetime
    unsigned = _build(session, issuer, number, this_update, next_update)
    tbs = unsigned.tbs_certlist_bytes
    validity = (this_update, next_update)
    return unsigned, record_list(session, issuer=issuer.id, number=number, validity=validity, tbs=tbs, der=None, at=at)


def _build(
    session: Session, issuer: Issuer, number: int, this_update: datetime, next_update: datetime
) -> x509.CertificateRevocationList:
    """The list under a throw-away key of the issuing key's kind."""
    facts = issuer_facts(issuer)
    since = generalized_time(issuer.certificate.not_valid_before_utc)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(facts.name)
        .last_update(this_update)
        .next_update(next_update)
        .add_extension(x509.AuthorityKeyIdentifier(facts.key_identifier, None, None), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.UnrecognizedExtension(_EXPIRED_CERTS_ON_CRL, since), critical=False)
    )
    revoked = session.execute(
        select(CertificateRow.serial, RevocationRow.revoked_at, RevocationRow.reason, RevocationRow.invalidity_date)
        .join(RevocationRow, RevocationRow.certificate_id == CertificateRow.id)
        .where(CertificateRow.issuer_id == issuer.id)
        .order_by(RevocationRow.revoked_at, CertificateRow.serial)
    )
    for serial, revoked_at, reason, invalidity_date in revoked:
        builder = builder.add_revoked_certificate(_entry(serial, revoked_at, reason, invalidity_date))
    algorithm = default_algorithm(facts.public_key)
    return builder.sign(throw_away_key(algorithm), signing_digest(algorithm))


def _entry(
    serial: str, revoked_at: datetime, reason: RevocationReason, invalidity_date: datetime | None
) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(revoked_at)
    if reason in _FLAGS:  # unspecified is said by silence (RFC 5280, 5.3.1)
        builder = builder.add_extension(x509.CRLReason(_FLAGS[reason]), critical=False)
    if invalidity_date is not None:
        builder = builder.add_extension(x509.InvalidityDate(invalidity_date.replace(microsecond=0)), critical=False)
    return builder.build()


def _signed(key: SigningKey, tbs: bytes, role: str) -> bytes:
    algorithm = default_algorithm(key.public_key)
    value = key.sign(tbs, algorithm)
    try:
        verify(key.public_key, value, tbs, algorithm)
    except InvalidSignature as error:
        raise SignatureWrong(role) from error
    return assembled(tbs, value, algorithm)


def _due(session: Session, issuer: Issuer, *, at: datetime, policy: CrlPolicy) -> bool:
    if issuer.kind is not IssuerKind.EMBEDDED:
        return False
    latest = latest_list(session, issuer.id)
    if latest is None or latest.this_update + policy.rhythm(issuer.role)[0] <= at:
        return True
    # A revocation in the list's own second may have come after it: the list itself is asked.
    serials = session.scalars(
        select(CertificateRow.serial)
        .join(RevocationRow, RevocationRow.certificate_id == CertificateRow.id)
        .where(CertificateRow.issuer_id == issuer.id, RevocationRow.revoked_at >= latest.this_update)
    ).all()
    held = x509.load_der_x509_crl(latest.der) if serials else None
    return held is not None and any(
        held.get_revoked_certificate_by_serial_number(int(serial, 16)) is None for serial in serials
    )
