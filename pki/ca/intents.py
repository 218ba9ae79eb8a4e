"""Intents: what a device is about to sign, recorded first, used once or given up."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hsm.keys import SignatureAlgorithm
from pki.records import CertificateId, HolderId, OrderId

from .certificates import certificate_of_intent
from .errors import AlreadyRedeemed, IntentAbandoned, IntentUnknown, KeyAlreadyCertified, PreparedBytesDiffer
from .profile import CertificatePurpose, Profile
from .serials import serial_text
from .tables import CERTIFIED_KEYS, INTENTS, CertifiedKeyRow, IntentRow, IntentState


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedCertificate:
    """Frozen bytes that passed lint. `tbs_sha256` and `serial` are lower-case hex."""

    intent_id: UUID
    issuer: UUID
    order: OrderId | None
    holder: HolderId | None
    profile: str
    purpose: CertificatePurpose
    subject: str
    """RFC 4514 text, for a person's eyes."""
    serial: str
    spki_sha256: str
    tbs: bytes
    tbs_sha256: str
    algorithm: SignatureAlgorithm
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Intent:
    """An intent as recorded."""

    id: UUID
    issuer_id: UUID
    order_id: UUID | None
    holder_id: UUID | None
    profile: str
    purpose: CertificatePurpose
    spki_sha256: str
    tbs: bytes
    tbs_sha256: str
    algorithm: SignatureAlgorithm
    not_after: datetime
    state: IntentState


_INTENT = [INTENTS.c[field.name] for field in fields(Intent)]
_READ = select(*_INTENT).where(INTENTS.c.id == bindparam("intent"))
_SETTLE = (
    update(INTENTS)
    .where(INTENTS.c.id == bindparam("intent"), INTENTS.c.state == IntentState.PREPARED)
    .values(state=bindparam("to"), settled_at=bindparam("at"))
    .returning(*_INTENT)
)
_TAKE = {
    "sqlite": sqlite.insert(CERTIFIED_KEYS).on_conflict_do_nothing().returning(CERTIFIED_KEYS.c.spki_sha256),
    "postgresql": postgresql.insert(CERTIFIED_KEYS).on_conflict_do_nothing().returning(CERTIFIED_KEYS.c.spki_sha256),
}


def take_key(session: Session, *, spki_sha256: str, intent: UUID | None) -> None:
    """Take a public key for one certificate.

    :raise KeyAlreadyCertified: it is taken.
    """
    # THREAT: one key in two certificates: a revoked one lives on, one person's key gets another's name.
    # DEFENCE: a primary key on the key's SHA-256, over certificates and live intents together.
    # TEST: tests/pki/ca/test_issuance.py::test_certified_key_is_refused
    statement = _TAKE[session.get_bind().dialect.name]
    taken = session.execute(statement, {"spki_sha256": spki_sha256, "intent_id": intent}).one_or_none()
    if taken is None:
        raise KeyAlreadyCertified(spki_sha256)


def record_intent(
    session: Session,
    *,
    issuer: UUID,
    order: OrderId | None,
    holder: HolderId | None,
    profile: Profile,
    subject: str,
    serial: int,
    spki_sha256: str,
    tbs: bytes,
    algorithm: SignatureAlgorithm,
    validity: tuple[datetime, datetime],
    at: datetime,
) -> PreparedCertificate:
    """Record frozen bytes and take their key.

    :raise KeyAlreadyCertified: nothing was recorded.
    """
    prepared = PreparedCertificate(
        intent_id=uuid4(),
        issuer=issuer,
        order=order,
        holder=holder,
        profile=profile.name,
        purpose=profile.purpose,
        subject=subject,
        serial=serial_text(serial),
        spki_sha256=spki_sha256,
        tbs=tbs,
        tbs_sha256=hashlib.sha256(tbs).hexdigest(),
        algorithm=algorithm,
        not_before=validity[0],
        not_after=validity[1],
    )
    row = {
        "id": prepared.intent_id,
        "issuer_id": issuer,
        "order_id": order,
        "holder_id": holder,
        "profile": profile.name,
        "purpose": profile.purpose,
        "serial": prepared.serial,
        "spki_sha256": spki_sha256,
        "tbs": tbs,
        "tbs_sha256": prepared.tbs_sha256,
        "algorithm": algorithm,
        "not_before": validity[0],
        "not_after": validity[1],
        "prepared_at": at,
        "state": IntentState.PREPARED,
    }
    session.execute(insert(INTENTS), row)
    take_key(session, spki_sha256=spki_sha256, intent=prepared.intent_id)
    return prepared


def open_intent(session: Session, intent: UUID, *, at: datetime) -> Intent:
    """The intent, if it may be redeemed at that instant.

    :raise IntentUnknown: none.
    :raise AlreadyRedeemed: with the certificate that it became.
    :raise IntentAbandoned: given up, or over.
    :raise PreparedBytesDiffer: the records were altered.
    """
    found = _intent(session, intent)
    if found.state is IntentState.REDEEMED:
        raise _redeemed(session, intent)
    if found.state is IntentState.ABANDONED or at > found.not_after:
        raise IntentAbandoned(intent)
    # THREAT: the recorded bytes are exchanged between the check and the signature.
    # DEFENCE: their digest is recorded beside them, bound by the second person's approval, and compared here.
    # TEST: tests/pki/ca/test_issuance.py::test_altered_bytes_are_not_signed
    if hashlib.sha256(found.tbs).hexdigest() != found.tbs_sha256:
        raise PreparedBytesDiffer(intent)
    return found


def settle(session: Session, *, intent: UUID, state: IntentState, at: datetime) -> Intent:
    """Close a prepared intent, by one conditional statement.

    :raise AlreadyRedeemed: somebody else was first.
    :raise IntentAbandoned: it was given up meanwhile.
    :raise IntentUnknown: none.
    """
    settled = session.execute(_SETTLE, {"intent": intent, "to": state, "at": at}).one_or_none()
    if settled is None:
        redeemed = _intent(session, intent).state is IntentState.REDEEMED
        raise _redeemed(session, intent) if redeemed else IntentAbandoned(intent)
    return Intent(*settled)


def abandon(session: Session, *, intent: UUID, at: datetime) -> None:
    """Give up a prepared intent: its bytes are never signed and its key is free again. Twice changes nothing.

    :raise AlreadyRedeemed: too late, the certificate exists: revoke it.
    """
    try:
        settle(session, intent=intent, state=IntentState.ABANDONED, at=at)
    except IntentAbandoned:
        return
    session.execute(delete(CertifiedKeyRow).where(CertifiedKeyRow.intent_id == intent))


def intents_of_order(session: Session, order: OrderId) -> tuple[UUID, ...]:
    """The intents of an order that were not given up, in the order in which they were prepared."""
    rows = session.scalars(
        select(IntentRow.id)
        .where(IntentRow.order_id == order, IntentRow.state != IntentState.ABANDONED)
        .order_by(IntentRow.prepared_at, IntentRow.id)
    )
    return tuple(rows)


def abandon_of_order(session: Session, *, order: OrderId, at: datetime) -> None:
    """Give up what was prepared for an order. What was signed meanwhile is a certificate, and is revoked as such."""
    for intent in intents_of_order(session, order):
        with suppress(AlreadyRedeemed):
            abandon(session, intent=intent, at=at)


def live_intent(session: Session, *, issuer: UUID, profile: str) -> UUID | None:
    """A prepared intent of a service profile that nobody redeemed yet."""
    return session.scalars(
        select(IntentRow.id).where(
            IntentRow.issuer_id == issuer,
            IntentRow.profile == profile,
            IntentRow.order_id.is_(None),
            IntentRow.state == IntentState.PREPARED,
        )
    ).first()


def _intent(session: Session, intent: UUID) -> Intent:
    row = session.execute(_READ, {"intent": intent}).one_or_none()
    if row is None:
        raise IntentUnknown(intent)
    return Intent(*row)


def _redeemed(session: Session, intent: UUID) -> AlreadyRedeemed:
    record = certificate_of_intent(session, intent)
    return AlreadyRedeemed(CertificateId(intent) if record is None else record.id)
