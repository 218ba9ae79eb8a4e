"""The manifest: strict, signed by the manifest key alone, of now, for this agent."""

import base64
import dataclasses
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from hsm.keys import SignatureAlgorithm
from hsm.prepared.enrolment import sign_enrolment_manifest, verify_enrolment_manifest
from hsm.prepared.errors import ManifestReason as Why
from hsm.prepared.errors import ManifestRefused
from hsm.prepared.expectations import Expected, require_meant_for
from hsm.prepared.manifest import Environment, Manifest, ManifestPower, parse_manifest, sign_manifest, verify_manifest
from hsm.prepared.match_code import match_code
from tests.hsm.prepared.authority import NOW, Authority, SoftKey, usage
from tests.hsm.prepared.manifests import make_enrolment, make_manifest

Chain = tuple[bytes, ...]


def refusal(jws: str, authority: Authority, at: Any = NOW) -> Why:
    with pytest.raises(ManifestRefused) as refused:
        verify_manifest(jws, authority.certificate, at)
    assert "Nothing was signed" in str(refused.value)
    return refused.value.reason


@pytest.fixture
def jws(manifest_key: SoftKey, manifest_chain: Chain) -> str:
    return sign_manifest(make_manifest().to_payload(), manifest_key, manifest_chain)


def test_what_was_signed_is_what_is_read(jws: str, authority: Authority) -> None:
    assert verify_manifest(jws, authority.certificate, NOW) == make_manifest()


def test_by_what_power_is_read() -> None:
    power = ManifestPower(kind="delegation", number="12/2026", since="2026-05-01", principal="president")
    manifest = make_manifest()
    given = dataclasses.replace(manifest, capacity=dataclasses.replace(manifest.capacity, power=power))
    assert parse_manifest(given.to_payload()) == given
    for name, value in (("since", "2026-13-01"), ("number", ""), ("kind", "x\u202ey"), ("more", "x")):
        plain = json.loads(given.to_payload())
        plain["capacity"]["power"][name] = value
        with pytest.raises(ManifestRefused):
            parse_manifest(json.dumps(plain).encode())


def test_root_in_the_chain_is_harmless(authority: Authority, manifest_key: SoftKey, manifest_chain: Chain) -> None:
    chain = (*manifest_chain, authority.certificate.public_bytes(Encoding.DER))
    assert verify_manifest(sign_manifest(make_manifest().to_payload(), manifest_key, chain), authority.certificate, NOW)


@pytest.mark.parametrize("name", sorted(json.loads(make_manifest().to_payload())))
def test_missing_field_is_refused(name: str) -> None:
    plain = json.loads(make_manifest().to_payload())
    del plain[name]
    with pytest.raises(ManifestRefused) as refused:
        parse_manifest(json.dumps(plain).encode())
    assert refused.value.reason is Why.FIELD_MISSING


@pytest.mark.parametrize("where", [(), ("signer",), ("capacity",), ("items", 0)])
def test_unknown_field_is_refused(where: tuple[Any, ...]) -> None:
    plain = json.loads(make_manifest().to_payload())
    holder = plain
    for step in where:
        holder = holder[step]
    holder["later"] = 1
    with pytest.raises(ManifestRefused) as refused:
        parse_manifest(json.dumps(plain).encode())
    assert refused.value.reason is Why.FIELD_UNKNOWN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", 3),
        ("count", True),
        ("items", []),
        ("environment", "staging"),
        ("mechanism", "rsa-sha1"),
        ("ticket_sha256", "AB" * 32),
        ("issued_at", "2026-11-23 10:00:00"),
        ("issued_at", "2026-13-23T10:00:00Z"),
        ("ceremony", ""),
        ("ceremony", 7),
        ("origin", "http://a\u202eb"),
        ("signer", None),
    ],
)
def test_wrong_value_is_refused(name: str, value: object) -> None:
    plain = json.loads(make_manifest().to_payload()) | {name: value}
    with pytest.raises(ManifestRefused) as refused:
        parse_manifest(json.dumps(plain).encode())
    assert refused.value.reason is Why.FIELD_INVALID


def test_item_named_twice_is_refused() -> None:
    manifest = make_manifest()
    with pytest.raises(ManifestRefused):
        parse_manifest(dataclasses.replace(manifest, items=(manifest.items[0],) * 2).to_payload())


def test_name_given_twice_is_refused() -> None:
    content = make_manifest().to_payload()
    with pytest.raises(ManifestRefused) as refused:
        parse_manifest(content[:-1] + b',"protocol":1}')
    assert refused.value.reason is Why.MALFORMED


def test_other_protocol_is_refused() -> None:
    with pytest.raises(ManifestRefused) as refused:
        parse_manifest(dataclasses.replace(make_manifest(), protocol=2).to_payload())
    assert refused.value.reason is Why.PROTOCOL


def test_any_flipped_character_is_refused(jws: str, authority: Authority) -> None:
    for at in range(0, len(jws), 5):
        other = "A" if jws[at] != "A" else "B"
        assert refusal(jws[:at] + other + jws[at + 1 :], authority)
    assert refusal(jws + "A", authority)
    assert refusal("", authority) is Why.MALFORMED


def test_other_anchor_is_refused(jws: str) -> None:
    assert refusal(jws, Authority.make()) is Why.OTHER_ANCHOR
    assert refusal(jws, Authority.make("another root")) is Why.OTHER_ANCHOR


@pytest.mark.parametrize(
    "made",
    [
        {"key_usage": usage(content_commitment=True)},
        {"key_usage": usage(digital_signature=True, content_commitment=True)},
        {"key_usage": usage(digital_signature=True, key_cert_sign=True)},
        {"purposes": (ExtendedKeyUsageOID.CLIENT_AUTH,)},
        {"purposes": (ExtendedKeyUsageOID.OCSP_SIGNING,)},
        {"purposes": (ExtendedKeyUsageOID.TIME_STAMPING,)},
        {"purposes": ()},
    ],
)
def test_certificate_of_another_use_is_refused(authority: Authority, manifest_key: SoftKey, made: Any) -> None:
    chain = (authority.issue(manifest_key.public_key, **made).public_bytes(Encoding.DER),)
    assert refusal(sign_manifest(make_manifest().to_payload(), manifest_key, chain), authority) is Why.KEY_USAGE


def test_other_key_than_certified_is_refused(authority: Authority, manifest_chain: Chain) -> None:
    other = SoftKey(ec.generate_private_key(ec.SECP256R1()))
    jws = sign_manifest(make_manifest().to_payload(), other, manifest_chain)
    assert refusal(jws, authority) is Why.SIGNATURE_INVALID


def test_leaf_may_not_certify(authority: Authority, manifest_key: SoftKey, manifest_chain: Chain) -> None:
    """A holder of any certificate issues one for itself: it is no authority."""
    holder = ec.generate_private_key(ec.SECP256R1())
    certificate = authority.issue(holder.public_key(), subject="holder", purposes=())
    forged = Authority(holder, certificate).issue(manifest_key.public_key)
    chain = (forged.public_bytes(Encoding.DER), certificate.public_bytes(Encoding.DER))
    assert refusal(sign_manifest(make_manifest().to_payload(), manifest_key, chain), authority) is Why.OTHER_ANCHOR


def test_times_are_kept(jws: str, authority: Authority) -> None:
    assert refusal(jws, authority, NOW + timedelta(minutes=5)) is Why.EXPIRED
    assert refusal(jws, authority, NOW + timedelta(days=1)) is Why.EXPIRED
    assert refusal(jws, authority, NOW - timedelta(minutes=3)) is Why.NOT_YET_VALID
    assert refusal(jws, authority, NOW + timedelta(days=60)) is Why.CERTIFICATE_EXPIRED
    assert verify_manifest(jws, authority.certificate, NOW - timedelta(minutes=2))


def test_long_life_is_refused(authority: Authority, manifest_key: SoftKey, manifest_chain: Chain) -> None:
    long = dataclasses.replace(make_manifest(), expires_at=NOW + timedelta(hours=2))
    assert refusal(sign_manifest(long.to_payload(), manifest_key, manifest_chain), authority) is Why.LIFETIME


def reheaded(jws: str, **changes: object) -> str:
    head, body, value = jws.split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))) | changes
    header = {name: each for name, each in header.items() if each is not None}
    return f"{base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b'=').decode()}.{body}.{value}"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"alg": "none"}, Why.FIELD_INVALID),
        ({"alg": "HS256"}, Why.FIELD_INVALID),
        ({"typ": "khatam-enrolment+jws"}, Why.FIELD_INVALID),
        ({"jwk": {}}, Why.FIELD_UNKNOWN),
        ({"crit": ["x"]}, Why.FIELD_UNKNOWN),
        ({"x5c": None}, Why.FIELD_MISSING),
        ({"x5c": []}, Why.FIELD_INVALID),
        ({"x5c": ["AAAA"]}, Why.MALFORMED),
    ],
)
def test_other_header_is_refused(jws: str, authority: Authority, changes: Any, reason: Why) -> None:
    assert refusal(reheaded(jws, **changes), authority) is reason


def expected_of(manifest: Manifest) -> Expected:
    return Expected(
        environment=manifest.environment,
        origin=manifest.origin,
        ticket_sha256=manifest.ticket_sha256,
        agent_nonce=manifest.agent_nonce,
        agent_version="0.1.0",
        subject=manifest.ceremony,
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"environment": Environment.PRODUCTION}, Why.OTHER_ENVIRONMENT),
        ({"origin": "https://elsewhere.example"}, Why.OTHER_ORIGIN),
        ({"ticket_sha256": "0" * 64}, Why.OTHER_TICKET),
        ({"agent_nonce": "of yesterday"}, Why.OTHER_NONCE),
        ({"subject": "another ceremony"}, Why.OTHER_CEREMONY),
        ({"agent_version": "0.0.9"}, Why.AGENT_TOO_OLD),
    ],
)
def test_manifest_meant_for_another_is_refused(changes: Any, reason: Why) -> None:
    manifest = make_manifest()
    require_meant_for(manifest, manifest.ceremony, expected_of(manifest))
    with pytest.raises(ManifestRefused) as refused:
        require_meant_for(manifest, manifest.ceremony, dataclasses.replace(expected_of(manifest), **changes))
    assert refused.value.reason is reason


def test_the_two_kinds_never_stand_in_for_each_other(
    authority: Authority, manifest_key: SoftKey, manifest_chain: Chain, jws: str
) -> None:
    enrolment = sign_enrolment_manifest(make_enrolment().to_payload(), manifest_key, manifest_chain)
    assert verify_enrolment_manifest(enrolment, authority.certificate, NOW) == make_enrolment()
    assert refusal(enrolment, authority) is Why.FIELD_INVALID
    with pytest.raises(ManifestRefused):
        verify_enrolment_manifest(jws, authority.certificate, NOW)


def test_match_code_depends_on_each_part() -> None:
    codes = {match_code(*parts) for parts in (("a", "b", b"c"), ("ab", "", b"c"), ("a", "bc", b""), ("a", "b", b"d"))}
    assert len(codes) == 4
    assert all(len(code) == 4 and code.isdigit() for code in codes)
    assert match_code("a", "b", "c") == match_code("a", "b", b"c")


def test_mechanism_is_read() -> None:
    assert parse_manifest(make_manifest().to_payload()).mechanism is SignatureAlgorithm.ECDSA_SHA256
