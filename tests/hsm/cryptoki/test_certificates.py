"""Certificate objects beside their keys."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pkcs11 import Attribute, ObjectClass

from hsm.cryptoki import objects
from hsm.cryptoki.device import public_session
from hsm.cryptoki.errors import DeviceRefused
from hsm.cryptoki.module import Module
from hsm.keys import KeyKind, PublicKey
from tests.hsm.conftest import Device

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def certificate(key: PublicKey, name: str = "holder") -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key, 1234567890123456789, NOW, NOW + timedelta(days=1))
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize("kind", [KeyKind.RSA_2048, KeyKind.EC_P256])
def test_written_and_read_without_login(device: Device, module: Module, kind: KeyKind) -> None:
    ref = device.generate(module, kind)
    der = certificate(module.key(ref, device.typed()).public_key)
    for _ in range(2):  # the same one twice is one
        module.write_certificate(ref, der, label="signature", pins=device.typed())
    (present,) = (each for each in module.devices() if each.initialised)
    module.logout(present)
    assert module.read_certificates(present) == [(ref.key_id, "signature", der)]


def test_a_second_certificate_stands_beside_the_first(device: Device, module: Module) -> None:
    ref = device.generate(module)
    key = module.key(ref, device.typed()).public_key
    both = {certificate(key, "first"), certificate(key, "second")}
    for der in both:
        module.write_certificate(ref, der, label="signature", pins=device.typed())
    (present,) = (each for each in module.devices() if each.initialised)
    assert {each.der for each in module.read_certificates(present)} == both


def test_another_keys_certificate_is_refused(device: Device, module: Module) -> None:
    ref = device.generate(module)
    stranger = ec.generate_private_key(ec.SECP256R1()).public_key()
    for der in (certificate(stranger), b"", b"not a certificate", certificate(stranger)[:-1]):
        with pytest.raises(DeviceRefused, match="Nothing was written"):
            module.write_certificate(ref, der, label="x", pins=device.typed())
    (present,) = (each for each in module.devices() if each.initialised)
    assert module.read_certificates(present) == []


@pytest.mark.parametrize("kind", [KeyKind.RSA_2048, KeyKind.EC_P256])
def test_the_public_key_is_known_without_its_object(device: Device, module: Module, kind: KeyKind) -> None:
    """Some devices keep a certificate and a private key, and no public key object."""
    ref = device.generate(module, kind)
    key = module.key(ref, device.typed()).public_key
    module.write_certificate(ref, certificate(key), label="signature", pins=device.typed())

    def destroy() -> None:
        (opened,) = module._devices.values()
        with public_session(opened.token, writing=True) as session:
            for each in objects.find(session, ObjectClass.PUBLIC_KEY, ref.key_id):
                assert each[Attribute.ID] == ref.key_id
                each.destroy()

    module._owner.call(destroy, act="destroy", timeout=5)
    assert module.key(ref, device.typed()).public_key == key
