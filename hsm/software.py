"""Keys in this process's memory: for tests, rehearsals and forgeries made on purpose; never in production.

`SoftwareKey` lends any `cryptography` private key the shape of `hsm.keys.SigningKey`. `SoftwareKeys`
is a keyring by role that refuses to exist in a production installation.
"""

import threading
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from hsm.errors import MechanismUnsupported, SoftwareKeysRefused
from hsm.keys import KeyKind, PublicKey, SignatureAlgorithm, default_algorithm

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_RSA_BITS = {KeyKind.RSA_2048: 2048, KeyKind.RSA_3072: 3072, KeyKind.RSA_4096: 4096}
_CURVES: dict[KeyKind, ec.EllipticCurve] = {KeyKind.EC_P256: ec.SECP256R1(), KeyKind.EC_P384: ec.SECP384R1()}


def generate_private_key(kind: KeyKind) -> PrivateKey:
    """Return a fresh key pair of that kind, in memory."""
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind])
    return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS[kind])


class SoftwareKey:
    """A private key in memory as a `SigningKey`. Safe for several threads."""

    def __init__(self, private_key: PrivateKey) -> None:
        self._private_key = private_key
        self._public_key: PublicKey = private_key.public_key()
        family = "rsa" if isinstance(private_key, rsa.RSAPrivateKey) else "ecdsa"
        first = default_algorithm(self._public_key)
        others = (each for each in SignatureAlgorithm if each.value.startswith(family) and each is not first)
        self._algorithms = (first, *others)

    @property
    def public_key(self) -> PublicKey:
        return self._public_key

    @property
    def algorithms(self) -> tuple[SignatureAlgorithm, ...]:
        return self._algorithms

    def sign(self, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """Sign `message`; see `hsm.keys.SigningKey`.

        :raise MechanismUnsupported: the algorithm is not of this key's family.
        """
        if algorithm not in self._algorithms:
            raise MechanismUnsupported(f"This key cannot sign with {algorithm.value}. Nothing was signed.")
        digest = algorithm.hash_algorithm
        if isinstance(self._private_key, ec.EllipticCurvePrivateKey):
            return self._private_key.sign(message, ec.ECDSA(digest))
        if algorithm.value.startswith("rsa-pss"):
            pss = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
            return self._private_key.sign(message, pss, digest)
        return self._private_key.sign(message, padding.PKCS1v15(), digest)

    def __repr__(self) -> str:
        return f"SoftwareKey({self._algorithms[0].value})"


class SoftwareKeys:
    """A keyring by role, in memory: each role's key is made when first asked for and then kept.

    :param environment: "rehearsal"; anything else is refused.
    :param kinds: the kind of key by role; EC P-256 where it says nothing.
    :raise SoftwareKeysRefused: the installation is not a rehearsal.
    """

    def __init__(self, environment: str, kinds: Mapping[str, KeyKind] | None = None) -> None:
        # THREAT: a production service signs with keys that anyone who reads its memory or disk can copy.
        # DEFENCE: the keyring refuses every environment but a rehearsal, so the service does not start.
        # TEST: tests/hsm/test_software.py::test_production_refuses_software_keys
        if environment != "rehearsal":
            raise SoftwareKeysRefused(
                f"Keys in memory are for rehearsals, this installation says {environment!r}. Nothing was signed: "
                "configure a device."
            )
        self._kinds = dict(kinds or {})
        self._keys: dict[str, SoftwareKey] = {}
        self._lock = threading.Lock()

    def key(self, role: str) -> SoftwareKey:
        """Return the key of `role`, always the same one for the life of this keyring."""
        with self._lock:
            if role not in self._keys:
                kind = self._kinds.get(role, KeyKind.EC_P256)
                self._keys[role] = SoftwareKey(generate_private_key(kind))
            return self._keys[role]
