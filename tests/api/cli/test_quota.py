"""`khatam quota` and `khatam keys`: what they write, what they only try."""

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from api.cli.main import app
from api.settings import Settings
from pki.journal.tables import Leaf
from pki.quota.agreements import sign_agreement
from pki.quota.differences import differences
from pki.quota.waves import open_wave
from pki.records import Records
from tests.pki.estate import BERRECHID, SYSTEM, T0, TIERS

HEADER = "body_code,function,name_ar,name_latin,cin,starts_on,certificate,serial\n"


@pytest.fixture
def folder(settings: Settings, records: Records) -> Path:
    """An installation with an agreement and one body open."""
    agreement = sign_agreement(
        records,
        supplier="Barid",
        number="1",
        census="RGPH 2024",
        seats=None,
        purchases=100,
        tiers=TIERS,
        in_effect_from=date(2026, 1, 1),
        by=SYSTEM,
        at=T0,
    )
    open_wave(
        records, agreement=agreement, label="1", body_codes=[BERRECHID], opens_on=date(2026, 1, 1), by=SYSTEM, at=T0
    )
    return settings.data


def run(*arguments: str, code: int = 0) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def leaves(records: Records) -> int:
    with records.reading() as session:
        return session.scalar(select(func.count()).select_from(Leaf)) or 0


def test_exported(folder: Path, tmp_path: Path) -> None:
    into = tmp_path / "out" / "books"
    assert run("quota", "export", "--into", str(into), "--data", str(folder))["allowances.csv"] == 1
    with (into / "allowances.csv").open(encoding="utf-8") as file:
        assert [(row["code"], row["granted"]) for row in csv.DictReader(file)] == [(BERRECHID, "5")]
    with (into / "ledger.csv").open(encoding="utf-8") as file:
        assert sum(int(row["change"]) for row in csv.DictReader(file)) == 0
    assert sorted(path.name for path in into.iterdir()) == ["allowances.csv", "ledger.csv"]


def test_a_census_is_tried_and_nothing_is_written(folder: Path, records: Records, tmp_path: Path) -> None:
    (tmp_path / "census.csv").write_text(f"code,population\n{BERRECHID},19000\n99,1\n", encoding="utf-8")
    before = leaves(records)
    found = run("quota", "simulate", "--census", str(tmp_path / "census.csv"), "--data", str(folder))
    assert [(each["body"], each["keys_after"]) for each in found["changes"]] == [(BERRECHID, 3)]
    assert found["granted_after"] - found["granted_before"] == -2
    assert [each["line"] for each in found["refused"]] == [3]
    assert leaves(records) == before


def test_a_roll_out_is_tried(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "tiers.csv").write_text(
        "kind,population_from,population_below,keys,basis\narrondissement,0,,2,assumed\n", encoding="utf-8"
    )
    found = run("quota", "simulate", "--tiers", str(tmp_path / "tiers.csv"), "--data", str(folder))
    assert (found["seats_in_all"], found["bodies"]) == (82, {"arrondissement": 41})


def test_a_tier_table_and_a_successor_are_tried(folder: Path, records: Records, tmp_path: Path) -> None:
    (tmp_path / "tiers.csv").write_text(
        "kind,population_from,population_below,keys,basis\ncommune,0,,2,assumed\n", encoding="utf-8"
    )
    before = leaves(records)
    asked = ("quota", "simulate", "--data", str(folder), "--agreement", "1")
    found = run(*asked, "--tiers", str(tmp_path / "tiers.csv"))
    assert BERRECHID in {each["body"] for each in found["changes"]}
    assert found["granted_after"] - found["granted_before"] == -3
    assert run(*asked, "--successor", "1", code=2)["ok"] is False
    assert run("quota", "simulate", "--data", str(folder), "--successor", "1", code=2)["ok"] is False
    assert leaves(records) == before


def test_for_people(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "census.csv").write_text(f"code,population\n{BERRECHID},19000\n", encoding="utf-8")
    said = CliRunner().invoke(
        app, ["quota", "simulate", "--census", str(tmp_path / "census.csv"), "--data", str(folder)]
    )
    assert said.exit_code == 0
    assert f"{BERRECHID} Berrechid: 5 → 3" in said.stdout


def test_neither_or_both(folder: Path, tmp_path: Path) -> None:
    assert run("quota", "simulate", "--data", str(folder), code=2)["ok"] is False
    (tmp_path / "x.csv").write_text("a\n")
    file = str(tmp_path / "x.csv")
    run("quota", "simulate", "--census", file, "--tiers", file, "--data", str(folder), code=2)
    run("quota", "simulate", "--census", file, "--data", str(folder), code=2)
    run("quota", "simulate", "--census", file, "--agreement", "9", "--data", str(folder), code=2)


def test_keys_in_the_field(folder: Path, records: Records, tmp_path: Path) -> None:
    file = tmp_path / "keys.csv"
    lines = [f"{BERRECHID},committee_member,سلمى,Salma,QA{each},2021-09-24,,a{each}" for each in range(6)]
    file.write_text(HEADER + "\n".join(lines) + "\n99,committee_member,س,S,QA9,2021-09-24,,a9\n", encoding="utf-8")
    found = run("keys", "import", str(file), "--data", str(folder), code=1)
    assert (found["opened"], [each["line"] for each in found["refused"]]) == (6, [8])
    assert found["above"] == {BERRECHID: 1}
    again = run("keys", "import", str(file), "--data", str(folder), code=1)
    assert (again["opened"], again["known"]) == (0, 6)
    with records.reading() as session:
        assert differences(session) == []


@pytest.mark.parametrize("name", ["../outside.pem", "/etc/hostname", "absent.pem"])
def test_certificates_lie_beside_the_file(folder: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "outside.pem").write_text("x")
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "keys.csv"
    file.write_text(HEADER + f"{BERRECHID},committee_member,س,S,QA1,2021-09-24,{name},\n", encoding="utf-8")
    found = run("keys", "import", str(file), "--data", str(folder), code=1)
    assert found["refused"][0]["reason"] == "this file cannot be read"


def test_alerts_are_listed(folder: Path) -> None:
    assert run("quota", "alerts", "--data", str(folder)) == {"ok": True, "swept_at": None, "items": []}
    found = run("quota", "alerts", "--sweep", "--data", str(folder))
    assert found["swept_at"]
    assert [(each["kind"], each["body"], each["detail"]) for each in found["items"]] == [
        ("unable_to_sign", BERRECHID, "no-office")
    ]
    assert run("quota", "alerts", "--province", "02.411", "--data", str(folder))["items"] == []
    assert run("quota", "alerts", "--kind", "seats_80", "--state", "all", "--data", str(folder))["items"] == []
    for wrong in (["--kind", "x"], ["--state", "x"], ["--region", "06", "--body", BERRECHID]):
        assert run("quota", "alerts", *wrong, "--data", str(folder), code=2)["ok"] is False
    said = CliRunner().invoke(app, ["quota", "alerts", "--data", str(folder)])
    assert f"unable_to_sign {BERRECHID} Berrechid: no-office" in said.stdout


def test_a_forecast(folder: Path) -> None:
    (found,) = run("quota", "forecast", "--data", str(folder))["items"]
    assert (found["available"], found["why"], found["ends_on"]) == (5, "too-few-events", None)
    assert [each["code"] for each in run("quota", "forecast", "--by", "body", "--data", str(folder))["items"]] == [
        BERRECHID
    ]
    assert run("quota", "forecast", "--by", "x", "--data", str(folder), code=2)["ok"] is False
    said = CliRunner().invoke(app, ["quota", "forecast", "--data", str(folder)])
    assert said.stdout == "all: 5 available, +0 in 30 days: too-few-events\n"
