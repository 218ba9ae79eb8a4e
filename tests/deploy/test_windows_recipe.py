"""What of the Windows package can be held to on Linux."""

import os
import platform
import re
import shlex
import struct
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest
from typer.testing import CliRunner

from hsm.agent.cli import app
from hsm.agent.codes import HelpDesk
from hsm.agent.config import read_config
from hsm.agent.config_path import DEFAULT_PATH
from hsm.agent.doctor.examination import DRIVER_KEYS
from hsm.agent.window import application
from hsm.cryptoki.standing import ModuleStanding, look_at

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "deploy/agent/windows"
URL = f"khatam://ceremony/{'A' * 43}"


def handler() -> str:
    """The command line that Windows has for an address."""
    line = re.search(r'^@="(.*%1.*)"$', (RECIPE / "khatam.reg").read_text("utf-8"), re.MULTILINE)
    assert line is not None
    return re.sub(r"\\(.)", r"\1", line[1])


def test_installer_registers_what_the_file_shows() -> None:
    script = (RECIPE / "khatam-agent.iss").read_text("utf-8")
    line = re.search(r'shell\\open\\command"; ValueType: string; ValueData: "(.*)"$', script, re.MULTILINE)
    assert line is not None
    assert line[1].replace('""', '"').replace("{app}", r"C:\Program Files\Khatam") == handler()


@pytest.mark.parametrize(
    ("address", "exit_code"),
    [
        (URL, 0),
        (f'{URL}" --config "C:/evil.toml', 2),
        ('khatam:x" --config=//evil/share/agent.toml "', 2),
        ('khatam:x" --help "', 2),
    ],
)
def test_an_address_brings_no_option(address: str, exit_code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows puts the address into the line as it stands, quotes and all."""
    opened: list[tuple[str | None, Path]] = []
    monkeypatch.setattr(application, "main", lambda url, config: opened.append((url, config)) or 0)
    line = handler().replace("\\", "/").replace("%1", address)
    done = CliRunner().invoke(app, shlex.split(line)[1:])
    assert done.exit_code == exit_code
    assert opened == ([] if exit_code else [(URL, DEFAULT_PATH)])


def test_the_example_is_a_configuration_of_windows() -> None:
    config = read_config(RECIPE / "agent.toml.example")
    readme = (RECIPE / "README.md").read_text("utf-8")
    assert all(f"`{path}`" in readme for path in config.modules)
    paths = [*config.modules, config.manifest_anchor, config.module_environment["OPENSC_CONF"]]
    assert all(PureWindowsPath(str(path)).is_absolute() for path in paths)


def test_what_is_imported_by_name_is_packed() -> None:
    """PyInstaller does not see such an import; without it the window, or the pages in it, would be missing."""
    sources = [path.read_text("utf-8") for path in (ROOT / "hsm").rglob("*.py")]
    named = {name for source in sources for name in re.findall(r'import_module\("([\w.]+)"\)', source)}
    spec = (RECIPE / "khatam-agent.spec").read_text("utf-8")
    assert named
    assert not [name for name in named if f'"{name}"' not in spec]


@pytest.mark.parametrize(
    ("machine", "standing"), [(0x14C, ModuleStanding.WRONG_ARCHITECTURE), (0x8664, ModuleStanding.READY)]
)
def test_a_32_bit_driver_is_named(
    machine: int, standing: ModuleStanding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Windows")
    path = tmp_path / "driver.dll"
    path.write_bytes(
        b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x80) + bytes(0x40) + b"PE\0\0" + struct.pack("<H", machine)
    )
    found, said = look_at(path)
    assert found is standing
    if standing is ModuleStanding.WRONG_ARCHITECTURE:
        assert "is made for 32-bit (x86); this program is 64-bit (x86-64)" in said
        assert DRIVER_KEYS[found.value][1] is HelpDesk.DRIVER_ARCHITECTURE


def test_output_to_a_file_is_utf_8(tmp_path: Path) -> None:
    """Whatever the code page: the sentences have Arabic, arrows and accents."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.agent.windows.start", "doctor", "--config", str(tmp_path / "none.toml")],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "→" in done.stdout.decode()
