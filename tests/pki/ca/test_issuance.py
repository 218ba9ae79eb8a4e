"""Issuance: intent first, the very bytes, once."""

import hashlib
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from sqlalchemy import func, select, update

from hsm.errors import DeviceUnavailable
from hsm.keys import PublicKey, SignatureAlgorithm
from hsm.software import SoftwareKey, SoftwareKeys
from pki.ca.certificates import certificate_of_intent, certificates_of_order
from pki.ca.errors import (
    AlreadyRedeemed,
    AuthorityMismatch,
    IntentAbandoned,
    IntentUnknown,
    KeyAlreadyCertified,
    PreparedBytesDiffer,
    SignatureWrong,
)
from pki.ca.intents import abandon, intents_of_order
from pki.ca.issuance import Issuance, record_issued
from pki.ca.tables import CertificateRow, IntentRow
from pki.journal.tables import Leaf
from tests.pki.ca.estate import ADDRESSES, BY, ORDER, T0, House, csr, write_pem


class Counting:
    """A key that counts, and that may be absent, wrong or another's."""

    def __init__(self, key: SoftwareKey) -> None:
        self.key, self.signed, self.absent, self.wrong = key, 0, False, False

    @property
    def public_key(self) -> PublicKey:
        return self.key.public_key

    @property
    def algorithms(self) -> tuple[SignatureAlgorithm, ...]:
        return self.key.algorithms

    def sign(self, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        if self.absent:
            raise DeviceUnavailable("The device is not there. Nothing was signed.")
        self.signed += 1
        return self.key.sign(message + (b"!" if self.wrong else b""), algorithm)


class OneKey:
    def __init__(self, key: Counting) -> None:
        self._key = key

    def key(self, role: str) -> Counting:
        assert role == "issuing"
        return self._key


@pytest.fixture
def counting(house: House) -> Counting:
    key = Counting(house.keys.key("issuing"))
    house.issuance = Issuance(keyring=OneKey(key), addresses=ADDRESSES, environment="rehearsal")
    return key


@pytest.mark.parametrize("which", ["house", "rsa_house"])
def test_issued_certificate_passes_openssl(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    house: House = request.getfixturevalue(which)
    issued = house.issue()
    root, issuing = (
        write_pem(tmp_path / "r", house.founded.root_der),
        write_pem(tmp_path / "i", house.founded.issuing_der),
    )
    leaf = write_pem(tmp_path / "l", issued.der)
    command = ["openssl", "verify", "-x509_strict", "-CAfile", root, "-untrusted", issuing]
    command += ["-attime", str(int(T0.timestamp()))]
    for each in (
        leaf,
        write_pem(tmp_path / "t", house.founded.tsa_der),
        write_pem(tmp_path / "o", house.founded.ocsp_der),
    ):
        done = subprocess.run([*command, each], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    text = subprocess.run(
        ["openssl", "x509", "-in", leaf, "-noout", "-text"], capture_output=True, text=True, check=True
    )
    assert "Non Repudiation" in text.stdout
    assert "Digital Signature," not in text.stdout
    assert "serialNumber = IDCMA-BE123456" in text.stdout
    assert "CN = Khatam Issuing CA TEST" in text.stdout


def test_what_was_prepared_is_what_is_signed(house: House) -> None:
    prepared = house.prepare()
    issued = house.issuance.redeem(house.records, intent=prepared.intent_id, at=T0, by=BY)
    parsed = x509.load_der_x509_certificate(issued.der)
    assert parsed.tbs_certificate_bytes == prepared.tbs
    assert hashlib.sha256(parsed.tbs_certificate_bytes).hexdigest() == prepared.tbs_sha256
    assert f"{parsed.serial_number:x}" == prepared.serial == issued.serial
    assert parsed.serial_number.bit_length() == 159
    parsed.verify_directly_issued_by(x509.load_der_x509_certificate(house.founded.issuing_der))


def test_redeemed_once(house: House, counting: Counting) -> None:
    prepared = house.prepare()
    issued = house.issuance.redeem(house.records, intent=prepared.intent_id, at=T0, by=BY)
    with pytest.raises(AlreadyRedeemed) as refused:
        house.issuance.redeem(house.records, intent=prepared.intent_id, at=T0, by=BY)
    assert refused.value.certificate == issued.id
    assert counting.signed == 1
    with house.records.reading() as session:
        assert certificates_of_order(session, ORDER) == (issued,)
        assert certificate_of_intent(session, prepared.intent_id) == issued


def test_two_who_signed_at_once_leave_one_certificate(house: House) -> None:
    prepared = house.prepare()
    first = house.issuance.sign(house.records, intent=prepared.intent_id, at=T0)
    second = house.issuance.sign(house.records, intent=prepared.intent_id, at=T0)
    with house.records.writing() as session:
        record_issued(session, second, at=T0, by=BY)
    with pytest.raises(AlreadyRedeemed), house.records.writing() as session:
        record_issued(session, first, at=T0, by=BY)
    with house.records.reading() as session:
        assert session.scalar(select(func.count()).where(CertificateRow.order_id == ORDER)) == 1


def test_killed_after_the_signature_goes_on(house: House) -> None:
    """The value that was not recorded is lost with its process; the next run signs the same bytes."""
    prepared = house.prepare()
    lost = house.issuance.sign(house.records, intent=prepared.intent_id, at=T0)
    again = Issuance(keyring=house.keys, addresses=ADDRESSES, environment="rehearsal")
    with house.records.reading() as session:
        (intent,) = intents_of_order(session, ORDER)
    issued = again.redeem(house.records, intent=intent, at=T0, by=BY)
    before = x509.load_der_x509_certificate(lost.der)
    assert x509.load_der_x509_certificate(issued.der).tbs_certificate_bytes == before.tbs_certificate_bytes


def test_absent_device_records_nothing_and_may_come_back(house: House, counting: Counting) -> None:
    prepared = house.prepare()
    counting.absent = True
    with pytest.raises(DeviceUnavailable):
        house.issuance.redeem(house.records, intent=prepared.intent_id, at=T0, by=BY)
    counting.absent = False
    assert house.issuance.redeem(house.records, intent=prepared.intent_id, at=T0, by=BY).order == ORDER


def test_wrong_value_is_not_recorded(house: House, counting: Counting) -> None:
    prepared = house.prepare()
    counting.wrong = True
    with pytest.raises(SignatureWrong):
        house.issuance.redeem(house.records, intent=prepared.intent_id, at=T0, by=BY)
    with house.records.reading() as session:
        assert certificate_of_intent(session, prepared.intent_id) is None


def test_another_key_in_the_role_is_refused(house: House) -> None:
    prepared = house.prepare()
    other = Issuance(keyring=SoftwareKeys("rehearsal"), addresses=ADDRESSES, environment="rehearsal")
    with pytest.raises(AuthorityMismatch):
        other.redeem(house.records, intent=prepared.intent_id, at=T0, by=BY)


def test_altered_bytes_are_not_signed(house: House, counting: Counting) -> None:
    prepared = house.prepare()
    with house.records.writing() as session:
        session.execute(update(IntentRow).values(tbs=prepared.tbs.replace(b"Ahmed", b"Ahmad")))
    with pytest.raises(PreparedBytesDiffer):
        house.issuance.redeem(house.records, intent=prepared.intent_id, at=T0, by=BY)
    assert counting.signed == 0


def test_certified_key_is_refused(house: House) -> None:
    request = csr()
    prepared = house.prepare(request)
    with pytest.raises(KeyAlreadyCertified):  # a live intent holds it
        house.prepare(request, profile="holder-authentication")
    house.issuance.redeem(house.records, intent=prepared.intent_id, at=T0, by=BY)
    with pytest.raises(KeyAlreadyCertified):
        house.prepare(request)


def test_abandoned_intent_frees_its_key_and_is_never_signed(house: House) -> None:
    request = csr()
    prepared = house.prepare(request)
    for _ in range(2):
        with house.records.writing() as session:
            abandon(session, intent=prepared.intent_id, at=T0)
    with pytest.raises(IntentAbandoned):
        house.issuance.redeem(house.records, intent=prepared.intent_id, at=T0, by=BY)
    again = house.prepare(request)
    assert again.serial != prepared.serial
    issued = house.issuance.redeem(house.records, intent=again.intent_id, at=T0, by=BY)
    with pytest.raises(AlreadyRedeemed) as refused, house.records.writing() as session:
        abandon(session, intent=again.intent_id, at=T0)
    assert refused.value.certificate == issued.id


def test_unknown_and_overdue_intents(house: House) -> None:
    with pytest.raises(IntentUnknown):
        house.issuance.redeem(house.records, intent=uuid4(), at=T0, by=BY)
    prepared = house.prepare()
    with pytest.raises(IntentAbandoned):
        house.issuance.redeem(house.records, intent=prepared.intent_id, at=T0.replace(year=2040), by=BY)


def test_issue_is_journalled_with_the_bytes_digest(house: House) -> None:
    house.issue()
    with house.records.reading() as session:
        facts = session.scalars(select(Leaf.facts).order_by(Leaf.id.desc())).first()
    assert facts is not None
    assert "tbs_sha256" in facts
