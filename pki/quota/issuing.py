"""From a holder's requests to certificates in his device: submitted, approved by a second person, issued, written.

Only the digest of what would be issued is approved; only what was approved is issued, once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from pki.ca.certificates import CertificateRecord, certificates_of_order
from pki.ca.errors import AlreadyRedeemed
from pki.ca.intents import PreparedCertificate, abandon
from pki.ca.issuance import Issuance
from pki.ca.names import HolderSubject
from pki.ca.requests import AcceptedRequest, accept_csr
from pki.ca.tables import IntentRow
from pki.journal.acts import Actor, ActorKind, record
from pki.quota.devices.following import promise_device
from pki.quota.errors import (
    ApprovalDigestDiffers,
    ApprovalMissing,
    ApprovalUsed,
    CertificatesDiffer,
    OrderStateRefused,
    RequestsMissing,
    SelfApproval,
)
from pki.quota.evidence import (
    DeviceClaim,
    EvidencePolicy,
    StationEvidence,
    record_evidence,
    refuse_weak_keys,
)
from pki.quota.kinds import KeyUse, OrderState, Road
from pki.quota.orders import require_office
from pki.quota.requests import (
    CertificateToIssue,
    PreparedIssuance,
    current_request,
    issuance_digest,
    spelled,
)
from pki.quota.supplied import approve_supplied
from pki.quota.tables import IssuanceRequest, KeyOrder
from pki.quota.transitions import Step, advance, locked_order
from pki.quota.unlock_secrets import SentSecret, keep_secrets
from pki.records import HolderId, OfficeId, OrderId, Records
from pki.registration.holders import reveal_national_id
from pki.registration.protection import ProtectedNumbers
from pki.registration.tables import Holder

SIGNATURE_PROFILE = "holder-signature"
AUTHENTICATION_PROFILE = "holder-authentication"
_USES = {SIGNATURE_PROFILE: KeyUse.SIGNATURE, AUTHENTICATION_PROFILE: KeyUse.AUTHENTICATION}
_READ_BY_THE_APPROVER = EvidencePolicy(strict=False)
_ISSUED_STATES = (OrderState.PERSONALISED, OrderState.DELIVERED, OrderState.ACTIVE)
_NATIONAL_ID = re.compile(r"(?<=IDCMA-)[A-Z]{1,2}[0-9]{1,8}")

# Spelled once: every order needs them.
_REQUESTS = IssuanceRequest.__table__.c
_SUBMITTED = insert(IssuanceRequest.__table__)  # type: ignore[arg-type]
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
_NAME = select(Holder.name_latin).where(Holder.id == bindparam("holder"))
_TO_SIGN = select(IntentRow.tbs).where(IntentRow.id == bindparam("intent"))


def submit_requests(
    records: Records,
    issuance: Issuance,
    protection: ProtectedNumbers,
    *,
    order: OrderId,
    signature_csr: bytes,
    authentication_csr: bytes | None,
    device: DeviceClaim,
    by: Actor,
    at: datetime,
    evidence: StationEvidence | None = None,
    policy: EvidencePolicy = _READ_BY_THE_APPROVER,
    unlock: Collection[SentSecret] = (),
) -> PreparedIssuance:
    """Check the holder's requests (DER PKCS#10) and freeze what would be issued for them.

    The same requests sent again get the same answer; others, before the approval, take the earlier ones' place.

    :param evidence: what the holder's station says of the keys; the approver reads it.
    :param unlock: what unlocks the device, encrypted to the release key; kept in the same transaction.
    :raise KeyEvidenceRefused: the policy refuses the keys for it. `UnlockRefused`: the secrets.
    :raise CsrRefused: a proof that fails, a weak key. `KeyAlreadyCertified`: a key that is in use.
    :raise OrderStateRefused: not waiting for requests.
    :raise OfficeNotCurrent: the office ended since the order.
    :raise DeviceNotUsable: the inventory has the device elsewhere, in another's hands, or not fit for a key.
    """
    accepted = {SIGNATURE_PROFILE: accept_csr(signature_csr)}
    if authentication_csr is not None:
        accepted[AUTHENTICATION_PROFILE] = accept_csr(authentication_csr)
    spki = {KeyUse(_USES[profile]): request.spki_sha256 for profile, request in accepted.items()}
    refuse_weak_keys(policy, evidence, spki)
    sent = hashlib.sha256(b"".join(hashlib.sha256(csr or b"").digest() for csr in (signature_csr, authentication_csr)))
    with records.writing() as session:
        found = locked_order(session, order)
        earlier = current_request(session, order)
        if earlier is not None and earlier.requests_sha256 == sent.hexdigest():
            return earlier
        if found.road is not Road.SELF_MADE or found.state is not OrderState.REQUESTED:
            raise OrderStateRefused(order, found.state.value, "take requests")
        require_office(session, holder=HolderId(found.holder_id), office=OfficeId(found.office_id), at=at)
        if earlier is not None:
            _supersede(session, earlier, at=at)
        said = {} if evidence is None else evidence.keys
        certificates = [
            replace(each, attributes=said.get(KeyUse(each.purpose)))
            for each in _prepare(session, issuance, protection, found, accepted, by=by, at=at)
        ]
        digest = issuance_digest(
            order=order,
            holder=HolderId(found.holder_id),
            office=OfficeId(found.office_id),
            certificates=certificates,
        )
        row = {
            "id": uuid4(),
            "order_id": order,
            "digest": digest,
            "requests_sha256": sent.hexdigest(),
            "certificates": spelled(certificates),
            "device_label": device.label,
            "device_serial": device.serial,
            "device_model": device.model,
            "submitted_at": at,
            "submitted_by": str(by),
        }
        session.connection().execute(_SUBMITTED, row)
        if evidence is not None:
            record_evidence(session, order=order, device=device, evidence=evidence, spki_sha256=spki, at=at)
        keep_secrets(session, order=order, sent=unlock, by=by, at=at)
        facts = {
            "digest": digest,
            "device": asdict(device),
            "claimed_by": "" if evidence is None else evidence.station,
            "keys": {use.value: asdict(attributes) for use, attributes in said.items()},
        }
        record(session, kind="order.requests-submitted", subject=f"order:{order}", by=by, at=at, facts=facts)
        promise_device(session, found, device.serial, model=device.model, by=by, at=at)
        return _current(session, order)


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


def _prepare(
    session: Session,
    issuance: Issuance,
    protection: ProtectedNumbers,
    order: KeyOrder,
    accepted: dict[str, AcceptedRequest],
    *,
    by: Actor,
    at: datetime,
) -> list[CertificateToIssue]:
    holder, order_id = HolderId(order.holder_id), OrderId(order.id)
    cin = reveal_national_id(
        session, protection, holder=holder, purpose=f"certificate of order {order_id}", by=by, at=at
    )
    name = session.scalars(_NAME, {"holder": holder}).one()
    subject = HolderSubject(name_latin=name, cin=cin)
    return [
        _to_issue(
            issuance.prepare(
                session, profile=profile, subject=subject, request=request, order=order_id, holder=holder, at=at
            )
        )
        for profile, request in accepted.items()
    ]


def _to_issue(prepared: PreparedCertificate) -> CertificateToIssue:
    return CertificateToIssue(
        purpose=prepared.purpose.value,
        subject=_NATIONAL_ID.sub(lambda found: ProtectedNumbers.masked(found.group()), prepared.subject),
        serial=prepared.serial,
        not_before=prepared.not_before,
        not_after=prepared.not_after,
        tbs_sha256=prepared.tbs_sha256,
        intent=prepared.intent_id,
    )


def _supersede(session: Session, earlier: PreparedIssuance, *, at: datetime) -> None:
    session.execute(update(IssuanceRequest).where(IssuanceRequest.id == earlier.id).values(superseded_at=at))
    for certificate in earlier.certificates:
        abandon(session, intent=certificate.intent, at=at)


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


def _current(session: Session, order: OrderId) -> PreparedIssuance:
    request = current_request(session, order)
    assert request is not None
    return request
