"""The agent's enrolment: what to make, the requests, the certificates, word that they are in the device."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import Field, StringConstraints

from api.auth.permissions import AgentSession, HouseHere, agent_actor, now
from api.enrolment import WrittenProof, accept_written_proof, enrolment_manifest, enrolment_order
from api.wiring import House
from hsm.prepared.authentication import Purpose
from pki.ca.certificates import certificates_of_order
from pki.ca.registered import is_commitment, parse_certificate
from pki.quota.errors import OrderStateRefused, UnlockRefused
from pki.quota.evidence import DeviceClaim, EvidencePolicy, KeyAttributes, StationEvidence
from pki.quota.issuing import confirm_written
from pki.quota.kinds import KeyUse, OrderState, UnlockKind
from pki.quota.orders import key_order
from pki.quota.submitting import submit_requests
from pki.quota.supplied import PresentedDevice, SuppliedPolicy, accept_presented
from pki.quota.unlock_secrets import MOST_JWE_CHARACTERS, MOST_SECRETS, SentSecret
from pki.quota.unlocking import set_new_pin

from .agent import ManifestOut
from .schema import ONE_LINE, Base64, In, Moment, Out, Sha256

router = APIRouter(prefix="/v1/agent/enrolment", tags=["agent"])
Label = Annotated[str, StringConstraints(max_length=100, pattern=ONE_LINE)]
Version = Annotated[str, StringConstraints(max_length=40, pattern=ONE_LINE)]
WAITING = (OrderState.REQUESTED, OrderState.APPROVED)
ISSUED = (OrderState.PERSONALISED, OrderState.DELIVERED, OrderState.ACTIVE)


class DeviceIn(In):
    """The device as the agent names it. Nothing proves it."""

    label: Label
    serial: Label
    model: Label
    manufacturer: Label = ""
    firmware: Version = ""
    hardware: Version = ""

    def claim(self) -> DeviceClaim:
        """As it is kept."""
        return DeviceClaim(**self.model_dump())


class AttributesIn(In):
    """Attributes of one private key, as PKCS#11 names them; null: the device does not say."""

    sensitive: bool | None = None
    extractable: bool | None = None
    never_extractable: bool | None = None
    always_sensitive: bool | None = None
    local: bool | None = None
    always_authenticate: bool | None = None


class EvidenceIn(In):
    """What the station says of the keys."""

    signature: AttributesIn
    authentication: AttributesIn | None = None
    station: Label = ""

    def said(self) -> StationEvidence:
        """As it is kept."""
        keys = {KeyUse.SIGNATURE: KeyAttributes(**self.signature.model_dump())}
        if self.authentication is not None:
            keys[KeyUse.AUTHENTICATION] = KeyAttributes(**self.authentication.model_dump())
        return StationEvidence(station=self.station, keys=keys)


class SecretIn(In):
    """One unlock secret, encrypted to the release key."""

    kind: UnlockKind
    jwe: Annotated[str, StringConstraints(min_length=1, max_length=MOST_JWE_CHARACTERS)] = Field(repr=False)


Secrets = Annotated[list[SecretIn], Field(max_length=MOST_SECRETS)]


class RequestsIn(In):
    """The certificate requests (DER PKCS#10), signed inside the device."""

    signature_csr: Base64
    authentication_csr: Base64 | None
    device: DeviceIn
    evidence: EvidenceIn | None = None
    unlock: Secrets = Field(default_factory=list)


class DigestOut(Out):
    """What the second officer approves."""

    digest: str


class IssuedOut(Out):
    """One issued certificate, DER."""

    purpose: str
    der: Base64


class CertificatesOut(Out):
    """The issued certificates."""

    certificates: list[IssuedOut]


class ProofIn(In):
    """A message of this enrolment under the authentication key."""

    at: Moment
    server_nonce: Sha256
    value: Base64

    def written(self) -> WrittenProof:
        """As it is checked."""
        return WrittenProof(at=self.at, server_nonce=self.server_nonce, value=self.value)


class WrittenIn(In):
    """The certificates that were read back from the device."""

    certificates: Annotated[list[Sha256], Field(min_length=1, max_length=4)]
    proof: ProofIn | None


class PresentedIn(In):
    """A supplied device: its certificates (DER), what the station says, and the authentication key's proof."""

    certificates: Annotated[list[Base64], Field(min_length=1, max_length=2)]
    device: DeviceIn
    evidence: EvidenceIn | None = None
    proof: ProofIn | None


class PinSetIn(In):
    """The holder has set a new PIN; the released secrets are replaced."""

    proof: ProofIn | None
    unlock: Secrets
    """Empty: the device let none be replaced."""


class StateOut(Out):
    """Where the order stands."""

    state: OrderState


@router.get("", operation_id="getEnrolment")
def get_enrolment(agent: AgentSession, house: HouseHere) -> ManifestOut:
    """What the holder's device is to make."""
    jws = enrolment_manifest(house.records, house.desk.manifest_key(), house.enrolment_policy, agent=agent, at=now())
    return ManifestOut(manifest=jws)


@router.post("/requests", status_code=201, operation_id="submitRequests")
def post_requests(body: RequestsIn, agent: AgentSession, house: HouseHere) -> DigestOut:
    """The requests, with their proofs of possession. The same ones again get the same answer."""
    prepared = submit_requests(
        house.records,
        house.issuance,
        house.protection,
        order=enrolment_order(agent),
        signature_csr=body.signature_csr,
        authentication_csr=body.authentication_csr,
        device=body.device.claim(),
        by=agent_actor(agent),
        at=now(),
        evidence=None if body.evidence is None else body.evidence.said(),
        policy=_evidence_policy(house),
        unlock=_sent(body.unlock, house),
    )
    return DigestOut(digest=prepared.digest)


@router.get(
    "/certificates",
    operation_id="getIssuedCertificates",
    response_model=CertificatesOut,
    responses={202: {"model": StateOut, "description": "Not issued yet."}},
)
def get_certificates(agent: AgentSession, house: HouseHere) -> Response:
    """The certificates, once they are issued."""
    order = enrolment_order(agent)
    with house.records.reading() as session:
        state = key_order(session, order).state
        issued = certificates_of_order(session, order)
    if state in WAITING:
        return JSONResponse({"state": state.value}, 202, headers={"Retry-After": "1"})
    if state not in ISSUED:
        raise OrderStateRefused(order, state.value, "enrol")
    out = CertificatesOut(certificates=[IssuedOut(purpose=each.purpose.value, der=each.der) for each in issued])
    return Response(out.model_dump_json(), media_type="application/json")


@router.post("/written", operation_id="confirmWritten")
def post_written(body: WrittenIn, agent: AgentSession, house: HouseHere) -> StateOut:
    """The certificates are in the device, and its authentication key works."""
    order, proof = enrolment_order(agent), body.proof
    accept_written_proof(
        house.records,
        house.enrolment_policy,
        agent=agent,
        proof=None if proof is None else proof.written(),
        at=now(),
    )
    confirm_written(house.records, order=order, certificates=body.certificates, by=agent_actor(agent), at=now())
    with house.records.reading() as session:
        return StateOut(state=key_order(session, order).state)


@router.post("/presented", status_code=201, operation_id="presentDevice")
def post_presented(body: PresentedIn, agent: AgentSession, house: HouseHere) -> StateOut:
    """A device that another authority supplied, held against its order. The same again changes nothing."""
    order, at = enrolment_order(agent), now()
    others = [der for der in body.certificates if not is_commitment(parse_certificate(der))]
    accept_written_proof(
        house.records,
        house.enrolment_policy,
        agent=agent,
        proof=None if body.proof is None else body.proof.written(),
        at=at,
        presented=others[0] if others else None,
    )
    accept_presented(
        house.records,
        house.protection,
        SuppliedPolicy(environment=house.settings.environment.value, evidence=_evidence_policy(house)),
        order=order,
        presented=PresentedDevice(
            certificates=tuple(body.certificates),
            device=body.device.claim(),
            evidence=None if body.evidence is None else body.evidence.said(),
        ),
        by=agent_actor(agent),
        at=at,
    )
    with house.records.reading() as session:
        return StateOut(state=key_order(session, order).state)


@router.post("/pin-set", operation_id="confirmNewPin")
def post_pin_set(body: PinSetIn, agent: AgentSession, house: HouseHere) -> StateOut:
    """The holder's device has a new PIN: the block is lifted, the key waits for his acceptance."""
    order, at = enrolment_order(agent), now()
    accept_written_proof(
        house.records,
        house.enrolment_policy,
        agent=agent,
        proof=None if body.proof is None else body.proof.written(),
        at=at,
        purpose=Purpose.PIN_SET,
    )
    state = set_new_pin(
        house.records,
        order=order,
        sent=_sent(body.unlock, house),
        by=agent_actor(agent),
        at=at,
        may_stay=house.settings.known_unlock_secrets_may_stay,
    )
    return StateOut(state=state)


def _sent(secrets: list[SecretIn], house: House) -> list[SentSecret]:
    if secrets and house.release_key is None:
        raise UnlockRefused("this installation has no release key")
    return [SentSecret(kind=each.kind, jwe=each.jwe) for each in secrets]


def _evidence_policy(house: House) -> EvidencePolicy:
    return EvidencePolicy(strict=not house.settings.rehearsal)
