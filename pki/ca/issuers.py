"""Issuers as the records know them: our own by role, others by their certificate."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID, uuid4

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from .errors import IssuerUnknown
from .public_keys import accept_public_key
from .tables import IssuerKind, IssuerRow
from .unsigned import IssuerFacts

_DEEPEST = 8
_OF_ROLE = select(IssuerRow).where(IssuerRow.role == bindparam("role"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """An authority with its certificate."""

    id: UUID
    name: str
    kind: IssuerKind
    role: str | None
    parent: UUID | None
    der: bytes

    @property
    def certificate(self) -> x509.Certificate:
        """Its certificate, parsed anew."""
        return x509.load_der_x509_certificate(self.der)


def issuer_by_id(session: Session, issuer: UUID) -> Issuer:
    """The issuer of that id.

    :raise IssuerUnknown: none, or none with a certificate yet.
    """
    return _issuer(session.get(IssuerRow, issuer), str(issuer))


def issuer_by_role(session: Session, role: str) -> Issuer:
    """Our own issuer whose key has that role: root or issuing.

    :raise IssuerUnknown: the authority is not founded yet.
    """
    return _issuer(session.scalars(_OF_ROLE, {"role": role}).one_or_none(), role)


def issuers(session: Session) -> tuple[Issuer, ...]:
    """Every issuer that has its certificate, oldest first."""
    rows = session.scalars(
        select(IssuerRow).where(IssuerRow.certificate.is_not(None)).order_by(IssuerRow.created_at, IssuerRow.id)
    )
    return tuple(_issuer(row, row.name) for row in rows)


def issuer_chain(session: Session, issuer: UUID, *, with_root: bool = False) -> tuple[bytes, ...]:
    """The DER certificates above a leaf of that issuer, its own first; the root last, if asked for."""
    chain: list[bytes] = []
    following: UUID | None = issuer
    while following is not None and len(chain) < _DEEPEST:
        found = issuer_by_id(session, following)
        if found.parent is not None or with_root:
            chain.append(found.der)
        following = found.parent
    return tuple(chain)


def issuer_facts(issuer: Issuer) -> IssuerFacts:
    """What certificates say of that issuer."""
    return _facts(issuer.id, issuer.der)


@lru_cache(maxsize=64)
def _facts(issuer: UUID, der: bytes) -> IssuerFacts:
    """Parsed once: a certificate never changes under its bytes."""
    certificate = x509.load_der_x509_certificate(der)
    key, _ = accept_public_key(certificate.public_key())
    return IssuerFacts(
        id=issuer,
        name=certificate.subject,
        public_key=key,
        key_identifier=key_identifier(certificate),
        not_after=certificate.not_valid_after_utc,
    )


def key_identifier(certificate: x509.Certificate) -> bytes:
    """The subject key identifier of an authority; computed when it names none (RFC 5280, 4.2.1.2, method 1)."""
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest


def add_embedded_issuer(session: Session, *, name: str, role: str, parent: UUID | None, at: datetime) -> UUID:
    """Make a place for our own issuer, still without its certificate; the same place when asked again."""
    found = session.scalars(select(IssuerRow.id).where(IssuerRow.role == role)).one_or_none()
    if found is not None:
        return found
    issuer = uuid4()
    session.add(IssuerRow(id=issuer, name=name, kind=IssuerKind.EMBEDDED, role=role, parent_id=parent, created_at=at))
    session.flush()
    return issuer


def give_certificate(session: Session, *, issuer: UUID, der: bytes) -> None:
    """Set the certificate of our own issuer, once; again changes nothing."""
    session.execute(
        update(IssuerRow)
        .where(IssuerRow.id == issuer, IssuerRow.certificate.is_(None))
        .values(certificate=der, certificate_sha256=hashlib.sha256(der).hexdigest())
    )


def add_external_issuer(
    session: Session, *, name: str, certificate: x509.Certificate, parent: UUID | None, at: datetime
) -> UUID:
    """Record another's authority, checked by the caller; the same one again is that one."""
    der = certificate.public_bytes(Encoding.DER)
    sha256 = hashlib.sha256(der).hexdigest()
    found = session.scalars(select(IssuerRow.id).where(IssuerRow.certificate_sha256 == sha256)).one_or_none()
    if found is not None:
        return found
    issuer = uuid4()
    session.add(
        IssuerRow(
            id=issuer,
            name=name,
            kind=IssuerKind.EXTERNAL,
            parent_id=parent,
            certificate=der,
            certificate_sha256=sha256,
            created_at=at,
        )
    )
    session.flush()
    return issuer


def _issuer(row: IssuerRow | None, name: str) -> Issuer:
    if row is None or row.certificate is None:
        raise IssuerUnknown(name)
    return Issuer(id=row.id, name=row.name, kind=row.kind, role=row.role, parent=row.parent_id, der=row.certificate)
