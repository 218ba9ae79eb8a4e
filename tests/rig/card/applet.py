"""The PIV card application: a subset of NIST SP 800-73-4 Part 2, as much as OpenSC and a personaliser use.

Not here: secure messaging, biometrics, the global PIN, key import, the security object. Nothing in it resists
an attacker: it is a test's card, and its file holds the private keys.
"""

from cryptography.exceptions import UnsupportedAlgorithm

from tests.rig.card import keys
from tests.rig.card.apdu import Command, Exchange, Refused, Status
from tests.rig.card.faults import Faults
from tests.rig.card.management import CHALLENGE, REFERENCE, RESPONSE, TEMPLATE, Management
from tests.rig.card.references import Counts, References
from tests.rig.card.state import CardState
from tests.rig.card.tlv import Malformed, parse, tlv

APPLICATION = bytes.fromhex("a000000308000010000100")
_ISSUER = 5
"""Bytes of the registered part of the name."""
_HISTORY = b"PIVSIM"
PIN_ALWAYS = 0x9C
PIN_NEVER = 0x9E
"""Key references with their conditions (SP 800-73-4 Part 1, table 4): signature, card authentication."""
_DISCOVERY = bytes.fromhex("7e124f0ba0000003080000100001005f2f024000")
"""Discovery Object: the application's own PIN alone satisfies it (SP 800-73-4 Part 1, 3.3.2)."""
_VERIFY, _AUTHENTICATE = 0x20, 0x87
_EXPONENTIATION = 0x85


def answer_to_reset() -> bytes:
    """Return an ATR for T=1 with historical bytes (ISO/IEC 7816-3, 8.2)."""
    body = bytes([0x80 | len(_HISTORY), 0x01]) + _HISTORY
    check = 0
    for byte in body:
        check ^= byte
    return b"\x3b" + body + bytes([check])


class Applet:
    """A card: its state, what it knows while it has power, and the commands it takes."""

    def __init__(self, state: CardState, faults: Faults | None = None) -> None:
        self.state = state
        self.faults = faults or Faults()
        self.references = References(state, Counts())
        self.management = Management(state)
        self._exchange = Exchange(self._answer)
        self._loaded: dict[str, keys.PrivateKey] = {}
        self._selected = False

    def transmit(self, sent: bytes) -> bytes:
        """Return the response APDU to a command APDU."""
        return self._exchange.transmit(sent)

    def power_off(self) -> None:
        """Forget everything that needs power."""
        self._selected = False
        self.references.clear()
        self.management.clear()
        self._exchange.clear()

    def _answer(self, command: Command) -> bytes:
        if command.instruction == 0xA4:
            return self._select(command)
        if not self._selected:
            raise Refused(Status.BAD_INSTRUCTION)
        acts = {
            _VERIFY: self.references.verify,
            0x24: self.references.change,
            0x2C: self.references.unblock,
            0xCB: self._get_data,
            0xDB: self._put_data,
            0x47: self._generate,
            _AUTHENTICATE: self._authenticate,
            0xFF: self.management.replace,
        }
        act = acts.get(command.instruction)
        if act is None:
            raise Refused(Status.BAD_INSTRUCTION)
        if command.instruction not in (_VERIFY, _AUTHENTICATE):
            self.references.fresh = False
        try:
            return act(command)
        except (Malformed, KeyError, UnsupportedAlgorithm):
            raise Refused(Status.BAD_DATA) from None

    def _select(self, command: Command) -> bytes:
        """SELECT (3.1.1). Choosing the application that is already chosen leaves the security status as it is."""
        name = command.data
        if command.p1 != 0x04 or len(name) < _ISSUER or not APPLICATION.startswith(name):
            raise Refused(Status.NOT_FOUND)
        self._selected = True
        authority = tlv(0x79, tlv(0x4F, APPLICATION[:_ISSUER]))
        return tlv(0x61, tlv(0x4F, APPLICATION[_ISSUER:]) + authority + tlv(0x50, b"Khatam virtual token"))

    def _get_data(self, command: Command) -> bytes:
        """GET DATA (3.1.2). Certificates and identifiers are free to read (Part 1, table 2)."""
        tag = parse(command.data)[0x5C]
        if tag == _DISCOVERY[:1]:
            return _DISCOVERY
        found = self.state.objects.get(tag.hex())
        if not found:
            raise Refused(Status.NOT_FOUND)
        return tlv(0x53, bytes.fromhex(found))

    def _put_data(self, command: Command) -> bytes:
        """PUT DATA (3.3.1): for the holder of the management key."""
        self._managed()
        given = parse(command.data)
        self.state.objects[given[0x5C].hex()] = given[0x53].hex()
        self.state.save()
        return b""

    def _generate(self, command: Command) -> bytes:
        """GENERATE ASYMMETRIC KEY PAIR (3.3.2): for the holder of the management key."""
        self._managed()
        try:
            algorithm = keys.Algorithm(int.from_bytes(parse(parse(command.data)[0xAC])[0x80]))
        except ValueError:
            raise Refused(Status.BAD_DATA) from None
        made = keys.make(algorithm)
        reference = f"{command.p2:02x}"
        self.state.keys[reference] = keys.dump(made, algorithm)
        self._loaded.pop(reference, None)
        self.state.save()
        return keys.public_template(made.public_key())

    def _managed(self) -> None:
        if not self.management.proved:
            raise Refused(Status.NOT_SATISFIED)

    def _authenticate(self, command: Command) -> bytes:
        """GENERAL AUTHENTICATE (3.2.4)."""
        given = parse(parse(command.data)[TEMPLATE])
        if command.p2 == REFERENCE:
            return self.management.authenticate(command.p1, given)
        kept = self.state.keys.get(f"{command.p2:02x}")
        if kept is None:
            raise Refused(Status.NO_SUCH_REFERENCE)
        if kept.algorithm != command.p1:
            raise Refused(Status.BAD_PARAMETERS)
        fresh, self.references.fresh = self.references.fresh, False
        if command.p2 != PIN_NEVER and not self.references.verified:
            raise Refused(Status.NOT_SATISFIED)
        if command.p2 == PIN_ALWAYS and not fresh:
            raise Refused(Status.NOT_SATISFIED)
        block = given.get(CHALLENGE) or given.get(_EXPONENTIATION) or b""
        value = keys.use(self._key(f"{command.p2:02x}"), block)
        self.faults.in_signature(block)
        return tlv(TEMPLATE, tlv(RESPONSE, self.faults.value(value)))

    def _key(self, reference: str) -> keys.PrivateKey:
        if reference not in self._loaded:
            self._loaded[reference] = keys.load(self.state.keys[reference])
        return self._loaded[reference]
