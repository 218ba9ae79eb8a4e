"""Manifests that no honest service writes: JWS tricks (RFC 7515, RFC 8725), JSON that two parsers read as two."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.prepared.errors import ManifestReason as Why
from hsm.prepared.errors import ManifestRefused
from hsm.prepared.manifest import parse_manifest, sign_manifest, verify_manifest
from tests.hsm.prepared.authority import NOW, Authority, SoftKey
from tests.hsm.prepared.manifests import make_manifest


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make()


@pytest.fixture(scope="module")
def key() -> SoftKey:
    return SoftKey(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="module")
def chain(authority: Authority, key: SoftKey) -> tuple[bytes, ...]:
    return (authority.issue(key.public_key).public_bytes(Encoding.DER),)


@pytest.fixture(scope="module")
def jws(key: SoftKey, chain: tuple[bytes, ...]) -> str:
    return sign_manifest(make_manifest().to_payload(), key, chain)


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def header_of(jws: str) -> dict[str, Any]:
    head = jws.partition(".")[0]
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    return value


def resigned(jws: str, key: SoftKey, head: bytes) -> str:
    """The same payload under another header, truly signed by the manifest key."""
    body = jws.split(".")[1]
    der = key.private.sign(f"{encoded(head)}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(der)
    return f"{encoded(head)}.{body}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def refusal(jws: str, authority: Authority) -> Why:
    with pytest.raises(ManifestRefused) as refused:
        verify_manifest(jws, authority.certificate, NOW)
    return refused.value.reason


def test_honest_lists_pass(jws: str, authority: Authority, key: SoftKey) -> None:
    """Also when signed again by these tests' own hand."""
    for each in (jws, resigned(jws, key, json.dumps(header_of(jws)).encode())):
        assert verify_manifest(each, authority.certificate, NOW) == make_manifest()


@pytest.mark.parametrize("name", ["none", "None", "HS256", "RS256", "ES384", "es256", "ES256K", "", None, 7, ["ES256"]])
def test_other_algorithm(jws: str, authority: Authority, key: SoftKey, name: object) -> None:
    """Algorithm confusion (RFC 8725, 2.1)."""
    head = json.dumps(header_of(jws) | {"alg": name}).encode()
    assert refusal(resigned(jws, key, head), authority) is Why.FIELD_INVALID


def test_public_key_as_a_secret(jws: str, authority: Authority, key: SoftKey) -> None:
    """HS256 with the public key as its secret (RFC 8725, 2.1)."""
    head = encoded(json.dumps(header_of(jws) | {"alg": "HS256"}).encode())
    secret = key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    mac = hmac.HMAC(secret, hashes.SHA256())
    mac.update(f"{head}.{jws.split('.')[1]}".encode())
    assert refusal(f"{head}.{jws.split('.')[1]}.{encoded(mac.finalize())}", authority) is Why.FIELD_INVALID


@pytest.mark.parametrize(
    "more",
    [
        {"crit": ["b64"], "b64": False},
        {"crit": []},
        {"crit": ["exp"], "exp": 0},
        {"b64": False},
        {"jwk": {"kty": "EC"}},
        {"jku": "https://example.org/keys"},
        {"x5u": "https://example.org/chain"},
        {"kid": "1"},
        {"x5t#S256": "AA"},
        {"zip": "DEF"},
        {"cty": "JWT"},
        {"": 1},
    ],
    ids="+".join,
)
def test_header_says_more(jws: str, authority: Authority, key: SoftKey, more: dict[str, object]) -> None:
    """Critical and other headers (RFC 7515, 4.1.11; RFC 7797): none is known here, so none passes."""
    head = json.dumps(header_of(jws) | more).encode()
    assert refusal(resigned(jws, key, head), authority) is Why.FIELD_UNKNOWN


@pytest.mark.parametrize("first", ["none", "ES256"])
def test_header_given_twice(jws: str, authority: Authority, key: SoftKey, first: str) -> None:
    """Two algorithms in one header (RFC 7515, 4: names are unique)."""
    text = json.dumps(header_of(jws))
    assert refusal(resigned(jws, key, f'{{"alg": "{first}", {text[1:]}'.encode()), authority) is Why.MALFORMED


def test_extra_certificates(jws: str, authority: Authority, key: SoftKey) -> None:
    """x5c with a certificate that does not belong to the chain, before, between or behind."""
    header = header_of(jws)
    leaf = header["x5c"][0]
    other = base64.b64encode(Authority.make("Other").certificate.public_bytes(Encoding.DER)).decode()
    for x5c in ([other, leaf], [leaf, other], [leaf, leaf], [leaf] * 5, [], [""], [None], [leaf + "\n"], [[leaf]]):
        head = json.dumps(header | {"x5c": x5c}).encode()
        assert refusal(resigned(jws, key, head), authority) in {Why.OTHER_ANCHOR, Why.MALFORMED, Why.FIELD_INVALID}


def test_value_of_zeros(jws: str, authority: Authority) -> None:
    """The signature (0, 0), which broken libraries accept (CVE-2022-21449)."""
    head, body, _ = jws.split(".")
    assert refusal(f"{head}.{body}.{encoded(bytes(64))}", authority) is Why.SIGNATURE_INVALID


@pytest.mark.parametrize("change", [" {}", "{}\n", "{}=", "\ufeff{}", "{}.", ".{}", "{{}}"])
def test_another_spelling_of_the_same_list(jws: str, authority: Authority, change: str) -> None:
    """White space, padding, a byte order mark, more parts."""
    with pytest.raises(ManifestRefused):
        verify_manifest(change.format(jws), authority.certificate, NOW)


def payload(**changes: object) -> bytes:
    return json.dumps(json.loads(make_manifest().to_payload()) | changes).encode()


def rejected(content: bytes) -> Why:
    with pytest.raises(ManifestRefused) as refused:
        parse_manifest(content)
    return refused.value.reason


@pytest.mark.parametrize("number", ["1e400", "1.0", "1e0", "-1", "NaN", "Infinity", "9" * 5000, "true", "01", "+1"])
def test_numbers_that_are_no_counts(number: str) -> None:
    """Numbers in other spellings, or too large to be read (RFC 8259, 6)."""
    content = payload().replace(b'"count": 2', f'"count": {number}'.encode())
    assert content != payload()
    assert rejected(content) in {Why.FIELD_INVALID, Why.MALFORMED}


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b'{"a":' * 100_000, b"\xff{}", b"\xef\xbb\xbf{}", b"null", b'"x"', b""]
)
def test_payloads_that_are_no_objects(content: bytes) -> None:
    assert rejected(content) is Why.MALFORMED


def test_name_given_twice_deep_inside() -> None:
    """A title given twice in one item."""
    content = payload().replace(b'"title": "Permis de construire"', b'"title": "Refus", "title": "Permis"')
    assert content != payload()
    assert rejected(content) is Why.MALFORMED


@pytest.mark.parametrize(
    "mark",
    [
        "\u202e",
        "\u2066",
        "\u200f",
        "\u061c",
        "\u2028",
        "\u2029",
        "\u0085",
        "\u000b",
        "\u200b",
        "\u2060",
        "\ufeff",
        "\u00ad",
        "\ufff9",
        "\U000e0041",
        "\ud800",
        "\x00",
        "\x1b[2J",
        "\r",
    ],
    ids=ascii,
)
def test_marks_that_rearrange_or_hide_a_title(mark: str) -> None:
    """Trojan source (CVE-2021-42574) and its like: the window would show another line than was signed."""
    items = json.loads(make_manifest().to_payload())["items"]
    items[0]["title"] = f"Permis{mark}de construire"
    assert rejected(payload(items=items)) is Why.FIELD_INVALID


def test_joiners_of_arabic_script_pass() -> None:
    """The zero-width non-joiner is spelling, not a trick."""
    items = json.loads(make_manifest().to_payload())["items"]
    items[0]["title"] = "رخصة\u200cالبناء"
    assert parse_manifest(payload(items=items)).items[0].title == items[0]["title"]
