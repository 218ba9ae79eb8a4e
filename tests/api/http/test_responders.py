"""The responders' own application: addresses, media types, sizes, methods."""

import base64
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from starlette.testclient import TestClient

from api.http.responders import Responders
from api.wiring import House
from pki.ca.certificates import CertificateRecord, service_certificate
from pki.ca.issuers import Issuer, issuer_by_id, issuers


@pytest.fixture
def client(house: House) -> TestClient:
    return TestClient(Responders(house.answers))


def about(house: House) -> tuple[CertificateRecord, Issuer]:
    with house.records.reading() as session:
        certificate = service_certificate(session, "tsa")
        assert certificate is not None
        return certificate, issuer_by_id(session, certificate.issuer)


def question(house: House) -> bytes:
    certificate, issuer = about(house)
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        x509.load_der_x509_certificate(certificate.der), issuer.certificate, hashes.SHA256()
    )
    from cryptography.hazmat.primitives.serialization import Encoding

    return builder.build().public_bytes(Encoding.DER)


def test_ocsp_by_post_and_by_get(house: House, client: TestClient) -> None:
    asked = question(house)
    posted = client.post("/ocsp", content=asked, headers={"Content-Type": "application/ocsp-request"})
    got = client.get(f"/ocsp/{quote(base64.b64encode(asked).decode(), safe='')}")
    unquoted = client.get(f"/ocsp/{base64.b64encode(asked).decode()}")
    for said in (posted, got, unquoted):
        assert (said.status_code, said.headers["content-type"]) == (200, "application/ocsp-response")
        assert ocsp.load_der_ocsp_response(said.content).certificate_status is ocsp.OCSPCertStatus.GOOD


def test_a_malformed_question_gets_an_answer_that_says_so(client: TestClient) -> None:
    said = client.post("/ocsp", content=b"\x30\x00", headers={"Content-Type": "application/ocsp-request"})
    status = ocsp.load_der_ocsp_response(said.content).response_status
    assert status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_lists_and_certificates_of_every_issuer(house: House, client: TestClient) -> None:
    with house.records.reading() as session:
        known = issuers(session)
    assert len(known) == 2
    for issuer in known:
        crl = client.get(f"/crl/{issuer.id}.crl")
        assert crl.headers["content-type"] == "application/pkix-crl"
        assert x509.load_der_x509_crl(crl.content).issuer == issuer.certificate.subject
        assert client.get(f"/ca/{issuer.id}.cer").content == issuer.der


def test_time_stamp(client: TestClient) -> None:
    from asn1crypto import tsp

    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)}
    query = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "cert_req": True}).dump()
    said = client.post("/tsa", content=query, headers={"Content-Type": "application/timestamp-query"})
    assert said.headers["content-type"] == "application/timestamp-reply"
    assert tsp.TimeStampResp.load(said.content)["status"]["status"].native == "granted"


@pytest.mark.parametrize(
    "case",
    [
        ("POST", "/ocsp", "application/json", 10, 415),
        ("POST", "/ocsp", "application/ocsp-request", 16 * 1024 + 1, 413),
        ("POST", "/tsa", "application/ocsp-request", 10, 415),
        ("POST", "/tsa", "application/timestamp-query", 16 * 1024 + 1, 413),
        ("GET", "/tsa", "", 0, 405),
        ("PUT", "/ocsp", "", 0, 405),
        ("GET", "/ocsp/***", "", 0, 400),
        ("GET", "/crl/nobody.crl", "", 0, 404),
        ("GET", "/crl/00000000-0000-4000-8000-000000000000.crl", "", 0, 404),
        ("GET", "/v1/officers", "", 0, 404),
    ],
)
def test_large_request_is_refused(client: TestClient, case: tuple[str, str, str, int, int]) -> None:
    method, path, kind, size, status = case
    said = client.request(method, path, content=b"0" * size, headers={"Content-Type": kind} if kind else {})
    assert (said.status_code, said.headers["content-type"]) == (status, "application/problem+json")
    assert said.json()["status"] == status
