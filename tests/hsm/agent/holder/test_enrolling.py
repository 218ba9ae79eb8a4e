"""Key pairs in the holder's own device, step by step, each step found again by the next run."""

import base64
import hashlib
import platform
from datetime import datetime

import httpx2
import pytest
from cryptography import x509

from hsm.agent.errors import AgentCode
from hsm.agent.holder.enrolling import Enrolling, EnrolmentReport, key_id
from hsm.keys import SignatureAlgorithm, verify
from hsm.prepared.authentication import authentication_message
from hsm.prepared.enrolment import KeyPurpose
from tests.hsm.agent.estate import ORIGIN, TICKET, Killed, Workplace
from tests.hsm.prepared.authority import Authority


@pytest.fixture
def place(workplace: Workplace) -> Workplace:
    workplace.service.kind = "enrolment"
    workplace.devices.keys.clear()
    workplace.devices.certificates.clear()
    return workplace


def enrol(place: Workplace, *, device: str = "president", wait: float = 1) -> EnrolmentReport:
    return Enrolling(place.config, place.ticket, place.surroundings(), device=device, wait_seconds=wait).run()


def test_keys_are_made_certified_written_and_proved(place: Workplace) -> None:
    report = enrol(place)
    assert report.error is None
    assert set(report.certificates) == {"signature", "authentication"}
    assert place.devices.generated == 2
    assert len(place.devices.certificates) == 2
    (written,) = place.service.written
    assert set(written) == {"certificates", "proof"}
    assert written["certificates"] == list(report.certificates.values())
    proof = written["proof"]
    message = authentication_message(
        "enrolment",
        ORIGIN,
        hashlib.sha256(TICKET.encode()).hexdigest(),
        place.service.nonce,
        datetime.fromisoformat(proof["at"]),
    )
    key = place.devices.keys[key_id(place.service.ceremony, KeyPurpose.AUTHENTICATION)]
    verify(key.public_key, base64.b64decode(proof["value"]), message, SignatureAlgorithm.ECDSA_SHA256)
    assert [path for path in place.config.spool.iterdir() if path.is_dir()] == []


def test_requests_prove_possession_and_name_the_holder(place: Workplace) -> None:
    enrol(place)
    assert place.service.csrs is not None
    csr = x509.load_der_x509_csr(base64.b64decode(place.service.csrs["signature_csr"]))
    assert csr.is_signature_valid
    assert csr.public_key() == place.devices.keys[key_id(place.service.ceremony, KeyPurpose.SIGNATURE)].public_key
    assert "CN=Ahmed EL ALAOUI" in csr.subject.rfc4514_string()
    names = {"label", "serial", "model", "manufacturer", "firmware", "hardware"}
    assert set(place.service.csrs["device"]) == names
    assert place.service.csrs["device"]["serial"] == "1"
    assert place.service.csrs["evidence"]["station"] == platform.node()
    for purpose in KeyPurpose:
        said = place.service.csrs["evidence"][purpose.value]
        assert (said["sensitive"], said["extractable"], said["always_authenticate"]) == (True, False, None)
    assert place.service.csrs["unlock"] == []


def test_the_signature_key_signs_its_request_only(place: Workplace) -> None:
    enrol(place)
    assert place.service.csrs is not None
    bodies = [
        x509.load_der_x509_csr(base64.b64decode(place.service.csrs[f"{purpose.value}_csr"])).tbs_certrequest_bytes
        for purpose in KeyPurpose
    ]
    others = [message for message in place.devices.signed if message not in bodies]
    assert len(others) == 1
    assert others[0].startswith(b"khatam-auth-v1")


@pytest.mark.parametrize("where", ["/enrolment/requests", "/enrolment/certificates", "/enrolment/written"])
def test_interrupted_at_any_step_it_goes_on(place: Workplace, where: str) -> None:
    def kill(method: str, path: str) -> httpx2.Response | None:
        if path.endswith(where):
            raise Killed
        return None

    place.service.before = kill
    with pytest.raises(Killed):
        enrol(place)
    place.service.before = lambda method, path: None
    assert enrol(place).error is None
    assert place.devices.generated == 2
    assert len(place.devices.certificates) == 2


def test_without_approval_it_waits_so_long_and_no_longer(place: Workplace) -> None:
    place.service.approved = False
    report = enrol(place)
    assert report.error is not None
    assert report.error.code is AgentCode.APPROVAL
    assert report.error.resumable
    assert place.devices.certificates == []
    place.service.approved = True
    assert enrol(place).error is None
    assert place.devices.generated == 2


def test_certificate_of_another_key_is_not_written(place: Workplace, authority: Authority) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    stranger = authority.issue(ec.generate_private_key(ec.SECP256R1()).public_key()).public_bytes(Encoding.DER)
    place.service.issued["signature"] = stranger
    report = enrol(place)
    assert report.error is not None
    assert report.error.code is AgentCode.CERTIFICATE
    assert place.devices.certificates == []


def test_other_device_is_not_touched(place: Workplace) -> None:
    report = enrol(place, device="another")
    assert report.error is not None
    assert report.error.code is AgentCode.DEVICE_ABSENT
    assert place.devices.generated == 0


def test_wrong_pin_is_tried_once(place: Workplace) -> None:
    place.pins.characters = "0000"
    report = enrol(place)
    assert report.error is not None
    assert report.error.code is AgentCode.PIN_WRONG
    assert place.devices.pin_tries == 1
    assert place.devices.generated == 0


def test_ceremony_ticket_enrols_nobody(place: Workplace) -> None:
    place.service.kind = "ceremony"
    report = enrol(place)
    assert report.error is not None
    assert report.error.code is AgentCode.ARGUMENT
    assert place.devices.generated == 0
