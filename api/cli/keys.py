"""`khatam keys import`: keys that are in the field already, as opening entries."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.settings import Settings
    from pki.quota.grants.field_lines import KeyInField
    from pki.quota.grants.opening import KeysImported
    from pki.registration.imported import RefusedLine

keys = typer.Typer(help="Keys of holders.", no_args_is_help=True, rich_markup_mode=None)


@keys.callback()
def _keys() -> None:
    """Keys of holders."""


@keys.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, a line a key.", exists=True, dir_okay=False, readable=True)],
    *,
    data: Annotated[
        Path | None, typer.Option("--data", help="The installation's folder. Default: KHATAM_DATA.", file_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Book keys in the field on their bodies' seats and the agreement's purchases. Run again, it books what is missing.

    Columns: body_code, function, name_ar, name_latin, cin; rank, starts_on, deed; certificate (a PEM or DER file
    beside the CSV file) or serial; device_serial; paid_by (empty: the agreement). Exit 1 if a line was refused.
    """
    from pki.quota.grants.field_lines import parse_keys
    from pki.registration.errors import ImportRefused

    from .voice import end, opened, print_json

    settings = opened(data, as_json=as_json)
    try:
        read, unread = parse_keys(file.read_bytes(), open_certificate=_beside(file))
    except (ImportRefused, OSError) as refusal:
        end(f"{file}: {refusal}", as_json=as_json)
    done = _imported(settings, read, as_json=as_json)
    refused = sorted([*unread, *done.refused], key=lambda each: each.number)
    if as_json:
        lines = [{"line": each.number, "value": each.value, "reason": each.reason} for each in refused]
        counts = {"opened": done.opened, "registered": done.registered, "completed": done.completed}
        print_json({"ok": not refused, **counts, "known": done.known, "refused": lines, "above": dict(done.above)})
    else:
        _show(done, refused)
    raise typer.Exit(1 if refused else 0)


def _imported(settings: Settings, read: list[KeyInField], *, as_json: bool) -> KeysImported:
    from rich.progress import Progress

    from pki.quota.grants.opening import import_keys_in_field
    from pki.records import Records
    from pki.registration.protection import ProtectedNumbers

    from .operator import operator
    from .voice import console

    protection = ProtectedNumbers(
        settings.secret("cin-encryption-key").reveal(), settings.secret("cin-hash-key").reveal()
    )
    records = Records.open(settings.database)
    try:
        with Progress(console=console(as_json=as_json), disable=as_json) as progress:
            bar = progress.add_task("Keys", total=len(read))
            return import_keys_in_field(
                records,
                protection,
                read,
                by=operator(),
                at=datetime.now(UTC),
                told=lambda: progress.advance(bar),
            )
    finally:
        records.close()


def _beside(file: Path) -> Callable[[str], bytes]:
    """Opens what lies in the CSV file's own folder, and nothing else."""
    folder = file.resolve().parent

    def opening(name: str) -> bytes:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise FileNotFoundError(name)
        return path.read_bytes()

    return opening


def _show(done: KeysImported, refused: list[RefusedLine]) -> None:
    from .voice import console

    voice = console(as_json=False)
    for each in refused:
        voice.print(f"line {each.number}: {each.value}: {each.reason}", markup=False, soft_wrap=True)
    voice.print(
        f"{done.opened} booked, {done.registered} paid by others, {done.completed} completed, "
        f"{done.known} known, {len(refused)} refused",
        markup=False,
    )
    for code, excess in done.above:
        voice.print(f"{code}: {excess} above what is granted", markup=False)
