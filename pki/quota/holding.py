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
from pki.registration.tables import Holder
from pki.status.blocks import block_of
from pki.status.revocation import CertificateState, Standing, certificate_state, revocation_of


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
    reasons: list[tuple[str, datetime | None]] = []
    for order in orders:
        number = OrderId(order.id)
        if order.state is not wanted:
            reasons.append((_REASONS.get(order.state, "no-key"), _since(session, number, order.state, at=at)))
            continue
        for certificate in certificates_of_order(session, number):
            if certificate.purpose is CertificatePurpose.SIGNATURE:
                state = certificate_state(session, certificate=certificate.id, at=at)
                if state.standing is Standing.VALID:
                    return _held(session, certificate, number)
                reasons.append((state.standing.value, _instant(certificate, state)))
    reason, since = reasons[0] if reasons else ("no-key", None)
    name = session.execute(select(Holder.name_latin, Holder.name_ar).where(Holder.id == holder)).one_or_none()
    raise NoUsableKey(
        holder,
        reason,
        since,
        name_latin=None if name is None else name.name_latin,
        name_ar=None if name is None else name.name_ar,
    )


_REASONS = {
    OrderState.DELIVERED: "not-accepted",
    OrderState.BLOCKED: "blocked",
    OrderState.REVOKED: "revoked",
    OrderState.EXPIRED: "expired",
    OrderState.REPLACED: "revoked",
}


def _since(session: Session, order: OrderId, state: OrderState, *, at: datetime) -> datetime | None:
    """Since when an order is where it is, as far as that is told to who wants to sign."""
    if state in (OrderState.BLOCKED, OrderState.REPLACED):
        block = block_of(session, order=order, at=at)
        return None if block is None else block.blocked_at
    for certificate in certificates_of_order(session, order):
        if certificate.purpose is CertificatePurpose.SIGNATURE and state is OrderState.EXPIRED:
            return certificate.not_after
        if certificate.purpose is CertificatePurpose.SIGNATURE and state is OrderState.REVOKED:
            revocation = revocation_of(session, certificate)
            return None if revocation is None else revocation.revoked_at
    return None


def _instant(certificate: CertificateRecord, state: CertificateState) -> datetime | None:
    match state.standing:
        case Standing.BLOCKED:
            return None if state.block is None else state.block.blocked_at
        case Standing.REVOKED:
            return None if state.revocation is None else state.revocation.revoked_at
        case Standing.EXPIRED:
            return certificate.not_after
    return certificate.not_before


def _held(session: Session, certificate: CertificateRecord, order: OrderId) -> HeldCertificate:
    return HeldCertificate(
        certificate_id=certificate.id,
        order=order,
        der=certificate.der,
        chain=issuer_chain(session, certificate.issuer),
        sha256=certificate.sha256,
    )
