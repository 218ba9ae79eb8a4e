"""`khatam verify`: what it says, and when it exits with 0."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from api.cli.main import app
from tests.signer.verification.estate import CLAIMS, DAY, T0, Estate, document


@pytest.fixture(autouse=True)
def _a_day_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.cli.verify._now", lambda: T0 + DAY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trust file, a good licence, an altered one, an unsigned one, a stranger's."""
    folder, estate, other = tmp_path_factory.mktemp("verify"), Estate(), Estate()
    certificates = (estate.root.certificate, estate.issuing.certificate)
    (folder / "trust.pem").write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in certificates))
    good = estate.b_lt(document(CLAIMS))
    (folder / "good.pdf").write_bytes(good)
    (folder / "altered.pdf").write_bytes(good[:300] + bytes([good[300] ^ 1]) + good[301:])
    (folder / "unsigned.pdf").write_bytes(document(CLAIMS))
    (folder / "stranger.pdf").write_bytes(other.b_lt(document(CLAIMS), chain=(other.issuing,)))
    (folder / "empty.pdf").write_bytes(b"")
    return folder


def run(folder: Path, *names: str, options: tuple[str, ...] = ()) -> tuple[int, str]:
    files = [str(folder / name) for name in names]
    result = CliRunner().invoke(app, ["verify", *files, "--trust", str(folder / "trust.pem"), *options])
    return result.exit_code, result.stdout


def test_good(folder: Path) -> None:
    code, said = run(folder, "good.pdf")
    assert code == 0
    assert "✓" in said
    assert "TOTAL-PASSED B-LT" in said


def test_a_file_whose_name_looks_like_an_option(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "-t.pdf").write_bytes((folder / "good.pdf").read_bytes())
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(app, ["verify", "-t.pdf", "--trust", "trust.pem"])
    assert result.exit_code == 0
    misspelt = CliRunner().invoke(app, ["verify", "good.pdf", "--trsut", "trust.pem"])
    assert (misspelt.exit_code, "'--trsut' does not exist" in misspelt.stderr) == (2, True)


def test_one_bad_file_is_enough(folder: Path) -> None:
    names = ("good.pdf", "altered.pdf", "unsigned.pdf", "stranger.pdf", "empty.pdf")
    code, said = run(folder, *names, options=("--json",))
    assert code == 1
    found = [json.loads(line) for line in said.splitlines()]
    assert [each["ok"] for each in found] == [True, False, False, False, False]
    assert found[0]["signatures"][0]["best_time"] == "2026-11-02T10:00:00Z"
    assert found[1]["signatures"][0]["sub_indication"] == "HASH_FAILURE"
    assert found[4]["form"] == "empty"


def test_trust_file_without_certificates(folder: Path) -> None:
    (folder / "nothing.pem").write_text("nothing")
    result = CliRunner().invoke(app, ["verify", str(folder / "good.pdf"), "--trust", str(folder / "nothing.pem")])
    assert result.exit_code == 2


def test_neither_register_nor_trust(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KHATAM_DATA", raising=False)
    assert CliRunner().invoke(app, ["verify", str(folder / "good.pdf")]).exit_code == 2


def test_both(folder: Path) -> None:
    code, _ = run(folder, "good.pdf", options=("--data", str(folder)))
    assert code == 2
