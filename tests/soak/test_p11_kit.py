"""The driver on NSS's token through p11-kit's proxy, which gives each caller functions and sessions of its own."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hsm.cryptoki import supervisor
from hsm.cryptoki.standing import ModulePath
from hsm.cryptoki.station import Station
from hsm.errors import PinRefused
from hsm.keys import KeyKind, KeyRef, SigningKey, verify
from tests.hsm.conftest import RIGHT, WRONG, Typed
from tests.hsm.cryptoki.contract import *  # noqa: F403  (the tests themselves)
from tests.hsm.cryptoki.contract import KINDS
from tests.rig.estates.nss import LABEL, SERIAL, NssEstate, nss_estate
from tests.rig.namespaces import unshare

pytestmark = pytest.mark.soak
PROXY = Path("/usr/lib/x86_64-linux-gnu/p11-kit-proxy.so")
MODULES = "/usr/share/p11-kit/modules"
KEY_IDS = {role: bytes([10 + place]) for place, role in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Proxied:
    """NSS's token with a key of each kind, seen through the proxy."""

    driver: Station
    nss: NssEstate
    inside: list[str]
    """A command's beginning: it runs where p11-kit knows NSS's module alone. Its folder is the machine's otherwise."""

    def ref(self, role: str) -> KeyRef:
        return KeyRef(device_label=LABEL, device_serial=SERIAL, key_id=KEY_IDS[role])

    def key(self, role: str) -> SigningKey:
        return self.driver.key(self.ref(role), Typed([RIGHT]))


def generate(driver: Station, role: str, kind: KeyKind) -> None:
    driver.generate_key_pair(
        device_label=LABEL,
        device_serial=SERIAL,
        kind=kind,
        label=role,
        key_id=KEY_IDS[role],
        pins=Typed([RIGHT]),
    )


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp("soak")
    nss = nss_estate(folder / "nss", RIGHT)
    modules = folder / "modules"
    modules.mkdir()
    (modules / "nss.module").write_text(f"module: {nss.module.path}\n", encoding="utf-8")
    inside = [*unshare(), "sh", "-ec", f'mount --bind "$0" {MODULES}; exec "$@"', str(modules)]
    worker = supervisor.command()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(supervisor, "command", lambda: [*inside, *worker])
        with Station([ModulePath(path=PROXY, environment=nss.module.environment)]) as driver:
            for role, kind in KINDS.items():
                generate(driver, role, kind)
            yield Proxied(driver, nss, inside)


def test_a_wrong_pin_is_sent_once(keyring: Proxied) -> None:
    (device,) = (each for each in keyring.driver.devices() if each.label == LABEL)
    keyring.driver.logout(device)
    typed = Typed([WRONG])
    with pytest.raises(PinRefused):
        keyring.driver.key(keyring.ref("ec-p256"), typed)
    assert typed.asked == [False]


def test_its_own_module_holds_the_same_key(keyring: Proxied) -> None:
    through = keyring.key("ec-p384")
    with Station([keyring.nss.module]) as direct:
        key = direct.key(keyring.ref("ec-p384"), Typed([RIGHT]))
        assert key.public_key == through.public_key
        algorithm = through.algorithms[0]
        verify(key.public_key, through.sign(b"a message", algorithm), b"a message", algorithm)


def test_another_program_signs_through_it(keyring: Proxied, tmp_path: Path) -> None:
    message = tmp_path / "message"
    message.write_bytes(b"a message")
    tool = ["pkcs11-tool", "--module", str(PROXY), "--token-label", LABEL, "--login", "--pin", "env:DEVICE_PIN"]
    sign = ["--sign", "--id", KEY_IDS["rsa-2048"].hex(), "-m", "SHA256-RSA-PKCS", "-i", str(message)]
    done = subprocess.run(
        [*keyring.inside, *tool, *sign, "-o", str(tmp_path / "value")],
        env={**os.environ, **keyring.nss.module.environment, "DEVICE_PIN": RIGHT},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "value").read_bytes()) == 256
