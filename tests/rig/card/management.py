"""The card management key: who holds it may make keys and write objects (NIST SP 800-73-4 Part 2, 3.2.4, A.1, A.2)."""

import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.rig.card.apdu import Command, Refused, Status
from tests.rig.card.state import CardState
from tests.rig.card.tlv import tlv

REFERENCE = 0x9B
AES_192 = 0x0A
BLOCK = 16
_KEY_BYTES = 24
WITNESS, CHALLENGE, RESPONSE = 0x80, 0x81, 0x82
TEMPLATE = 0x7C


def encrypt(key: bytes, block: bytes) -> bytes:
    """Encrypt one block."""
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)


def decrypt(key: bytes, block: bytes) -> bytes:
    """Decrypt one block."""
    return Cipher(algorithms.AES(key), modes.ECB()).decryptor().update(block)


class Management:
    """The management key and whether it was proved since power came."""

    def __init__(self, state: CardState) -> None:
        self._state = state
        self.clear()

    def clear(self) -> None:
        """Power was lost."""
        self.proved = False
        self._witness: bytes | None = None
        self._challenge: bytes | None = None

    @property
    def _key(self) -> bytes:
        return bytes.fromhex(self._state.management_key)

    def authenticate(self, algorithm: int, given: dict[int, bytes]) -> bytes:
        """Mutual (A.1) or external (A.2) authentication, one step of it."""
        if algorithm not in (0, AES_192):
            raise Refused(Status.BAD_PARAMETERS)
        if given.get(WITNESS) == b"":
            self._witness = secrets.token_bytes(BLOCK)
            return tlv(TEMPLATE, tlv(WITNESS, encrypt(self._key, self._witness)))
        if WITNESS in given and len(given.get(CHALLENGE, b"")) == BLOCK:
            expected, self._witness = self._witness, None
            self._prove(expected, given[WITNESS])
            return tlv(TEMPLATE, tlv(RESPONSE, encrypt(self._key, given[CHALLENGE])))
        if given.get(CHALLENGE) == b"":
            self._challenge = secrets.token_bytes(BLOCK)
            return tlv(TEMPLATE, tlv(CHALLENGE, self._challenge))
        if RESPONSE in given:
            challenge, self._challenge = self._challenge, None
            self._prove(None if challenge is None else encrypt(self._key, challenge), given[RESPONSE])
            return b""
        raise Refused(Status.BAD_DATA)

    def replace(self, command: Command) -> bytes:
        """Set another key: SP 800-73-4 leaves this to the vendor; the instruction FF is the one in common use."""
        if not self.proved:
            raise Refused(Status.NOT_SATISFIED)
        if command.data[:3] != bytes([AES_192, REFERENCE, _KEY_BYTES]) or len(command.data) != 3 + _KEY_BYTES:
            raise Refused(Status.BAD_DATA)
        self._state.management_key = command.data[3:].hex()
        self._state.save()
        return b""

    def _prove(self, expected: bytes | None, given: bytes) -> None:
        if expected is None or not hmac.compare_digest(expected, given):
            raise Refused(Status.NOT_SATISFIED)
        self.proved = True
