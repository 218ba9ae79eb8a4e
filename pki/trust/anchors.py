"""Trust anchors: added with their dates, listed, handed out as PEM."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.der import UNREADABLE, require_bounded
from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into

from .errors import AnchorReason, AnchorRefused
from .marks import Environment, bears_rehearsal_marks
from .tables import AnchorRow


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustAnchor:
    """A certificate (DER) that paths may end in. Both dates are inside the period."""

    der: bytes
    not_before: datetime
    not_after: datetime
    policy_oids: tuple[str, ...]
    """Empty: any policy. Otherwise a path must hold under one of them."""
    environment: Environment
    source: str


def add_anchor(
    session: Session,
    *,
    der: bytes,
    environment: str,
    source: str,
    policy_oids: tuple[str, ...] = (),
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    at: datetime,
    by: Actor,
) -> TrustAnchor:
    """Trust a certificate; without dates, for as long as it says itself. The same again changes nothing. A step.

    :param environment: this installation's.
    :raise AnchorRefused: not an authority, a weak key, a test certificate in production, or trusted under other
        policies before.
    """
    installation, certificate = Environment(environment), _authority(der)
    # THREAT: a certificate made in a rehearsal is believed by a real installation.
    # DEFENCE: production refuses anchors with a test mark, and reads none that was added in a rehearsal.
    # TEST: tests/pki/trust/test_anchors.py::test_production_refuses_rehearsal_anchors
    if installation is Environment.PRODUCTION and bears_rehearsal_marks(certificate):
        raise AnchorRefused(AnchorReason.REHEARSAL, "it is a test certificate and this is a production installation")
    anchor = TrustAnchor(
        der=der,
        not_before=not_before or certificate.not_valid_before_utc,
        not_after=not_after or certificate.not_valid_after_utc,
        policy_oids=tuple(sorted(set(policy_oids))),
        environment=installation,
        source=source,
    )
    if anchor.not_before > anchor.not_after:
        raise AnchorRefused(AnchorReason.DATES, "its period ends before it begins")
    sha256 = hashlib.sha256(der).hexdigest()
    values = {
        "id": uuid4(),
        "sha256": sha256,
        "der": der,
        "not_before": anchor.not_before,
        "not_after": anchor.not_after,
        "policy_oids": sorted(set(policy_oids)),
        "environment": installation,
        "source": source,
        "added_at": at,
    }
    added = session.execute(
        insert_into(session, AnchorRow).values(values).on_conflict_do_nothing().returning(AnchorRow.id)
    ).one_or_none()
    if added is not None:
        facts = {"sha256": sha256, "source": source, "policies": list(anchor.policy_oids)}
        record(session, kind="anchor.added", subject=f"anchor:{sha256}", by=by, at=at, facts=facts)
    elif set(_policies_of(session, sha256)) != set(policy_oids):
        # THREAT: an authority trusted under one policy is given again without any, and is believed under all.
        # DEFENCE: other policies are refused, not ignored and not adopted.
        # TEST: tests/pki/trust/test_anchors.py::test_other_policies_than_before_are_refused
        raise AnchorRefused(AnchorReason.POLICIES, "it is trusted already, under other policies")
    return anchor


def trust_list(session: Session, *, environment: str) -> tuple[TrustAnchor, ...]:
    """Every anchor that this installation may use, whatever its dates, oldest first."""
    installation = Environment(environment)
    rows = session.scalars(select(AnchorRow).order_by(AnchorRow.added_at, AnchorRow.sha256))
    return tuple(
        TrustAnchor(
            der=row.der,
            not_before=row.not_before,
            not_after=row.not_after,
            policy_oids=tuple(row.policy_oids),
            environment=row.environment,
            source=row.source,
        )
        for row in rows
        if installation is Environment.REHEARSAL or row.environment is Environment.PRODUCTION
    )


def trust_bundle_pem(session: Session, *, environment: str) -> str:
    """The anchors as PEM, each under a line that names it."""
    parts = []
    for anchor in trust_list(session, environment=environment):
        certificate = x509.load_der_x509_certificate(anchor.der)
        parts.append(f"# {certificate.subject.rfc4514_string()}\n")
        parts.append(certificate.public_bytes(Encoding.PEM).decode("ascii"))
    return "".join(parts)


def _policies_of(session: Session, sha256: str) -> list[str]:
    return session.scalars(select(AnchorRow.policy_oids).where(AnchorRow.sha256 == sha256)).one()


def _authority(der: bytes) -> x509.Certificate:
    try:
        require_bounded(der)
        certificate = x509.load_der_x509_certificate(der)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        bears_rehearsal_marks(certificate)
    except x509.ExtensionNotFound as error:
        raise AnchorRefused(AnchorReason.NOT_AN_AUTHORITY, "it does not say that it is an authority") from error
    except UNREADABLE as error:
        raise AnchorRefused(AnchorReason.MALFORMED, "it is not a certificate that can be read") from error
    if not constraints.ca:
        raise AnchorRefused(AnchorReason.NOT_AN_AUTHORITY, "it is not an authority's")
    return certificate
