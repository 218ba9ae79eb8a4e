"""The command `khatam demo`."""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .acts import Playbill
    from .stage import Stage


def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Where to play; emptied if it is an earlier demonstration's.")],
    licence: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Your own PDF, signed instead of the rendered one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object instead of advice.")] = False,
) -> None:
    """Play the whole story on this machine: quota, keys, one licence, its verification."""
    from rich.console import Console

    from .acts import Playbill
    from .outside import leave_devices
    from .stage import Stage, StageRefused, clear_folder

    console = Console(stderr=as_json)
    started = time.monotonic()
    try:
        clear_folder(folder := folder.resolve())
        stage, bill = Stage(folder), Playbill(console)
    except StageRefused as refusal:
        console.print(f"{refusal}", style="bold red", highlight=False)
        raise typer.Exit(2) from None
    wrong: Exception | None = None
    try:
        _play(stage, bill, licence)
    except Exception as error:  # noqa: BLE001 - told below, with the log to read
        wrong = error
    finally:
        leave_devices()
        stage.stop()
        bill.write(folder)
    seconds = time.monotonic() - started
    if wrong is not None:
        console.print(f"\nStopped: {type(wrong).__name__}: {wrong}", style="bold red", markup=False, highlight=False)
        console.print(f"The service's own words are in {folder / 'service.log'}.", highlight=False)
        raise typer.Exit(1)
    if as_json:
        summary = {"acts": len(bill.acts), "seconds": round(seconds, 1), "dir": str(folder), "files": bill.files}
        sys.stdout.write(json.dumps(summary) + "\n")
        return
    files = folder / "files"
    console.print(f"\n{len(bill.acts)} acts as told, in {seconds:.0f} s. Look next at", highlight=False)
    console.print(f"  {files / 'licence.pdf'}      the signed licence", highlight=False)
    console.print(f"  {files / 'minutes.pdf'}      three counter-signatures, one above the other", highlight=False)
    console.print(f"  {folder / 'story.json'}      every act, every ledger entry", highlight=False)
    console.print(
        f"  khatam serve --data {folder / 'service'}      the same service, with its public pages", highlight=False
    )


def _play(stage: "Stage", bill: "Playbill", licence: Path | None) -> None:
    from .answers import answers
    from .dossier import dossier
    from .opening import open_world
    from .outsiders import outsiders
    from .story import authority_and_people, keys, territory_and_quota

    with bill.act("installation made: folder, devices, keys, first officers (khatam init)"):
        stage.init()
    with bill.act("service started: keys, responders, jobs, API (khatam serve)") as act:
        stage.start()
        act.detail = stage.url
    world = open_world(stage, bill)
    territory_and_quota(world)
    authority_and_people(world)
    keys(world)
    dossier(world, licence)
    answers(world)
    outsiders(world)
