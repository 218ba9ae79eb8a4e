"""The quota's years over real communes: one province here, the country in `make soak`. Killed outright, it goes on."""

import csv
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.rehearsal.country import EXTRAS
from api.rehearsal.rehearsing import RehearsalRefused
from api.rehearsal.rehearsing import rehearse as play
from tests.story.recount import expected, rows

ROOT = Path(__file__).parents[2]
COMMUNES = ROOT / "pki/registration/communes.csv"
AOUSSERD = "12.066"
"""Six communes: every stage is played in seconds."""
SIDES = (("agreement", -1), ("available", 1))
COMMAND = [sys.executable, "-m", "api.cli.main", "quota", "rehearse", "--json"]
pytestmark = pytest.mark.timeout(480)


def rehearse(folder: Path, *more: str) -> dict[str, object]:
    done = subprocess.run(
        [*COMMAND, "--data", str(folder), *more], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


def recount(folder: Path, communes: Path = COMMUNES) -> subprocess.CompletedProcess[str]:
    """Run the script that shares no code with the project."""
    script = Path(__file__).with_name("recount.py")
    command = [sys.executable, "-I", str(script), str(communes), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def recounted(folder: Path) -> str:
    """What it says of books that balance, with the census that was applied."""
    assert (folder / "census.csv").is_file()
    done = recount(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def books(folder: Path) -> Counter[tuple[str, ...]]:
    """Every entry without what differs from run to run: its number, its movement, its order."""
    with (folder / "ledger.csv").open(encoding="utf-8", newline="") as file:
        return Counter(
            (row["book"], row["account"], row["body_code"], row["change"], row["cause"]) for row in csv.DictReader(file)
        )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    folder = tmp_path_factory.mktemp("rehearsal") / "country"
    return folder, rehearse(folder, "--province", AOUSSERD)


def test_a_province_is_played_and_its_books_balance(played: tuple[Path, dict[str, object]]) -> None:
    folder, told = played
    assert told["balanced"] is True
    assert told["communes"] == told["successors"] == told["able_to_sign"] == 6
    assert told["refused_for_quota"] == 0
    assert told["keys"] == told["certificates_verified"] == 27
    assert told["in_devices"] == 7
    assert told["reports"] == 3
    assert recounted(folder).endswith(" 0 disagreements\n")


def test_the_recount_sees_a_seat_too_many(played: tuple[Path, dict[str, object]], tmp_path: Path) -> None:
    folder, _ = played
    for name in ("ledger.csv", "allowances.csv"):
        text = (folder / name).read_text(encoding="utf-8")
        forged = text.replace("12.066.01.03,Lagouira,4,", "12.066.01.03,Lagouira,5,")
        (tmp_path / name).write_text(forged, encoding="utf-8")
        assert (forged == text) is (name == "ledger.csv")
    done = recount(tmp_path)
    assert done.returncode == 1
    assert "12.066.01.03" in done.stderr


@pytest.mark.parametrize(("taken", "code"), [(1, 0), (2, 1), (0, 1)])
def test_the_recount_sees_a_census_that_granted_by_another_tier(tmp_path: Path, taken: int, code: int) -> None:
    """Books that agree with each other, of a commune of 25,000 (four seats) that is counted as 19,000 (three)."""
    moves = [("wave.opened", 4)] + [("census.applied", -taken)] * bool(taken)
    sides = [(account, change * sign, cause) for cause, change in moves for account, sign in SIDES]
    ledger = "".join(
        f"{number},{cause},seat,{account},A,C,{change},{cause}\n"
        for number, (account, change, cause) in enumerate(sides, 1)
    )
    files = {
        "communes.csv": "code,province_code,population\nC,P,25000\n",
        "census.csv": "code,population\nC,19000\n",
        "ledger.csv": "entry,movement,book,account,agreement,body_code,change,cause\n" + ledger,
        "allowances.csv": f"code,name_fr,granted,reserved,live,excess\nC,C,{4 - taken},0,0,0\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    done = recount(tmp_path, tmp_path / "communes.csv")
    assert done.returncode == code, done.stderr
    assert ("by the census" in done.stderr) is bool(code)


@pytest.mark.parametrize("kills", [1, pytest.param(12, marks=pytest.mark.soak)])
def test_killed_at_any_instant_it_goes_on_to_the_same_books(
    played: tuple[Path, dict[str, object]], tmp_path: Path, kills: int
) -> None:
    folder = tmp_path / "country"
    lot = random.Random()
    for _ in range(kills):
        cut = subprocess.Popen(
            [*COMMAND, "--data", str(folder), "--province", AOUSSERD],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )
        deadline = time.monotonic() + 60
        while not (folder / "rehearsal.json").is_file():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(lot.uniform(1, 6))
        cut.send_signal(signal.SIGKILL)
        cut.wait(timeout=30)
    rehearse(folder, "--province", AOUSSERD)
    assert recounted(folder).endswith(" 0 disagreements\n")
    assert books(folder) == books(played[0])


def test_another_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    done = CliRunner().invoke(app, ["quota", "rehearse", "--json", "--data", str(tmp_path)])
    assert done.exit_code == 2
    assert "not empty" in json.loads(done.stdout)["error"]
    assert [each.name for each in tmp_path.iterdir()] == ["letter.txt"]


def test_an_installation_in_production_is_left_alone(tmp_path: Path) -> None:
    """Whatever file lies in it: the books that people sign by are no stage."""
    written = 'public_url = "https://sign.example.ma"\nresponders_url = "http://status.example.ma"\n'
    (tmp_path / "khatam.toml").write_text(written, encoding="utf-8")
    mark = {"begins": "2026-11-02T10:00:00+00:00", "province": None}
    (tmp_path / "rehearsal.json").write_text(json.dumps(mark), encoding="utf-8")
    with pytest.raises(RehearsalRefused, match="no rehearsal's"):
        play(tmp_path, province=None, told=lambda *_: None, staged=lambda *_: None)
    assert not (tmp_path / "records.sqlite").exists()


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_country_is_played_and_its_books_balance(tmp_path: Path) -> None:
    told = rehearse(tmp_path / "country")
    assert told["balanced"] is True
    assert told["keys"] == sum(expected(rows(COMMUNES)).values()) + EXTRAS == 4922 + 75 * 3 + 200
    assert told["communes"] == told["successors"] == told["able_to_sign"] == 1503
    assert told["refused_for_quota"] == 0
    assert told["certificates_verified"] == 100
    assert told["in_devices"] == 50
    assert told["reports"] == 75 + 12 + 1
    assert recounted(tmp_path / "country").endswith(" 0 disagreements\n")
