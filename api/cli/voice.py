"""How commands speak: settings opened or refused in one sentence; results as text or as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console

from api.settings import Settings, SettingsRefused, data_folder, load_settings

REFUSED = 2
"""Exit code: the command could not begin; nothing was changed."""


def opened(data: Path | None, *, as_json: bool) -> Settings:
    """The settings of the installation named, or the end of the command."""
    try:
        return load_settings(data_folder(data))
    except SettingsRefused as refusal:
        end(str(refusal), as_json=as_json)


def end(said: str, *, as_json: bool, code: int = REFUSED) -> NoReturn:
    """Say why the command ends, and end it."""
    if as_json:
        print_json({"ok": False, "error": said})
    else:
        Console(stderr=True).print(said, style="bold red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def print_json(value: object) -> None:
    """One JSON object on a line of its own."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def console(*, as_json: bool) -> Console:
    """Where people read: standard output, or standard error when that carries JSON."""
    return Console(stderr=as_json, highlight=False)
