"""The agent's enrolment: what to make, the requests, the certificates, word that they are in the device."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import Field, StringConstraints

from api.auth.permissions import AgentSession, HouseHere, agent_actor, now
from api.enrolment import WrittenProof, accept_written_proof, enrolment_manifest, enrolment_order
from pki.ca.certificates import certificates_of_order
from pki.quota.errors import OrderStateRefused
from pki.quota.issuing import confirm_written, submit_requests
from pki.quota.kinds import OrderState
from pki.quota.orders import key_order
from pki.quota.requests import DeviceClaim

from .agent import ManifestOut
from .schema import Base64, In, Moment, Out, Sha256

router = APIRouter(prefix="/v1/agent/enrolment", tags=["agent"])
Label = Annotated[str, StringConstraints(max_length=100)]
WAITING = (OrderState.REQUESTED, OrderState.APPROVED)
ISSUED = (OrderState.PERSONALISED, OrderState.DELIVERED, OrderState.ACTIVE)


class DeviceIn(In):
    """The device as the agent names it. Nothing proves it."""

    label: Label
    serial: Label
    model: Label


class RequestsIn(In):
    """The certificate requests (DER PKCS#10), signed inside the device."""

    signature_csr: Base64
    authentication_csr: Base64 | None
    device: DeviceIn


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


class WrittenIn(In):
    """The certificates that were read back from the device."""

    certificates: Annotated[list[Sha256], Field(min_length=1, max_length=4)]
    proof: ProofIn | None


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
        device=DeviceClaim(label=body.device.label, serial=body.device.serial, model=body.device.model),
        by=agent_actor(agent),
        at=now(),
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
        proof=None if proof is None else WrittenProof(at=proof.at, server_nonce=proof.server_nonce, value=proof.value),
        at=now(),
    )
    confirm_written(house.records, order=order, certificates=body.certificates, by=agent_actor(agent), at=now())
    with house.records.reading() as session:
        return StateOut(state=key_order(session, order).state)
