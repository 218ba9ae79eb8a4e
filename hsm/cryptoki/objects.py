"""Objects on a device: public keys and certificates read and written, key pairs made.

Everything here takes an open session and runs on the module's owner thread. Searches are always read to
their end: a half-read one keeps the session's search open, and the next act fails.
"""

import contextlib
import ctypes
import sys
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11 import exceptions as driver
from pkcs11.attributes import AttributeMapper
from pkcs11.types import Object, PrivateKey, Session, SignMixin
from pkcs11.util.x509 import decode_x509_certificate

from hsm.cryptoki.errors import DeviceRefused
from hsm.cryptoki.found import StoredCertificate as StoredCertificate  # noqa: PLC0414  (asked for here too)
from hsm.cryptoki.info import KeyAttributes
from hsm.errors import KeyNotFound, MechanismUnsupported
from hsm.keys import KeyKind, PublicKey

_CURVES: dict[bytes, ec.EllipticCurve] = {
    bytes.fromhex("06082a8648ce3d030107"): ec.SECP256R1(),
    bytes.fromhex("06052b81040022"): ec.SECP384R1(),
}
"""DER of the named curve's OID, as CKA_EC_PARAMS holds it."""

_CURVE_OF_KIND = {
    KeyKind.EC_P256: bytes.fromhex("06082a8648ce3d030107"),
    KeyKind.EC_P384: bytes.fromhex("06052b81040022"),
}
_RSA_BITS = {KeyKind.RSA_2048: 2048, KeyKind.RSA_3072: 3072, KeyKind.RSA_4096: 4096}
_LONG = ctypes.sizeof(ctypes.c_ulong)
_OCTET_STRING = 0x04
_UNCOMPRESSED = 0x04


def mapper() -> AttributeMapper:
    """Return python-pkcs11's table of attributes, with the one that it lacks."""
    found = AttributeMapper()
    found.register_handler(Attribute.ALLOWED_MECHANISMS, bytes, bytes)
    return found


def find(session: Session, object_class: ObjectClass, key_id: bytes | None = None) -> list[Object]:
    """Return the stored objects of that class, those with that CKA_ID if one is given."""
    template: dict[Attribute, Any] = {Attribute.CLASS: object_class, Attribute.TOKEN: True}
    if key_id is not None:
        template[Attribute.ID] = key_id
    return list(session.get_objects(template))


def value_of(found: Object, attribute: Attribute, default: Any = None) -> Any:
    """Return one attribute, or `default` where the device does not have it or does not show it."""
    try:
        return found[attribute]
    except (
        driver.AttributeTypeInvalid,
        driver.AttributeSensitive,
        driver.FunctionFailed,
        NotImplementedError,
        KeyError,
        ValueError,
    ):
        return default


def allowed_mechanisms(key: PrivateKey) -> frozenset[int]:
    """Return the only mechanisms that the key may be used with; empty: it does not say (CKA_ALLOWED_MECHANISMS)."""
    found = value_of(key, Attribute.ALLOWED_MECHANISMS, b"")
    if not isinstance(found, bytes) or len(found) % _LONG:
        return frozenset()
    return frozenset(int.from_bytes(found[at : at + _LONG], sys.byteorder) for at in range(0, len(found), _LONG))


def key_attributes(key: PrivateKey) -> KeyAttributes:
    """Return what the device says of a private key."""

    def said(attribute: Attribute) -> bool | None:
        found = value_of(key, attribute)
        return found if isinstance(found, bool) else None

    return KeyAttributes(
        sensitive=said(Attribute.SENSITIVE),
        extractable=said(Attribute.EXTRACTABLE),
        never_extractable=said(Attribute.NEVER_EXTRACTABLE),
        always_sensitive=said(Attribute.ALWAYS_SENSITIVE),
        local=said(Attribute.LOCAL),
        always_authenticate=said(Attribute.ALWAYS_AUTHENTICATE),
    )


def private_key(session: Session, key_id: bytes) -> PrivateKey:
    """Return the one private key with that CKA_ID.

    :raise KeyNotFound: none, or several.
    :raise MechanismUnsupported: it is not a signing key.
    """
    found = find(session, ObjectClass.PRIVATE_KEY, key_id)
    if len(found) != 1:
        raise KeyNotFound(
            f"The device has {len(found)} keys with id {key_id.hex()}, one is needed. Nothing was signed."
        )
    if not isinstance(found[0], SignMixin) or not isinstance(found[0], PrivateKey):
        raise MechanismUnsupported(f"The key {key_id.hex()} does not sign. Nothing was signed.")
    return found[0]


def public_key(session: Session, key_id: bytes) -> PublicKey:
    """Return the public key with that CKA_ID: from its own object, its certificate, or the private key.

    :raise KeyNotFound: no object tells it.
    """
    for object_class in (ObjectClass.PUBLIC_KEY, ObjectClass.CERTIFICATE, ObjectClass.PRIVATE_KEY):
        for each in find(session, object_class, key_id):
            found = _certified_key(each) if object_class is ObjectClass.CERTIFICATE else _key_numbers(each)
            if found is not None:
                return found
    raise KeyNotFound(f"The device does not show the public key with id {key_id.hex()}. Nothing was signed.")


def _key_numbers(found: Object) -> PublicKey | None:
    if value_of(found, Attribute.KEY_TYPE) is KeyType.RSA:
        modulus, exponent = (value_of(found, each) for each in (Attribute.MODULUS, Attribute.PUBLIC_EXPONENT))
        if not modulus or not exponent:
            return None
        return rsa.RSAPublicNumbers(int.from_bytes(exponent), int.from_bytes(modulus)).public_key()
    curve, point = (value_of(found, each) for each in (Attribute.EC_PARAMS, Attribute.EC_POINT))
    if curve not in _CURVES or not point:
        return None
    # CKA_EC_POINT is a DER OCTET STRING; some modules give the bare point. Both begin with 0x04.
    if point[0] == _OCTET_STRING and len(point) > 2 and point[1] == len(point) - 2 and point[2] == _UNCOMPRESSED:  # noqa: PLR2004
        point = point[2:]
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[curve], point)


def _certified_key(found: Object) -> PublicKey | None:
    with contextlib.suppress(ValueError, UnsupportedAlgorithm, TypeError):
        key = x509.load_der_x509_certificate(value_of(found, Attribute.VALUE)).public_key()
        if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            return key
    return None


def generate(session: Session, kind: KeyKind, *, key_id: bytes, label: str, always_authenticate: bool) -> None:
    """Make a key pair in the device (session open for writing, user logged in).

    The private key is sensitive and not extractable; the device is asked afterwards whether it is so.

    :raise DeviceRefused: the id is taken, or the device made a key that it would give away (it is destroyed).
    """
    if find(session, ObjectClass.PRIVATE_KEY, key_id):
        raise DeviceRefused(f"The device already has a key with id {key_id.hex()}. No key was made.")
    private: dict[Attribute, Any] = {
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
    }
    if always_authenticate:
        private[Attribute.ALWAYS_AUTHENTICATE] = True
    wanted: dict[str, Any] = {
        "id": key_id,
        "label": label,
        "store": True,
        "capabilities": MechanismFlag.SIGN | MechanismFlag.VERIFY,
        "private_template": private,
    }
    if kind in _CURVE_OF_KIND:
        parameters = session.create_domain_parameters(
            KeyType.EC, {Attribute.EC_PARAMS: _CURVE_OF_KIND[kind]}, local=True
        )
        public, made = parameters.generate_keypair(mechanism=Mechanism.EC_KEY_PAIR_GEN, **wanted)
    else:
        public, made = session.generate_keypair(
            KeyType.RSA, _RSA_BITS[kind], mechanism=Mechanism.RSA_PKCS_KEY_PAIR_GEN, **wanted
        )
    # THREAT: a device, asked for a key that never leaves it, makes one that can be copied out.
    # DEFENCE: the template forbids it and the key is read back; one that could leave is destroyed at once.
    # TEST: tests/hsm/cryptoki/test_generation.py::test_the_private_key_never_leaves_the_device
    try:
        stays = made[Attribute.SENSITIVE] and not made[Attribute.EXTRACTABLE]
    except driver.PKCS11Error:
        with contextlib.suppress(driver.PKCS11Error):
            made.destroy()
            public.destroy()
        raise
    if not stays:
        try:
            made.destroy()
            public.destroy()
        except driver.PKCS11Error:
            raise DeviceRefused(
                "The device made a key that could leave it, and did not destroy it. Use another device; wipe this one."
            ) from None
        raise DeviceRefused("The device made a key that could leave it. The key was destroyed.")


def certificates(session: Session) -> list[StoredCertificate]:
    """Return the certificate objects of the device; those without a value are left out."""
    found = []
    for each in find(session, ObjectClass.CERTIFICATE):
        der = value_of(each, Attribute.VALUE)
        if der:
            key_id, label = value_of(each, Attribute.ID, b""), value_of(each, Attribute.LABEL, "")
            found.append(StoredCertificate(key_id=key_id, label=label, der=der))
    return found


def write_certificate(session: Session, der: bytes, *, key_id: bytes, label: str) -> None:
    """Store a certificate beside its key; the very same one again is no act at all.

    :raise DeviceRefused: the bytes are no certificate, or one of another key.
    """
    spki = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        certified = x509.load_der_x509_certificate(der).public_key().public_bytes(*spki)
    except (ValueError, UnsupportedAlgorithm):
        raise DeviceRefused("These bytes are not a certificate. Nothing was written.") from None
    if certified != public_key(session, key_id).public_bytes(*spki):
        raise DeviceRefused(f"The certificate belongs to another key than {key_id.hex()}. Nothing was written.")
    if any(each.der == der and each.key_id == key_id for each in certificates(session)):
        return
    template: dict[Attribute, Any] = decode_x509_certificate(der)
    template.update({Attribute.TOKEN: True, Attribute.PRIVATE: False, Attribute.ID: key_id, Attribute.LABEL: label})
    session.create_object(template)
