"""Act: issue the manifest, the closed list that the agent shows and signs, and its match code."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from hsm.keys import SignatureAlgorithm
from hsm.prepared.manifest import (
    PROTOCOL,
    Environment,
    Manifest,
    ManifestCapacity,
    ManifestItem,
    ManifestPower,
    ManifestSigner,
    sign_manifest,
)
from hsm.prepared.match_code import match_code
from pki.errors import PkiError
from pki.journal.acts import Actor, ActorKind, record
from pki.records import CeremonyId, DocumentId, HolderId, Records
from pki.registration.tables import Holder
from pki.tickets import AgentSession
from signer.ceremonies.ending import UNSIGNED, complete_if_done
from signer.ceremonies.errors import CeremonyEnded, KeyChanged, NothingLeft, reason_of
from signer.ceremonies.ports import Desk, subject_of
from signer.ceremonies.preparation import body_names, prepare_items, to_prepare
from signer.ceremonies.rights import accept_signer
from signer.ceremonies.sessions import live_ceremony
from signer.ceremonies.tables import Ceremony, CeremonyItem, CeremonyState, ItemState
from signer.dossiers.documents import changed_rows
from signer.dossiers.leases import Taker, free_lease, holds_lease, renew_leases, take_lease
from signer.dossiers.tables import Document
from signer.errors import SignerError

CERTIFIED = 2
"""DocMDP P: form filling and signing stay allowed after the certification."""
_MARGIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedManifest:
    """The manifest as signed (compact JWS), and the four digits that page and agent both show."""

    jws: str
    match_code: str
    expires_at: datetime


def issue_manifest(records: Records, desk: Desk, *, agent: AgentSession, at: datetime) -> IssuedManifest:
    """Return the manifest of what is still unsigned, for this agent's nonce and ticket.

    Whatever lost its lease, or was prepared too long ago, is asked for again and prepared anew from the
    document's present head. A document that may no longer be signed leaves the list, with its reason.

    :raise CeremonyEnded: the ceremony is over.
    :raise NothingLeft: no item is left.
    """
    with records.writing() as session:
        ceremony = live_ceremony(session, agent)
        refusals = _renew(session, desk, ceremony, at=at)
        waiting = to_prepare(session, desk, ceremony, at=at)
        left = _items(session, ceremony)
        stored = None if waiting else _stored(ceremony, left, at)
        if not left:
            complete_if_done(session, ceremony=CeremonyId(ceremony.id), by=_by(agent), at=at)
    if not left:
        # The signer is told why: his key, his office, the document.
        raise refusals[-1] if refusals else NothingLeft
    if stored is not None:
        return stored
    prepare_items(records, desk, ceremony=CeremonyId(agent.subject), waiting=waiting, at=at)
    with records.reading() as session:
        ceremony = live_ceremony(session, agent)
        manifest = _manifest(session, desk, ceremony, at)
        agent_key = ceremony.agent_key or ""
    key = desk.manifest_key()
    jws = sign_manifest(manifest.to_payload(), key.key, key.chain)
    issued = IssuedManifest(
        jws=jws, match_code=match_code(agent.subject, agent_key, jws), expires_at=manifest.expires_at
    )
    _store(records, agent, manifest, issued, at=at)
    return issued


def _renew(session: Session, desk: Desk, ceremony: Ceremony, *, at: datetime) -> list[SignerError | PkiError]:
    """Renew the living leases; send items without one, or with an old file, back to waiting; what left, and why."""
    refusals: list[SignerError | PkiError] = []
    until = at + desk.policy.lease
    ceremony.expires_at = at + desk.policy.session_life
    renew_leases(session, ceremony=CeremonyId(ceremony.id), until=until, at=at)
    # Locked: a value that is kept at this moment must not be put back among what is asked for.
    locked = _unsigned(ceremony).with_for_update().execution_options(populate_existing=True)
    for item in session.scalars(locked).all():
        alive = holds_lease(
            session,
            document=DocumentId(item.document_id),
            ceremony=CeremonyId(ceremony.id),
            head_sha256=item.base_sha256,
            at=at,
        )
        recent = item.prepared_at is not None and at - item.prepared_at < desk.policy.preparation_life
        if alive and recent and item.state is ItemState.PREPARED:
            continue
        try:
            with session.begin_nested():
                _ask_again(session, ceremony, item, until=until, at=at)
        except (SignerError, PkiError) as refusal:
            item.state = ItemState.REFUSED
            item.reason = reason_of(refusal)
            refusals.append(refusal)
            free_lease(session, document=DocumentId(item.document_id), ceremony=CeremonyId(ceremony.id))
    session.flush()
    return refusals


def _ask_again(session: Session, ceremony: Ceremony, item: CeremonyItem, *, until: datetime, at: datetime) -> None:
    document = session.get_one(Document, item.document_id, populate_existing=True)
    signer = HolderId(ceremony.signer_id)
    own, rights = accept_signer(session, document=document, signer=signer, at=at)
    if (rights.certificate.certificate_id, *rights.capacity) != (
        ceremony.certificate_id,
        ceremony.office_id,
        ceremony.power_id,
    ):
        raise KeyChanged
    taker = Taker(ceremony=CeremonyId(ceremony.id), signer=signer)
    take_lease(session, document=document, by=taker, until=until, at=at)
    item.state = ItemState.WAITING
    item.base_sha256 = document.head_sha256
    item.certify = document.rendered and document.head_number == 0
    item.field = own.name
    item.prepared_sha256 = None
    item.prepared_at = None
    item.byte_range = None
    item.document_digest = None


def _unsigned(ceremony: Ceremony) -> Select[CeremonyItem]:
    return (
        select(CeremonyItem)
        .where(CeremonyItem.ceremony_id == ceremony.id, CeremonyItem.state.in_(UNSIGNED))
        .order_by(CeremonyItem.number)
    )


def _items(session: Session, ceremony: Ceremony) -> Sequence[CeremonyItem]:
    return session.scalars(_unsigned(ceremony)).all()


def _stored(ceremony: Ceremony, left: Sequence[CeremonyItem], at: datetime) -> IssuedManifest | None:
    """The manifest issued before, if it lists exactly what is left and the agent may still use it."""
    expires_at = ceremony.manifest_expires_at
    if ceremony.manifest_items != [item.prepared_sha256 for item in left]:
        return None
    if ceremony.manifest is None or ceremony.match_code is None or expires_at is None:
        return None
    if expires_at <= at + _MARGIN:
        return None
    return IssuedManifest(jws=ceremony.manifest, match_code=ceremony.match_code, expires_at=expires_at)


def _manifest(session: Session, desk: Desk, ceremony: Ceremony, at: datetime) -> Manifest:
    holder = session.get_one(Holder, ceremony.signer_id)
    body_fr, body_ar = body_names(session, ceremony.body_code)
    items = tuple(_manifest_item(item) for item in _items(session, ceremony) if item.state is ItemState.PREPARED)
    if not items:
        raise NothingLeft
    return Manifest(
        protocol=PROTOCOL,
        minimum_agent=desk.policy.minimum_agent,
        environment=Environment(desk.policy.environment),
        origin=desk.policy.origin,
        ceremony=str(ceremony.id),
        ticket_sha256=ceremony.ticket_sha256 or "",
        agent_nonce=ceremony.agent_nonce or "",
        issued_at=at,
        expires_at=at + desk.policy.manifest_life,
        signer=ManifestSigner(holder=str(holder.id), name_ar=holder.name_ar, name_latin=holder.name_latin),
        capacity=ManifestCapacity(
            function=ceremony.function,
            body_code=ceremony.body_code,
            body_fr=body_fr,
            body_ar=body_ar,
            office=str(ceremony.office_id),
            power=_manifest_power(ceremony),
        ),
        certificate_sha256=hashlib.sha256(ceremony.certificate).hexdigest(),
        mechanism=SignatureAlgorithm(ceremony.mechanism),
        items=items,
    )


def _manifest_power(ceremony: Ceremony) -> ManifestPower | None:
    if ceremony.power_kind is None or ceremony.power_number is None or ceremony.power_since is None:
        return None
    return ManifestPower(
        kind=ceremony.power_kind,
        number=ceremony.power_number,
        since=ceremony.power_since.isoformat(),
        principal=ceremony.power_principal or "",
    )


def _manifest_item(item: CeremonyItem) -> ManifestItem:
    return ManifestItem(
        id=str(item.id),
        reference=item.reference,
        kind=item.kind.value,
        title=item.title,
        base_sha256=item.base_sha256,
        prepared_sha256=item.prepared_sha256 or "",
        field=item.field,
        docmdp=CERTIFIED if item.certify else None,
    )


def _store(records: Records, agent: AgentSession, manifest: Manifest, issued: IssuedManifest, *, at: datetime) -> None:
    with records.writing() as session:
        stored = session.execute(
            update(Ceremony)
            .where(
                Ceremony.id == agent.subject,
                Ceremony.state == CeremonyState.REDEEMED,
                Ceremony.agent_nonce == manifest.agent_nonce,
            )
            .values(
                manifest=issued.jws,
                manifest_items=[item.prepared_sha256 for item in manifest.items],
                manifest_expires_at=issued.expires_at,
                match_code=issued.match_code,
            )
            .execution_options(synchronize_session=False)
        )
        if changed_rows(stored) != 1:
            raise CeremonyEnded(agent.subject, "bound to another session")
        facts = {"items": [item.prepared_sha256 for item in manifest.items], "match_code": issued.match_code}
        record(
            session,
            kind="ceremony.manifest-issued",
            subject=subject_of(agent.subject),
            by=_by(agent),
            at=at,
            facts=facts,
        )


def _by(agent: AgentSession) -> Actor:
    return Actor(kind=ActorKind.HOLDER, id=str(agent.holder))
