"""The token endpoint of OAuth 2 (RFC 6749, 3.2)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form

from api.auth.clients import ClientProof, grant_token
from api.auth.permissions import HouseHere, Public, now

from .schema import Out

router = APIRouter(tags=["tokens"])
Field = Annotated[str | None, Form(max_length=8192)]


class TokenOut(Out):
    """RFC 6749, 5.1."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str


@router.post("/oauth/token", operation_id="grantToken")
def post_token(
    *,
    _: Public,
    house: HouseHere,
    grant_type: Annotated[str, Form(max_length=100)],
    client_id: Field = None,
    client_secret: Field = None,
    client_assertion_type: Field = None,
    client_assertion: Field = None,
    scope: Field = None,
) -> TokenOut:
    """Give a machine client an access token for its credentials."""
    origin = house.settings.public_url
    granted = grant_token(
        house.records,
        grant_type=grant_type,
        scope=scope,
        proof=ClientProof(
            client_id=client_id,
            client_secret=client_secret,
            assertion_type=client_assertion_type,
            assertion=client_assertion,
        ),
        audiences=(origin, f"{origin}/oauth/token"),
        secrets_allowed=house.settings.rehearsal,
        at=now(),
    )
    return TokenOut(
        access_token=granted.access_token,
        token_type="Bearer",  # noqa: S106
        expires_in=granted.expires_in,
        scope=granted.scope,
    )
