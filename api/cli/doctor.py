"""`khatam doctor`: what stands in the way of an installation, line by line, each with its remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .findings import Finding, Standing, fail
from .voice import console, opened, print_json

if TYPE_CHECKING:
    from api.settings import Settings

STYLES = {Standing.OK: "green", Standing.WARN: "yellow", Standing.FAIL: "bold red"}


def run_doctor(data: Path | None, *, as_json: bool) -> None:
    """Check everything; exit 1 when a line is FAIL."""
    settings = opened(data, as_json=as_json)
    findings = list(examine(settings))
    if as_json:
        for each in findings:
            print_json({"subject": each.subject, "standing": each.standing.value, "seen": each.seen, "fix": each.fix})
    else:
        _tell(findings)
    if any(each.standing is Standing.FAIL for each in findings):
        raise typer.Exit(1)


def examine(settings: Settings) -> Iterable[Finding]:
    """Every finding; a check that breaks is a finding itself."""
    from . import checks

    looks: tuple[tuple[str, Callable[[Settings], Iterable[Finding]]], ...] = (
        ("folder", checks.folder),
        ("release key", checks.release_key),
        ("disk", checks.disk),
        ("clock", checks.clock),
        ("database", checks.database),
        ("books", checks.books),
        ("devices", checks.devices),
        ("certificates", checks.certificates),
        ("revocation lists", checks.revocation_lists),
        ("responders", checks.responders),
        ("queue", checks.queue),
        ("confinement", checks.confinement),
    )
    for subject, look in looks:
        try:
            yield from look(settings)
        except Exception as error:  # noqa: BLE001 - whatever breaks a check is what the doctor is to report
            yield fail(subject, f"{type(error).__name__}: {error}", "See the message; run the command again after.")


def _tell(findings: Iterable[Finding]) -> None:
    voice = console(as_json=False)
    for each in findings:
        voice.print(f"[{STYLES[each.standing]}]{each.standing.value:4}[/] ", end="")
        voice.print(f"{each.subject}: {each.seen}", markup=False, soft_wrap=True)
        if each.fix:
            voice.print(f"     {each.fix}", markup=False, soft_wrap=True)
