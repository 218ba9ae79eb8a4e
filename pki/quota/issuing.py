"""From a holder's requests, once `submitting` froze them, to certificates in his device: approved, issued, written.

Only the digest of what would be issued is approved; only what was approved is issued, once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from pki.ca.certificates import CertificateRecord, certificates_of_order
from pki.ca.errors import AlreadyRedeemed
from pki.ca.issuance import Issuance
from pki.ca.tables import IntentRow
from pki.journal.acts import Actor, ActorKind
from pki.quota.advancing import advance, locked_order
from pki.quota.errors import (
    ApprovalDigestDiffers,
    ApprovalMissing,
    ApprovalUsed,
    CertificatesDiffer,
    OrderStateRefused,
    RequestsMissing,
    SelfApproval,
)
from pki.quota.kinds import OrderState, Road
from pki.quota.orders import require_office
from pki.quota.requests import (
    PreparedIssuance,
    current_request,
    issuance_digest,
)
from pki.quota.supplied import approve_supplied
from pki.quota.tables import IssuanceRequest, KeyOrder
from pki.quota.transitions import Step
from pki.records import HolderId, OfficeId, OrderId, Records

_ISSUED_STATES = (OrderState.PERSONALISED, OrderState.DELIVERED, OrderState.ACTIVE)

# Spelled once: every order needs them.
_REQUESTS = IssuanceRequest.__table__.c
_APPROVED = (
    update(IssuanceRequest.__table__)  # type: ignore[arg-type]
    .where(_REQUESTS.id == bindparam("request"), _REQUESTS.approved_at.is_(None), _REQUESTS.superseded_at.is_(None))
    .values(approved_at=bindparam("on"), approved_by=bindparam("officer"))
    .returning(_REQUESTS.id)
)
_USED = (
    update(IssuanceRequest.__table__)  # type: ignore[arg-type]
    .where(_REQUESTS.id == bindparam("request"), _REQUESTS.used_at.is_(None))
    .values(used_at=bindparam("on"))
    .returning(_REQUESTS.id)
)
_TO_SIGN = select(IntentRow.tbs).where(IntentRow.id == bindparam("intent"))


def approve_issuance(records: Records, *, order: OrderId, digest: str, by: Actor, at: datetime) -> None:
    """Approve what would be issued, named by its digest. Nobody approves his own request.

    :raise RequestsMissing: nothing to approve yet.
    :raise SelfApproval: by whoever ordered it, sent its requests, or is to hold it.
    :raise ApprovalDigestDiffers: for other bytes than those that stand to be issued.
    :raise ApprovalUsed: it was approved before.
    """
    with records.writing() as session:
        found = locked_order(session, order)
        if found.road is Road.SUPPLIED:
            approve_supplied(session, found, digest=digest, by=by, at=at)
            return
        request = current_request(session, order)
        if request is None:
            raise RequestsMissing(order)
        # THREAT: one officer orders a key in somebody's name and lets it pass himself.
        # DEFENCE: the approver is another person than any who asked, and names the digest of the very bytes.
        # TEST: tests/pki/quota/test_issuing.py::test_nobody_approves_his_own_request
        himself = by == Actor(kind=ActorKind.HOLDER, id=str(found.holder_id))
        if himself or str(by) in {found.requested_by, request.submitted_by}:
            raise SelfApproval(order)
        if digest != request.digest:
            raise ApprovalDigestDiffers(order, request.digest)
        approved = session.connection().execute(_APPROVED, {"request": request.id, "on": at, "officer": str(by)})
        if approved.scalar_one_or_none() is None:
            raise ApprovalUsed(order)
        require_office(session, holder=HolderId(found.holder_id), office=OfficeId(found.office_id), at=at)
        advance(session, found, Step.APPROVE, by=by, at=at, facts={"digest": digest})


def issue_certificates(
    records: Records, issuance: Issuance, *, order: OrderId, by: Actor, at: datetime
) -> tuple[CertificateRecord, ...]:
    """Issue what was approved. Blocks for the device's time; safe to run again, at once or after a kill.

    The approval is used and the purchase booked first, in one transaction; then each certificate is signed
    with none open; then the order moves on. Run again, it goes on where it stopped.

    :raise ApprovalMissing: nobody approved, or the order was given up.
    :raise ApprovalDigestDiffers: the prepared bytes are no longer those approved. Nothing is issued.
    :raise PurchasesExhausted: the approval stands.
    :raise HsmError: the authority's device failed; run it again.
    """
    with records.writing() as session:
        found = locked_order(session, order)
        request = current_request(session, order)
        if request is not None and request.used_at is not None and found.state in _ISSUED_STATES:
            return certificates_of_order(session, order)
        if request is None or request.approved_at is None or found.state is not OrderState.APPROVED:
            raise ApprovalMissing(order)
        _refuse_altered(session, found, request)
        _use_approval(session, found, request, by=by, at=at)
    for certificate in request.certificates:
        try:
            issuance.redeem(records, intent=certificate.intent, at=at, by=by)
        except AlreadyRedeemed:
            continue
    with records.writing() as session:
        found = locked_order(session, order)
        if found.state is OrderState.APPROVED:
            advance(session, found, Step.ISSUE, by=by, at=at)
        return certificates_of_order(session, order)


def confirm_written(
    records: Records, *, order: OrderId, certificates: Collection[str], by: Actor, at: datetime
) -> None:
    """The holder's device holds the issued certificates, named by SHA-256 (lower-case hex): the key is delivered.

    :raise CertificatesDiffer: other certificates, or not all of them.
    :raise OrderStateRefused: nothing was issued yet, or the key was stopped.
    """
    with records.writing() as session:
        found = locked_order(session, order)
        issued = {certificate.sha256 for certificate in certificates_of_order(session, order)}
        if not issued and found.state in (OrderState.REQUESTED, OrderState.APPROVED):
            raise OrderStateRefused(order, found.state.value, Step.CONFIRM.value)
        if issued != set(certificates):
            raise CertificatesDiffer(order)
        if found.state in (OrderState.DELIVERED, OrderState.ACTIVE):
            return
        advance(session, found, Step.CONFIRM, by=by, at=at, facts={"certificates": sorted(issued)})


def _refuse_altered(session: Session, order: KeyOrder, request: PreparedIssuance) -> None:
    """The approved digest, what the approver read, and the bytes about to be signed must say the same."""
    # THREAT: the prepared bytes or the summary are exchanged between approval and signature.
    # DEFENCE: the digest is computed anew from the order and from each intent's own bytes before they are signed.
    # TEST: tests/pki/quota/test_issuing.py::test_altered_intent_is_not_issued
    digest = issuance_digest(
        order=OrderId(order.id),
        holder=HolderId(order.holder_id),
        office=OfficeId(order.office_id),
        certificates=request.certificates,
    )
    found: dict[str, str] = {}
    for certificate in request.certificates:
        tbs = session.scalar(_TO_SIGN, {"intent": certificate.intent})
        found[certificate.tbs_sha256] = hashlib.sha256(tbs or b"").hexdigest()
    if digest != request.digest or any(said != is_ for said, is_ in found.items()):
        raise ApprovalDigestDiffers(OrderId(order.id), request.digest)


def _use_approval(session: Session, order: KeyOrder, request: PreparedIssuance, *, by: Actor, at: datetime) -> None:
    """Use the approval and book its purchase: together, once."""
    used = session.connection().execute(_USED, {"request": request.id, "on": at})
    if used.scalar_one_or_none() is None:
        # An earlier run used it and stopped: this one goes on.
        return
    require_office(session, holder=HolderId(order.holder_id), office=OfficeId(order.office_id), at=at)
    advance(session, order, Step.BUY, cause="certificates.issued", by=by, at=at)
