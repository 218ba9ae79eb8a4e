"""OCSP: questions by OpenSSL and by cryptography, answers verified by both, hostile bytes."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsm.errors import DeviceTimeout, KeyNotFound
from hsm.prepared.der import object_identifier, octet_string, sequence, tlv
from pki.ca.certificates import CertificateRecord
from pki.der import DERError, integer
from pki.status.ocsp import INTERNAL_ERROR, MALFORMED_REQUEST, TRY_LATER, OcspResponder
from pki.status.ocsp_requests import MAX_ASKED, parse_ocsp_request
from pki.status.revocation import revoke
from pki.status.tables import RevocationReason
from tests.pki.ca.estate import BY, T0, House, OutsideCa, write_pem

T1 = T0 + timedelta(seconds=30)
NONCE_OID = object_identifier("1.3.6.1.5.5.7.48.1.2")


@pytest.fixture
def responder(house: House) -> OcspResponder:
    return OcspResponder(house.records, house.keys)


def question(
    house: House, certificate: x509.Certificate, nonce: bytes | None = None, digest: object | None = None
) -> bytes:
    issuer = x509.load_der_x509_certificate(house.founded.issuing_der)
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, digest or hashes.SHA256())  # type: ignore[arg-type]
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def parsed(response: bytes) -> ocsp.OCSPResponse:
    found = ocsp.load_der_ocsp_response(response)
    assert found.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    return found


def revoke_it(house: House, certificate: CertificateRecord) -> None:
    with house.records.writing() as session:
        revoke(session, certificate=certificate.id, reason=RevocationReason.KEY_COMPROMISE, at=T1, by=BY)


def openssl(
    house: House, responder: OcspResponder, folder: Path, leaf: bytes | None, *options: str, nonce: bool = True
) -> str:
    """Ask and verify as OpenSSL does; returns what it says."""
    root, issuing = write_pem(folder / "r", house.founded.root_der), write_pem(folder / "i", house.founded.issuing_der)
    which = ["-serial", "0x1234"] if leaf is None else ["-cert", write_pem(folder / "l", leaf)]
    about = ["openssl", "ocsp", *options, "-issuer", issuing, *which]
    ask = [*about, "-reqout", str(folder / "q"), "-nonce" if nonce else "-no_nonce"]
    subprocess.run(ask, check=True, capture_output=True)
    (folder / "a").write_bytes(responder.answer((folder / "q").read_bytes(), at=T1))
    check = [*about, "-no_nonce", "-reqin", str(folder / "q"), "-respin", str(folder / "a"), "-CAfile", root]
    # An answer of another day than today's is wanted: the dates are checked here, below.
    check += ["-attime", str(int(T1.timestamp())), "-validity_period", str(10 * 366 * 86400), "-text"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert "Response verify OK" in done.stdout + done.stderr, done.stderr
    assert ("OCSP Nonce" in done.stdout.split("OCSP Response Data")[1]) is nonce
    return done.stdout


@pytest.mark.parametrize("which", ["house", "rsa_house"])
@pytest.mark.parametrize("digest", ["-sha1", "-sha256", "-sha384", "-sha512"])
def test_openssl_good_then_revoked(which: str, digest: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    house: House = request.getfixturevalue(which)
    responder, certificate = OcspResponder(house.records, house.keys), house.issue()
    assert "Cert Status: good" in openssl(house, responder, tmp_path, certificate.der, digest)
    revoke_it(house, certificate)
    said = openssl(house, responder, tmp_path, certificate.der, digest, nonce=False)
    assert "Cert Status: revoked" in said
    assert "keyCompromise" in said


def test_stranger_is_unknown(house: House, responder: OcspResponder, tmp_path: Path) -> None:
    assert "Cert Status: unknown" in openssl(house, responder, tmp_path, None)  # a serial that was never issued
    other = OutsideCa(name="Khatam Issuing CA TEST")
    forged = other.issue()
    asked = ocsp.OCSPRequestBuilder().add_certificate(house.certificate(forged), other.certificate, hashes.SHA256())
    answer = parsed(responder.answer(asked.build().public_bytes(Encoding.DER), at=T1))
    assert answer.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_times_are_whole_seconds_and_the_signer_is_delegated(house: House, responder: OcspResponder) -> None:
    certificate = house.issue()
    answer = parsed(responder.answer(question(house, house.certificate(certificate.der)), at=T1))
    assert answer.this_update_utc == answer.produced_at_utc == T1.replace(microsecond=0)
    assert answer.next_update_utc == answer.this_update_utc + timedelta(hours=1)
    (signer,) = answer.certificates
    assert signer.public_bytes(Encoding.DER) == house.founded.ocsp_der
    key = signer.public_key()
    from hsm.keys import SignatureAlgorithm, verify

    verify(key, answer.signature, answer.tbs_response_bytes, SignatureAlgorithm.ECDSA_SHA256)  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [1, 16, 32, 128])
def test_nonce_is_repeated(house: House, responder: OcspResponder, length: int) -> None:
    nonce = bytes(range(length))
    answer = parsed(responder.answer(question(house, house.certificate(house.founded.tsa_der), nonce), at=T1))
    assert answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce


@pytest.mark.parametrize("value", [tlv(0x04), octet_string(bytes(129)), b"raw nonce", octet_string(b"x") + b"\x00"])
def test_nonce_out_of_bounds_is_malformed(house: House, responder: OcspResponder, value: bytes) -> None:
    assert responder.answer(raw_request(extensions=[(NONCE_OID, value, False)]), at=T1) == MALFORMED_REQUEST


def raw_request(*, count: int = 1, extensions: list[tuple[bytes, bytes, bool]] | None = None, serial: int = 5) -> bytes:
    algorithm = sequence(object_identifier("1.3.14.3.2.26"), tlv(0x05))
    asked = sequence(sequence(algorithm, octet_string(bytes(20)), octet_string(bytes(20)), integer(serial)))
    told = b""
    if extensions:
        each = [sequence(oid, b"\x01\x01\xff" if critical else b"", octet_string(v)) for oid, v, critical in extensions]
        told = tlv(0xA2, sequence(*each))
    return sequence(sequence(sequence(*[asked] * count), told))


def test_several_are_answered_up_to_a_bound(house: House, responder: OcspResponder) -> None:
    assert len(parse_ocsp_request(raw_request(count=MAX_ASKED)).asked) == MAX_ASKED
    answer = ocsp.load_der_ocsp_response(responder.answer(raw_request(count=MAX_ASKED), at=T1))
    assert len(list(answer.responses)) == MAX_ASKED
    for count in (0, MAX_ASKED + 1):
        assert responder.answer(raw_request(count=count), at=T1) == MALFORMED_REQUEST


def test_critical_extension_is_malformed_others_are_passed_over(responder: OcspResponder) -> None:
    stranger = object_identifier("1.2.3.4")
    assert responder.answer(raw_request(extensions=[(stranger, b"x", True)]), at=T1) == MALFORMED_REQUEST
    assert parsed(responder.answer(raw_request(extensions=[(stranger, b"x", False)]), at=T1))
    twice = [(NONCE_OID, octet_string(b"1"), False)] * 2
    assert responder.answer(raw_request(extensions=twice), at=T1) == MALFORMED_REQUEST


def test_negative_and_huge_serials_are_unknown(responder: OcspResponder) -> None:
    for serial in (-5, 0, 1 << 400):
        answer = parsed(responder.answer(raw_request(serial=serial), at=T1))
        assert answer.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_device_away_is_try_later(house: House) -> None:
    class Away:
        def __init__(self, error: Exception) -> None:
            self.error = error

        def key(self, role: str) -> object:
            raise self.error

    request = raw_request()
    for error, expected in ((DeviceTimeout("slow"), TRY_LATER), (KeyNotFound("none"), INTERNAL_ERROR)):
        assert (
            OcspResponder(
                house.records,
                Away(error),
            ).answer(request, at=T1)
            == expected
        )  # type: ignore[arg-type]


def test_expired_signer_says_nothing(house: House, responder: OcspResponder) -> None:
    assert responder.answer(raw_request(), at=T1 + timedelta(days=400)) == INTERNAL_ERROR


GOOD = raw_request(extensions=[(NONCE_OID, octet_string(b"12345678"), False)])


@given(st.one_of(st.binary(max_size=300), st.integers(0, len(GOOD) - 1).map(lambda n: GOOD[:n])))
def test_hostile_bytes_raise_one_error_only(data: bytes) -> None:
    with pytest.raises(DERError):
        parse_ocsp_request(data)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_changed_bytes_always_get_an_answer(house: House, place: int, change: int) -> None:
    changed = GOOD[:place] + bytes((GOOD[place] ^ change,)) + GOOD[place + 1 :]
    answer = OcspResponder(house.records, house.keys).answer(changed, at=T1)
    assert ocsp.load_der_ocsp_response(answer).response_status.name in {"SUCCESSFUL", "MALFORMED_REQUEST"}
