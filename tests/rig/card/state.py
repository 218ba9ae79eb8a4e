"""What a card keeps without power, in one owner-only JSON file: secrets, counters, keys, data objects."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.rig.card.tlv import tlv

FACTORY_PIN = "123456"
FACTORY_PUK = "12345678"
FACTORY_MANAGEMENT_KEY = bytes.fromhex("010203040506070801020304050607080102030405060708")
"""What cards are delivered with, printed in every vendor's manual."""

CHUID = "5fc102"
CAPABILITIES = "5fc107"
_ISSUED_BY_NOBODY = bytes.fromhex("d4e739da739ced39ce739d836858210842108421c84210c3eb")
"""FASC-N of a card whose agency is 9999: serial numbers come from the GUID then (SP 800-73-4 Part 1, 3.1.2)."""


@dataclass(slots=True, kw_only=True)
class Key:
    """A private key; `algorithm` as GENERATE ASYMMETRIC KEY PAIR names it (SP 800-78-4, table 6-2)."""

    algorithm: int
    pkcs8: str = field(repr=False)
    """DER PrivateKeyInfo, hexadecimal."""


@dataclass(slots=True, kw_only=True)
class CardState:
    """A card. A new one is as the factory made it: known PIN, PUK and management key, no keys."""

    path: Path
    pin: str = field(default=FACTORY_PIN, repr=False)
    puk: str = field(default=FACTORY_PUK, repr=False)
    pin_tries: int = 3
    puk_tries: int = 3
    max_tries: int = 3
    management_key: str = field(default=FACTORY_MANAGEMENT_KEY.hex(), repr=False)
    """AES-192, hexadecimal."""
    keys: dict[str, Key] = field(default_factory=dict)
    """By key reference, two hexadecimal digits ("9c")."""
    objects: dict[str, str] = field(default_factory=dict)
    """By tag, hexadecimal; the value inside tag 53."""

    @classmethod
    def open(cls, path: Path) -> "CardState":
        """Read the card at `path`, or make a new one there."""
        if path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
            kept["keys"] = {reference: Key(**each) for reference, each in kept["keys"].items()}
            return cls(path=path, **kept)
        made = cls(path=path)
        made.objects[CHUID] = _chuid(secrets.token_bytes(16)).hex()
        made.objects[CAPABILITIES] = _capabilities().hex()
        made.save()
        return made

    def save(self) -> None:
        """Write at once and whole: a card that loses its power has the old state or the new one."""
        kept = asdict(self)
        del kept["path"]
        beside = self.path.with_suffix(".new")
        beside.touch(mode=0o600)
        beside.write_text(json.dumps(kept), encoding="utf-8")
        os.replace(beside, self.path)  # noqa: PTH105


def _chuid(guid: bytes) -> bytes:
    """Card Holder Unique Identifier (SP 800-73-4 Part 1, 3.1.2, table 9), without signature."""
    return tlv(0x30, _ISSUED_BY_NOBODY) + tlv(0x34, guid) + tlv(0x35, b"20401231") + tlv(0x3E, b"") + tlv(0xFE, b"")


def _capabilities() -> bytes:
    """Card Capability Container (SP 800-73-4 Part 1, 3.1.1, table 8)."""
    empty = b"".join(tlv(tag, b"") for tag in (0xF6, 0xF7, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE))
    identifier = bytes.fromhex("a000000116ff02") + secrets.token_bytes(14)
    versions = tlv(0xF1, b"\x21") + tlv(0xF2, b"\x21") + tlv(0xF3, b"") + tlv(0xF4, b"\x00") + tlv(0xF5, b"\x10")
    return tlv(0xF0, identifier) + versions + empty
