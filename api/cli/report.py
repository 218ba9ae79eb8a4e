"""`khatam report`: the committees' monthly reports, made and sealed here."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from api.wiring import House
    from pki.quota.rollout.made import MadeReport

app = typer.Typer(help="Reports of the committees.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def report() -> None:
    """Reports of the committees."""


@app.command()
def make(
    *,
    level: Annotated[Literal["local", "regional", "central"], typer.Option(help="Whose report.")],
    territory: Annotated[str, typer.Option(help="Code of the province or region; MA for the central one.")] = "MA",
    month: Annotated[str, typer.Option(help="YYYY-MM.")],
    into: Annotated[Path, typer.Option(help="Folder for the PDF, CSV and JSON; made if absent.", file_okay=False)],
    data: Annotated[
        Path | None, typer.Option("--data", help="The installation's folder. Default: KHATAM_DATA.", file_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Make a committee's report of a month, seal it, and write it as PDF, CSV and JSON."""
    from api.migrations.history import MigrationsBehind
    from api.settings import SettingsRefused
    from api.wiring import build_house
    from hsm.errors import HsmError
    from pki.errors import PkiError
    from signer.errors import SignerError

    from .voice import console, end, opened, print_json

    settings = opened(data, as_json=as_json)
    try:
        house = build_house(settings, keys_here=not settings.keys_socket.exists())
        try:
            made = _make(house, level=level, territory=territory, month=month)
            names = _write(house, made, into)
        finally:
            house.close()
    except (PkiError, SignerError, HsmError, SettingsRefused, MigrationsBehind, OSError) as refusal:
        end(str(refusal), as_json=as_json)
    if as_json:
        files = [str(name) for name in names]
        print_json({"ok": True, "reference": made.reference, "digest": made.digest, "files": files})
        return
    voice = console(as_json=False)
    voice.print(f"Report {made.reference}, sealed:", markup=False)
    for name in names:
        voice.print(f"  {name}", markup=False, soft_wrap=True)


def _make(house: House, *, level: str, territory: str, month: str) -> MadeReport:
    from api.reports import make_report
    from pki.quota.rollout.kinds import CommitteeLevel

    from .operator import operator

    return make_report(
        house.records,
        house.reporting,
        level=CommitteeLevel(level),
        territory=territory,
        month=month,
        by=operator(),
        at=datetime.now(UTC),
    )


def _write(house: House, made: MadeReport, into: Path) -> list[Path]:
    """The three files; the JSON is what was stored, byte for byte."""
    from pki.quota.rollout.made import report_csv

    assert made.file_sha256 is not None
    stem = f"{made.level.value}-{made.territory}-{made.month}"
    contents = {
        f"{stem}.pdf": house.files.get(made.file_sha256),
        f"{stem}.csv": report_csv(json.loads(made.numbers)).encode(),
        f"{stem}.json": made.numbers.encode(),
    }
    into.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (into / name).write_bytes(content)
    return [into / name for name in contents]
