"""Act: open a ceremony. The rules are asked for each document, its head is leased, its file prepared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography import x509
from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.records import CeremonyId, HolderId, Records
from pki.tickets import TICKET_LIFETIME, TicketKind, issue_ticket
from signer.ceremonies.ending import end_ceremony
from signer.ceremonies.errors import MixedCapacities, NothingToSign, TooManyDocuments
from signer.ceremonies.ports import Desk, subject_of
from signer.ceremonies.preparation import prepare_items, to_prepare
from signer.ceremonies.rights import Rights, accept_signer
from signer.ceremonies.tables import Ceremony, CeremonyItem, CeremonyState, ItemState
from signer.dossiers.documents import document_by_reference
from signer.dossiers.leases import Taker, take_lease
from signer.dossiers.tables import Document, DocumentField, Lease
from signer.pades.cms import document_algorithm

AGENT_SCHEME = "khatam://ceremony/"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCeremony:
    """What the caller hands to the signer: an address for his agent, good once, until `expires_at`."""

    id: CeremonyId
    agent_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Accepted:
    document: Document
    field: DocumentField
    rights: Rights


def open_ceremony(
    records: Records,
    desk: Desk,
    *,
    signer: HolderId,
    references: Sequence[str],
    return_url: str | None = None,
    by: Actor,
    at: datetime,
) -> OpenedCeremony:
    """Open a ceremony for a closed list of documents; all of them, or none.

    A ceremony of the same signer whose ticket was never redeemed gives its documents up to this one.

    :raise NothingToSign: the list is empty.
    :raise TooManyDocuments: too long a list, or a document named twice.
    :raise DossierError: a document may not be signed now, or not by him (`BindingOpinionMissing`,
        `MinutesIncomplete`, `NotThisDocumentsSigner` …), or someone has it in hand (`DocumentLeased`).
    :raise NotEntitled: the register does not entitle him.
    :raise NoUsableKey: he has no active, unblocked key.
    :raise MixedCapacities: he would sign in more than one office, or by more than one power.
    """
    if not references:
        raise NothingToSign
    if len(references) > desk.policy.most_documents or len(set(references)) != len(references):
        raise TooManyDocuments(desk.policy.most_documents)
    with records.writing() as session:
        ceremony = _open(session, desk, signer=signer, references=references, return_url=return_url, by=by, at=at)
        waiting = to_prepare(session, desk, ceremony, at=at)
        opened = CeremonyId(ceremony.id)
    try:
        prepare_items(records, desk, ceremony=opened, waiting=waiting, at=at)
        with records.writing() as session:
            ticket = issue_ticket(session, kind=TicketKind.CEREMONY, subject=opened, holder=signer, at=at)
    except Exception:
        # What stays open after a kill is ended by the sweep, its leases lapse of themselves.
        with records.writing() as session:
            end_ceremony(session, ceremony=opened, state=CeremonyState.CANCELLED, outcome="not-prepared", by=by, at=at)
        raise
    return OpenedCeremony(id=opened, agent_url=AGENT_SCHEME + ticket, expires_at=at + TICKET_LIFETIME)


def _open(
    session: Session,
    desk: Desk,
    *,
    signer: HolderId,
    references: Sequence[str],
    return_url: str | None,
    by: Actor,
    at: datetime,
) -> Ceremony:
    # In one order for everybody, so that two ceremonies over the same documents never wait for each other.
    accepted = {reference: _accept(session, reference, signer, at) for reference in sorted(references)}
    first = accepted[references[0]].rights
    if any(each.rights.capacity != first.capacity for each in accepted.values()):
        raise MixedCapacities
    ceremony = _ceremony(first, signer=signer, return_url=return_url, by=by, at=at)
    session.add(ceremony)
    session.flush()
    for reference in sorted(references):
        document = accepted[reference].document
        _give_up_unredeemed(session, document, signer, by=by, at=at)
        taker = Taker(ceremony=CeremonyId(ceremony.id), signer=signer)
        take_lease(session, document=document, by=taker, until=at + desk.policy.lease, at=at)
    for number, reference in enumerate(references, start=1):
        session.add(_item(ceremony, number, accepted[reference]))
    session.flush()
    facts = {
        "signer": str(signer),
        "office": str(first.office),
        "power": None if first.power is None else str(first.power.id),
        "certificate": first.certificate.sha256,
        "documents": list(references),
    }
    record(session, kind="ceremony.opened", subject=subject_of(ceremony.id), by=by, at=at, facts=facts)
    return ceremony


def _accept(session: Session, reference: str, signer: HolderId, at: datetime) -> _Accepted:
    document = document_by_reference(session, reference)
    own, rights = accept_signer(session, document=document, signer=signer, at=at)
    return _Accepted(document=document, field=own, rights=rights)


def _ceremony(rights: Rights, *, signer: HolderId, return_url: str | None, by: Actor, at: datetime) -> Ceremony:
    held, power = rights.certificate, rights.power
    key = x509.load_der_x509_certificate(held.der).public_key()
    return Ceremony(
        signer_id=signer,
        state=CeremonyState.OPEN,
        opened_at=at,
        opened_by=by.id,
        return_url=return_url,
        expires_at=at + TICKET_LIFETIME,
        office_id=rights.office,
        function=rights.function,
        body_code=rights.body_code,
        power_id=None if power is None else power.id,
        power_kind=None if power is None else power.kind,
        power_number=None if power is None else power.number,
        power_since=None if power is None else power.since,
        power_principal=None if power is None else power.principal,
        certificate_id=held.certificate_id,
        order_id=held.order,
        certificate=held.der,
        chain=[each.hex() for each in held.chain],
        mechanism=document_algorithm(key).value,  # type: ignore[arg-type]
    )


def _item(ceremony: Ceremony, number: int, accepted: _Accepted) -> CeremonyItem:
    document = accepted.document
    return CeremonyItem(
        ceremony_id=ceremony.id,
        number=number,
        document_id=document.id,
        reference=document.reference,
        kind=document.kind,
        title=document.title,
        field=accepted.field.name,
        body_code=accepted.field.body_code,
        # Certification is for the first signature on what we rendered ourselves.
        certify=document.rendered and document.head_number == 0,
        state=ItemState.WAITING,
        base_sha256=document.head_sha256,
    )


def _give_up_unredeemed(session: Session, document: Document, signer: UUID, *, by: Actor, at: datetime) -> None:
    """End the signer's own earlier ceremony over this document when no agent ever came for it."""
    earlier = session.scalar(
        select(Ceremony.id)
        .join(Lease, Lease.ceremony_id == Ceremony.id)
        .where(Lease.document_id == document.id, Lease.kept.is_(False))
        .where(Ceremony.signer_id == signer, Ceremony.state == CeremonyState.OPEN)
    )
    if earlier is not None:
        end_ceremony(
            session,
            ceremony=CeremonyId(earlier),
            state=CeremonyState.CANCELLED,
            outcome="opened-again",
            by=by,
            at=at,
        )
