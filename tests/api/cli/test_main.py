"""The command line answers fast and imports nothing that it does not need."""

import json
import os
import subprocess
import sys

import pytest

HEAVY = ("fastapi", "sqlalchemy", "cryptography", "pyhanko", "dbos", "pydantic", "uvicorn", "typst", "alembic")


def test_help_imports_no_room() -> None:
    program = "import sys, api.cli.main; print([name for name in sys.argv[1:] if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", program, *HEAVY], check=True, capture_output=True, text=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("command", [["doctor"], ["serve"], ["serve", "--only", "nothing"]])
def test_refusals_are_json_when_asked_and_exit_2(command: list[str], tmp_path: os.PathLike[str]) -> None:
    full = [sys.executable, "-m", "api.cli.main", *command, "--data", str(tmp_path), "--json"]
    said = subprocess.run(full, check=False, capture_output=True, text=True)
    assert said.returncode == 2
    assert json.loads(said.stdout)["ok"] is False
    assert "khatam init" in json.loads(said.stdout)["error"]


def test_no_colour_off_a_terminal(tmp_path: os.PathLike[str]) -> None:
    full = [sys.executable, "-m", "api.cli.main", "doctor", "--data", str(tmp_path)]
    said = subprocess.run(full, check=False, capture_output=True, text=True)
    assert "\x1b" not in said.stdout + said.stderr
