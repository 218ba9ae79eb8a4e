"""Act: accept one signature value from the agent. Accepted is kept: nothing afterwards may lose it."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hsm.keys import SignatureAlgorithm, verify
from hsm.prepared.attributes import signed_attributes
from pki.errors import PkiError
from pki.journal.acts import Actor, ActorKind, record
from pki.records import CeremonyId, DocumentId, HolderId, ItemId, Records
from pki.tickets import AgentSession
from signer.ceremonies.ending import complete_if_done
from signer.ceremonies.errors import (
    AttributesDiffer,
    CeremonyError,
    ItemRefused,
    KeyChanged,
    LeaseLapsed,
    ValueForAnotherItem,
    ValueRefused,
    reason_of,
)
from signer.ceremonies.finishing import finish_item
from signer.ceremonies.ports import Desk, subject_of
from signer.ceremonies.receipts import require_shown
from signer.ceremonies.rights import accept_signer
from signer.ceremonies.sessions import agent_item, live_ceremony
from signer.ceremonies.tables import Ceremony, CeremonyItem, ItemState
from signer.dossiers.documents import changed_rows
from signer.dossiers.leases import free_lease, keep_lease
from signer.dossiers.tables import Document
from signer.errors import SignerError

MOST_VALUE_BYTES = 1024
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenValue:
    """What the agent posts for one item: the DER SET OF attributes it built, and the value over them."""

    item: ItemId
    attributes: bytes
    value: bytes
    algorithm: SignatureAlgorithm


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedValue:
    """`kept`: acknowledged, its time-stamp follows; `signed`: `sha256` is the new head; `refused`: given up since.

    `attributes_sha256` is that of the stored value: with the item, the key by which it is kept.
    """

    state: ItemState
    sha256: str | None
    attributes_sha256: str
    reason: str | None = None


def accept_value(
    records: Records, desk: Desk, *, agent: AgentSession, given: GivenValue, at: datetime
) -> AcceptedValue:
    """Keep a value, then finish its signature if that works at once; a sweep finishes it otherwise.

    Keyed by (ceremony, item, SHA-256 of the attributes): the first valid value wins, and the same or another
    valid value for that key gets the stored result, whatever became of the ceremony since.

    :raise ItemUnknown: the item is not this ceremony's. Journalled, like the next two.
    :raise ValueForAnotherItem: the attributes are another item's.
    :raise ValueRefused: no signature of the ceremony's certificate, or not in its mechanism.
    :raise AttributesDiffer: not the attributes that the server builds, byte for byte.
    :raise LeaseLapsed: prepare, show and sign again.
    :raise SignerError: or `PkiError`: rights that no longer hold (`NoUsableKey`, `NotEntitled` …); the item
        is refused for good in this ceremony.
    """
    try:
        with records.reading() as session:
            looked = _look(session, agent, given)
            if desk.policy.require_display_receipt and not looked.stored:
                require_shown(session, agent_item(session, agent, given.item))
        _verify(looked, given)
    except CeremonyError as refusal:
        _journal_refusal(records, agent, given, refusal, at=at)
        raise
    if not looked.stored:
        _keep(records, agent=agent, given=given, at=at)
    return _finish(records, desk, given.item, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """The given attributes are the item's own; `stored`: a value over them is kept already."""

    certificate: bytes
    mechanism: str
    stored: bool


def _look(session: Session, agent: AgentSession, given: GivenValue) -> _Looked:
    """Find the item and require its attributes."""
    # THREAT: a value made for one document is slipped under another, or a stranger's value under ours.
    # DEFENCE: the server builds the attributes again from the prepared file's digest and the ceremony's certificate,
    #   and verifies the value over those bytes with that certificate; nothing the agent claims is used.
    # TEST: tests/signer/ceremonies/test_values.py::test_value_for_another_item_is_refused
    item = agent_item(session, agent, given.item)
    ceremony = session.get_one(Ceremony, item.ceremony_id)
    if item.state is ItemState.REFUSED and item.value is None:
        raise ItemRefused(item.reference, item.reason or "")
    if item.document_digest is None:
        raise LeaseLapsed(item.reference)
    if given.attributes == signed_attributes(item.document_digest, ceremony.certificate):
        return _Looked(certificate=ceremony.certificate, mechanism=ceremony.mechanism, stored=_is_stored(item, given))
    others = select(CeremonyItem.document_digest).where(
        CeremonyItem.ceremony_id == ceremony.id, CeremonyItem.id != item.id
    )
    for digest in session.scalars(others):
        if digest is not None and given.attributes == signed_attributes(digest, ceremony.certificate):
            raise ValueForAnotherItem(given.item)
    raise AttributesDiffer(given.item)


def _verify(looked: _Looked, given: GivenValue) -> None:
    key = x509.load_der_x509_certificate(looked.certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    if given.algorithm.value != looked.mechanism or len(given.value) > MOST_VALUE_BYTES:
        raise ValueRefused(given.item)
    try:
        verify(key, given.value, given.attributes, given.algorithm)
    except InvalidSignature as error:
        raise ValueRefused(given.item) from error


def _is_stored(item: CeremonyItem, given: GivenValue) -> bool:
    return item.value is not None and item.attributes_sha256 == hashlib.sha256(given.attributes).hexdigest()


def _keep(records: Records, *, agent: AgentSession, given: GivenValue, at: datetime) -> None:
    """Store the value if rights and lease hold now. A refusal of rights is recorded, then raised."""
    refusal: SignerError | PkiError | None = None
    with records.writing() as session:
        item = session.get_one(CeremonyItem, given.item, with_for_update=True)
        if _is_stored(item, given):
            return
        ceremony = live_ceremony(session, agent)
        try:
            with session.begin_nested():
                _accept_rights(session, ceremony, item, at)
        except (SignerError, PkiError) as error:
            refusal = error
            _refuse(session, ceremony, item, error, at=at)
        else:
            _store(session, ceremony, item, given, at=at)
    if refusal is not None:
        raise refusal


def _accept_rights(session: Session, ceremony: Ceremony, item: CeremonyItem, at: datetime) -> None:
    document = session.get_one(Document, item.document_id)
    _, rights = accept_signer(session, document=document, signer=HolderId(ceremony.signer_id), at=at)
    if (rights.certificate.certificate_id, *rights.capacity) != (
        ceremony.certificate_id,
        ceremony.office_id,
        ceremony.power_id,
    ):
        raise KeyChanged


def _store(session: Session, ceremony: Ceremony, item: CeremonyItem, given: GivenValue, *, at: datetime) -> None:
    held = keep_lease(session, document=DocumentId(item.document_id), ceremony=CeremonyId(ceremony.id), at=at)
    if not held:
        raise LeaseLapsed(item.reference)
    attributes_sha256 = hashlib.sha256(given.attributes).hexdigest()
    kept = session.execute(
        update(CeremonyItem)
        .where(
            CeremonyItem.id == item.id,
            CeremonyItem.state == ItemState.PREPARED,
            CeremonyItem.prepared_sha256 == item.prepared_sha256,
        )
        .values(
            state=ItemState.KEPT,
            attributes=given.attributes,
            attributes_sha256=attributes_sha256,
            value=given.value,
            kept_at=at,
        )
        .execution_options(synchronize_session=False)
    )
    if changed_rows(kept) != 1:
        raise LeaseLapsed(item.reference)
    facts = {"item": str(item.id), "document": item.reference, "attributes": attributes_sha256}
    record(session, kind="ceremony.value-kept", subject=subject_of(ceremony.id), by=_by(ceremony), at=at, facts=facts)


def _refuse(session: Session, ceremony: Ceremony, item: CeremonyItem, error: Exception, *, at: datetime) -> None:
    item.state = ItemState.REFUSED
    item.reason = reason_of(error)
    session.flush()
    free_lease(session, document=DocumentId(item.document_id), ceremony=CeremonyId(ceremony.id))
    facts = {"item": str(item.id), "document": item.reference, "reason": item.reason}
    record(session, kind="ceremony.item-refused", subject=subject_of(ceremony.id), by=_by(ceremony), at=at, facts=facts)
    complete_if_done(session, ceremony=CeremonyId(ceremony.id), by=_by(ceremony), at=at)


def _journal_refusal(
    records: Records, agent: AgentSession, given: GivenValue, error: Exception, *, at: datetime
) -> None:
    facts = {
        "item": str(given.item),
        "reason": reason_of(error),
        "attributes": hashlib.sha256(given.attributes).hexdigest(),
    }
    with records.writing() as session:
        by = Actor(kind=ActorKind.HOLDER, id=str(agent.holder))
        record(session, kind="ceremony.value-refused", subject=subject_of(agent.subject), by=by, at=at, facts=facts)


def _finish(records: Records, desk: Desk, item: ItemId, *, at: datetime) -> AcceptedValue:
    try:
        finish_item(records, desk, item=item, at=at)
    except Exception:
        # The value is committed and acknowledged: whatever failed after it is the sweep's to mend, not the agent's.
        log.exception("item %s is kept and will be finished later", item)
    with records.reading() as session:
        row = session.get_one(CeremonyItem, item)
        assert row.attributes_sha256 is not None
        return AcceptedValue(
            state=row.state,
            sha256=row.result_sha256,
            attributes_sha256=row.attributes_sha256,
            reason=row.reason if row.state is ItemState.REFUSED else None,
        )


def _by(ceremony: Ceremony) -> Actor:
    return Actor(kind=ActorKind.HOLDER, id=str(ceremony.signer_id))
