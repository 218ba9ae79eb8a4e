"""Fixtures for what a device is asked to sign."""

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.hsm.prepared.authority import Authority, SoftKey, usage
from tests.hsm.prepared.documents import Preparer, make_base, make_stamp


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.make()


@pytest.fixture(scope="session")
def manifest_key() -> SoftKey:
    return SoftKey(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def manifest_chain(authority: Authority, manifest_key: SoftKey) -> tuple[bytes, ...]:
    return (authority.issue(manifest_key.public_key).public_bytes(Encoding.DER),)


@pytest.fixture(scope="session")
def preparer(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Preparer:
    stamp = tmp_path_factory.mktemp("stamp") / "stamp.pdf"
    stamp.write_bytes(make_stamp())
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = authority.issue(key.public_key(), key_usage=usage(content_commitment=True), purposes=())
    return Preparer(stamp, asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)))


@pytest.fixture(scope="session")
def base() -> bytes:
    return make_base()


@pytest.fixture(scope="session")
def prepared(preparer: Preparer, base: bytes) -> bytes:
    return preparer.prepare(base)
