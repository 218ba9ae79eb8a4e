"""The signed attributes: one spelling, and one that others read."""

import hashlib

import pytest
from asn1crypto import cms, tsp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from hsm.prepared.attributes import signed_attributes
from tests.hsm.prepared.authority import Authority


def test_an_independent_reader_finds_the_three_attributes(authority: Authority) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    der = authority.issue(key.public_key()).public_bytes(Encoding.DER)
    digest = hashlib.sha256(b"document").digest()
    encoded = signed_attributes(digest, der)
    attributes = cms.CMSAttributes.load(encoded, strict=True)
    found = {attribute["type"].native: attribute["values"] for attribute in attributes}
    assert set(found) == {"content_type", "message_digest", "signing_certificate_v2"}
    assert found["content_type"].native == ["data"]
    assert found["message_digest"].native == [digest]
    certificates = tsp.SigningCertificateV2.load(found["signing_certificate_v2"][0].dump())["certs"]
    assert len(certificates) == 1
    assert certificates[0]["cert_hash"].native == hashlib.sha256(der).digest()
    assert certificates[0]["hash_algorithm"]["algorithm"].native == "sha256"
    assert certificates[0]["issuer_serial"].native is None


def test_der_order_is_the_librarys() -> None:
    encoded = signed_attributes(bytes(32), b"certificate")
    assert (
        cms.CMSAttributes([cms.CMSAttribute.load(each.dump()) for each in cms.CMSAttributes.load(encoded)]).dump(
            force=True
        )
        == encoded
    )


def test_digest_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        signed_attributes(bytes(20), b"")
