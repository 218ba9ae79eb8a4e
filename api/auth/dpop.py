"""DPoP proofs of the signing agent (RFC 9449), ES256 only."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from .errors import ProofRefused

WINDOW = timedelta(seconds=60)
"""How far a proof's `iat` may lie from our clock, both ways."""
MAX_PROOF_CHARACTERS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof whose signature and claims hold. Whether its `jti` was used before is not checked yet."""

    jkt: str
    """JWK thumbprint (RFC 7638) of the agent's ephemeral key."""
    jti: str
    expires_at: datetime


def verify_proof(proof: str, *, method: str, url: str, at: datetime, access_token: str | None) -> Proof:
    """Verify a DPoP proof for one request (RFC 9449, 4.3, steps 1 to 12 but for replay).

    :param url: of the request, without query and fragment, as clients reach it.
    :param access_token: the token that comes with it; then `ath` must be its hash.
    :raise ProofRefused: with the step that failed.
    """
    # THREAT: a ticket or token copied from the agent's machine is used from another.
    # DEFENCE: each request is signed by the agent's ephemeral key, for its method, URL and token, once.
    # TEST: tests/api/auth/test_dpop.py
    if len(proof) > MAX_PROOF_CHARACTERS:
        raise ProofRefused("too long")
    header, claims, key = _signed(proof)
    if header.get("typ") != "dpop+jwt":
        raise ProofRefused("typ is not dpop+jwt")
    if claims.get("htm") != method:
        raise ProofRefused("made for another method")
    if claims.get("htu") != url:
        raise ProofRefused("made for another address")
    iat, jti = claims.get("iat"), claims.get("jti")
    if not isinstance(jti, str) or not 8 <= len(jti) <= 200:  # noqa: PLR2004
        raise ProofRefused("no usable jti")
    if not isinstance(iat, int | float) or abs(at.timestamp() - iat) > WINDOW.total_seconds():
        raise ProofRefused("iat is too far from the server's clock")
    if access_token is not None and claims.get("ath") != _digest(access_token):
        raise ProofRefused("ath is not the access token's hash")
    return Proof(jkt=key.thumbprint(), jti=jti, expires_at=at + 2 * WINDOW)


def _signed(proof: str) -> tuple[dict[str, Any], dict[str, Any], ECKey]:
    try:
        header = dict(jws.extract_compact(proof.encode()).headers())
        jwk = header.get("jwk")
        if header.get("alg") != "ES256" or not isinstance(jwk, dict) or "d" in jwk or jwk.get("crv") != "P-256":
            raise ProofRefused("the key or algorithm is not ES256")
        key = ECKey.import_key(jwk)
        signed = jws.deserialize_compact(proof.encode(), key, algorithms=["ES256"], registry=_REGISTRY)
        claims = json.loads(signed.payload)
    except (JoseError, ValueError, TypeError) as error:
        raise ProofRefused("it is not a signed JWT of its own key") from error
    if not isinstance(claims, dict):
        raise ProofRefused("its payload is not an object")
    return header, claims, key


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


_REGISTRY = jws.JWSRegistry(algorithms=["ES256"])
