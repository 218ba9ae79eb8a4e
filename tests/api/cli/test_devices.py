"""`khatam devices` from a delivery to its paper; a list again adds nothing, and no side plays both."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.auth.permissions import now
from api.cli.main import app
from api.settings import Settings
from pki.journal.acts import Actor, ActorKind
from pki.quota.devices.handovers import receive_devices, send_devices
from pki.records import Records, civil_day

OFFICER = Actor(kind=ActorKind.OFFICER, id="00000000-0000-4000-8000-000000000001")
NOTE = ("--supplier", "Barid", "--note", "BL 17", "--manufacturer", "Thales", "--model", "IDPrime 940")


@pytest.fixture
def folder(settings: Settings, records: Records) -> Path:
    del records
    return settings.data


def khatam(folder: Path, *words: str, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["devices", *words, "--data", str(folder), "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def test_from_a_delivery_to_its_paper(folder: Path, records: Records, tmp_path: Path) -> None:
    listed, out = tmp_path / "serials.csv", tmp_path / "out"
    listed.write_text("serial\nA01\nA02\nA 3\n", encoding="utf-8")
    done = khatam(folder, "receive", str(listed), *NOTE, "--announced", "3", code=1)
    assert (done["new"], done["difference"], [each["line"] for each in done["refused"]]) == (2, -1, [4])
    listed.write_text("serial\nA01\nA02\nA03\n", encoding="utf-8")
    assert khatam(folder, "receive", str(listed), *NOTE, "--announced", "3")["new"] == 1
    number = khatam(folder, "send", "--to", "06", "--serial", "A01..A02")["number"]
    paper = ("--receipt", "D 1", "--received-by", "S. Amrani")
    assert "another" in khatam(folder, "confirm", str(number), *paper, code=2)["error"]
    day = civil_day(now())
    said: dict[str, Any] = {"on": day, "by": OFFICER, "at": now()}
    receive_devices(records, number=number, receipt="D 1", received_by="S", missing=["A02"], **said)
    onward = send_devices(records, sender="06", receiver="06.117", serials=["A01"], **said).number
    assert khatam(folder, "confirm", str(onward), *paper) == {"arrived": 1, "missing": 0, "refused": 0}
    counted = khatam(folder, "stock")
    assert (counted["total"], counted["states"]["lost"], counted["states"]["in-stock"]) == (3, 1, 2)
    assert khatam(folder, "stock", "--province", "06.117")["total"] == 1
    (shown,) = khatam(folder, "show", "a01")["items"]
    assert [each["step"] for each in shown["chain"]] == ["receive", "send", "arrive", "send", "arrive"]
    khatam(folder, "sheet", str(number), "--out", str(tmp_path / "paper.pdf"))
    assert (tmp_path / "paper.pdf").read_bytes()[:5] == b"%PDF-"
    assert khatam(folder, "export", "--into", str(out))["devices.csv"] == 3
    assert len((out / "device-stock.csv").read_text().splitlines()) == 3


def test_what_is_not_there(folder: Path, tmp_path: Path) -> None:
    assert "ZZ" in khatam(folder, "show", "ZZ", code=2)["error"]
    assert "7" in khatam(folder, "sheet", "7", "--out", str(tmp_path / "x.pdf"), code=2)["error"]
    assert "serials" in khatam(folder, "send", "--to", "06", code=2)["error"]
