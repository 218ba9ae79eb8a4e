"""What lies on a personalised token, by tools that are not ours."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.station import Station
from hsm.errors import PinLocked
from tests.hsm.conftest import Typed
from tests.hsm.prepared.authority import Authority
from tests.rig.card.applet import Applet
from tests.rig.card.keys import Algorithm
from tests.rig.card.personalising import CardRefused, CardSecrets, FactorySecret, Personaliser, Slot
from tests.rig.card.state import FACTORY_MANAGEMENT_KEY, FACTORY_PIN, FACTORY_PUK, CardState
from tests.rig.estates.fixtures import MakeToken
from tests.rig.estates.holder import ORDINARY, PIN, STRICT, Token, issue_by
from tests.rig.estates.pcsc import Estate

Seen = Callable[[Station, Token], DeviceInfo]


def run(estate: Estate, *command: str, **secrets: str) -> str:
    """Run a tool on the estate; secrets go by its environment (`env:NAME`)."""
    done = subprocess.run(
        command,
        env={**os.environ, **estate.environment, **secrets},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize(
    "secret", [{"pin": FACTORY_PIN}, {"puk": FACTORY_PUK}, {"management_key": FACTORY_MANAGEMENT_KEY}]
)
def test_factory_secrets_are_refused(tmp_path: Path, card_authority: Authority, secret: dict[str, str | bytes]) -> None:
    applet = Applet(CardState.open(tmp_path / "card.json"))
    before = (tmp_path / "card.json").read_bytes()
    own = CardSecrets.random(pin=PIN)
    values = {"pin": own.pin, "puk": own.puk, "management_key": own.management_key} | secret
    with pytest.raises(FactorySecret):
        Personaliser(applet.transmit).personalise(CardSecrets(**values), STRICT, issue_by(card_authority, "x"))  # type: ignore[arg-type]
    assert (tmp_path / "card.json").read_bytes() == before


def test_a_personalised_card_does_not_take_the_factory_key_any_more(tmp_path: Path, card_authority: Authority) -> None:
    applet = Applet(CardState.open(tmp_path / "card.json"))
    own, issue = CardSecrets.random(pin=PIN), issue_by(card_authority, "TEST holder")
    Personaliser(applet.transmit).personalise(own, {Slot.SIGNATURE: Algorithm.EC_P256}, issue)
    applet.power_off()
    with pytest.raises(CardRefused, match="6982"):
        Personaliser(applet.transmit).personalise(CardSecrets.random(pin=PIN), {}, issue)


def test_opensc_tools_agree(card_estate: Estate, driver: Station, make_token: MakeToken, seen: Seen) -> None:
    token = make_token(STRICT)
    seen(driver, token)
    module = str(card_estate.module)
    said = run(card_estate, "pkcs11-tool", "--module", module, "--login", "--pin", "env:PIN", "--test", PIN=PIN)
    assert "No errors" in said
    assert token.card.status.verify_wrong == 0
    pem = run(card_estate, "pkcs15-tool", "--read-certificate", "02")
    read = x509.load_pem_x509_certificate(pem[pem.index("-----BEGIN") :].encode())
    assert read == x509.load_der_x509_certificate(token.certificates[Slot.SIGNATURE])


def test_the_puk_unblocks(card_estate: Estate, driver: Station, make_token: MakeToken, seen: Seen) -> None:
    token = make_token(ORDINARY)
    token.card.tries(pin=0)
    assert seen(driver, token).pin_locked
    with pytest.raises(PinLocked):
        driver.key(token.ref(Slot.KEY_MANAGEMENT), Typed([PIN]))
    assert token.card.status.pins_sent == 0
    unblock = ("pkcs15-tool", "--unblock-pin", "--auth-id", "01", "--puk", "env:PUK", "--new-pin", "env:PIN")
    run(card_estate, *unblock, PIN="48151623", PUK=token.secrets.puk)
    assert token.card.status.unblocks == 1
    key = driver.key(token.ref(Slot.KEY_MANAGEMENT), Typed(["48151623"]))
    key.sign(b"x", key.algorithms[0])
    assert token.card.status.made == 1
