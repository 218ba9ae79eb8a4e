"""Which key a holder may sign with now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.ca.certificates import CertificateRecord, certificates_of_order
from pki.ca.issuers import issuer_chain
from pki.ca.profile import CertificatePurpose
from pki.quota.errors import NoUsableKey
from pki.quota.kinds import OrderState
from pki.quota.tables import KeyOrder
from pki.records import CertificateId, HolderId, OrderId
from pki.status.revocation import Standing, certificate_state


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCertificate:
    """A signature certificate whose key may sign now."""

    certificate_id: CertificateId
    order: OrderId
    der: bytes
    chain: tuple[bytes, ...]
    """DER of its issuer and on upwards, without the root."""
    sha256: str


def signing_certificate(
    session: Session, *, holder: HolderId, at: datetime, accepting: bool = False
) -> HeldCertificate:
    """The holder's signature certificate that may be used at `at`; the newest if he has several.

    Both ends of its validity are inside (RFC 5280, 4.1.2.5).

    :param accepting: the key is to sign its own acceptance: one that was delivered counts, an active one does not.
    :raise NoUsableKey: `no-key`, `not-accepted`, `blocked`, `revoked`, `expired`, `not-yet-valid`.
    """
    # THREAT: a key reported lost signs once more in the time until the authority's list shows it.
    # DEFENCE: the order's state is read in the signing act's own transaction; a block counts at once.
    # TEST: tests/pki/quota/test_stopping.py::test_blocked_key_signs_no_more
    wanted = OrderState.DELIVERED if accepting else OrderState.ACTIVE
    orders = session.execute(
        select(KeyOrder.id, KeyOrder.state)
        .where(KeyOrder.holder_id == holder)
        .order_by(KeyOrder.requested_at.desc(), KeyOrder.id)
    ).all()
    reasons = []
    for order in orders:
        if order.state is not wanted:
            reasons.append(_REASONS.get(order.state, "no-key"))
            continue
        for certificate in certificates_of_order(session, OrderId(order.id)):
            if certificate.purpose is CertificatePurpose.SIGNATURE:
                standing = certificate_state(session, certificate=certificate.id, at=at).standing
                if standing is Standing.VALID:
                    return _held(session, certificate, OrderId(order.id))
                reasons.append(standing.value)
    raise NoUsableKey(holder, reasons[0] if reasons else "no-key")


_REASONS = {
    OrderState.DELIVERED: "not-accepted",
    OrderState.BLOCKED: "blocked",
    OrderState.REVOKED: "revoked",
    OrderState.EXPIRED: "expired",
}


def _held(session: Session, certificate: CertificateRecord, order: OrderId) -> HeldCertificate:
    return HeldCertificate(
        certificate_id=certificate.id,
        order=order,
        der=certificate.der,
        chain=issuer_chain(session, certificate.issuer),
        sha256=certificate.sha256,
    )
