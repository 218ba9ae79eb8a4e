"""Key pairs made in the device."""

import ctypes
import sys
from dataclasses import replace

import pytest
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag
from pkcs11 import exceptions as driver

from hsm.cryptoki import objects
from hsm.cryptoki.device import public_session
from hsm.cryptoki.errors import DeviceRefused
from hsm.cryptoki.mechanisms import Way, digest_info
from hsm.cryptoki.module import Module
from hsm.errors import MechanismUnsupported
from hsm.keys import KeyKind, SignatureAlgorithm, verify
from tests.hsm.conftest import Device


@pytest.mark.parametrize("kind", [KeyKind.RSA_2048, KeyKind.EC_P256, KeyKind.EC_P384])
def test_the_private_key_never_leaves_the_device(device: Device, module: Module, kind: KeyKind) -> None:
    ref = device.generate(module, kind)

    def read() -> dict[Attribute, object]:
        (opened,) = module._devices.values()
        key = opened.private_key(ref.key_id)
        secret = Attribute.PRIVATE_EXPONENT if kind is KeyKind.RSA_2048 else Attribute.VALUE
        with pytest.raises(driver.AttributeSensitive):
            key[secret]
        asked = (
            Attribute.SENSITIVE,
            Attribute.EXTRACTABLE,
            Attribute.NEVER_EXTRACTABLE,
            Attribute.LOCAL,
            Attribute.PRIVATE,
            Attribute.SIGN,
            Attribute.DECRYPT,
            Attribute.ALWAYS_AUTHENTICATE,
        )
        return {each: key[each] for each in asked}

    found = module._owner.call(read, act="read", timeout=5)
    no = {Attribute.EXTRACTABLE, Attribute.DECRYPT, Attribute.ALWAYS_AUTHENTICATE}
    assert {each for each, value in found.items() if not value} == no


def test_a_taken_id_is_refused(device: Device, module: Module) -> None:
    ref = device.generate(module)
    with pytest.raises(DeviceRefused, match="No key was made"):
        module.generate_key_pair(
            device_label=device.label,
            device_serial=device.serial,
            kind=KeyKind.EC_P256,
            label="again",
            key_id=ref.key_id,
            pins=device.typed(),
        )


def test_keys_are_found_with_what_they_are(device: Device, module: Module) -> None:
    made = {device.generate(module), device.generate(module, always_authenticate=True)}
    (present,) = (each for each in module.devices() if each.initialised)
    found = module.find_keys(present, device.typed())
    assert {each.ref for each in found} == made
    assert {each.label for each in found} == {"ec-p256"}
    assert sorted(each.always_authenticate for each in found) == [False, True]
    assert all(module.key(each.ref, device.typed()).public_key == each.public_key for each in found)


def test_keys_that_do_not_sign_are_left_out(device: Device, module: Module) -> None:
    ref = device.generate(module)

    def make() -> None:
        (opened,) = module._devices.values()
        with public_session(opened.token, writing=True) as session:
            capabilities = MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT
            session.generate_keypair(KeyType.RSA, 2048, store=True, id=b"encryption", capabilities=capabilities)

    module._owner.call(make, act="make", timeout=30)
    (present,) = (each for each in module.devices() if each.initialised)
    assert [each.ref for each in module.find_keys(present, device.typed())] == [ref]


def test_a_key_is_used_as_it_allows(device: Device, module: Module) -> None:
    """CKA_ALLOWED_MECHANISMS: the slot offers more, the device refuses it for this key."""
    ref = replace(device.generate(module), key_id=b"narrow")
    only = Mechanism.SHA256_RSA_PKCS

    def make() -> None:
        (opened,) = module._devices.values()
        session = opened.token.open(rw=True, attribute_mapper=objects.mapper())
        narrow = {Attribute.ALLOWED_MECHANISMS: int(only).to_bytes(ctypes.sizeof(ctypes.c_ulong), sys.byteorder)}
        session.generate_keypair(KeyType.RSA, 2048, store=True, id=ref.key_id, private_template=narrow)
        session.close()

    module._owner.call(make, act="make", timeout=30)
    key = module.key(ref, device.typed())
    assert key.algorithms == (SignatureAlgorithm.RSA_PKCS1V15_SHA256,)
    verify(key.public_key, key.sign(b"m", key.algorithms[0]), b"m", key.algorithms[0])
    usual = Way(Mechanism.RSA_PKCS, None, digest_info)
    with pytest.raises(MechanismUnsupported):
        module.sign_prepared(key, usual, usual.prepare(b"m", key.algorithms[0]))
