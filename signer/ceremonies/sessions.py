"""The agent's session: ticket, heartbeat, the bytes of its items, and its farewell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, ActorKind, record
from pki.records import CeremonyId, ItemId, Records
from pki.tickets import AgentSession, Redeemed, TicketKind, TicketStolen, kill_ticket, redeem_ticket
from signer.ceremonies.ending import LIVE, UNSIGNED, alarm_ceremony, end_ceremony, require_unsigned
from signer.ceremonies.errors import CeremonyEnded, CeremonyUnknown, ItemUnknown, LeaseLapsed
from signer.ceremonies.ports import CeremonyPolicy, subject_of
from signer.ceremonies.tables import Ceremony, CeremonyItem, CeremonyState
from signer.dossiers.documents import changed_rows
from signer.dossiers.leases import renew_leases
from signer.files import Files


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedSession:
    """A redeemed ticket: the agent's opaque token, and what it is for."""

    access_token: str
    kind: TicketKind
    subject: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentHello:
    """What the agent brings: its ticket, the thumbprint of its ephemeral key, its nonce and version."""

    ticket: str
    jkt: str
    agent_nonce: str
    agent_version: str


def start_session(records: Records, policy: CeremonyPolicy, *, hello: AgentHello, at: datetime) -> StartedSession:
    """Redeem a ticket of either kind for the agent's key; a ceremony's is bound to it from now on.

    :raise TicketUnknown: and `TicketExpired`: nothing was begun.
    :raise TicketStolen: another key redeemed it first; a ceremony is closed with an alarm.
    :raise CeremonyEnded: the ceremony was cancelled or is over; for another key too.
    :raise NothingLeft: another key, and every item has its value or was refused. The first key's session goes on.
    """
    try:
        with records.writing() as session:
            redeemed = redeem_ticket(session, ticket=hello.ticket, jkt=hello.jkt, at=at)
            if redeemed.kind is TicketKind.CEREMONY:
                _bind(session, policy, redeemed, hello, at=at)
    except TicketStolen as stolen:
        # The transaction of the redemption is lost; the alarm is committed in its own.
        with records.writing() as session:
            if stolen.kind is TicketKind.CEREMONY:
                require_unsigned(session, ceremony=CeremonyId(stolen.subject))
                alarm_ceremony(session, ceremony=CeremonyId(stolen.subject), at=at)
            kill_ticket(session, ticket_id=stolen.ticket_id, at=at)
        raise
    return StartedSession(access_token=redeemed.access_token, kind=redeemed.kind, subject=redeemed.subject)


def _bind(session: Session, policy: CeremonyPolicy, redeemed: Redeemed, hello: AgentHello, *, at: datetime) -> None:
    ceremony = CeremonyId(redeemed.subject)
    bound = session.execute(
        update(Ceremony)
        .where(Ceremony.id == ceremony, Ceremony.state.in_(LIVE))
        .values(
            state=CeremonyState.REDEEMED,
            agent_key=hello.jkt,
            agent_nonce=hello.agent_nonce,
            ticket_sha256=redeemed.ticket_sha256,
            # Another nonce, another manifest: the old one and its code are void.
            manifest=None,
            manifest_expires_at=None,
            match_code=None,
            expires_at=at + policy.session_life,
        )
        .execution_options(synchronize_session=False)
    )
    if changed_rows(bound) != 1:
        raise CeremonyEnded(ceremony, _state(session, ceremony))
    renew_leases(session, ceremony=ceremony, until=at + policy.lease, at=at)
    facts = {"agent_key": hello.jkt, "agent_version": hello.agent_version, "first": redeemed.first}
    by = Actor(kind=ActorKind.HOLDER, id=str(redeemed.holder))
    record(session, kind="ceremony.redeemed", subject=subject_of(ceremony), by=by, at=at, facts=facts)


def live_ceremony(session: Session, agent: AgentSession) -> Ceremony:
    """The agent's ceremony, in which he may go on.

    :raise CeremonyUnknown: the token is not for a ceremony.
    :raise CeremonyEnded: it is over.
    """
    ceremony = session.get(Ceremony, agent.subject) if agent.kind is TicketKind.CEREMONY else None
    if ceremony is None:
        raise CeremonyUnknown(agent.subject)
    if ceremony.state is not CeremonyState.REDEEMED:
        raise CeremonyEnded(ceremony.id, ceremony.state.value)
    return ceremony


def agent_item(session: Session, agent: AgentSession, item: ItemId) -> CeremonyItem:
    """An item of the agent's own ceremony.

    :raise ItemUnknown: it is not.
    """
    row = session.get(CeremonyItem, item)
    if row is None or row.ceremony_id != agent.subject or agent.kind is not TicketKind.CEREMONY:
        raise ItemUnknown(item)
    return row


def item_base(records: Records, files: Files, *, agent: AgentSession, item: ItemId) -> bytes:
    """The bytes of the version that is to be signed."""
    with records.reading() as session:
        live_ceremony(session, agent)
        sha256 = agent_item(session, agent, item).base_sha256
    return files.get(sha256)


def item_prepared(records: Records, files: Files, *, agent: AgentSession, item: ItemId) -> bytes:
    """The bytes of the prepared file: base + one increment.

    :raise LeaseLapsed: there is none at present; the manifest must be asked for again.
    """
    with records.reading() as session:
        live_ceremony(session, agent)
        row = agent_item(session, agent, item)
        if row.prepared_sha256 is None:
            raise LeaseLapsed(row.reference)
        sha256 = row.prepared_sha256
    return files.get(sha256)


def heartbeat(records: Records, policy: CeremonyPolicy, *, agent: AgentSession, at: datetime) -> datetime:
    """The agent lives: renew the leases that have not lapsed; return until when."""
    until = at + policy.lease
    with records.writing() as session:
        ceremony = live_ceremony(session, agent)
        renew_leases(session, ceremony=CeremonyId(ceremony.id), until=until, at=at)
        ceremony.expires_at = at + policy.session_life
    return until


def close_session(records: Records, *, agent: AgentSession, outcome: str, detail: str, at: datetime) -> None:
    """The agent's farewell: what it left unsigned is given up. A ceremony that is over stays as it is."""
    with records.writing() as session:
        left = select(CeremonyItem.id).where(
            CeremonyItem.ceremony_id == agent.subject, CeremonyItem.state.in_(UNSIGNED)
        )
        if session.scalar(left.limit(1)) is None:
            return
        end_ceremony(
            session,
            ceremony=CeremonyId(agent.subject),
            state=CeremonyState.CANCELLED,
            outcome=f"{outcome}: {detail}" if detail else outcome,
            by=Actor(kind=ActorKind.HOLDER, id=str(agent.holder)),
            at=at,
        )


def _state(session: Session, ceremony: UUID) -> str:
    state = session.scalar(select(Ceremony.state).where(Ceremony.id == ceremony))
    return "unknown" if state is None else state.value
