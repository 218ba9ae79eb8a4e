"""The threat page is the code's own notes, and each names a test that exists."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("threats", ROOT / "docs" / "threats.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks itself up there
    spec.loader.exec_module(module)
    return module


threats = script()


def test_the_page_is_current_and_names_real_tests() -> None:
    outcome = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "threats.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.parametrize(
    ("named", "collected"),
    [
        ("tests/docs/test_threats.py::test_the_page_is_current_and_names_real_tests", True),
        ("tests/docs/test_threats.py::test_the_page_is_current", False),
        ("tests/story/test_bad_input.py::TestSixtyMegabytes", False),
        ("tests/hsm/cryptoki/contract.py", False),
        ("tests/hsm/cryptoki/test_none.py", False),
        ("tests/hsm/cryptoki/test_signing_key.py", True),
        ("tests/docs/test_threats.py::missing", False),
        ("seen by eye", False),
    ],
)
def test_a_test_is_what_pytest_collects(named: str, collected: bool) -> None:
    note = threats.Note("place", threat="a threat", defence="a defence", test=named)
    assert (threats.missing(note) == []) is collected


def test_what_is_read_from_the_text_is_what_pytest_collects() -> None:
    """On a file with a class, one with parameters and one that takes a contract's tests in."""
    files = [
        f"tests/{name}.py" for name in ("story/test_bad_input", "docs/test_threats", "hsm/cryptoki/test_signing_key")
    ]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    plain = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}  # these files alone
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=plain).stdout
    collected = {line.split("[")[0] for line in said.splitlines() if "::" in line}
    assert {f"{file}::{name}" for file in files for name in threats.tests_of(ROOT / file)} == collected
