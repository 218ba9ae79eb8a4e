"""The enrolment of a holder's device, on the server's side: manifest out, requests and proof in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from api.auth.errors import EnrolmentProofRefused, NotPermitted
from api.auth.tables import EnrolmentHello
from hsm.keys import KeyKind, default_algorithm, verify
from hsm.prepared.authentication import Purpose, authentication_message
from hsm.prepared.enrolment import EnrolmentManifest, EnrolmentSubject, KeyPurpose, Road, sign_enrolment_manifest
from hsm.prepared.manifest import PROTOCOL, Environment
from pki.ca.certificates import CertificateRecord, certificates_of_order
from pki.ca.profile import CertificatePurpose
from pki.quota.kinds import OrderState
from pki.quota.kinds import Road as OrderRoad
from pki.quota.supplied import configured_policies
from pki.quota.tables import KeyOrder
from pki.records import OrderId, Records
from pki.registration.tables import Holder
from pki.tickets import AgentSession, AgentTicket, TicketKind
from signer.ceremonies.ports import ManifestKey

MANIFEST_LIFE = timedelta(minutes=30)
PROOF_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentPolicy:
    """What is asked of the holder's device."""

    environment: str
    origin: str
    minimum_agent: str
    key_kind: KeyKind
    release_jwk: dict[str, str] | None = None
    """Public half of the release key; None: no unlock secret is kept here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenProof:
    """A message of this enrolment, signed with the new authentication key."""

    at: datetime
    server_nonce: str
    value: bytes


def enrolment_order(agent: AgentSession) -> OrderId:
    """The order whose enrolment the agent's session is for.

    :raise NotPermitted: it is a ceremony's session.
    """
    if agent.kind is not TicketKind.ENROLMENT:
        raise NotPermitted("an enrolment ticket")
    return OrderId(agent.subject)


def note_hello(session: Session, *, agent: AgentSession, agent_nonce: str) -> None:
    """Keep the nonce that the agent brought with its ticket; another redemption, another nonce. A step."""
    session.execute(delete(EnrolmentHello).where(EnrolmentHello.ticket_id == agent.ticket_id))
    session.execute(insert(EnrolmentHello).values(ticket_id=agent.ticket_id, agent_nonce=agent_nonce))


def enrolment_manifest(
    records: Records, key: ManifestKey, policy: EnrolmentPolicy, *, agent: AgentSession, at: datetime
) -> str:
    """The signed manifest (compact JWS): which keys the device is to make, for whom."""
    order = enrolment_order(agent)
    with records.reading() as session:
        ticket_sha256, nonce = _hello(session, agent)
        holder = session.get_one(Holder, agent.holder)
        asked = _asked(session, order, policy, at=at)
        manifest = EnrolmentManifest(
            protocol=PROTOCOL,
            minimum_agent=policy.minimum_agent,
            environment=Environment(policy.environment),
            origin=policy.origin,
            order=str(order),
            holder=str(agent.holder),
            name_ar=holder.name_ar,
            name_latin=holder.name_latin,
            ticket_sha256=ticket_sha256,
            agent_nonce=nonce,
            issued_at=at.replace(microsecond=0),
            expires_at=at.replace(microsecond=0) + MANIFEST_LIFE,
            key_kind=policy.key_kind,
            purposes=(KeyPurpose.SIGNATURE, KeyPurpose.AUTHENTICATION),
            subject=EnrolmentSubject(common_name=holder.name_latin, given_name="", surname=""),
            road=asked.road,
            policy_oids=asked.policy_oids,
            device_serial=asked.device_serial,
            release_jwk=policy.release_jwk,
            certificates=asked.certificates,
        )
    return sign_enrolment_manifest(manifest.to_payload(), key.key, key.chain)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    road: Road
    policy_oids: tuple[str, ...] = ()
    device_serial: str | None = None
    certificates: tuple[str, ...] = ()


def _asked(session: Session, order: OrderId, policy: EnrolmentPolicy, *, at: datetime) -> _Asked:
    """Which road the order is on now, and what the device must bring for it."""
    found = session.get(KeyOrder, order)
    if found is None:
        return _Asked(road=Road.SELF_MADE)
    if found.state is OrderState.BLOCKED and policy.release_jwk is not None:
        known = tuple(each.sha256 for each in certificates_of_order(session, order))
        return _Asked(road=Road.UNLOCK, certificates=known, device_serial=found.device_serial)
    if found.road is OrderRoad.SUPPLIED:
        policies = configured_policies(session, environment=policy.environment, at=at)
        return _Asked(road=Road.SUPPLIED, policy_oids=policies, device_serial=found.device_serial)
    return _Asked(road=Road.SELF_MADE)


def accept_written_proof(
    records: Records,
    policy: EnrolmentPolicy,
    *,
    agent: AgentSession,
    proof: WrittenProof | None,
    at: datetime,
    purpose: Purpose = Purpose.ENROLMENT,
    presented: bytes | None = None,
) -> None:
    """Accept that the holder's device can use the authentication key that was certified, if one was.

    :param presented: an authentication certificate (DER) that is not on record yet.
    :raise EnrolmentProofRefused: no proof, an old one, one of another enrolment, or a value that does not verify.
    """
    # THREAT: certificates reported as written that nobody can use, or written into another's device.
    # DEFENCE: a fresh message of this ticket and this agent's nonce, under the certified authentication key.
    # TEST: tests/story/test_written_proof.py
    order = enrolment_order(agent)
    with records.reading() as session:
        recorded = _authentication(certificates_of_order(session, order))
        der = presented or (None if recorded is None else recorded.der)
        if der is None:
            return
        ticket_sha256, nonce = _hello(session, agent)
    if proof is None:
        raise EnrolmentProofRefused("none was given")
    if abs(at - proof.at) > PROOF_WINDOW:
        raise EnrolmentProofRefused("it is not of this moment")
    if proof.server_nonce != ticket_sha256:
        raise EnrolmentProofRefused("it is another enrolment's")
    message = authentication_message(purpose, policy.origin, ticket_sha256, nonce, proof.at)
    key = x509.load_der_x509_certificate(der).public_key()
    assert isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    try:
        verify(key, proof.value, message, default_algorithm(key))
    except InvalidSignature as error:
        raise EnrolmentProofRefused("its value does not verify") from error


def _hello(session: Session, agent: AgentSession) -> tuple[str, str]:
    """The ticket's SHA-256, and the nonce that the agent brought with it."""
    row = session.execute(
        select(AgentTicket.sha256, EnrolmentHello.agent_nonce)
        .join(EnrolmentHello, EnrolmentHello.ticket_id == AgentTicket.id)
        .where(AgentTicket.id == agent.ticket_id)
    ).one()
    return row.sha256, row.agent_nonce


def _authentication(certificates: tuple[CertificateRecord, ...]) -> CertificateRecord | None:
    found = [each for each in certificates if each.purpose is CertificatePurpose.AUTHENTICATION]
    return found[0] if found else None
