"""A holder's token, personalised: what stories begin with.

`fixtures.card_estate` is the PC; `hand_over` puts a token on it, with whatever certificates a test has issued.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.standing import ModulePath
from hsm.cryptoki.station import Station
from hsm.keys import KeyRef
from tests.hsm.prepared.authority import Authority, usage
from tests.rig.card.keys import Algorithm, PublicKey
from tests.rig.card.personalising import CardSecrets, Issue, Slot, make_card
from tests.rig.card.state import CHUID, CardState
from tests.rig.card.tlv import parse
from tests.rig.estates.pcsc import Estate
from tests.rig.estates.token import Card

_SECONDS = 10.0
PIN = "73019284"
STRICT = {Slot.AUTHENTICATION: Algorithm.EC_P256, Slot.SIGNATURE: Algorithm.RSA_2048}
"""A token whose signature key asks its PIN each time (9C)."""
ORDINARY = {Slot.AUTHENTICATION: Algorithm.EC_P256, Slot.KEY_MANAGEMENT: Algorithm.EC_P256}
"""A token whose signature key is satisfied with one PIN (9D)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A personalised token, and what a test knows of it."""

    card: Card
    label: str
    serial: str
    secrets: CardSecrets = field(repr=False)
    certificates: Mapping[Slot, bytes]
    """DER."""

    def ref(self, slot: Slot) -> KeyRef:
        """Return where OpenSC shows the key of `slot`."""
        return KeyRef(device_label=self.label, device_serial=self.serial, key_id=slot.key_id)

    def on(self, devices: Callable[[], list[DeviceInfo]]) -> DeviceInfo | None:
        """Return this token among the devices, if it is there."""
        return next((each for each in devices() if each.serial == self.serial), None)


def issue_by(authority: Authority, name: str) -> Issue:
    """Return an issuer of certificates for `name`: digitalSignature in 9A, contentCommitment alone elsewhere."""

    def issue(key: PublicKey, slot: Slot) -> bytes:
        may = usage(digital_signature=True) if slot is Slot.AUTHENTICATION else usage(content_commitment=True)
        return authority.issue(key, key_usage=may, purposes=(), subject=name).public_bytes(Encoding.DER)

    return issue


def hand_over(
    estate: Estate, name: str, slots: Mapping[Slot, Algorithm], issue: Issue, *, secrets: CardSecrets | None = None
) -> Token:
    """Personalise a new token and return it, not plugged in. Its PIN is `PIN` unless `secrets` say otherwise."""
    own = secrets or CardSecrets.random(pin=PIN)
    file = estate.card_file(name)
    certificates = make_card(file, own, slots, issue)
    # OpenSC 0.23 takes the label from the first certificate's CN, the serial from the GUID (its last 16 digits).
    first = x509.load_der_x509_certificate(certificates[min(certificates, key=lambda slot: slot.key_id)])
    (common_name,) = first.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    guid = parse(bytes.fromhex(CardState.open(file).objects[CHUID]))[0x34]
    return Token(
        card=estate.card(name),
        label=str(common_name.value)[:32],
        serial=guid.hex()[-16:],
        secrets=own,
        certificates=certificates,
    )


def wait_for(driver: Station, token: Token) -> DeviceInfo:
    """Return the token as the driver shows it, once it does: pcscd looks at its readers every 0.4 s."""
    deadline = time.monotonic() + _SECONDS
    while (info := token.on(driver.devices)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the token was not seen within {_SECONDS:g} s")
        time.sleep(0.05)
    return info


def station(estate: Estate, *, timeout: float = 30.0) -> Station:
    """Return the driver over this estate: OpenSC's module in a worker of its own."""
    path = ModulePath(path=estate.module, environment=estate.environment)
    return Station([path], timeout=timeout)
