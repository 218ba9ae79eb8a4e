"""What is refused with its own sentence, and before any PIN is asked."""

import base64
import dataclasses
import hashlib
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsm.agent.certificates import require_for_signing, signer_named
from hsm.agent.errors import HELP_DESK, AgentCode, AgentError
from hsm.agent.report import SigningReport
from hsm.agent.signing.ceremony import Signing
from hsm.cryptoki.objects import StoredCertificate
from hsm.prepared.manifest import Manifest
from tests.hsm.agent.estate import FakeService, Workplace, give_key
from tests.hsm.agent.people import Person
from tests.hsm.prepared.authority import NOW, Authority, usage

OWNER = "Ahmed EL ALAOUI"


def sign(workplace: Workplace) -> SigningReport:
    return Signing(workplace.config, workplace.ticket, workplace.surroundings()).run()


def refused(workplace: Workplace) -> AgentError:
    """Run; nothing was signed or posted, no PIN was asked."""
    report = sign(workplace)
    assert report.error is not None
    assert workplace.devices.signed == []
    assert workplace.service.posted == []
    assert workplace.pins.asked == 0
    return report.error


def flipped(content: bytes, at: int, bit: int) -> bytes:
    return content[:at] + bytes((content[at] ^ (1 << bit),)) + content[at + 1 :]


Flip = st.tuples(st.integers(0, 10**9), st.integers(0, 6))
LOOSE = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@LOOSE
@given(flip=Flip)
def test_any_flipped_byte_of_the_manifest_stops_all(workplace: Workplace, flip: tuple[int, int]) -> None:
    def twist(jws: str) -> str:
        content = jws.encode("ascii")
        return flipped(content, flip[0] % len(content), flip[1]).decode("ascii")

    workplace.service.twist_jws = twist
    workplace.service.bound = None
    error = refused(workplace)
    assert error.code in (AgentCode.MANIFEST, AgentCode.ANCHOR)
    assert "Nothing was signed" in str(error)


@LOOSE
@given(flip=Flip, which=st.integers(0, 1), index=st.integers(0, 2))
def test_any_flipped_byte_of_a_file_stops_all_and_names_it(
    workplace: Workplace, documents: list[tuple[bytes, bytes]], flip: tuple[int, int], which: int, index: int
) -> None:
    files = list(documents[index])
    files[which] = flipped(files[which], flip[0] % len(files[which]), flip[1])
    honest = documents[index]

    def keep_the_digests(manifest: Manifest) -> Manifest:
        """The service's manifest is right; the bytes that arrive are not."""
        items = list(manifest.items)
        items[index] = dataclasses.replace(
            items[index],
            base_sha256=hashlib.sha256(honest[0]).hexdigest(),
            prepared_sha256=hashlib.sha256(honest[1]).hexdigest(),
        )
        return dataclasses.replace(manifest, items=tuple(items))

    workplace.service.documents = list(documents)
    workplace.service.documents[index] = (files[0], files[1])
    workplace.service.twist = keep_the_digests
    workplace.service.bound = None
    error = refused(workplace)
    assert error.code is AgentCode.DOCUMENT
    assert f"L26-000012{index}" in str(error)
    assert ("base" if which == 0 else "prepared") in str(error)
    assert "Nothing of this list was signed" in str(error)


def certificate(authority: Authority, subject: x509.Name, key_usage: x509.KeyUsage | None) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = authority._builder(subject, authority.certificate.subject, key.public_key())
    if key_usage is not None:
        builder = builder.add_extension(key_usage, critical=True)
    from cryptography.hazmat.primitives import hashes

    return builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.DER)


def person() -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, OWNER)])


def organisation() -> x509.Name:
    identifier = x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, "NTRMA-1")
    return x509.Name([identifier, x509.NameAttribute(NameOID.COMMON_NAME, "Sceau")])


def test_only_a_persons_signature_certificate_signs(authority: Authority) -> None:
    good = certificate(authority, person(), usage(content_commitment=True))
    require_for_signing(good, wanted=OWNER, at=NOW)
    assert signer_named(good) == OWNER
    bad = {
        "logging in": certificate(authority, person(), usage(digital_signature=True)),
        "seal": certificate(authority, organisation(), usage(content_commitment=True)),
        "authority's": certificate(authority, person(), usage(content_commitment=True, key_cert_sign=True)),
        "does not say": certificate(authority, person(), None),
        "cannot be read": b"no certificate",
    }
    for said, der in bad.items():
        with pytest.raises(AgentError) as found:
            require_for_signing(der, wanted=OWNER, at=NOW)
        assert found.value.code is AgentCode.NOT_A_SIGNATURE_CERTIFICATE
        assert said in str(found.value)
        assert signer_named(der) is None


def name_certificate(workplace: Workplace, der: bytes) -> None:
    """The service names that certificate, and the device has it beside the signer's key."""
    stored = workplace.devices.certificates[0]
    other = StoredCertificate(key_id=stored.key_id, label=stored.label, der=der)
    workplace.devices.certificates[:] = [other]
    workplace.service.certificate = der


@pytest.mark.parametrize("kind", ["authentication", "seal"])
def test_other_certificate_of_the_device_is_refused(workplace: Workplace, authority: Authority, kind: str) -> None:
    subject = organisation() if kind == "seal" else person()
    name_certificate(workplace, certificate(authority, subject, usage(digital_signature=True)))
    assert refused(workplace).code is AgentCode.NOT_A_SIGNATURE_CERTIFICATE


@pytest.mark.parametrize(("days", "code"), [(31, AgentCode.CERTIFICATE_EXPIRED), (-31, AgentCode.CERTIFICATE_NOT_YET)])
def test_certificate_out_of_its_time_is_refused(authority: Authority, days: int, code: AgentCode) -> None:
    der = certificate(authority, person(), usage(content_commitment=True))
    with pytest.raises(AgentError) as found:
        require_for_signing(der, wanted=OWNER, at=NOW + timedelta(days=days))
    assert found.value.code is code
    assert OWNER in str(found.value)


def test_device_without_a_signature_certificate_is_said(workplace: Workplace) -> None:
    workplace.devices.certificates.clear()
    assert refused(workplace).code is AgentCode.NO_CERTIFICATE


PROBLEMS: dict[str, tuple[int, dict[str, Any], AgentCode, str]] = {
    "key-blocked": (409, {"since": "2026-11-24T10:00:00Z", "name_latin": OWNER}, AgentCode.KEY_BLOCKED, "2026-11-24"),
    "key-revoked": (409, {"since": "2026-11-24T10:00:00Z", "name_latin": OWNER}, AgentCode.KEY_REVOKED, OWNER),
    "key-expired": (409, {"since": "2026-11-01T10:00:00Z"}, AgentCode.CERTIFICATE_EXPIRED, "2026-11-01"),
    "key-not-accepted": (409, {"since": None, "name_latin": OWNER}, AgentCode.KEY_UNUSABLE, "key-not-accepted"),
    "office-ended": (403, {"ended_on": "2026-10-31", "name_latin": OWNER}, AgentCode.OFFICE_ENDED, "2026-10-31"),
    "not-entitled": (403, {"reference": "L1", "reason": "other-body"}, AgentCode.NOT_ENTITLED, "other-body"),
    "agent-too-old": (426, {"minimum": "9.0"}, AgentCode.AGENT_TOO_OLD, "newer"),
}


def problem(code: str) -> httpx2.Response:
    status, fields, _, _ = PROBLEMS[code]
    content = {"type": f"urn:khatam:problem:{code}", "code": code, "status": status, "detail": "So."} | fields
    return httpx2.Response(status, json=content, headers={"content-type": "application/problem+json"})


@pytest.mark.parametrize("said", sorted(PROBLEMS))
def test_refusal_of_the_service_has_its_sentence(workplace: Workplace, said: str) -> None:
    _, _, code, word = PROBLEMS[said]
    door = "/v1/agent/sessions" if said == "agent-too-old" else "/v1/agent/manifest"
    workplace.service.before = lambda method, path: problem(said) if path == door else None
    error = refused(workplace)
    assert error.code is code
    assert word in str(error)
    assert error.help_desk is HELP_DESK[code]
    assert not error.resumable


@pytest.mark.parametrize("name", ["Ahmed EL ALAOUI", "EL ALAOUI Ahmed", "ahmed el-alaoui"])
def test_certificate_of_the_same_name_is_not_named_twice(workplace: Workplace, authority: Authority, name: str) -> None:
    workplace.devices.certificates.clear()
    workplace.service.certificate = give_key(workplace.devices, authority, name)
    workplace.consent = asked = Person()
    assert sign(workplace).error is None
    assert asked.requests[0].signer_latin == OWNER


def test_certificate_of_another_name_is_shown_beside(workplace: Workplace, authority: Authority) -> None:
    """The list says Ahmed, the certificate that it asks for is Fatima's: both stand before the yes."""
    workplace.devices.certificates.clear()
    workplace.service.certificate = give_key(workplace.devices, authority, "Fatima \u202eZAHRA")
    workplace.consent = asked = Person()
    sign(workplace)
    assert asked.requests[0].signer_latin == f"{OWNER} · Fatima ZAHRA"


def test_key_blocked_on_the_way_ends_the_list(workplace: Workplace) -> None:
    """What follows would be refused alike: no more PIN, no more signature than was already on its way."""
    service: FakeService = workplace.service

    def refuse(method: str, path: str) -> httpx2.Response | None:
        if not path.endswith("/i0/value"):
            return None
        fields = {"code": "item-refused", "reason": "key-blocked", "since": "2026-11-24T10:00:00Z", "name_latin": OWNER}
        fields["type"] = "urn:khatam:problem:item-refused"
        return httpx2.Response(409, json=fields, headers={"content-type": "application/problem+json"})

    service.before = refuse
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.KEY_BLOCKED
    assert report.items["i0"].reason == "key-blocked"
    assert not report.error.resumable


def test_receipt_says_what_was_shown(workplace: Workplace) -> None:
    sent: list[str] = []
    order: list[str] = []

    def keep(jws: str) -> str:
        sent.append(jws)
        return jws

    def watch(method: str, path: str) -> None:
        order.append(path.rpartition("/")[2])

    workplace.service.twist_jws = keep
    workplace.service.before = watch  # type: ignore[assignment]
    assert sign(workplace).error is None
    assert order.index("receipt") < order.index("value")
    (receipt,) = workplace.service.receipts
    head, body, _ = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in receipt.split("."))
    import json

    header, said = json.loads(head), json.loads(body)
    assert (header["typ"], header["alg"], set(header)) == ("khatam-display+jws", "ES256", {"typ", "alg", "jwk"})
    assert said["manifest_sha256"] == hashlib.sha256(sent[0].encode()).hexdigest()
    assert said["ceremony"] == workplace.service.ceremony
    assert [each["item"] for each in said["shown"]] == ["i0", "i1", "i2"]
    assert set(said["shown"][0]) == {"item", "reference", "base_sha256", "prepared_sha256", "opened"}
    assert said["language"] == "en"
    assert "held_pin_policy" not in said


def test_receipt_asked_for_again_is_sent_again(workplace: Workplace) -> None:
    answers = ["once"]

    def lose(method: str, path: str) -> httpx2.Response | None:
        if path.endswith("/i0/value") and answers:
            answers.pop()
            return workplace.service.problem(409, "display-receipt-missing")
        return None

    workplace.service.before = lose
    assert sign(workplace).error is None
    first, second = workplace.service.receipts
    assert first == second
    assert workplace.service.posted == ["i0", "i1", "i2"]
