"""Machine clients at the token endpoint's act."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from api.auth.clients import ASSERTION_TYPE, ClientProof, client_of, grant_token, register_client
from api.auth.errors import ClientRefused, CredentialsRefused, GrantRefused
from pki.journal.acts import Actor, ActorKind
from pki.records import Records

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
BY = Actor(kind=ActorKind.SYSTEM, id="test")
KEY = ECKey.generate_key("P-256")
AUDIENCE = "https://sign.example.ma/oauth/token"


@pytest.fixture
def clients(records: Records) -> Records:
    import json

    keys = json.dumps({"keys": [KEY.as_dict(private=False)]})
    common: dict[str, Any] = {"name": "Rokhas", "scopes": ("dossiers", "ceremonies"), "by": BY, "at": AT}
    register_client(records, client_id="rokhas", secret="s3cret-enough", public_keys=None, **common)
    register_client(records, client_id="signed", secret=None, public_keys=keys, **common)
    return records


def by_secret(secret: str, client_id: str = "rokhas") -> ClientProof:
    return ClientProof(client_id=client_id, client_secret=secret, assertion_type=None, assertion=None)


def by_assertion(*, key: ECKey = KEY, **claims: Any) -> ClientProof:
    said = {"iss": "signed", "sub": "signed", "aud": AUDIENCE, "jti": "one", "exp": int(AT.timestamp()) + 60} | claims
    assertion = jwt.encode({"alg": "ES256"}, said, key)
    return ClientProof(client_id=None, client_secret=None, assertion_type=ASSERTION_TYPE, assertion=assertion)


def grant(records: Records, proof: ClientProof, *, secrets_allowed: bool = True, **other: Any) -> Any:
    asked: dict[str, Any] = {"grant_type": "client_credentials", "scope": None, "at": AT} | other
    return grant_token(records, proof=proof, audiences=(AUDIENCE,), secrets_allowed=secrets_allowed, **asked)


def test_secret_gives_a_token_that_is_stored_hashed(clients: Records) -> None:
    granted = grant(clients, by_secret("s3cret-enough"))
    assert client_of(clients, token=granted.access_token, at=AT).id == "rokhas"
    dump = "\n".join(clients.reading_engine.raw_connection().driver_connection.iterdump())  # type: ignore[union-attr]
    assert granted.access_token not in dump
    assert "s3cret-enough" not in dump


def test_secret_is_for_rehearsals(clients: Records) -> None:
    with pytest.raises(ClientRefused, match="private_key_jwt"):
        grant(clients, by_secret("s3cret-enough"), secrets_allowed=False)


@pytest.mark.parametrize("proof", [by_secret("wrong"), by_secret("s3cret-enough", "nobody"), by_secret("x", "signed")])
def test_unknown_client_and_wrong_secret_are_one_answer(clients: Records, proof: ClientProof) -> None:
    with pytest.raises(ClientRefused, match="unknown client or wrong secret"):
        grant(clients, proof)


def test_assertion_gives_a_token_once(clients: Records) -> None:
    assert grant(clients, by_assertion(), secrets_allowed=False).scope == "ceremonies dossiers"
    with pytest.raises(ClientRefused, match="used before"):
        grant(clients, by_assertion())


@pytest.mark.parametrize(
    ("reason", "proof"),
    [
        ("does not verify", lambda: by_assertion(key=ECKey.generate_key("P-256"))),
        ("audience", lambda: by_assertion(aud="https://other.example")),
        ("audience", lambda: by_assertion(aud=None)),
        ("sub", lambda: by_assertion(sub="rokhas")),
        ("jti", lambda: by_assertion(jti=None)),
        ("expired", lambda: by_assertion(exp=int(AT.timestamp()))),
        ("too long", lambda: by_assertion(exp=int((AT + timedelta(hours=1)).timestamp()))),
        ("no public key", lambda: by_assertion(iss="rokhas", sub="rokhas")),
        ("unknown", lambda: by_assertion(iss="nobody", sub="nobody")),
    ],
)
def test_assertion_refused(clients: Records, reason: str, proof: Callable[[], ClientProof]) -> None:
    with pytest.raises(ClientRefused, match=reason):
        grant(clients, proof())


def test_scope_and_grant_type(clients: Records) -> None:
    assert grant(clients, by_secret("s3cret-enough"), scope="dossiers").scope == "dossiers"
    with pytest.raises(GrantRefused):
        grant(clients, by_secret("s3cret-enough"), scope="dossiers officers")
    with pytest.raises(GrantRefused):
        grant(clients, by_secret("s3cret-enough"), grant_type="password")


def test_token_ends(clients: Records) -> None:
    token = grant(clients, by_secret("s3cret-enough")).access_token
    with pytest.raises(CredentialsRefused):
        client_of(clients, token=token, at=AT + timedelta(hours=1))
    with pytest.raises(CredentialsRefused):
        client_of(clients, token=token + "x", at=AT)
