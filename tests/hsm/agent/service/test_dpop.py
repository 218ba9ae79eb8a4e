"""The proofs, read by the service's own verifier."""

import pytest
from joserfc.jwk import ECKey

from api.auth.dpop import verify_proof
from api.auth.errors import ProofRefused
from hsm.agent.service.dpop import EphemeralKey
from tests.hsm.prepared.authority import NOW

URL = "https://signature.example.ma/v1/agent/manifest"


def test_the_service_accepts_it_and_names_the_same_key() -> None:
    key = EphemeralKey.generate()
    proof = key.proof(method="GET", url=URL, at=NOW, access_token="token")
    assert verify_proof(proof, method="GET", url=URL, at=NOW, access_token="token").jkt == key.jkt


def test_thumbprint_is_another_librarys() -> None:
    key = EphemeralKey.generate()
    assert ECKey.import_key(key._jwk).thumbprint() == key.jkt  # type: ignore[arg-type]


def test_each_proof_is_for_one_request() -> None:
    key = EphemeralKey.generate()
    proof = key.proof(method="GET", url=URL, at=NOW, access_token="token")
    assert proof != key.proof(method="GET", url=URL, at=NOW, access_token="token")
    for method, url, token in (("POST", URL, "token"), ("GET", URL + "x", "token"), ("GET", URL, "other")):
        with pytest.raises(ProofRefused):
            verify_proof(proof, method=method, url=url, at=NOW, access_token=token)


def test_key_comes_back_from_the_spool_and_is_masked() -> None:
    key = EphemeralKey.generate()
    assert EphemeralKey.from_pem(key.to_pem()).jkt == key.jkt
    assert "PRIVATE" not in repr(key)
    with pytest.raises(ValueError, match=r"PEM|key"):
        EphemeralKey.from_pem(b"nothing")
