"""`khatam devices`: the device inventory on this machine: received, sent, counted, printed, written out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from api.settings import Settings
    from pki.journal.acts import Actor
    from pki.records import Records

app = typer.Typer(
    name="devices",
    help="Devices that hold keys: receive, send, confirm, count, print, write out.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Data = Annotated[
    Path | None, typer.Option("--data", help="The installation's folder. Default: KHATAM_DATA.", file_okay=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]
On = Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="On which day. Default: today.")]
Number = Annotated[int, typer.Argument(help="The hand-over's number.", min=1)]
Serials = Annotated[
    list[str] | None, typer.Option("--serial", help="One device; may be given again. FIRST..LAST: a range.")
]


@app.command()
def receive(
    file: Annotated[Path, typer.Argument(help="CSV: serial.", exists=True, dir_okay=False, readable=True)],
    *,
    supplier: Annotated[str, typer.Option("--supplier", help="From whom.")],
    note: Annotated[str, typer.Option("--note", help="Number of the delivery note.")],
    manufacturer: Annotated[str, typer.Option("--manufacturer")],
    model: Annotated[str, typer.Option("--model")],
    announced: Annotated[int, typer.Option("--announced", min=1, help="How many devices the note says.")],
    on: On = None,
    store: Annotated[str, typer.Option("--store", help="Where: MA, a region or a body.")] = "MA",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Take a delivery into stock; again, what is missing. Exit 1 if a line was refused or the note does not agree."""
    from pki.quota.devices.batches import DeliveryNote, receive_batch
    from pki.quota.devices.serials import read_serials

    from .voice import console, print_json

    with _at_work(data, as_json=as_json) as (_, records, by):
        listed, unread = read_serials(file.read_text(encoding="utf-8-sig"))
        head = DeliveryNote(
            supplier=supplier,
            number=note,
            manufacturer=manufacturer,
            model=model,
            announced=announced,
            received_on=_day(on),
            store=store,
        )
        done = receive_batch(records, note=head, serials=listed, by=by, at=_now())
    refused = sorted([*unread, *done.refused], key=lambda each: each.number)
    good = not refused and done.difference == 0
    if as_json:
        lines = [{"line": each.number, "value": each.value, "reason": each.reason} for each in refused]
        counts = {"new": done.new, "known": done.known, "recorded": done.recorded, "tied": done.tied}
        print_json({"ok": good, "batch": str(done.id), **counts, "difference": done.difference, "refused": lines})
    else:
        voice = console(as_json=False)
        for each in refused:
            voice.print(f"line {each.number}: {each.value}: {each.reason}", markup=False, soft_wrap=True)
        voice.print(f"{done.new} new, {done.known} known; {done.recorded} recorded of {done.announced} announced.")
    raise typer.Exit(0 if good else 1)


@app.command()
def send(
    *,
    sender: Annotated[str, typer.Option("--from", help="The store that has them.")] = "MA",
    receiver: Annotated[str, typer.Option("--to", help="The store that gets them.")],
    serial: Serials = None,
    remark: Annotated[str, typer.Option("--remark")] = "",
    on: On = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Send devices to another store; prints the hand-over's number."""
    from pki.quota.devices.handovers import send_devices

    with _at_work(data, as_json=as_json) as (_, records, by):
        sent = send_devices(
            records,
            sender=sender,
            receiver=receiver,
            serials=_named(serial),
            on=_day(on),
            remark=remark,
            by=by,
            at=_now(),
        )
    said = f"Hand-over {sent.number}: {sent.devices} devices under way to {receiver}."
    _say({"number": sent.number, "devices": sent.devices}, said, as_json=as_json)


@app.command()
def confirm(
    number: Number,
    *,
    receipt: Annotated[str, typer.Option("--receipt", help="Number of the signed paper.")],
    received_by: Annotated[str, typer.Option("--received-by", help="Who signed it.")],
    missing: Annotated[list[str] | None, typer.Option("--missing", help="A device that did not arrive.")] = None,
    refused: Annotated[list[str] | None, typer.Option("--refused", help="A device that goes back.")] = None,
    on: On = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Record the receipt of a hand-over that an officer sent; what was sent from here, an officer receives."""
    from pki.quota.devices.handovers import receive_devices

    with _at_work(data, as_json=as_json) as (_, records, by):
        done = receive_devices(
            records,
            number=number,
            receipt=receipt,
            received_by=received_by,
            missing=missing or (),
            refused=refused or (),
            on=_day(on),
            by=by,
            at=_now(),
        )
    assert done.receipt is not None
    counts = {"arrived": done.receipt.arrived, "missing": done.receipt.missing, "refused": done.receipt.refused}
    _say(counts, "{arrived} arrived, {missing} missing, {refused} refused.".format(**counts), as_json=as_json)


@app.command()
def stock(
    *,
    province: Annotated[str | None, typer.Option("--province", help="One province, by its code.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Count the devices of every store, by state."""
    from rich.table import Table

    from pki.quota.devices.kinds import DeviceState
    from pki.quota.devices.reading import stock as counted
    from pki.registration.extent import Extent

    from .voice import console, print_json

    with _at_work(data, as_json=as_json) as (_, records, _by), records.reading() as session:
        found = counted(session, within=Extent(province_code=province))
    states = {state: sum(each.states[state] for each in found) for state in DeviceState}
    if as_json:
        stores = [{"store": each.store, "states": each.states, "total": each.total} for each in found]
        print_json({"total": sum(states.values()), "states": states, "stores": stores})
        return
    shown = [state for state in DeviceState if states[state]]
    table = Table(box=None)
    for column in ("Store", *(state.value for state in shown), "total"):
        table.add_column(column, justify="left" if column == "Store" else "right")
    for each in found:
        table.add_row(each.store, *(str(each.states[state]) for state in shown), str(each.total))
    table.add_row("All", *(str(states[state]) for state in shown), str(sum(states.values())))
    console(as_json=False).print(table)


@app.command()
def show(serial: str, *, data: Data = None, as_json: AsJson = False) -> None:
    """Tell where a device is, and its chain of custody."""
    from dataclasses import asdict

    from api.http.devices import ChainOut, ChainsOut, LinkOut
    from pki.quota.devices.reading import chain_of, devices_named

    from .voice import console, print_json

    with _at_work(data, as_json=as_json) as (_, records, _by), records.reading() as session:
        found = [
            ChainOut(**asdict(each), chain=[LinkOut(**asdict(link)) for link in chain_of(session, each.id)])
            for each in devices_named(session, serial)
        ]
    if as_json:
        print_json(ChainsOut(items=found).model_dump(mode="json"))
        return
    voice = console(as_json=False)
    for each in found:
        voice.print(f"{each.manufacturer} {each.model} {each.serial}: {each.state.value}, {each.store}", markup=False)
        for link in each.chain:
            voice.print(
                f"  {link.number} {link.in_effect} {link.step.value}: {link.custody.value} {link.store} {link.reason}",
                markup=False,
                soft_wrap=True,
            )


@app.command()
def sheet(
    number: Number,
    out: Annotated[Path, typer.Option("--out", help="The PDF to write.", dir_okay=False)],
    *,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Print the paper of a hand-over, which both sides sign."""
    from pki.quota.devices.sheets import handover_sheet
    from signer.rendering.receipt import render_receipt

    with _at_work(data, as_json=as_json) as (settings, records, _by):
        with records.reading() as session:
            found = handover_sheet(session, number)
        made = render_receipt(
            found, origin=settings.public_url, environment=settings.environment.value, fonts=settings.fonts
        )
        out.write_bytes(made)
    _say({"number": number, "out": str(out)}, f"Hand-over {number} in {out}.", as_json=as_json)


@app.command()
def export(
    *,
    into: Annotated[Path, typer.Option("--into", help="Folder to write to; made if it is not there.", file_okay=False)],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write devices.csv and device-stock.csv."""
    import csv

    from pki.quota.devices.exports import DEVICES, STOCK, device_rows, stock_rows

    written = {}
    with _at_work(data, as_json=as_json) as (_, records, _by):
        into.mkdir(parents=True, exist_ok=True)
        # One session: both files tell of the same instant.
        with records.reading() as session:
            for name, header, rows in (
                ("devices.csv", DEVICES, device_rows(session)),
                ("device-stock.csv", STOCK, stock_rows(session)),
            ):
                with (into / name).open("w", encoding="utf-8", newline="") as file:
                    writer = csv.writer(file, lineterminator="\n")
                    writer.writerow(header)
                    written[name] = sum(bool(writer.writerow(row)) for row in rows)
    said = "\n".join(f"{into / name}: {lines} lines" for name, lines in written.items())
    _say({"into": str(into), **written}, said, as_json=as_json)


@contextmanager
def _at_work(data: Path | None, *, as_json: bool) -> Iterator[tuple[Settings, Records, Actor]]:
    """The installation's settings and records; a refusal ends the command in one sentence."""
    from api.ground import Closing, close_all, open_records
    from api.migrations.history import MigrationsBehind
    from pki.errors import PkiError
    from signer.errors import SignerError

    from .operator import operator
    from .voice import end, opened

    settings, closing = opened(data, as_json=as_json), Closing()
    try:
        records = open_records(settings, closing)
        yield settings, records, operator()
    except (PkiError, SignerError, MigrationsBehind, OSError, UnicodeDecodeError) as refusal:
        end(str(refusal), as_json=as_json)
    finally:
        close_all(closing)


def _named(said: list[str] | None) -> list[str]:
    from pki.quota.devices.serials import serials_between

    found: list[str] = []
    for each in said or ():
        first, between, last = each.partition("..")
        found += serials_between(first, last) if between else [each]
    return found


def _day(on: datetime | None) -> date:
    from pki.records import civil_day

    return civil_day(_now()) if on is None else on.date()


def _say(result: dict[str, Any], words: str, *, as_json: bool) -> None:
    from .voice import console, print_json

    if as_json:
        print_json(result)
    else:
        console(as_json=False).print(words, markup=False, soft_wrap=True)


def _now() -> datetime:
    return datetime.now(UTC)
