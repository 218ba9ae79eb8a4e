"""The threat page is the code's own notes, and each names a test that exists."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_current_and_names_real_tests() -> None:
    outcome = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "threats.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr
