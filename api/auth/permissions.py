"""Permissions as parameter types: a route that names one of these is closed to everybody else.

`Public` is a permission too, so that no door is open by oversight: every route names exactly one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import Depends, Request

from api.wiring import House
from pki.journal.acts import Actor, ActorKind
from pki.tickets import AgentSession as TicketSession
from pki.tickets import bearer

from .clients import PlatformClient, client_of
from .dpop import Proof, verify_proof
from .errors import CredentialsMissing, NotPermitted, ProofRefused
from .officers import Officer, officer_of
from .tables import OfficerRole
from .tokens import spend


def house_of(request: Request) -> House:
    """The wired service behind this application."""
    return cast("House", request.app.state.house)


def now() -> datetime:
    """The instant of an act. No door accepts one from outside."""
    return datetime.now(UTC)


def _bearer_token(request: Request, scheme: str = "bearer") -> str:
    said, _, token = request.headers.get("authorization", "").partition(" ")
    if said.lower() != scheme or not token.strip():
        raise CredentialsMissing
    return token.strip()


def _any_officer(request: Request) -> Officer:
    officer = officer_of(house_of(request).records, token=_bearer_token(request))
    request.state.caller = f"officer:{officer.id}"
    return officer


def _central_officer(officer: Annotated[Officer, Depends(_any_officer)]) -> Officer:
    if not officer.reaches(OfficerRole.CENTRAL):
        raise NotPermitted("a central officer")
    return officer


def _regional_or_above(officer: Annotated[Officer, Depends(_any_officer)]) -> Officer:
    if not officer.reaches(OfficerRole.REGIONAL):
        raise NotPermitted("an officer of a region, or a central one")
    return officer


def _provincial_or_above(officer: Annotated[Officer, Depends(_any_officer)]) -> Officer:
    if not officer.reaches(OfficerRole.PROVINCIAL):
        raise NotPermitted("an officer of a province, of a region, or a central one")
    return officer


def _platform(request: Request) -> PlatformClient:
    client = client_of(house_of(request).records, token=_bearer_token(request), at=now())
    request.state.caller = f"client:{client.id}"
    return client


def _with_dossiers(client: Annotated[PlatformClient, Depends(_platform)]) -> PlatformClient:
    return _scoped(client, "dossiers")


def _with_ceremonies(client: Annotated[PlatformClient, Depends(_platform)]) -> PlatformClient:
    return _scoped(client, "ceremonies")


def _scoped(client: PlatformClient, scope: str) -> PlatformClient:
    if scope not in client.scopes:
        raise NotPermitted(f"the scope {scope}")
    return client


def _proof(request: Request) -> Proof:
    """The agent's proof for this very request, used up by this look."""
    house, at = house_of(request), now()
    said = request.headers.getlist("dpop")
    if len(said) != 1:
        raise ProofRefused("exactly one DPoP header is needed")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    access_token = token.strip() if scheme.lower() == "dpop" else None
    url = house.settings.public_url + request.url.path
    proof = verify_proof(said[0], method=request.method, url=url, at=at, access_token=access_token)
    # THREAT: a recorded request is sent again.
    # DEFENCE: a proof's jti is spent in the records before the act; the database refuses it a second time.
    # TEST: tests/api/test_agent_door.py::test_replayed_proof_is_refused
    if not spend(house.records, issuer=f"dpop:{proof.jkt}", jti=proof.jti, expires_at=proof.expires_at, at=at):
        raise ProofRefused("it was used before")
    return proof


def _agent_session(request: Request, proof: Annotated[Proof, Depends(_proof)]) -> TicketSession:
    token = _bearer_token(request, "dpop")
    with house_of(request).records.reading() as session:
        return bearer(session, access_token=token, jkt=proof.jkt, at=now())


def _nobody() -> None:
    return None


def agent_actor(session: TicketSession) -> Actor:
    """As the journal names the holder whose agent speaks."""
    return Actor(kind=ActorKind.HOLDER, id=str(session.holder))


BY_OFFICERS: dict[Callable[..., object], OfficerRole | None] = {
    _central_officer: OfficerRole.CENTRAL,
    _regional_or_above: OfficerRole.REGIONAL,
    _provincial_or_above: OfficerRole.PROVINCIAL,
    _any_officer: OfficerRole.COMMUNE,
    _nobody: None,
}
"""What stands behind a door that an officer may open: the least level that it asks for; None: it asks nobody."""
CentralOfficer = Annotated[Officer, Depends(_central_officer)]
"""An officer whose territory is the country."""
RegionalOrAbove = Annotated[Officer, Depends(_regional_or_above)]
ProvincialOrAbove = Annotated[Officer, Depends(_provincial_or_above)]
CommuneOrAbove = Annotated[Officer, Depends(_any_officer)]
"""Any officer. Each of these says the least level; `api.auth.territory` holds the officer to his own territory."""
DossierPlatform = Annotated[PlatformClient, Depends(_with_dossiers)]
CeremonyPlatform = Annotated[PlatformClient, Depends(_with_ceremonies)]
AgentProof = Annotated[Proof, Depends(_proof)]
"""An agent that holds an ephemeral key and no session yet."""
AgentSession = Annotated[TicketSession, Depends(_agent_session)]
Public = Annotated[None, Depends(_nobody)]
HouseHere = Annotated[House, Depends(house_of)]
"""The wired service."""
