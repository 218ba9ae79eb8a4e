"""The command: quick, alone, honest about how it ended."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hsm.agent.cli import app
from hsm.agent.errors import EXIT_CODES, HELP_DESK, SENTENCES, AgentCode, HelpDesk

SERVER_EXTRA = (
    "fastapi",
    "starlette",
    "sqlalchemy",
    "pydantic_settings",
    "jinja2",
    "dbos",
    "uvicorn",
    "typst",
    "segno",
)
EVERY_MODULE = """
import importlib, pathlib, sys
import hsm.agent
room = pathlib.Path(hsm.agent.__file__).parent
for path in sorted(room.rglob("*.py")):
    if "window" not in path.relative_to(room).parts:  # it needs its own extra
        importlib.import_module(".".join(path.relative_to(room.parents[1]).with_suffix("").parts).removesuffix(".__init__"))
found = [name for name in sys.argv[1].split(",") if name in sys.modules]
found += [name for name in sys.modules if name.split(".")[0] in ("pki", "signer", "api")]
assert not found, found
"""
HELP = """
import sys
from hsm.agent.cli import app
try:
    app(["--help"])
except SystemExit as end:
    assert not end.code
slow = {"pyhanko", "cryptography", "httpx2", "asn1crypto", "pkcs11", "rich", "hsm.prepared", "hsm.agent.signing"}
assert not slow & sys.modules.keys(), slow & sys.modules.keys()
"""


def test_the_agent_carries_nothing_of_the_server() -> None:
    subprocess.run([sys.executable, "-c", EVERY_MODULE, ",".join(SERVER_EXTRA)], check=True, timeout=60)


def test_help_loads_nothing_slow() -> None:
    subprocess.run([sys.executable, "-c", HELP], check=True, timeout=60, stdout=subprocess.DEVNULL)


def test_every_code_has_its_sentence_and_exit_code() -> None:
    assert SENTENCES.keys() == set(AgentCode)
    assert EXIT_CODES.keys() == set(AgentCode)
    assert HELP_DESK.keys() == set(AgentCode)
    assert all(re.fullmatch(r"AG-[0-9]{2}", each) for each in HelpDesk)
    assert set(EXIT_CODES.values()) <= {1, 2, 3, 4, 5, 6}
    for sentence in SENTENCES.values():
        assert sentence == "{what}" or any(
            word in sentence for word in ("Nothing", "nothing", "not", "kept", "{kept}", "{what}", "{fix}", "stay")
        ), sentence


@pytest.mark.parametrize("url", ["khatam://ceremony/short", "http://a", f"khatam://login/{'a' * 43}"])
def test_wrong_address_ends_with_2(url: str) -> None:
    outcome = CliRunner().invoke(app, ["sign", url, "--json"])
    assert outcome.exit_code == 2
    assert json.loads(outcome.stdout.splitlines()[-1])["error"]["code"] == "argument"


def test_missing_configuration_ends_with_2(tmp_path: Path) -> None:
    arguments = ["sign", f"khatam://ceremony/{'a' * 43}", "--config", str(tmp_path / "none.toml")]
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code == 2
    assert "Nothing was done" in outcome.stderr
    assert "\x1b" not in outcome.stderr + outcome.stdout
    report = json.loads(CliRunner().invoke(app, ["doctor", "--config", str(tmp_path / "none.toml"), "--json"]).stdout)
    assert report["findings"][0]["level"] == "FAIL"


@pytest.mark.parametrize("command", [("enrol", "--device", "a"), ("present",), ("unlock", "--device", "a")])
@pytest.mark.parametrize("ticket", ["-Z" + "a" * 41, "--" + "a" * 41, "--help" + "-" * 37, "-" * 43])
def test_a_ticket_that_looks_like_an_option_is_a_ticket(command: tuple[str, ...], ticket: str, tmp_path: Path) -> None:
    """Earlier services made such: one ticket in 64. The run gets as far as the configuration."""
    arguments = [command[0], ticket, *command[1:], "--config", str(tmp_path / "none.toml"), "--json"]
    outcome = CliRunner().invoke(app, arguments)
    assert "No such option" not in outcome.stderr
    assert json.loads(outcome.stdout.splitlines()[-1])["error"]["code"] == "configuration"


@pytest.mark.parametrize("typed", [("--jsno", "a" * 43), ("a" * 43, "--jsno"), ("-j", "a" * 43)])
def test_a_misspelt_option_beside_a_ticket_is_refused(typed: tuple[str, str]) -> None:
    outcome = CliRunner().invoke(app, ["present", *typed])
    assert outcome.exit_code == 2
    assert "unexpected extra argument" in outcome.stderr


WITHOUT_WINDOW = """
import sys
sys.modules["PySide6"] = None
from hsm.agent.cli import app
app(["open", "khatam://ceremony/" + "a" * 43])
"""


def test_without_the_window_it_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_WINDOW], check=False, timeout=60, capture_output=True, text=True
    )
    assert done.returncode == EXIT_CODES[AgentCode.WINDOW]
    assert "window is not installed" in done.stderr


WITH_WINDOW = """
import sys, types
window = types.ModuleType("hsm.agent.window.application")
window.main = lambda url, config: print(url, config) or 6
sys.modules[window.__name__] = window
from hsm.agent.cli import app
app(["open", *sys.argv[1:], "--config", "/c.toml"])
"""


@pytest.mark.parametrize("url", [None, f"khatam://ceremony/{'a' * 43}"])
def test_open_hands_over_to_the_window_with_an_address_or_none(url: str | None) -> None:
    command = [sys.executable, "-c", WITH_WINDOW, *([] if url is None else [url])]
    done = subprocess.run(command, check=False, timeout=60, capture_output=True, text=True)
    assert done.returncode == 6
    assert done.stdout.split() == [str(url), "/c.toml"]
