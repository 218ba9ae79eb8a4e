"""National ids at rest: encrypted for the certificate's sake, hashed under a key for equality."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import NoReturn, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pki.registration.errors import NationalIdMalformed, NationalIdUnreadable

_SHAPE = re.compile(r"([A-Z]{1,2})([0-9]{1,8})")
_KEY_BYTES = 32
_NONCE_BYTES = 12
_SHOWN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedNumber:
    """What the records keep of a national id."""

    encrypted: bytes
    """Nonce and AES-256-GCM ciphertext."""
    keyed_hash: str
    """HMAC-SHA-256, hex."""


@final
class ProtectedNumbers:
    """The two keys under which national ids are kept. Never printed, never pickled."""

    __slots__ = ("_cipher", "_hash_key")

    def __init__(self, encryption_key: bytes, hash_key: bytes) -> None:
        if len(encryption_key) != _KEY_BYTES or len(hash_key) < _KEY_BYTES:
            raise ValueError("both protection keys have 32 bytes")
        self._cipher = AESGCM(encryption_key)
        self._hash_key = hash_key

    def protect(self, number: str) -> ProtectedNumber:
        """Return a national id as the records keep it; one number, whatever its case, has one hash.

        :raise NationalIdMalformed: not one or two letters and up to eight digits.
        """
        # THREAT: a stolen database gives away every holder's national id, or lets them be guessed one by one.
        # DEFENCE: AES-GCM for the value and a keyed hash for equality; neither key is in the database.
        # TEST: tests/pki/registration/test_protection.py::test_nothing_readable_at_rest
        plain = _normal(number)
        keyed_hash = hmac.new(self._hash_key, plain.encode(), hashlib.sha256).hexdigest()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        # The hash is bound in: one person's encrypted number cannot be moved to another's row.
        encrypted = nonce + self._cipher.encrypt(nonce, plain.encode(), keyed_hash.encode())
        return ProtectedNumber(encrypted=encrypted, keyed_hash=keyed_hash)

    def reveal(self, number: ProtectedNumber) -> str:
        """Return the full national id. Whoever asks writes the look to the journal.

        :raise NationalIdUnreadable: other keys, or a row that was tampered with.
        """
        nonce, sealed = number.encrypted[:_NONCE_BYTES], number.encrypted[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, sealed, number.keyed_hash.encode()).decode()
        except InvalidTag as error:
            raise NationalIdUnreadable from error

    @staticmethod
    def masked(number: str) -> str:
        """`AB••••56` for AB123456: the letters and the last two digits, if at least two stay hidden.

        :raise NationalIdMalformed: not a national id.
        """
        shape = _SHAPE.fullmatch(_normal(number))
        assert shape is not None
        letters, digits = shape.groups()
        if len(digits) < 2 * _SHOWN:
            return "•" * (len(letters) + len(digits))
        return letters + "•" * (len(digits) - _SHOWN) + digits[-_SHOWN:]

    def __repr__(self) -> str:
        return "ProtectedNumbers(****)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("protection keys do not leave their process")


def _normal(number: str) -> str:
    plain = number.strip().upper()
    if not plain.isascii() or _SHAPE.fullmatch(plain) is None:
        raise NationalIdMalformed
    return plain
