"""Personalise a card: own secrets, key pairs made inside it, certificates beside them.

Speaks to the card in its own commands only, so what lies on it afterwards is what any reader finds.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tests.rig.card import keys, management
from tests.rig.card.apdu import SHORT, Status
from tests.rig.card.applet import APPLICATION, Applet
from tests.rig.card.keys import Algorithm, PublicKey
from tests.rig.card.references import LENGTH, Reference
from tests.rig.card.state import FACTORY_MANAGEMENT_KEY, FACTORY_PIN, FACTORY_PUK, CardState
from tests.rig.card.tlv import parse, tlv

_CHAIN = 255
"""Bytes of one link of a command chain."""
_KEY_HISTORY = "5fc10c"
_AES_KEY_BYTES = 24


class FactorySecret(ValueError):
    """A secret that every card of the kind is delivered with is no secret. The card was left as it was."""


class CardRefused(Exception):
    """The card answered with another status than 9000."""


class Slot(StrEnum):
    """Key references that OpenSC shows, by what they are for (SP 800-73-4 Part 1, table 4)."""

    AUTHENTICATION = "9a"
    SIGNATURE = "9c"
    """PIN always: one VERIFY for each signature."""
    KEY_MANAGEMENT = "9d"
    """The PIN once: with a certificate whose key usage is contentCommitment alone, an ordinary signing key."""
    CARD_AUTHENTICATION = "9e"
    """PIN never."""
    RETIRED_1 = "82"
    """The card wants the PIN once, OpenSC 0.23 marks the key as one that asks each time."""
    RETIRED_2 = "83"
    RETIRED_3 = "84"

    @property
    def certificate(self) -> str:
        """Tag of the data object that holds the slot's certificate (SP 800-73-4 Part 1, table 3)."""
        fixed = {"9a": "5fc105", "9c": "5fc10a", "9d": "5fc10b", "9e": "5fc101"}
        return fixed.get(self.value) or f"{0x5FC10D + int(self.value, 16) - 0x82:06x}"

    @property
    def key_id(self) -> bytes:
        """The CKA_ID under which OpenSC shows it: a number of its own."""
        fixed = {"9a": 1, "9c": 2, "9d": 3, "9e": 4}
        return bytes([fixed.get(self.value) or int(self.value, 16) - 0x82 + 5])

    @property
    def retired(self) -> bool:
        return self.value.startswith("8")


Issue = Callable[[PublicKey, Slot], bytes]
"""Returns the DER certificate of a public key for a slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSecrets:
    """What opens a personalised card. `transport`: the PIN was not chosen by the holder yet."""

    pin: str = field(repr=False)
    puk: str = field(repr=False)
    management_key: bytes = field(repr=False)
    transport: bool = False

    @classmethod
    def random(cls, *, pin: str | None = None, transport: bool = False) -> "CardSecrets":
        """Return fresh secrets; without `pin` a random one, to be handed over apart from the card."""
        return cls(
            pin=pin or f"{secrets.randbelow(10**LENGTH):0{LENGTH}d}",
            puk=f"{secrets.randbelow(10**LENGTH):0{LENGTH}d}",
            management_key=secrets.token_bytes(_AES_KEY_BYTES),
            transport=transport,
        )


class Personaliser:
    """One who holds a card fresh from the factory."""

    def __init__(self, transmit: Callable[[bytes], bytes]) -> None:
        """:param transmit: a command APDU in, the response APDU out."""
        self._transmit = transmit

    def personalise(
        self, own: CardSecrets, slots: Mapping[Slot, Algorithm], issue: Issue, *, now: CardSecrets | None = None
    ) -> dict[Slot, bytes]:
        """Set the card's own secrets, then make a key in each slot and write what `issue` returns for it.

        :param now: what opens the card as it is; None: as the factory made it.
        :return: the certificates, DER, by slot.
        :raise FactorySecret: one of `own` is the factory's.
        """
        # THREAT: a card goes to its holder with the management key or PUK that its vendor prints in the manual.
        # DEFENCE: before any key is made both are random, and the factory's own values are refused.
        # TEST: tests/hsm/cryptoki/card/test_personalising.py::test_factory_secrets_are_refused
        if own.management_key == FACTORY_MANAGEMENT_KEY or own.puk == FACTORY_PUK or own.pin == FACTORY_PIN:
            raise FactorySecret("PIN, PUK and management key must be the card's own. Nothing was changed.")
        before = now or CardSecrets(pin=FACTORY_PIN, puk=FACTORY_PUK, management_key=FACTORY_MANAGEMENT_KEY)
        self._command(0xA4, 0x04, 0x00, APPLICATION)
        self._prove(before.management_key)
        replacement = bytes([management.AES_192, management.REFERENCE, _AES_KEY_BYTES]) + own.management_key
        self._command(0xFF, 0xFF, 0xFF, replacement)
        for which, old, new in ((Reference.PIN, before.pin, own.pin), (Reference.PUK, before.puk, own.puk)):
            self._command(0x24, 0x00, which, _padded(old) + _padded(new))
        written = {slot: self._fill(slot, algorithm, issue) for slot, algorithm in slots.items()}
        self._write_history(sum(slot.retired for slot in slots))
        return written

    def _fill(self, slot: Slot, algorithm: Algorithm, issue: Issue) -> bytes:
        """Make a key in `slot` and write its certificate."""
        wanted = tlv(0xAC, tlv(0x80, bytes([algorithm])))
        made = parse(self._command(0x47, 0x00, int(slot.value, 16), wanted))[0x7F49]
        der = issue(keys.public_key(parse(made), algorithm), slot)
        # Certificate, CertInfo (not compressed), error detection code (SP 800-73-4 Part 1, table 10).
        self.write(slot.certificate, tlv(0x70, der) + tlv(0x71, b"\0") + tlv(0xFE, b""))
        return der

    def write(self, tag: str, content: bytes) -> None:
        """Write one data object."""
        self._command(0xDB, 0x3F, 0xFF, tlv(0x5C, bytes.fromhex(tag)) + tlv(0x53, content))

    def _write_history(self, retired: int) -> None:
        """Key History Object (SP 800-73-4 Part 1, 3.3.3): OpenSC shows no retired key without it."""
        if retired:
            count = tlv(0xC1, bytes([retired])) + tlv(0xC2, b"\0")
            self.write(_KEY_HISTORY, count + tlv(0xF3, b"") + tlv(0xFE, b""))

    def _prove(self, key: bytes) -> None:
        """Mutual authentication (SP 800-73-4 Part 2, A.1)."""
        asked = tlv(management.TEMPLATE, tlv(management.WITNESS, b""))
        answer = parse(parse(self._management(asked))[management.TEMPLATE])
        witness = management.decrypt(key, answer[management.WITNESS])
        challenge = secrets.token_bytes(management.BLOCK)
        given = tlv(management.WITNESS, witness) + tlv(management.CHALLENGE, challenge)
        answer = parse(parse(self._management(tlv(management.TEMPLATE, given)))[management.TEMPLATE])
        if answer[management.RESPONSE] != management.encrypt(key, challenge):
            raise CardRefused("the card does not know its management key")

    def _management(self, data: bytes) -> bytes:
        return self._command(0x87, management.AES_192, management.REFERENCE, data)

    def _command(self, instruction: int, p1: int, p2: int, data: bytes) -> bytes:
        while len(data) > _CHAIN:
            self._checked(bytes([0x10, instruction, p1, p2, _CHAIN]) + data[:_CHAIN])
            data = data[_CHAIN:]
        out, status = self._checked(bytes([0x00, instruction, p1, p2, len(data)]) + data + b"\0")
        while status != Status.OK:
            more, status = self._checked(bytes([0x00, 0xC0, 0x00, 0x00, status % SHORT]))
            out += more
        return out

    def _checked(self, sent: bytes) -> tuple[bytes, int]:
        answer = self._transmit(sent)
        status = int.from_bytes(answer[-2:])
        if status != Status.OK and status // SHORT != 0x61:
            raise CardRefused(f"status {status:04x} to instruction {sent[1]:02x}")
        return answer[:-2], status


def make_card(path: Path, own: CardSecrets, slots: Mapping[Slot, Algorithm], issue: Issue) -> dict[Slot, bytes]:
    """Make a personalised card in the file `path`; return its certificates, DER, by slot."""
    return Personaliser(Applet(CardState.open(path)).transmit).personalise(own, slots, issue)


def _padded(secret: str) -> bytes:
    return secret.encode().ljust(LENGTH, b"\xff")
