"""p11-kit's proxy: it gives each caller functions and sessions of its own, and the driver is two callers (README)."""

import os
import subprocess
from pathlib import Path

import pytest

from hsm.cryptoki import supervisor
from hsm.cryptoki.standing import ModulePath
from hsm.cryptoki.station import Station
from hsm.errors import DeviceUnavailable
from hsm.keys import KeyKind, KeyRef
from tests.hsm.conftest import RIGHT, Typed
from tests.rig.estates.nss import LABEL, SERIAL, NssEstate, nss_estate
from tests.rig.namespaces import unshare

pytestmark = pytest.mark.soak
PROXY = Path("/usr/lib/x86_64-linux-gnu/p11-kit-proxy.so")
MODULES = "/usr/share/p11-kit/modules"
KEY_ID = b"\x0a"


@pytest.fixture
def nss(tmp_path: Path) -> NssEstate:
    """NSS's token with one key, made through its own module."""
    estate = nss_estate(tmp_path / "nss", RIGHT)
    with Station([estate.module]) as driver:
        driver.generate_key_pair(
            device_label=LABEL,
            device_serial=SERIAL,
            kind=KeyKind.RSA_2048,
            label="signature",
            key_id=KEY_ID,
            pins=Typed([RIGHT]),
        )
    return estate


@pytest.fixture
def inside(tmp_path: Path, nss: NssEstate) -> list[str]:
    """A command's beginning: it runs where p11-kit knows NSS's module alone. Its folder is the machine's otherwise."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "nss.module").write_text(f"module: {nss.module.path}\n", encoding="utf-8")
    return [*unshare(), "sh", "-ec", f'mount --bind "$0" {MODULES}; exec "$@"', str(folder)]


def test_another_program_signs_through_it(inside: list[str], nss: NssEstate, tmp_path: Path) -> None:
    message = tmp_path / "message"
    message.write_bytes(b"a message")
    tool = ["pkcs11-tool", "--module", str(PROXY), "--token-label", LABEL, "--login", "--pin", "env:DEVICE_PIN"]
    sign = ["--sign", "--id", KEY_ID.hex(), "-m", "SHA256-RSA-PKCS", "-i", str(message)]
    done = subprocess.run(
        [*inside, *tool, *sign, "-o", str(tmp_path / "value")],
        env={**os.environ, **nss.module.environment, "DEVICE_PIN": RIGHT},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "value").read_bytes()) == 256


def test_the_driver_makes_nothing_through_it(
    inside: list[str], nss: NssEstate, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = supervisor.command()
    monkeypatch.setattr(supervisor, "command", lambda: [*inside, *worker])
    ref = KeyRef(device_label=LABEL, device_serial=SERIAL, key_id=KEY_ID)
    with Station([ModulePath(path=PROXY, environment=nss.module.environment)]) as driver:
        shown = driver.devices()
        with pytest.raises(DeviceUnavailable):
            driver.key(ref, Typed([RIGHT]))
    # Either it is told from a vendor's module, or listed and of no use: never half of it.
    assert {each.label for each in shown} in (set(), {LABEL, "NSS Generic Crypto Services"})
    monkeypatch.undo()
    with Station([nss.module]) as driver:
        assert driver.key(ref, Typed([RIGHT])).algorithms
