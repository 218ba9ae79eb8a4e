"""Lists: recorded, signed, published; read by OpenSSL and by cryptography."""

import subprocess
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import func, select

from hsm.errors import DeviceUnavailable
from pki.ca.certificates import CertificateRecord
from pki.ca.errors import AuthorityMismatch, IssuerUnknown
from pki.status.lists import latest_list, publish_crl, publish_due_crls
from pki.status.revocation import revoke
from pki.status.tables import CrlRow, RevocationReason
from tests.pki.ca.estate import BY, T0, House, write_pem

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def revoked(house: House, certificate: CertificateRecord, reason: RevocationReason, **options: object) -> None:
    with house.records.writing() as session:
        revoke(session, certificate=certificate.id, reason=reason, at=T0 + MINUTE, by=BY, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("which", ["house", "rsa_house"])
def test_openssl_verifies_with_our_lists(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    house: House = request.getfixturevalue(which)
    good, bad = house.issue(), house.issue()
    revoked(house, bad, RevocationReason.KEY_COMPROMISE, invalidity_date=T0)
    assert set(publish_due_crls(house.records, house.keys, at=T0 + MINUTE)) == {
        house.founded.root_id,
        house.founded.issuing_id,
    }
    lists = []
    with house.records.reading() as session:
        for issuer in (house.founded.root_id, house.founded.issuing_id):
            found = latest_list(session, issuer)
            assert found is not None
            lists.append(x509.load_der_x509_crl(found.der).public_bytes(Encoding.PEM))
    crls = tmp_path / "crls"
    crls.write_bytes(b"".join(lists))
    root, issuing = (
        write_pem(tmp_path / "r", house.founded.root_der),
        write_pem(tmp_path / "i", house.founded.issuing_der),
    )
    command = ["openssl", "verify", "-x509_strict", "-crl_check_all", "-CAfile", root, "-untrusted", issuing]
    command += ["-CRLfile", str(crls), "-attime", str(int((T0 + 2 * MINUTE).timestamp()))]
    for certificate, said in ((good, "OK"), (bad, "certificate revoked")):
        leaf = write_pem(tmp_path / "leaf", certificate.der)
        done = subprocess.run([*command, leaf], capture_output=True, text=True, check=False)
        assert said in done.stdout + done.stderr
    (tmp_path / "one").write_bytes(lists[1])
    command = ["openssl", "crl", "-in", str(tmp_path / "one"), "-noout", "-text", "-CAfile", issuing, "-verify"]
    text = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "verify OK" in text.stderr + text.stdout
    for said in ("Key Compromise", "Invalidity Date", "X509v3 CRL Number", "X509v3 Authority Key Identifier"):
        assert said in text.stdout


def test_numbers_go_up_and_lists_come_when_due(house: House) -> None:
    records, keys, issuing = house.records, house.keys, house.founded.issuing_id
    publish_due_crls(records, keys, at=T0)
    assert publish_due_crls(records, keys, at=T0 + MINUTE) == ()
    first = house.issue()
    revoked(house, first, RevocationReason.SUPERSEDED)
    assert publish_due_crls(records, keys, at=T0 + MINUTE) == (issuing,)
    assert publish_due_crls(records, keys, at=T0 + MINUTE) == ()
    second = house.issue()
    revoked(house, second, RevocationReason.UNSPECIFIED)  # in the very second of the list before
    assert publish_due_crls(records, keys, at=T0 + MINUTE) == (issuing,)
    assert publish_due_crls(records, keys, at=T0 + DAY + MINUTE) == (issuing,)
    with records.reading() as session:
        found = latest_list(session, issuing)
    assert found is not None
    assert found.number == 4
    assert found.next_update - found.this_update == 7 * DAY
    assert found.this_update.microsecond == 0
    parsed = x509.load_der_x509_crl(found.der)
    entry = parsed.get_revoked_certificate_by_serial_number(int(second.serial, 16))
    assert entry is not None
    assert not list(entry.extensions)  # unspecified is said by silence
    assert parsed.extensions.get_extension_for_oid(x509.ObjectIdentifier("2.5.29.60"))


def test_expired_certificates_stay_on_the_list(house: House) -> None:
    old = house.issue()
    revoked(house, old, RevocationReason.CESSATION_OF_OPERATION)
    der = publish_crl(house.records, house.keys, at=T0 + 900 * DAY)
    assert x509.load_der_x509_crl(der).get_revoked_certificate_by_serial_number(int(old.serial, 16)) is not None


class Absent:
    def key(self, role: str) -> object:
        raise DeviceUnavailable(role)


def test_killed_between_record_and_signature_skips_a_number(house: House) -> None:
    publish_crl(house.records, house.keys, at=T0)
    with pytest.raises(DeviceUnavailable):
        publish_crl(house.records, Absent(), at=T0 + MINUTE)  # type: ignore[arg-type]
    with house.records.reading() as session:
        kept = latest_list(session, house.founded.issuing_id)
        assert kept is not None
        assert kept.number == 1  # what was published stays
        assert session.scalar(select(func.count()).select_from(CrlRow)) == 2
    der = publish_crl(house.records, house.keys, at=T0 + 2 * MINUTE)
    number = x509.load_der_x509_crl(der).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    assert number == 3


def test_other_key_and_other_issuer_are_refused(house: House) -> None:
    class Wrong:
        def key(self, role: str) -> object:
            return house.keys.key("seal")

    with pytest.raises(AuthorityMismatch):
        publish_crl(house.records, Wrong(), at=T0)  # type: ignore[arg-type]
    with pytest.raises(IssuerUnknown):
        publish_crl(house.records, house.keys, at=T0, issuer=uuid4())
