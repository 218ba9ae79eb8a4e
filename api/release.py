"""The release key: unlock secrets are encrypted to it by agents, and opened once two officers release them."""

from __future__ import annotations

from pathlib import Path
from typing import final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from api.settings import SettingsRefused

ALGORITHMS = ["RSA-OAEP-256", "A256GCM"]
BITS = 3072


@final
class ReleaseKey:
    """An RSA key that opens unlock secrets. It prints nothing of itself."""

    __slots__ = ("_key",)

    def __init__(self, pem: bytes) -> None:
        self._key = RSAKey.import_key(pem)

    @classmethod
    def load(cls, path: Path) -> ReleaseKey | None:
        """The key in that file; None: there is none, and no unlock secret can be kept.

        :raise SettingsRefused: readable by others, or no RSA key of 2048 bits or more.
        """
        if not path.exists():
            return None
        if path.stat().st_mode & 0o077:
            raise SettingsRefused(f"The release key {path} is readable by others. Nothing was started: chmod 600 it.")
        pem = path.read_bytes()
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise SettingsRefused(f"The release key {path} cannot be read. Nothing was started.") from error
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size not in range(2048, 4097):
            raise SettingsRefused(f"The release key {path} is no RSA key of 2048 to 4096 bits. Nothing was started.")
        return cls(pem)

    @property
    def public_jwk(self) -> dict[str, str]:
        """Its public half (RFC 7518, 6.3.1): kty, n, e."""
        found = self._key.as_dict(private=False)
        return {name: str(found[name]) for name in ("kty", "n", "e")}

    def open(self, secret: str) -> str:
        """The plaintext of a compact JWE.

        :raise ValueError: it is not encrypted to this key, or was altered.
        """
        try:
            plain = jwe.decrypt_compact(secret, self._key, algorithms=ALGORITHMS).plaintext
        except JoseError as error:
            raise ValueError("it does not open") from error
        if plain is None:
            raise ValueError("it is empty")
        return plain.decode("utf-8")

    def __repr__(self) -> str:
        return "ReleaseKey(****)"


def new_release_key() -> str:
    """A fresh key, PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
