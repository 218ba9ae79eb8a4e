"""The enrolment manifest: roads, the release key, and what it may not say."""

import base64
import dataclasses
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from hsm.prepared.enrolment import EnrolmentManifest, Road, parse_enrolment_manifest
from hsm.prepared.errors import ManifestReason as Why
from hsm.prepared.errors import ManifestRefused
from tests.hsm.prepared.manifests import make_enrolment


def release_jwk(bits: int = 2048) -> dict[str, str]:
    """A public key's JWK; the modulus is any odd number of that length: nothing here is encrypted to it."""
    modulus = ((1 << bits) - 1).to_bytes(bits // 8)
    return {"kty": "RSA", "n": base64.urlsafe_b64encode(modulus).rstrip(b"=").decode(), "e": "AQAB"}


def full() -> EnrolmentManifest:
    return dataclasses.replace(
        make_enrolment(),
        road=Road.UNLOCK,
        policy_oids=("1.2.504.1.1", "2.25.4711"),
        device_serial="0A1B2C",
        release_jwk=release_jwk(),
        certificates=("a" * 64, "b" * 64),
    )


@pytest.mark.parametrize("manifest", [make_enrolment(), full()], ids=["defaults", "full"])
def test_what_was_written_is_what_is_read(manifest: EnrolmentManifest) -> None:
    assert parse_enrolment_manifest(manifest.to_payload()) == manifest


def refusal(**changes: Any) -> Why:
    plain = json.loads(full().to_payload()) | changes
    with pytest.raises(ManifestRefused) as refused:
        parse_enrolment_manifest(json.dumps({name: each for name, each in plain.items() if each != "absent"}).encode())
    return refused.value.reason


@pytest.mark.parametrize("name", sorted(json.loads(make_enrolment().to_payload())))
def test_missing_field_is_refused(name: str) -> None:
    assert refusal(**{name: "absent"}) is Why.FIELD_MISSING


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("road", "borrowed"),
        ("road", None),
        ("policy_oids", None),
        ("policy_oids", ["1.2.3", "1.2.3"]),
        ("policy_oids", ["3.1"]),
        ("policy_oids", ["1.02"]),
        ("policy_oids", [7]),
        ("policy_oids", [f"1.2.{each}" for each in range(9)]),
        ("device_serial", ""),
        ("device_serial", 7),
        ("certificates", ["A" * 64]),
        ("certificates", ["a" * 64, "b" * 64, "c" * 64]),
        ("release_jwk", "RSA"),
        ("release_jwk", release_jwk() | {"kty": "EC"}),
        ("release_jwk", release_jwk() | {"e": "Aw"}),
        ("release_jwk", release_jwk() | {"n": "not base64url!"}),
        ("release_jwk", release_jwk() | {"n": "AAAAA"}),
        ("release_jwk", release_jwk(1024)),
        ("release_jwk", release_jwk(8192)),
    ],
)
def test_wrong_value_is_refused(name: str, value: object) -> None:
    assert refusal(**{name: value}) is Why.FIELD_INVALID


def test_release_key_with_a_private_part_is_refused() -> None:
    assert refusal(release_jwk=release_jwk() | {"d": "AQAB"}) is Why.FIELD_UNKNOWN


@pytest.mark.parametrize("changes", [{"certificates": []}, {"release_jwk": None}])
def test_unlock_names_the_device_and_the_release_key(changes: dict[str, Any]) -> None:
    """Without them, any device could be brought to have a new PIN, or its new secret would be lost."""
    assert refusal(**changes) is Why.FIELD_INVALID


def test_a_real_key_is_taken() -> None:
    numbers = rsa.generate_private_key(65537, 3072).public_key().public_numbers()
    n = base64.urlsafe_b64encode(numbers.n.to_bytes(384)).rstrip(b"=").decode()
    manifest = dataclasses.replace(full(), release_jwk={"kty": "RSA", "n": n, "e": "AQAB"})
    assert parse_enrolment_manifest(manifest.to_payload()).release_jwk == manifest.release_jwk
