"""`khatam elections` from a list to its sheets, in one installation; each step again changes nothing."""

import getpass
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from api.auth.permissions import now
from api.cli.main import app
from api.settings import Settings
from pki.journal.acts import Actor, ActorKind
from pki.quota.elections.tables import ElectedOfficial
from pki.records import Records
from pki.registration.holders import enrol_holder
from pki.registration.kinds import OfficeFunction
from pki.registration.offices import record_office
from pki.registration.protection import ProtectedNumbers

BY = Actor(kind=ActorKind.SYSTEM, id="test")
COMMUNE = "06.117.01.03"
DAY = (now() - timedelta(days=2)).date()
LIST = (
    "body;function;rank;name_ar;name_latin;cin;email;phone;elected_on;deed\n"
    f"{COMMUNE};president;;فاطمة;Fatima Bennis;AB123456;;;{DAY};PV 7\n"
)


@pytest.fixture
def folder(settings: Settings, records: Records) -> Path:
    protection = ProtectedNumbers(
        settings.secret("cin-encryption-key").reveal(), settings.secret("cin-hash-key").reveal()
    )
    holder = enrol_holder(records, protection, name_ar="أحمد", name_latin="Ahmed", cin="BE1234", by=BY, at=now())
    record_office(
        records,
        holder=holder,
        body_code=COMMUNE,
        function=OfficeFunction.PRESIDENT,
        starts_on=DAY - timedelta(days=900),
        deed="PV",
        by=BY,
        at=now(),
    )
    return settings.data


def khatam(folder: Path, *words: str, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["elections", *words, "--data", str(folder), "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def test_an_election(folder: Path, records: Records, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text(LIST, encoding="utf-8-sig")
    assert khatam(folder, "import", str(listed), "--plan", "2027")["new"] == 1
    assert khatam(folder, "import", str(listed), "--plan", "2027")["unchanged"] == 1
    with records.reading() as session:
        assert session.scalar(select(ElectedOfficial.imported_by)) == f"system:command-line/{getpass.getuser()}"
    headline = khatam(folder, "preview", "--plan", "2027")["headline"]
    assert headline.startswith("1,503 communes, 41 arrondissements: 1 change, 0 keep")
    freeze = ("freeze", "--plan", "2027", "--body", COMMUNE, "--ends-on", str(DAY), "--deed", "PV 6")
    assert khatam(folder, *freeze) == {"frozen": 1, "before": 0}
    assert khatam(folder, *freeze) == {"frozen": 0, "before": 1}
    assert khatam(folder, "status", "--province", "06.117")["without_signatory"] == 1
    # No wave is open here: the council is seated all the same, and its president waits for a seat.
    assert khatam(folder, "seat", "--plan", "2027") == {
        "seated": 1,
        "keys": {"no-seat": 1, "ended": 0},
        "waiting": {},
    }
    assert khatam(folder, "seat", "--plan", "2027")["seated"] == 0
    status = khatam(folder, "status", "--plan", "2027", "--province", "06.117")
    assert (status["plan"]["seated"], status["without_signatory"]) == (1, 0)
    out = tmp_path / "sheets.pdf"
    assert khatam(folder, "sheets", "--plan", "2027", "--out", str(out))["sheets"] == 1
    assert out.read_bytes().startswith(b"%PDF-")
    khatam(folder, "sheets", "--plan", "2027", "--out", str(tmp_path / "each"))
    assert [each.name for each in (tmp_path / "each").iterdir()] == [f"{COMMUNE}.pdf"]


def test_a_council_that_is_refused_waits_and_the_others_are_seated(folder: Path, tmp_path: Path) -> None:
    other, listed = "06.117.01.05", tmp_path / "list.csv"
    before = LIST.replace(str(DAY), str(DAY - timedelta(days=9)))
    listed.write_text(before + f"{other};president;;فاطمة;Fatima Idrissi;AB123457;;;{DAY};PV 7\n", encoding="utf-8")
    assert khatam(folder, "import", str(listed), "--plan", "2027")["new"] == 2
    freeze = ("freeze", "--plan", "2027", "--ends-on", str(DAY), "--deed", "PV 6")
    assert khatam(folder, *freeze, "--body", COMMUNE, "--body", other)["frozen"] == 2
    said = khatam(folder, "seat", "--plan", "2027")
    assert (said["seated"], list(said["waiting"])) == (1, [COMMUNE])


def test_refusals_are_one_sentence(folder: Path, tmp_path: Path) -> None:
    assert "called 2030" in khatam(folder, "preview", "--plan", "2030", code=2)["error"]
    wrong = tmp_path / "list.csv"
    wrong.write_text(LIST + f"{COMMUNE};mayor;;فاطمة;Fatima;AB123457;;;{DAY};PV 7\n", encoding="utf-8")
    said = khatam(folder, "import", str(wrong), "--plan", "2027", code=1)
    assert [(each["row"], each["code"]) for each in said["errors"]] == [(3, "function-not-elected")]


def test_words_for_people(folder: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text(LIST, encoding="utf-8")
    for words in (["import", str(listed), "--plan", "2027"], ["preview", "--plan", "2027"], ["status"]):
        result = CliRunner().invoke(app, ["elections", *words, "--data", str(folder)])
        assert result.exit_code == 0, result.output
    assert "able to sign" in result.output
