"""`khatam report make`: three files that say the same, or one sentence and nothing written."""

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.settings import Settings
from hsm.software import SoftwareKeys
from pki.records import Records


@pytest.fixture
def ask(settings: Settings, records: Records, keys: SoftwareKeys, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command on a founded installation, with the keys that its certificates name."""
    monkeypatch.setattr("api.wiring.open_keyring", lambda *_, **__: keys)

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["report", "make", *arguments, "--data", str(settings.data), "--json"])

    return run


def test_three_files_that_say_the_same(ask: Any, tmp_path: Path) -> None:
    into = tmp_path / "reports"
    said = ask("--level", "local", "--territory", "06.117", "--month", "2026-01", "--into", str(into))
    assert said.exit_code == 0, said.output
    answer = json.loads(said.stdout)
    pdf, table, numbers = (Path(name).read_bytes() for name in answer["files"])
    assert pdf.startswith(b"%PDF")
    assert b"/ByteRange" in pdf
    assert hashlib.sha256(numbers).hexdigest() == answer["digest"]
    communes = {each["body"] for each in json.loads(numbers)["communes"]}
    lines = csv.DictReader(io.StringIO(table.decode()))
    assert {line["code"] for line in lines if line["section"] == "commune"} == communes
    assert len(communes) == 22


@pytest.mark.parametrize(
    ("level", "territory", "month"),
    [("local", "06", "2026-01"), ("central", "06", "2026-01"), ("regional", "06", "2099-01"), ("regional", "06", "x")],
)
def test_what_is_refused_writes_nothing(ask: Any, tmp_path: Path, level: str, territory: str, month: str) -> None:
    into = tmp_path / "reports"
    said = ask("--level", level, "--territory", territory, "--month", month, "--into", str(into))
    assert said.exit_code == 2
    assert json.loads(said.stdout)["ok"] is False
    assert not into.exists()
