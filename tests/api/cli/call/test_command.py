"""`khatam call` against the application in this process: answers, files, refusals and their exit codes."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.auth.officers import appoint_officer
from api.auth.permissions import now
from api.auth.tables import OfficerRole
from api.cli.call import command
from api.cli.call.answering import progress
from api.cli.main import app
from api.wiring import House
from tests.api.conftest import INIT
from tests.api.served import InProcess, served

HOLDER = ["name_ar=أحمد", "name_latin=Ahmed", "cin=ZZ1"]


@pytest.fixture
def ask(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command of a provincial officer whose token lies in a file."""
    monkeypatch.setattr(command, "TRANSPORT", InProcess(served(house)))
    monkeypatch.setenv("KHATAM_SERVER", "http://localhost")
    officer = appoint_officer(
        house.records, name="X", role=OfficerRole.PROVINCIAL, province_code="06.117", by=INIT, at=now()
    )
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text(officer.token)

    def run(*arguments: str, named: Path | None = token) -> Any:
        options = [] if named is None else ["--token-file", str(named)]
        return CliRunner().invoke(app, ["call", *arguments, *options])

    return run


def test_an_act_repeated_with_its_key_is_done_once(ask: Any) -> None:
    first = ask("enrolHolder", *HOLDER)
    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout)["cin_masked"] == "•••"
    key = first.stderr.split()[-1]
    again = ask("enrolHolder", *HOLDER, "--key", key)
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    refused = ask("enrolHolder", *HOLDER)
    assert (refused.exit_code, refused.stdout) == (command.REFUSED, "")
    assert "holder-exists" in refused.stderr


def test_a_refusal_in_json(ask: Any) -> None:
    said = ask("revokeKey", "order=00000000-0000-4000-8000-000000000000", "reason=superseded", "--json")
    assert said.exit_code == command.REFUSED
    answer = json.loads(said.stdout)
    assert (answer["ok"], answer["problem"]["code"]) == (False, "not-permitted")


def test_all_pages_into_a_file(ask: Any, tmp_path: Path) -> None:
    into = tmp_path / "people.json"
    said = ask("listPeople", "limit=1", "--all", "-o", str(into))
    assert (said.exit_code, said.stdout) == (0, ""), said.output
    assert json.loads(into.read_text()) == {"items": []}


def test_a_file_is_there_whole_or_not_at_all(ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    into = tmp_path / "devices.csv"
    assert ask("exportDevices", "--output", str(into)).exit_code == 0
    whole = into.read_bytes()
    assert whole.startswith(b"serial") or b"," in whole.splitlines()[0]
    assert ask("exportDevices").stdout_bytes == whole

    def torn(*_: object) -> None:
        raise httpx2.ReadError("gone")

    monkeypatch.setattr("api.cli.call.answering.copy", torn)
    lost = ask("exportDevices", "--output", str(into))
    assert lost.exit_code == command.UNANSWERED
    assert into.read_bytes() == whole
    assert [each.name for each in tmp_path.iterdir() if "devices" in each.name and each != into] == []


def test_what_cannot_be_kept_is_not_asked_for(ask: Any, tmp_path: Path) -> None:
    nowhere = ask("enrolHolder", *HOLDER, "-o", str(tmp_path / "none" / "holder.json"))
    assert nowhere.exit_code == command.MISUSED
    assert ask("enrolHolder", *HOLDER).exit_code == 0


def test_only_a_file_is_replaced_and_a_draft_without_a_place_is_kept(
    ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, link, loop, pipe = (tmp_path / each for each in ("real.json", "link.json", "loop.json", "pipe"))
    real.write_text("old")
    link.symlink_to(real)
    loop.symlink_to(loop)
    os.mkfifo(pipe)
    for refused in (tmp_path, pipe, loop):
        said = ask("enrolHolder", *HOLDER, "-o", str(refused))
        assert (said.exit_code, "Nothing was sent" in said.stderr) == (command.MISUSED, True), said.output
    assert ask("listPeople", "-o", str(link)).exit_code == 0
    assert (link.is_symlink(), json.loads(real.read_text())) == (True, {"items": []})

    def occupied(*_: object) -> None:
        raise IsADirectoryError(errno.EISDIR, "Is a directory")

    monkeypatch.setattr(Path, "replace", occupied)
    kept = ask("enrolHolder", *HOLDER, "-o", str(real))
    [draft] = tmp_path.glob(".real.json.*")
    assert (kept.exit_code, str(draft) in kept.stderr) == (command.UNANSWERED, True), kept.output
    assert json.loads(draft.read_text())["name_latin"] == "Ahmed"


def test_a_token_comes_from_a_file_of_its_owner_alone(
    ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loose = tmp_path / "loose"
    loose.write_text((tmp_path / "token").read_text())
    loose.chmod(0o644)
    said = ask("dashboard", named=loose)
    assert said.exit_code == command.MISUSED
    assert "readable by others" in said.stderr
    none = ask("dashboard", named=None)
    assert (none.exit_code, "No token" in none.stderr) == (command.MISUSED, True)
    monkeypatch.setenv("KHATAM_TOKEN", (tmp_path / "token").read_text())
    assert ask("dashboard", named=None).exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [("noSuchThing",), (), ("dashboard", "x=1"), ("dashboard", "--key", "abcdefgh"), ("dashboard", "--all")],
)
def test_misuse_sends_nothing(ask: Any, arguments: tuple[str, ...]) -> None:
    said = ask(*arguments)
    assert (said.exit_code, said.stdout) == (command.MISUSED, "")
    assert "Nothing was sent" in said.stderr


def test_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("received", 2048, shown=True) as told:
        told(2048)
    said = capsys.readouterr()
    assert said.out == ""
    assert "received" in said.err
    assert "2.0/2.0 kB" in said.err


def test_listed_and_described_without_a_service() -> None:
    listed = CliRunner().invoke(app, ["call", "--list", "scan"])
    assert [each.split()[0] for each in listed.stdout.splitlines()] == ["keepDeedScan", "readDeedScan"]
    described = CliRunner().invoke(app, ["call", "orderKey", "--describe"]).stdout
    assert "Level: commune or above." in described
    assert "road                     self_made | supplied   default self_made" in described
    fields = json.loads(CliRunner().invoke(app, ["call", "orderKey", "--describe", "--json"]).stdout)["fields"]
    assert {"name": "holder", "in": "body", "type": "uuid", "required": True} in fields
