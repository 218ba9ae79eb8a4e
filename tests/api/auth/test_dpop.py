"""DPoP proofs (RFC 9449): each case deviates once."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from api.auth.dpop import verify_proof
from api.auth.errors import ProofRefused

URL = "https://sign.example.ma/v1/agent/manifest"
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = ECKey.generate_key("P-256")
OTHER = ECKey.generate_key("P-256")
ATH = base64.urlsafe_b64encode(hashlib.sha256(b"token").digest()).rstrip(b"=").decode()


def proof(*, header: dict[str, Any] | None = None, key: ECKey = KEY, **claims: Any) -> str:
    said = {"alg": "ES256", "typ": "dpop+jwt", "jwk": KEY.as_dict(private=False)} | (header or {})
    payload = {"jti": "0123456789ab", "htm": "GET", "htu": URL, "iat": int(AT.timestamp()), "ath": ATH} | claims
    return jws.serialize_compact(said, json.dumps(payload).encode(), key)


def verify(said: str, token: str | None = "token") -> Any:
    return verify_proof(said, method="GET", url=URL, at=AT, access_token=token)


def test_a_good_proof_gives_the_thumbprint() -> None:
    assert verify(proof()).jkt == KEY.thumbprint()


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("typ", proof(header={"typ": "jwt"})),
        ("method", proof(htm="POST")),
        ("address", proof(htu=URL + "/other")),
        ("address", proof(htu=URL.replace("https", "http"))),
        ("jti", proof(jti="short")),
        ("jti", proof(jti=7)),
        ("clock", proof(iat=int((AT - timedelta(seconds=61)).timestamp()))),
        ("clock", proof(iat=int((AT + timedelta(seconds=61)).timestamp()))),
        ("clock", proof(iat="now")),
        ("ath", proof(ath="AAAA")),
        ("ath", proof(ath=None)),
        ("signed", proof(key=OTHER)),
        ("ES256", proof(header={"jwk": KEY.as_dict(private=True)})),
        ("signed", "not a jwt"),
        ("signed", proof()[:-4] + "AAAA"),
        ("too long", proof(pad="x" * 5000)),
    ],
)
def test_refused_with_its_reason(reason: str, said: str) -> None:
    with pytest.raises(ProofRefused, match=reason):
        verify(said)


def test_an_unsigned_proof_is_refused() -> None:
    head, body, _ = proof().split(".")
    forged = json.loads(base64.urlsafe_b64decode(head + "=="))
    forged["alg"] = "none"
    head = base64.urlsafe_b64encode(json.dumps(forged).encode()).rstrip(b"=").decode()
    with pytest.raises(ProofRefused):
        verify(f"{head}.{body}.")


def test_without_token_no_ath_is_needed() -> None:
    assert verify(proof(ath=None), token=None).jti == "0123456789ab"
