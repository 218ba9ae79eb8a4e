"""`khatam elections`: an election carried out on this machine, council by council."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

import typer

if TYPE_CHECKING:
    from api.settings import Settings
    from pki.journal.acts import Actor
    from pki.records import Records

T = TypeVar("T")

app = typer.Typer(
    name="elections",
    help="Mandates that end: import the new officials, look, freeze, seat, count, print.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Data = Annotated[
    Path | None, typer.Option("--data", help="The installation's folder. Default: KHATAM_DATA.", file_okay=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]
PlanName = Annotated[str, typer.Option("--plan", help="The plan, by its label or id.")]
Province = Annotated[str | None, typer.Option("--province", help="One province, by its code.")]
Bodies = Annotated[list[str], typer.Option("--body", help="A commune, by its code; may be given again.")]
Deed = Annotated[str, typer.Option("--deed", help="The recorded act.")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV of officials.", exists=True, dir_okay=False, readable=True)],
    plan: PlanName,
    *,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Take a list into the plan, which is begun if it is not there. Exit 1 if a row was refused."""
    from dataclasses import asdict

    from pki.quota.elections.importing import import_officials
    from pki.registration.protection import ProtectedNumbers

    from .voice import console, print_json

    with _at_work(data, as_json=as_json) as (settings, records, by):
        number = _plan(records, plan, by=by, begin=True)
        protection = ProtectedNumbers(
            settings.secret("cin-encryption-key").reveal(), settings.secret("cin-hash-key").reveal()
        )
        found = import_officials(records, protection, plan=number, content=file.read_bytes(), by=by, at=_now())
    if as_json:
        print_json({"ok": not found.errors, "plan": str(number), **asdict(found)})
    else:
        voice = console(as_json=False)
        voice.print(f"{found.new} new, {found.changed} changed, {found.unchanged} as before.")
        for each in found.errors:
            voice.print(f"  row {each.row}, {each.column or 'whole row'}: {each.words}", markup=False, soft_wrap=True)
    raise typer.Exit(1 if found.errors else 0)


@app.command()
def preview(plan: PlanName, *, province: Province = None, data: Data = None, as_json: AsJson = False) -> None:
    """Say what the plan would do; nothing is changed."""
    from api.http.elections import PreviewOut
    from pki.quota.elections.preview import dry_run
    from pki.registration.extent import Extent

    from .voice import console, print_json

    with _at_work(data, as_json=as_json) as (_, records, by):
        number = _plan(records, plan, by=by)
        with records.reading() as session:
            found = dry_run(session, plan=number, at=_now(), within=Extent(province_code=province))
    if as_json:
        print_json(PreviewOut.of(found).model_dump(mode="json"))
        return
    voice = console(as_json=False)
    voice.print(found.headline)
    voice.print(_table("Province", "change", "keep", "no list", "seats needed", "there", rows=[
        (each.province_code, each.change, each.keep, each.without_officials, each.seats_needed, each.seats_there)
        for each in found.provinces
        if each.change or each.keep
    ]))  # fmt: skip
    for each in found.look_at:
        voice.print(f"  look at {each.body_code} {each.place}: {each.name_latin} ({each.doubt.value}, {each.other})")


@app.command()
def freeze(
    plan: PlanName,
    body: Bodies,
    ends_on: Annotated[datetime, typer.Option("--ends-on", formats=["%Y-%m-%d"], help="First day without them.")],
    deed: Deed,
    *,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """End the offices of councils. One that is frozen already is told and left."""
    from pki.quota.elections.errors import CouncilAlreadyFrozen
    from pki.quota.elections.freezing import freeze_council

    done: dict[str, int | None] = {}
    with _at_work(data, as_json=as_json) as (_, records, by):
        number = _plan(records, plan, by=by)
        for code in _followed(body, "Freezing", as_json=as_json):
            try:
                done[code] = freeze_council(
                    records, plan=number, body_code=code, ends_on=ends_on.date(), deed=deed, by=by, at=_now()
                )
            except CouncilAlreadyFrozen:
                done[code] = None
    frozen = sum(each is not None for each in done.values())
    _say({"frozen": frozen, "before": len(done) - frozen}, f"{frozen} councils frozen.", as_json=as_json)


@app.command()
def seat(
    plan: PlanName,
    *,
    body: Annotated[list[str] | None, typer.Option("--body", help="Only these, by code.")] = None,
    province: Province = None,
    keep_keys: Annotated[bool, typer.Option("--keep-keys", help="Keys that nobody follows stay.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Seat every frozen council whose president is on the list, as his row says. Stopped, run it again."""
    from collections import Counter

    from pki.errors import PkiError
    from pki.quota.elections.errors import CouncilAlreadySeated
    from pki.quota.elections.kinds import OutgoingKeys
    from pki.quota.elections.seating import ready_councils, seat_council
    from pki.registration.errors import SecondOfficerNeeded
    from pki.registration.extent import Extent
    from signer.ceremonies.settled import signatures_settled

    counted: Counter[str] = Counter()
    waiting: dict[str, str] = {}
    seated = 0
    with _at_work(data, as_json=as_json) as (_, records, by):
        number = _plan(records, plan, by=by)
        with records.reading() as session:
            ready = [
                each
                for each in ready_councils(session, plan=number, within=Extent(province_code=province))
                if not body or each.body_code in body
            ]
        for each in _followed(ready, "Seating", as_json=as_json):
            try:
                council = seat_council(
                    records,
                    signatures_settled,
                    plan=number,
                    body_code=each.body_code,
                    elected_on=each.elected_on,
                    deed=each.deed,
                    outgoing=OutgoingKeys.KEEP if keep_keys else OutgoingKeys.REVOKE,
                    by=by,
                    at=_now(),
                )
            except CouncilAlreadySeated:
                continue
            except SecondOfficerNeeded as refusal:
                waiting[each.body_code] = (
                    f"Its offices begin on {refusal.since}, farther back than one person may record. Nothing was "
                    "recorded: over HTTP one officer brings the list, and another seats the council."
                )
                continue
            except PkiError as refusal:
                waiting[each.body_code] = str(refusal)
                continue
            seated += 1
            counted.update(place.outcome.value for place in council.places)
            counted["ended"] += len(council.ended)
    said = ", ".join(f"{number} {what}" for what, number in sorted(counted.items()) if number)
    lines = [f"{seated} councils seated. {said}", *(f"{code} waits: {why}" for code, why in waiting.items())]
    _say({"seated": seated, "keys": dict(counted), "waiting": waiting}, "\n".join(lines), as_json=as_json)


@app.command()
def status(
    *,
    plan: Annotated[str | None, typer.Option("--plan", help="A plan, by its label or id.")] = None,
    province: Province = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Count the communes able to sign now, those that are not and why, those without signatory by law."""
    from api.http.elections import PlanOut, SignatoriesOut
    from pki.quota.elections.plans import plan_status
    from pki.quota.elections.signatories import able_to_sign
    from pki.registration.extent import Extent

    from .voice import console, print_json

    with _at_work(data, as_json=as_json) as (_, records, by):
        number = None if plan is None else _plan(records, plan, by=by)
        with records.reading() as session:
            how_far = None if number is None else plan_status(session, number)
            found = able_to_sign(session, at=_now(), within=Extent(province_code=province))
    totals = {
        "able": sum(each.able for each in found),
        "unable": sum(len(each.unable) for each in found),
        "without_signatory": sum(len(each.without_signatory) for each in found),
    }
    if as_json:
        answer: dict[str, Any] = totals | {
            "provinces": [SignatoriesOut.of(each).model_dump(mode="json") for each in found]
        }
        if how_far is not None:
            answer["plan"] = PlanOut.of(how_far).model_dump(mode="json")
        print_json(answer)
        return
    voice = console(as_json=False)
    if how_far is not None:
        voice.print(f"{how_far.label}: {how_far.seated} seated, {how_far.frozen} frozen, {how_far.bodies} on the list")
    voice.print("{able} able to sign, {unable} unable, {without_signatory} without signatory (law)".format(**totals))
    voice.print(_table("Province", "able", "unable", "without", rows=[
        (each.province_code, each.able, len(each.unable), len(each.without_signatory)) for each in found
    ]))  # fmt: skip


@app.command()
def sheets(
    plan: PlanName,
    out: Annotated[Path, typer.Option("--out", help="A PDF, or a folder for one PDF a commune.")],
    *,
    province: Province = None,
    body: Annotated[str | None, typer.Option("--body", help="One commune, by its code.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Print the hand-over sheets of seated councils."""
    from pki.quota.elections.sheets import council_sheets
    from pki.registration.extent import Extent
    from signer.rendering.handover import render_handover

    from .voice import end

    with _at_work(data, as_json=as_json) as (settings, records, by):
        number = _plan(records, plan, by=by)
        within = Extent(province_code=province) if body is None else Extent(body_code=body)
        with records.reading() as session:
            found = council_sheets(session, plan=number, within=within)
        if not found:
            end("No council is seated there yet. Nothing was printed.", as_json=as_json, code=1)
        more = {"origin": settings.public_url, "environment": settings.environment.value, "fonts": settings.fonts}
        if out.suffix.lower() == ".pdf":
            out.write_bytes(render_handover(found, **more))  # type: ignore[arg-type]
        else:
            out.mkdir(parents=True, exist_ok=True)
            for each in _followed(found, "Printing", as_json=as_json):
                (out / f"{each.body_code}.pdf").write_bytes(render_handover([each], **more))  # type: ignore[arg-type]
    _say({"sheets": len(found), "out": str(out)}, f"{len(found)} sheets in {out}.", as_json=as_json)


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
    except (PkiError, SignerError, MigrationsBehind) as refusal:
        end(str(refusal), as_json=as_json)
    finally:
        close_all(closing)


def _plan(records: Records, name: str, *, by: Actor, begin: bool = False) -> UUID:
    """The plan of that label or id; begun if it may be."""
    from pki.quota.elections.errors import PlanExists, PlanUnknown
    from pki.quota.elections.plans import draft_plan, plans

    with records.reading() as session:
        known = {each.label: each.id for each in plans(session)}
    known |= {str(number): number for number in known.values()}
    if name in known:
        return known[name]
    if not begin:
        raise PlanUnknown(name)
    try:
        return draft_plan(records, label=name, by=by, at=_now())
    except PlanExists as exists:
        return exists.plan


def _followed(items: list[T], what: str, *, as_json: bool) -> Iterator[T]:
    from rich.progress import track

    from .voice import console

    return iter(track(items, description=what, console=console(as_json=as_json), disable=as_json or len(items) < 2))  # noqa: PLR2004


def _table(*columns: str, rows: list[tuple[object, ...]]) -> object:
    from rich.table import Table

    made = Table(box=None)
    for number, column in enumerate(columns):
        made.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        made.add_row(*(str(cell) for cell in row))
    return made


def _say(result: dict[str, Any], words: str, *, as_json: bool) -> None:
    from .voice import console, print_json

    if as_json:
        print_json(result)
    else:
        console(as_json=False).print(words, markup=False, soft_wrap=True)


def _now() -> datetime:
    return datetime.now(UTC)
