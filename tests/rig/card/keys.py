"""Asymmetric keys of the card: made inside, used as the card does it (NIST SP 800-73-4 Part 2, 3.2.4, 3.3.2)."""

from enum import IntEnum

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from tests.rig.card.apdu import Refused, Status
from tests.rig.card.state import Key
from tests.rig.card.tlv import tlv

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Algorithm(IntEnum):
    """Algorithm identifiers (SP 800-78-4, table 6-2; RSA 3072: SP 800-78-5, 4096: a common extension)."""

    RSA_2048 = 0x07
    RSA_3072 = 0x05
    RSA_4096 = 0x16
    EC_P256 = 0x11
    EC_P384 = 0x14


_RSA_BITS = {Algorithm.RSA_2048: 2048, Algorithm.RSA_3072: 3072, Algorithm.RSA_4096: 4096}
_CURVES: dict[Algorithm, ec.EllipticCurve] = {Algorithm.EC_P256: ec.SECP256R1(), Algorithm.EC_P384: ec.SECP384R1()}
_DIGESTS: dict[int, hashes.HashAlgorithm] = {256: hashes.SHA256(), 384: hashes.SHA384()}
_MODULUS, _EXPONENT, _POINT = 0x81, 0x82, 0x86


def make(algorithm: Algorithm) -> PrivateKey:
    """Make a private key."""
    if algorithm in _RSA_BITS:
        return rsa.generate_private_key(65537, _RSA_BITS[algorithm])
    return ec.generate_private_key(_CURVES[algorithm])


def dump(key: PrivateKey, algorithm: Algorithm) -> Key:
    """Return the key as the card's state keeps it."""
    plain = serialization.NoEncryption()
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, plain)
    return Key(algorithm=algorithm, pkcs8=der.hex())


def load(kept: Key) -> PrivateKey:
    """Return the key that the card's state keeps."""
    key = serialization.load_der_private_key(bytes.fromhex(kept.pkcs8), None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return key


def public_template(key: PublicKey) -> bytes:
    """Return tag 7F49 with the public key (SP 800-73-4 Part 2, table 12)."""
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        exponent = numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8)
        return tlv(0x7F49, tlv(_MODULUS, numbers.n.to_bytes(key.key_size // 8)) + tlv(_EXPONENT, exponent))
    point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return tlv(0x7F49, tlv(_POINT, point))


def public_key(template: dict[int, bytes], algorithm: Algorithm) -> PublicKey:
    """Return the public key that the content of tag 7F49 tells."""
    if algorithm in _CURVES:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[algorithm], template[_POINT])
    numbers = rsa.RSAPublicNumbers(int.from_bytes(template[_EXPONENT]), int.from_bytes(template[_MODULUS]))
    return numbers.public_key()


def use(key: PrivateKey, given: bytes) -> bytes:
    """Return the card's value over `given`: bare RSA over a padded block, or ECDSA over a digest, DER.

    :raise Refused: a block of another length than the key's (SP 800-73-4 Part 2, 3.2.4, appendix A.4).
    """
    if isinstance(key, ec.EllipticCurvePrivateKey):
        size = key.curve.key_size // 8
        if not given or len(given) > size:
            raise Refused(Status.BAD_DATA)
        # A shorter digest stands for its own number (FIPS 186-4, 6.4).
        return key.sign(given.rjust(size, b"\0"), ec.ECDSA(Prehashed(_DIGESTS[key.curve.key_size])))
    private = key.private_numbers()
    block, modulus = int.from_bytes(given), private.public_numbers.n
    if len(given) != key.key_size // 8 or block >= modulus:
        raise Refused(Status.BAD_DATA)
    of_p, of_q = pow(block, private.dmp1, private.p), pow(block, private.dmq1, private.q)
    value = of_q + private.q * ((of_p - of_q) * private.iqmp % private.p)
    return value.to_bytes(len(given))
