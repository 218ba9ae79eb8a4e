"""Machine clients: OAuth 2 client credentials (RFC 6749, 4.4), opaque access tokens.

A client proves itself by `private_key_jwt` (RFC 7523); a shared secret is for rehearsals.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import select

from pki.journal.acts import Actor, ActorKind, record
from pki.records import Records

from .errors import ClientRefused, CredentialsRefused, GrantRefused
from .tables import AccessTokenRow, ClientRow
from .tokens import new_token, spend, token_hash

TOKEN_LIFE = timedelta(minutes=60)
ASSERTION_LIFE = timedelta(minutes=5)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPES = ("dossiers", "ceremonies")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformClient:
    """A machine client that showed an access token."""

    id: str
    scopes: frozenset[str]

    @property
    def actor(self) -> Actor:
        """As the journal names it."""
        return Actor(kind=ActorKind.CLIENT, id=self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """An access token, shown once."""

    access_token: str
    expires_in: int
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientProof:
    """How a client says who it is at the token endpoint."""

    client_id: str | None
    client_secret: str | None
    assertion_type: str | None
    assertion: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Registered:
    id: str
    scopes: str
    secret_hash: str | None
    public_keys: str | None


def register_client(
    records: Records,
    *,
    client_id: str,
    name: str,
    scopes: Sequence[str],
    secret: str | None,
    public_keys: str | None,
    by: Actor,
    at: datetime,
) -> None:
    """Record a machine client with a secret (rehearsal) or a JWK Set of public keys."""
    with records.writing() as session:
        session.add(
            ClientRow(
                id=client_id,
                name=name,
                secret_hash=None if secret is None else token_hash(secret),
                public_keys=public_keys,
                scopes=" ".join(scopes),
                created_at=at,
            )
        )
        facts = {"scopes": list(scopes)}
        record(session, kind="client.registered", subject=f"client:{client_id}", by=by, at=at, facts=facts)


def grant_token(
    records: Records,
    *,
    grant_type: str,
    scope: str | None,
    proof: ClientProof,
    audiences: Sequence[str],
    secrets_allowed: bool,
    at: datetime,
) -> Granted:
    """Authenticate a client and give it an access token.

    :param audiences: what the assertion's `aud` may be: the token endpoint's URL, or the origin.
    :raise ClientRefused: it did not prove itself.
    :raise GrantRefused: another grant type, or a scope that it does not have.
    """
    if grant_type != "client_credentials":
        raise GrantRefused("unsupported_grant_type", "Only the grant type client_credentials is offered.")
    client = _authenticated(records, proof, audiences=audiences, secrets_allowed=secrets_allowed, at=at)
    owned = frozenset(client.scopes.split())
    wanted = frozenset(scope.split()) if scope else owned
    if not wanted or not wanted <= owned:
        raise GrantRefused("invalid_scope", "The client does not have every scope that it asked for.")
    token, said = new_token("access"), " ".join(sorted(wanted))
    with records.writing() as session:
        session.add(
            AccessTokenRow(
                token_hash=token_hash(token),
                client_id=client.id,
                scopes=said,
                issued_at=at,
                expires_at=at + TOKEN_LIFE,
            )
        )
    return Granted(access_token=token, expires_in=int(TOKEN_LIFE.total_seconds()), scope=said)


def client_of(records: Records, *, token: str, at: datetime) -> PlatformClient:
    """The machine client whose access token this is.

    :raise CredentialsRefused: nobody's, expired, or the client has ended.
    """
    with records.reading() as session:
        row = session.execute(
            select(AccessTokenRow.client_id, AccessTokenRow.scopes)
            .join(ClientRow, ClientRow.id == AccessTokenRow.client_id)
            .where(AccessTokenRow.token_hash == token_hash(token))
            .where(AccessTokenRow.expires_at > at, ClientRow.ended_at.is_(None))
        ).one_or_none()
    if row is None:
        raise CredentialsRefused
    return PlatformClient(id=row.client_id, scopes=frozenset(row.scopes.split()))


def _authenticated(
    records: Records, proof: ClientProof, *, audiences: Sequence[str], secrets_allowed: bool, at: datetime
) -> _Registered:
    if proof.assertion is not None:
        if proof.client_secret is not None or proof.assertion_type != ASSERTION_TYPE:
            raise ClientRefused("one way of authentication at a time")
        return _by_assertion(records, proof.assertion, claimed=proof.client_id, audiences=audiences, at=at)
    if proof.client_id is None or proof.client_secret is None:
        raise ClientRefused("no credentials")
    # THREAT: a shared secret leaks from the platform's configuration and says nothing of who used it.
    # DEFENCE: production takes private_key_jwt only.
    # TEST: tests/api/auth/test_clients.py::test_secret_is_for_rehearsals
    if not secrets_allowed:
        raise ClientRefused("production takes private_key_jwt")
    client = _client(records, proof.client_id)
    if client.secret_hash is None or not hmac.compare_digest(client.secret_hash, token_hash(proof.client_secret)):
        raise ClientRefused("unknown client or wrong secret")
    return client


def _by_assertion(
    records: Records, assertion: str, *, claimed: str | None, audiences: Sequence[str], at: datetime
) -> _Registered:
    """RFC 7523, 3: iss = sub = client, our audience, short life, used once."""
    client_id = _unverified_issuer(assertion)
    if claimed is not None and claimed != client_id:
        raise ClientRefused("client_id is not the assertion's")
    client = _client(records, client_id)
    if client.public_keys is None:
        raise ClientRefused("no public key on record")
    try:
        keys = KeySet.import_key_set(json.loads(client.public_keys))
        claims: dict[str, Any] = jwt.decode(assertion, keys, algorithms=["ES256", "PS256"]).claims
    except (JoseError, ValueError) as error:
        raise ClientRefused("the assertion's signature does not verify") from error
    aud = claims.get("aud")
    named = [aud] if isinstance(aud, str) else aud if isinstance(aud, list) else []
    if not set(audiences) & {each for each in named if isinstance(each, str)}:
        raise ClientRefused("the assertion is for another audience")
    expires, jti = claims.get("exp"), claims.get("jti")
    if claims.get("sub") != client_id or not isinstance(expires, int) or not isinstance(jti, str):
        raise ClientRefused("the assertion lacks sub, exp or jti")
    end = at + ASSERTION_LIFE + timedelta(seconds=30)
    if not at.timestamp() < expires <= end.timestamp():
        raise ClientRefused("the assertion has expired or lives too long")
    if not spend(records, issuer=client_id, jti=jti, expires_at=datetime.fromtimestamp(expires, UTC), at=at):
        raise ClientRefused("the assertion was used before")
    return client


def _unverified_issuer(assertion: str) -> str:
    """The issuer that the assertion names; nothing is verified yet."""
    from joserfc.jws import extract_compact

    try:
        named = json.loads(extract_compact(assertion.encode()).payload).get("iss")
    except (JoseError, ValueError, AttributeError) as error:
        raise ClientRefused("the assertion is not a JWT") from error
    if not isinstance(named, str):
        raise ClientRefused("the assertion names no issuer")
    return named


def _client(records: Records, client_id: str) -> _Registered:
    with records.reading() as session:
        client = session.scalars(
            select(ClientRow).where(ClientRow.id == client_id, ClientRow.ended_at.is_(None))
        ).one_or_none()
        if client is None:
            raise ClientRefused("unknown client or wrong secret")
        return _Registered(
            id=client.id, scopes=client.scopes, secret_hash=client.secret_hash, public_keys=client.public_keys
        )
