"""Founding: once, and on from where it stopped."""

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from sqlalchemy import func, select

from hsm.errors import DeviceUnavailable
from hsm.prepared.jws import MANIFEST_KEY_PURPOSE
from hsm.software import SoftwareKey, SoftwareKeys
from pki.ca.authority import found_authority
from pki.ca.errors import AuthorityMismatch, IssuerUnknown, SubjectRefused
from pki.ca.issuers import issuer_by_role, issuer_chain
from pki.ca.tables import CertificateRow, IntentRow
from pki.records import Records
from tests.pki.ca.estate import ADDRESSES, BY, T0, House, found


def extended(der: bytes) -> tuple[list[x509.ObjectIdentifier], bool]:
    extension = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    return list(extension.value), extension.critical


def test_each_certificate_has_its_use(house: House) -> None:
    founded = house.founded
    assert extended(founded.tsa_der) == ([ExtendedKeyUsageOID.TIME_STAMPING], True)
    assert extended(founded.ocsp_der) == ([ExtendedKeyUsageOID.OCSP_SIGNING], False)
    assert extended(founded.manifest_der) == ([MANIFEST_KEY_PURPOSE], True)
    issuing = x509.load_der_x509_certificate(founded.issuing_der)
    assert issuing.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    ocsp = x509.load_der_x509_certificate(founded.ocsp_der)
    assert ocsp.extensions.get_extension_for_class(x509.OCSPNoCheck)
    with house.records.reading() as session:
        assert issuer_chain(session, founded.issuing_id) == (founded.issuing_der,)
        assert issuer_chain(session, founded.issuing_id, with_root=True)[-1] == founded.root_der


def test_founding_again_changes_nothing(house: House) -> None:
    assert found(house.records, house.keys) == house.founded
    with house.records.reading() as session:
        assert session.scalar(select(func.count()).select_from(CertificateRow)) == 6


class Breaking:
    """A keyring whose devices disappear after so many signatures."""

    def __init__(self, keys: SoftwareKeys, left: int) -> None:
        self.keys, self.left = keys, left

    def key(self, role: str) -> SoftwareKey:
        keyring, key = self, self.keys.key(role)

        class Key(SoftwareKey):
            def sign(self, message: bytes, algorithm: object) -> bytes:
                if keyring.left == 0:
                    raise DeviceUnavailable
                keyring.left -= 1
                return key.sign(message, algorithm)  # type: ignore[arg-type]

        return Key(key._private_key)


@pytest.mark.parametrize("after", range(6))
def test_founding_goes_on_where_it_stopped(records: Records, after: int) -> None:
    keys = SoftwareKeys("rehearsal")
    with pytest.raises(DeviceUnavailable):
        found(records, Breaking(keys, after))  # type: ignore[arg-type]
    found(records, keys)
    with records.reading() as session:
        assert session.scalar(select(func.count()).select_from(CertificateRow)) == 6
        assert session.scalar(select(func.count()).select_from(IntentRow)) == 6


def test_other_keys_are_refused(house: House) -> None:
    with pytest.raises(AuthorityMismatch):
        found(house.records, SoftwareKeys("rehearsal"))


def test_nothing_is_issued_before_founding(records: Records) -> None:
    with pytest.raises(IssuerUnknown), records.reading() as session:
        issuer_by_role(session, "issuing")


def test_production_bears_no_test_mark_and_needs_a_number(records: Records) -> None:
    keys = SoftwareKeys("rehearsal")
    options = {"addresses": ADDRESSES, "environment": "production", "organisation": "Royaume", "at": T0, "by": BY}
    with pytest.raises(SubjectRefused):
        found_authority(records, keys, **options)  # type: ignore[arg-type]
    founded = found_authority(records, keys, organisation_identifier="NTRMA-1", **options)  # type: ignore[arg-type]
    for der in (founded.root_der, founded.issuing_der, founded.tsa_der):
        assert b"TEST" not in der
