"""Other authorities: their certificate, their root as an anchor, their lists as configured sources."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from api.auth.permissions import CentralOfficer, HouseHere, now
from api.jobs.waiting import enqueue_waiting
from api.problems import Malformed
from pki.records import Records
from pki.status.external import configure_external_crl, register_external_issuer

from .once import OnceOnly, RawBody, raw
from .pem import Pem, der_of
from .schema import In, Line, Out, Zulu

router = APIRouter(prefix="/v1/issuers", tags=["issuers"])
Oid = Annotated[str, StringConstraints(max_length=100, pattern=r"^[0-2](\.(0|[1-9][0-9]{0,38})){1,20}$")]
CrlPem = Annotated[str, StringConstraints(min_length=1, max_length=900_000)]


class IssuerIn(In):
    """Another's authority. Its certificate may be the root itself."""

    name: Line
    certificate_pem: Pem
    root_pem: Pem
    crl_pem: CrlPem | None = None
    policy_oids: Annotated[list[Oid], Field(max_length=16)] = Field(default_factory=list)
    """Certificate policies under which its certificates are taken, dotted; none: any. Fixed with the first time."""


class IssuerOut(Out):
    """The authority as it is known here."""

    id: UUID
    name: str


class ListOut(Out):
    """The list now in use."""

    number: str
    this_update: Zulu
    next_update: Zulu


@router.post("", status_code=201, operation_id="registerIssuer", response_model=IssuerOut)
def post_issuer(body: IssuerIn, officer: CentralOfficer, house: HouseHere, once: OnceOnly) -> Response:
    """Trust another's authority, and use its list as source of status. Production refuses test anchors."""
    certificate, root = der_of(body.certificate_pem, "/certificate_pem"), der_of(body.root_pem, "/root_pem")
    crl = None if body.crl_pem is None else _crl_of(body.crl_pem)

    def registered(records: Records) -> IssuerOut:
        issuer = register_external_issuer(
            records,
            name=body.name,
            certificate=certificate,
            root=root,
            crl=crl,
            environment=house.settings.environment.value,
            policy_oids=tuple(body.policy_oids),
            at=now(),
            by=officer.actor,
        )
        return IssuerOut(id=issuer, name=body.name)

    return once.atomically(registered)


@router.post(
    "/{issuer}/crl",
    status_code=201,
    operation_id="configureIssuerList",
    response_model=ListOut,
    openapi_extra=raw("application/pkix-crl"),
)
def post_crl(*, issuer: UUID, officer: CentralOfficer, content: RawBody, house: HouseHere, once: OnceOnly) -> Response:
    """The authority's newest list, DER. Documents that wait for one are worked on at once."""

    def configured(records: Records) -> ListOut:
        kept = configure_external_crl(records, issuer=issuer, crl=content, at=now(), by=officer.actor)
        with records.writing() as session:
            enqueue_waiting(session, house.desk.later, at=now())
        return ListOut(number=f"{kept.number:x}", this_update=kept.this_update, next_update=kept.next_update)

    return once.atomically(configured)


def _crl_of(pem: str) -> bytes:
    try:
        return x509.load_pem_x509_crl(pem.encode()).public_bytes(Encoding.DER)
    except ValueError as error:
        raise Malformed("A revocation list in PEM is needed.", "/crl_pem") from error
