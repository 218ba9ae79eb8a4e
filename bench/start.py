"""How soon `--help` answers: processor time of the whole command against an interpreter that loads Typer alone."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from collections.abc import Iterable

from bench.figure import Figure

PEER = [sys.executable, "-c", "import typer.main"]


def run() -> Iterable[Figure]:
    """The two programs, each beside the floor."""
    for name, module in (("khatam_help", "api.cli.main"), ("agent_help", "hsm.agent.cli")):
        ours = [sys.executable, "-c", f"from {module} import app; app()", "--help"]
        pairs = [(_spent(ours), _spent(PEER)) for _ in range(7)]
        value, against = (statistics.median(each) for each in zip(*pairs, strict=True))
        yield Figure(name=name, value=value * 1000, against=against * 1000, unit="ms", goal=2.0, better="lower")


def _spent(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
