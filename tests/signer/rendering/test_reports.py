"""The report as paper: what the numbers say is what is printed, in both languages, as PDF/A, the same each time."""

import json
from typing import Any

import pytest

from pki.quota.kinds import OrderState
from signer.rendering.reports import KEYS, STAGES, STEPS, lay_out_report, render_report
from tests.signer.rendering.test_render import text, tool

DIGEST = "ab" * 32
STATES = ("active", "approved", "blocked", "cancelled", "delivered", "expired")


def commune(number: int, stage: str | None = None, region: str = "06") -> dict[str, Any]:
    return {
        "body": f"{region}.117.01.{number:02}",
        "name_fr": f"Commune {number}",
        "name_ar": "جماعة",
        "province": f"{region}.117",
        "region": region,
        "population": 1000 * (number + 1),
        "stage": stage,
        "granted": 3,
        "reserved": 1,
        "live": 2,
        "late": 0,
    }


def numbers(level: str = "local", **more: Any) -> dict[str, Any]:
    counted = {"applies": 9, "reached": 4, "planned": 3, "due": 2, "late": 1}
    said: dict[str, Any] = {
        "level": level,
        "territory": "06.117",
        "name_fr": "Berrechid",
        "name_ar": "برشيد",
        "month": "2026-11",
        "made_at": "2026-11-27T10:00:00.000000Z",
        "stages": [{"stage": stage, **counted} for stage in STAGES],
        "late": [],
        "communes": [commune(number, stage) for number, stage in enumerate([None, *STAGES])],
        "seats": {"bodies": 23, "granted": 7411, "reserved": 1, "live": 2, "bodies_without_free_seat": 0},
        "keys": dict.fromkeys(STATES, 0) | {"active": 8317},
        "losses": {"blocked_in_month": 1, "standing": 1},
        "committees": {"named": 1, "members": 7, "meetings_in_month": 1},
        "training": dict.fromkeys(
            ("sessions_in_month", "attended_in_month", "sessions", "attended", "holders_trained", "untrained_keys"), 3
        ),
        "untrained": [],
        "windows": {"to_assess": 3, "assessed": 2, "adequate": 1},
        "proposals": [],
        "rests_on": [],
    }
    return said | more


def render(said: dict[str, Any]) -> bytes:
    return render_report(said, reference="C-ABABABABABAB", digest=DIGEST, environment="rehearsal")


def test_it_prints_its_numbers_and_calls_its_seal_a_seal() -> None:
    pdf = render(numbers())
    assert pdf == render(numbers())
    said = " ".join(text(pdf).split())
    words = ("novembre 2026", "Essai – sans valeur juridique", "Rapport mensuel du comité local")
    for expected in ("7411", "8317", *words):
        assert expected in said
    assert "cachet électronique" in said
    assert "نونبر" in said
    assert "Commune 9" in said
    assert "part>3" in tool("pdfinfo", "-meta", "-", content=pdf).replace("pdfaid:", "")


def test_every_state_of_a_key_has_its_row() -> None:
    assert [*KEYS] == [state.value for state in OrderState]


def test_the_picture_shows_each_commune_once_with_its_step() -> None:
    page = lay_out_report(numbers(), reference="C", digest=DIGEST, environment="production")
    cells = page["picture"]["cells"]
    assert len(cells) == 10
    assert [each["fill"] for each in cells] == [
        next(colour for colour, _, stages in STEPS if stage in stages) for stage in [None, *STAGES]
    ]
    assert page["mark"] is None
    assert {stage for _, _, stages in STEPS for stage in stages} == {None, *STAGES}
    assert json.loads(page["numbers"]) == numbers()


@pytest.mark.parametrize(("level", "frames"), [("local", 0), ("regional", 1), ("central", 2)])
def test_the_picture_is_grouped_as_the_level_below_is(level: str, frames: int) -> None:
    communes = [commune(1), commune(2), *([commune(3, region="02")] if level == "central" else [])]
    said = numbers(level, communes=communes)
    page = lay_out_report(said, reference="C", digest=DIGEST, environment="production")
    assert len(page["picture"]["frames"]) == frames


def test_a_missing_report_and_a_late_commune_are_named() -> None:
    line = {"body": "06.117.01.07", "name_fr": "El Gara", "name_ar": "الكارة", "stage": "ordered"}
    late = [line | {"planned_on": "2026-10-15", "days": 43}]
    under = [
        {"territory": "06.117", "name_fr": "Berrechid", "name_ar": "برشيد", "digest": "9" * 64},
        {"territory": "06.141", "name_fr": "Casablanca", "name_ar": "الدار البيضاء", "digest": None},
    ]
    proposed = [{"territory": "06.117", "made_on": "2026-11-01", "text": "Un second scanner."}]
    said = " ".join(text(render(numbers("regional", late=late, rests_on=under, proposals=proposed))).split())
    for expected in ("El Gara", "43", "9999999999999999…", "manque", "Un second scanner."):
        assert expected in said
