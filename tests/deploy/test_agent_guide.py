"""What operators read is what the agent says."""

import re
from pathlib import Path

from deploy.agent.selection import select
from deploy.agent.windows.selection import PLATFORM
from hsm.agent.codes import HelpDesk
from hsm.agent.config import read_config

ROOT = Path(__file__).parents[2]


def test_every_code_is_in_the_guide_once() -> None:
    rows = re.findall(r"^\| (AG-\d\d) \| (.+) \| (.+) \|$", (ROOT / "docs/agent.md").read_text("utf-8"), re.MULTILINE)
    assert [code for code, _, _ in rows] == sorted({code.value for code in HelpDesk})
    assert all(what.strip() and to_do.strip() for _, what, to_do in rows)


def test_the_field_trial_has_twenty_steps() -> None:
    steps = re.findall(r"^\| (\d+) \|", (ROOT / "docs/field-trial.md").read_text("utf-8"), re.MULTILINE)
    assert steps == [str(each) for each in range(1, 21)]


def test_the_example_is_a_configuration() -> None:
    config = read_config(ROOT / "deploy/agent/files/agent.toml.example")
    assert config.environment == "production"
    assert len(config.modules) == 2


def test_windows_takes_its_own_from_the_lock() -> None:
    chosen = select(platform=PLATFORM)
    assert "colorama==" in chosen
    assert "pyside6-essentials==" in chosen
    assert "uvloop==" not in chosen
