"""A key supplied by another authority in its own device (road a): ordered, approved, made outside, presented.

What was ordered is approved by a second person; what comes is held against it. The seat is reserved at the
order; the purchase is used when the certificate is seen, for only then was one issued.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import asdict, dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pki.ca.certificates import CertificateRecord, certificates_of_order
from pki.ca.issuers import Issuer, issuer_chain
from pki.ca.profile import CertificatePurpose
from pki.ca.registered import is_commitment, named_person, parse_certificate, register_certificate
from pki.ca.tables import IssuerKind, IssuerRow
from pki.journal.acts import Actor, ActorKind, record
from pki.journal.canonical import canonical_json
from pki.quota.advancing import advance, locked_order
from pki.quota.devices.following import promise_device
from pki.quota.errors import (
    ApprovalDigestDiffers,
    ApprovalUsed,
    CertificateMismatch,
    CertificatesDiffer,
    OrderStateRefused,
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
from pki.quota.registered import issuer_of, names_holder
from pki.quota.tables import KeyOrder
from pki.quota.transitions import Step
from pki.records import HolderId, OfficeId, OrderId, Records
from pki.registration.protection import ProtectedNumbers
from pki.registration.tables import Holder
from pki.status.lists import latest_list
from pki.status.revocation import Standing, certificate_state
from pki.trust.anchors import trust_list
from pki.trust.marks import policy_oids

_DOMAIN = "khatam-supplied-order-v1"
_DONE = (OrderState.DELIVERED, OrderState.ACTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedDevice:
    """What the holder's agent read: one or two certificates (DER), the device, what his station says of its keys."""

    certificates: tuple[bytes, ...]
    device: DeviceClaim
    evidence: StationEvidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppliedPolicy:
    """How strictly a supplied device is read, in which environment."""

    environment: str
    evidence: EvidencePolicy


def supplied_digest(order: KeyOrder) -> str:
    """SHA-256 (hex) over what the second person approves of an order for a supplied key."""
    said = {
        "domain": _DOMAIN,
        "order": str(order.id),
        "holder": str(order.holder_id),
        "office": str(order.office_id),
        "payer": str(order.payer_body_id),
        "device_serial": order.device_serial,
    }
    return hashlib.sha256(canonical_json(said)).hexdigest()


def approve_supplied(session: Session, order: KeyOrder, *, digest: str, by: Actor, at: datetime) -> None:
    """Approve an order for a supplied key. A step.

    :raise SelfApproval: by whoever ordered it, or is to hold it.
    :raise ApprovalDigestDiffers: for another order than this one as it stands.
    :raise ApprovalUsed: it was approved before.
    """
    number = OrderId(order.id)
    himself = by == Actor(kind=ActorKind.HOLDER, id=str(order.holder_id))
    if himself or str(by) == order.requested_by:
        raise SelfApproval(number)
    if digest != (current := supplied_digest(order)):
        raise ApprovalDigestDiffers(number, current)
    if order.state is not OrderState.REQUESTED:
        raise ApprovalUsed(number)
    require_office(session, holder=HolderId(order.holder_id), office=OfficeId(order.office_id), at=at)
    session.execute(
        update(KeyOrder)
        .where(KeyOrder.id == order.id)
        .values(approved_by=str(by))
        .execution_options(synchronize_session="fetch")
    )
    advance(session, number, Step.APPROVE, by=by, at=at, facts={"digest": digest})


def accept_presented(
    records: Records,
    protection: ProtectedNumbers,
    policy: SuppliedPolicy,
    *,
    order: OrderId,
    presented: PresentedDevice,
    by: Actor,
    at: datetime,
) -> tuple[CertificateRecord, ...]:
    """Match a supplied device with its order and holder; its key is delivered then. The same again changes nothing.

    :raise CertificateMismatch: another person's, authority's, policy's or device's, revoked, or of unknown status.
    :raise CertificateRefused: not valid now, not for signatures, weak, registered before.
    :raise CertificatesDiffer: presented before with others.
    :raise OrderStateRefused: not a supplied key's order, not approved, or stopped.
    :raise PurchasesExhausted: the agreement has none left; the approval stands.
    :raise DeviceNotUsable: the inventory has the device elsewhere, in another's hands, or not fit for a key.
    """
    parsed = tuple(parse_certificate(der) for der in presented.certificates)
    named = {hashlib.sha256(der).hexdigest() for der in presented.certificates}
    with records.writing() as session:
        found = locked_order(session, order)
        if found.road is Road.SUPPLIED and found.state in _DONE:
            if named != {each.sha256 for each in certificates_of_order(session, order)}:
                raise CertificatesDiffer(order)
            return certificates_of_order(session, order)
        if found.road is not Road.SUPPLIED or found.state is not OrderState.APPROVED:
            raise OrderStateRefused(order, found.state.value, "take a supplied device")
        require_office(session, holder=HolderId(found.holder_id), office=OfficeId(found.office_id), at=at)
        _refuse_other_device(found, presented.device)
        by_use = _by_use(parsed)
        for certificate in by_use.values():
            _refuse_other_person(session, protection, found, certificate)
        kept = {use: _register(session, policy, found, each, at=at, by=by) for use, each in by_use.items()}
        spki = {use: each.spki_sha256 for use, each in kept.items()}
        refuse_weak_keys(policy.evidence, presented.evidence, spki)
        if presented.evidence is not None:
            record_evidence(
                session, order=order, device=presented.device, evidence=presented.evidence, spki_sha256=spki, at=at
            )
        _deliver(session, found, presented.device, sorted(each.sha256 for each in kept.values()), by=by, at=at)
        return certificates_of_order(session, order)


def _deliver(
    session: Session, order: KeyOrder, device: DeviceClaim, sha256: list[str], *, by: Actor, at: datetime
) -> None:
    number = OrderId(order.id)
    advance(session, number, Step.BUY, cause="certificates.supplied", by=by, at=at)
    facts = {"device": asdict(device), "certificates": sha256}
    record(session, kind="order.presented", subject=f"order:{order.id}", by=by, at=at, facts=facts)
    advance(session, number, Step.ISSUE, by=by, at=at)
    promise_device(session, number, device.serial, model=device.model, by=by, at=at)
    advance(session, number, Step.CONFIRM, by=by, at=at, facts={"certificates": sha256})


def _by_use(certificates: tuple[x509.Certificate, ...]) -> dict[KeyUse, x509.Certificate]:
    """One signature certificate; perhaps one more, which is then the authentication's."""
    found: dict[KeyUse, x509.Certificate] = {}
    for certificate in certificates:
        use = KeyUse.SIGNATURE if is_commitment(certificate) else KeyUse.AUTHENTICATION
        if use in found:
            raise CertificateMismatch(f"two certificates for {use.value}")
        found[use] = certificate
    if KeyUse.SIGNATURE not in found:
        raise CertificateMismatch("none of them is for signatures (contentCommitment)")
    return found


def _refuse_other_device(order: KeyOrder, device: DeviceClaim) -> None:
    # The station's word only: the certificate and the acceptance are what proves a key.
    if order.device_serial is not None and device.serial != order.device_serial:
        raise CertificateMismatch("the order is for another device")


def _refuse_other_person(
    session: Session, protection: ProtectedNumbers, order: KeyOrder, certificate: x509.Certificate
) -> None:
    # THREAT: a supplied device of a namesake, or of whoever stands in his line, is taken for the president's.
    # DEFENCE: the national id decides, by its keyed hash; a certificate without one is taken only from the very
    #   device that the approved order names, and under the holder's own name.
    # TEST: tests/pki/quota/test_supplied.py::test_each_deviation_is_refused
    if names_holder(session, protection, certificate, HolderId(order.holder_id)):
        return
    name = session.scalars(select(Holder.name_latin).where(Holder.id == order.holder_id)).one()
    if order.device_serial is None:
        raise CertificateMismatch("it carries no national id, and the order names no device")
    if _plain(named_person(certificate).name_latin) != _plain(name):
        raise CertificateMismatch("it names another person")


def _plain(name: str) -> list[str]:
    """The words of a name, in any order, without accents, hyphens and case."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return sorted(
        "".join(each if each.isalpha() else " " for each in letters if not unicodedata.combining(each)).split()
    )


def _register(
    session: Session, policy: SuppliedPolicy, order: KeyOrder, certificate: x509.Certificate, *, at: datetime, by: Actor
) -> CertificateRecord:
    issuer = issuer_of(session, certificate)
    _refuse_other_policy(session, policy, issuer, certificate, at=at)
    signature = is_commitment(certificate)
    kept = register_certificate(
        session,
        der=certificate.public_bytes(Encoding.DER),
        issuer=issuer.id,
        holder=HolderId(order.holder_id),
        order=OrderId(order.id),
        at=at,
        by=by,
        purpose=CertificatePurpose.SIGNATURE if signature else CertificatePurpose.AUTHENTICATION,
    )
    listed = latest_list(session, issuer.id)
    if listed is None or listed.next_update <= at:
        raise CertificateMismatch("its issuer's list is missing here or over: whether it is revoked cannot be told")
    standing = certificate_state(session, certificate=kept.id, at=at).standing
    if standing is not Standing.VALID:
        raise CertificateMismatch(f"it is {standing.value}")
    return kept


def _refuse_other_policy(
    session: Session, policy: SuppliedPolicy, issuer: Issuer, certificate: x509.Certificate, *, at: datetime
) -> None:
    """One of the policies configured with the issuer's anchor must be named; an anchor without any takes every one."""
    top = issuer_chain(session, issuer.id, with_root=True)[-1]
    for anchor in trust_list(session, environment=policy.environment):
        if anchor.der == top and anchor.not_before <= at <= anchor.not_after:
            if anchor.policy_oids and not policy_oids(certificate) & set(anchor.policy_oids):
                raise CertificateMismatch("its policy is none of those configured for its issuer")
            return
    raise CertificateMismatch("its issuer is not trusted here")


def configured_policies(session: Session, *, environment: str, at: datetime) -> tuple[str, ...]:
    """Every policy under which another authority's certificates are taken; empty when one of them is taken under any.

    Our own anchor says nothing here: nobody presents what was issued here.
    """
    others = set(session.scalars(select(IssuerRow.certificate).where(IssuerRow.kind == IssuerKind.EXTERNAL)))
    anchors = [
        each
        for each in trust_list(session, environment=environment)
        if each.der in others and each.not_before <= at <= each.not_after
    ]
    if not all(each.policy_oids for each in anchors):
        return ()
    return tuple(sorted({oid for each in anchors for oid in each.policy_oids}))
