"""Requests: the proof, the key, the bounds."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from hsm.keys import KeyKind
from pki.ca.errors import CsrReason, CsrRefused
from pki.ca.public_keys import KeyFault, KeyRefused, accept_public_key
from pki.ca.requests import accept_csr
from tests.pki.ca.estate import csr


def refused(der: bytes) -> CsrReason:
    with pytest.raises(CsrRefused) as error:
        accept_csr(der)
    return error.value.reason


def signed(key: object, digest: hashes.HashAlgorithm | None = None) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, digest).public_bytes(Encoding.DER)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        (["-newkey", "rsa:2048"], KeyKind.RSA_2048),
        (["-newkey", "rsa:2048", "-sigopt", "rsa_padding_mode:pss"], KeyKind.RSA_2048),
        (["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], KeyKind.EC_P256),
        (["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"], KeyKind.EC_P384),
    ],
)
def test_openssl_requests_are_accepted(options: list[str], kind: KeyKind, tmp_path: Path) -> None:
    command = ["openssl", "req", "-new", "-nodes", "-subj", "/CN=x", "-sha256", "-outform", "DER", *options]
    command += ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "csr")]
    subprocess.run(command, check=True, capture_output=True)
    accepted = accept_csr((tmp_path / "csr").read_bytes())
    assert accepted.kind is kind
    assert len(accepted.spki_sha256) == 64


def test_failed_proof_of_possession_is_refused() -> None:
    mine, another = csr(), csr()
    length = 59 + 32  # any byte of the other's key inside ours breaks the proof
    key = x509.load_der_x509_csr(another).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    own = x509.load_der_x509_csr(mine).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert len(key) == len(own) == length
    assert refused(mine.replace(own, key)) is CsrReason.PROOF_FAILED
    assert refused(mine[:-1] + bytes((mine[-1] ^ 1,))) is CsrReason.PROOF_FAILED


def test_weak_and_foreign_keys_are_refused() -> None:
    assert refused(signed(rsa.generate_private_key(65537, 1024), hashes.SHA256())) is CsrReason.KEY_WEAK
    assert refused(signed(rsa.generate_private_key(3, 2048), hashes.SHA256())) is CsrReason.KEY_WEAK
    assert refused(signed(ec.generate_private_key(ec.SECP521R1()), hashes.SHA256())) is CsrReason.KEY_KIND
    assert refused(signed(ec.generate_private_key(ec.SECP256K1()), hashes.SHA256())) is CsrReason.KEY_KIND
    assert refused(signed(ed25519.Ed25519PrivateKey.generate())) is CsrReason.KEY_KIND


def test_sha1_proof_is_refused(tmp_path: Path) -> None:
    command = ["openssl", "req", "-new", "-nodes", "-subj", "/CN=x", "-sha1", "-outform", "DER"]
    command += ["-newkey", "rsa:2048", "-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "csr")]
    subprocess.run(command, check=True, capture_output=True)
    assert refused((tmp_path / "csr").read_bytes()) is CsrReason.SIGNATURE_WEAK


def key_fault(n: int, e: int = 65537) -> KeyFault:
    with pytest.raises(KeyRefused) as error:
        accept_public_key(rsa.RSAPublicNumbers(e, n).public_key())
    return error.value.fault


def test_factorable_modulus_is_refused() -> None:
    small = 3 * ((1 << 2047) // 3 + (1 if ((1 << 2047) // 3) % 2 else 2) * 2 - 1)
    small += 0 if small % 2 else 3
    assert small.bit_length() == 2048
    assert key_fault(small) is KeyFault.WEAK
    prime = rsa.generate_private_key(65537, 2048).private_numbers().p
    near = _next_prime(prime)
    assert key_fault(prime * near) is KeyFault.WEAK


def test_roca_fingerprint_is_refused() -> None:
    """A modulus that is a power of 65537 for every small prime carries the fingerprint of CVE-2017-15361."""
    primes = [p for p in range(3, 168) if all(p % d for d in range(2, int(p**0.5) + 1))]
    modulus, step = 65537**2, 2
    for prime in primes:
        step *= prime
    modulus += step * ((1 << 2047) // step + 1)
    while any(modulus % p == 0 for p in range(3, 752, 2)):
        modulus += step
    assert modulus.bit_length() == 2048
    assert key_fault(modulus) is KeyFault.WEAK


def test_sizes_other_than_ours_are_refused() -> None:
    with pytest.raises(KeyRefused) as error:
        accept_public_key(rsa.generate_private_key(65537, 2056).public_key())
    assert error.value.fault is KeyFault.KIND


def test_too_large_and_too_deep_are_refused() -> None:
    assert refused(csr() + b"\x00") is CsrReason.MALFORMED
    assert refused(b"\x30\x82\x50\x00" + bytes(0x5000)) is CsrReason.MALFORMED
    deep = b""
    for _ in range(40):
        deep = b"\x30" + bytes((len(deep),)) + deep if len(deep) < 128 else b"\x30\x81" + bytes((len(deep),)) + deep
    assert refused(deep) is CsrReason.MALFORMED
    assert refused(b"-----BEGIN CERTIFICATE REQUEST-----") is CsrReason.MALFORMED


GOOD = csr()


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_no_changed_byte_passes(place: int, change: int) -> None:
    changed = GOOD[:place] + bytes((GOOD[place] ^ change,)) + GOOD[place + 1 :]
    with pytest.raises(CsrRefused):
        accept_csr(changed)


@given(st.integers(0, len(GOOD) - 1))
def test_truncated_is_refused(length: int) -> None:
    with pytest.raises(CsrRefused):
        accept_csr(GOOD[:length])


@given(st.binary(max_size=400))
def test_hostile_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(CsrRefused):
        accept_csr(data)


def _next_prime(n: int) -> int:
    n += 2
    while any(n % p == 0 for p in range(3, 2000, 2)) or pow(2, n - 1, n) != 1:
        n += 2
    return n
