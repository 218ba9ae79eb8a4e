"""The page about key orders is the table of the code."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_current() -> None:
    command = [sys.executable, str(ROOT / "docs" / "orders.py"), "--check"]
    assert subprocess.run(command, check=False, cwd=ROOT).returncode == 0
