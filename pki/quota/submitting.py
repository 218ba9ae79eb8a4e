"""A holder's requests: checked, and what would be issued for them frozen, for a second person to approve."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from pki.ca.intents import PreparedCertificate, abandon
from pki.ca.issuance import Issuance
from pki.ca.names import HolderSubject
from pki.ca.requests import AcceptedRequest, accept_csr
from pki.journal.acts import Actor, record
from pki.quota.advancing import locked_order
from pki.quota.devices.following import promise_device
from pki.quota.errors import (
    OrderStateRefused,
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
from pki.quota.tables import IssuanceRequest, KeyOrder
from pki.quota.unlock_secrets import SentSecret, keep_secrets
from pki.records import HolderId, OfficeId, OrderId, Records
from pki.registration.holders import reveal_national_id
from pki.registration.protection import ProtectedNumbers
from pki.registration.tables import Holder

SIGNATURE_PROFILE = "holder-signature"
AUTHENTICATION_PROFILE = "holder-authentication"
_USES = {SIGNATURE_PROFILE: KeyUse.SIGNATURE, AUTHENTICATION_PROFILE: KeyUse.AUTHENTICATION}
_READ_BY_THE_APPROVER = EvidencePolicy(strict=False)
_NATIONAL_ID = re.compile(r"(?<=IDCMA-)[A-Z]{1,2}[0-9]{1,8}")

# Spelled once: every order needs them.
_SUBMITTED = insert(IssuanceRequest.__table__)  # type: ignore[arg-type]
_NAME = select(Holder.name_latin).where(Holder.id == bindparam("holder"))


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


def _current(session: Session, order: OrderId) -> PreparedIssuance:
    request = current_request(session, order)
    assert request is not None
    return request
