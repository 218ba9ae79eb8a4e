"""`khatam quota`: the books as files, and what a census or a tier table would change, without writing anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from sqlalchemy.orm import Session

    from pki.quota.grants.effects import TierEffect

quota = typer.Typer(help="The quota's books.", no_args_is_help=True, rich_markup_mode=None)

Data = Annotated[
    Path | None, typer.Option("--data", help="The installation's folder. Default: KHATAM_DATA.", file_okay=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@quota.command()
def export(
    *,
    into: Annotated[Path, typer.Option("--into", help="Folder to write to; made if it is not there.", file_okay=False)],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write ledger.csv and allowances.csv."""
    from functools import partial

    from rich.progress import Progress

    from pki.quota.exports import lines_to_write, write_allowances, write_ledger
    from pki.records import Records

    from .voice import console, end, opened, print_json

    records = Records.open(opened(data, as_json=as_json).database)
    try:
        into.mkdir(parents=True, exist_ok=True)
        # One session: both files tell of the same instant.
        with records.reading() as session, Progress(console=console(as_json=as_json), disable=as_json) as progress:
            bar = progress.add_task("Lines", total=lines_to_write(session))
            told = partial(progress.advance, bar)
            written = {
                name: _written(into / name, partial(write, session, told=told))
                for name, write in (("ledger.csv", write_ledger), ("allowances.csv", write_allowances))
            }
    except OSError as refusal:
        end(f"{into} cannot be written to ({refusal.strerror}).", as_json=as_json)
    finally:
        records.close()
    if as_json:
        print_json({"ok": True, "into": str(into), **written})
    else:
        for name, lines in written.items():
            console(as_json=False).print(f"{into / name}: {lines} lines", markup=False, soft_wrap=True)


@quota.command()
def simulate(
    *,
    census: Annotated[
        Path | None,
        typer.Option("--census", help="CSV: code, population.", exists=True, dir_okay=False, readable=True),
    ] = None,
    tiers: Annotated[
        Path | None,
        typer.Option(
            "--tiers",
            help="CSV: kind, population_from, population_below, keys, basis.",
            exists=True,
            dir_okay=False,
            readable=True,
        ),
    ] = None,
    agreement: Annotated[
        str | None,
        typer.Option(
            "--agreement",
            help="Its number: whose seats a census (default: the only one), a tier table or a successor would change.",
        ),
    ] = None,
    successor: Annotated[
        str | None, typer.Option("--successor", help="Number of the agreement that would take over.")
    ] = None,
    by_census: Annotated[str, typer.Option("--by", help="With --tiers alone: the census that counts.")] = "RGPH 2024",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Try a census, a roll-out, an amended tier table or a succession. Nothing is written.

    A tier table alone is tried on the whole country; with --agreement on what that agreement grants.
    """
    from pki.errors import PkiError
    from pki.records import Records

    from .voice import console, end, opened, print_json

    if [census, tiers, successor].count(None) != 2:  # noqa: PLR2004 - one of three
        end("Give --census, --tiers or --successor, one of them. Nothing was tried.", as_json=as_json)
    settings = opened(data, as_json=as_json)
    records = Records.open(settings.database)
    try:
        with records.reading() as session:
            if census is not None:
                found = _census(session, census.read_bytes(), agreement)
            elif successor is not None:
                found = _succession(session, agreement, successor)
            elif tiers is not None and agreement is not None:
                found = _amended(session, tiers.read_bytes(), agreement)
            else:
                assert tiers is not None
                found = _rollout(session, tiers.read_bytes(), by_census)
    except (PkiError, OSError, LookupError) as refusal:
        end(str(refusal), as_json=as_json)
    finally:
        records.close()
    if as_json:
        print_json({"ok": True, **found})
    else:
        _show(found, console(as_json=False).print)


@quota.command()
def rehearse(
    *,
    data: Annotated[
        Path, typer.Option("--data", help="An empty folder, or one of a rehearsal that was cut.", file_okay=False)
    ],
    province: Annotated[
        str | None, typer.Option("--province", help="Only this province (HCP code). Default: the whole country.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play agreement, waves, losses, extras, a census and an election over the real communes, and prove the books."""
    from api.rehearsal.proofs import ProofFailed
    from api.rehearsal.rehearsing import RehearsalRefused
    from api.rehearsal.rehearsing import rehearse as play
    from api.settings import SettingsRefused

    from .voice import console, end, print_json

    voice = console(as_json=as_json)
    with voice.status("installation") as status:
        try:
            found = play(
                data,
                province=province,
                told=lambda what, done, of: status.update(f"{what}: {done} of {of}"),
                staged=lambda name, seconds: voice.print(f"  ✓ {name:<14} {seconds:7.1f} s", markup=False),
            )
        except (ProofFailed, RehearsalRefused, SettingsRefused) as refusal:
            end(str(refusal), as_json=as_json)
    if as_json:
        print_json(found.to_json())
        return
    voice.print(
        f"{found.keys} active keys in {found.communes} communes, {found.entries} entries, "
        f"{found.successors} successors, {found.able_to_sign} communes able to sign the morning after: "
        f"the books balance ({found.seconds} s).",
        markup=False,
    )
    voice.print(f"  {data / 'ledger.csv'}, {data / 'allowances.csv'}", markup=False, soft_wrap=True)


def _written(path: Path, write: Callable[[TextIO], int]) -> int:
    """Whole or not at all: beside it first, then in its place."""
    beside = path.with_name(path.name + ".part")
    with beside.open("w", encoding="utf-8", newline="") as file:
        lines = write(file)
    beside.replace(path)
    return lines


def _census(session: Session, content: bytes, number: str | None) -> dict[str, Any]:
    from pki.quota.grants.effects import CountedOnFile, simulate_census
    from pki.registration.census import parse_census, take_lines

    rows, unread = parse_census(content)
    taken = take_lines(session, rows, known={})
    effect = simulate_census(session, _agreement(session, number), CountedOnFile(label="file", counts=taken.counts))
    refused = [{"line": each.number, "value": each.value, "reason": each.reason} for each in (*unread, *taken.refused)]
    return _effect(effect) | {"refused": refused}


def _amended(session: Session, content: bytes, number: str) -> dict[str, Any]:
    from pki.quota.grants.amended_tiers import simulate_tiers
    from pki.quota.grants.rollout import parse_tiers

    return _effect(simulate_tiers(session, _agreement(session, number), parse_tiers(content)))


def _succession(session: Session, number: str | None, successor: str) -> dict[str, Any]:
    from pki.quota.grants.successions import simulate_succession

    if number is None:
        raise LookupError("Name the agreement that it would take over from. Nothing was tried.")
    return _effect(simulate_succession(session, _agreement(session, number), _agreement(session, successor)))


def _effect(effect: TierEffect) -> dict[str, Any]:
    return {
        "keys_before": effect.keys_before,
        "keys_after": effect.keys_after,
        "granted_before": effect.granted_before,
        "granted_after": effect.granted_after,
        "above_ceiling": effect.above_ceiling,
        "regions": {
            each.region_code: {"changed": each.bodies_changed, "before": each.keys_before, "after": each.keys_after}
            for each in effect.regions
        },
        "changes": [
            {
                "body": change.body_code,
                "name_fr": change.name_fr,
                "population_before": change.population_before,
                "population_after": change.population_after,
                "keys_before": change.keys_before,
                "keys_after": change.keys_after,
                "in_use": change.in_use,
                "excess_after": change.excess_after,
            }
            for change in effect.changes
        ],
        "below_use": [change.body_code for change in effect.below_use],
        "not_counted": list(effect.not_counted),
    }


def _rollout(session: Session, content: bytes, census: str) -> dict[str, Any]:
    from pki.quota.grants.rollout import parse_tiers, simulate_rollout

    found = simulate_rollout(session, parse_tiers(content), census)
    return {
        "census": found.census,
        "seats_in_all": found.all_seats,
        "bodies": found.bodies,
        "seats": found.seats,
        "regions": {each.region_code: {"bodies": each.bodies, "seats": each.seats} for each in found.regions},
        "not_counted": list(found.not_counted),
    }


def _agreement(session: Session, number: str | None) -> Any:
    from sqlalchemy import select

    from pki.quota.tables import Agreement

    asked = select(Agreement.id)
    known = session.scalars(asked if number is None else asked.where(Agreement.number == number)).all()
    if len(known) != 1:
        said = "There is not exactly one agreement: name it" if number is None else f"There is no agreement {number}"
        raise LookupError(f"{said}. Nothing was tried.")
    return known[0]


def _show(found: dict[str, Any], say: Callable[..., None]) -> None:
    """What was found, for people: figures first, then a line a body."""
    for name, value in found.items():
        if isinstance(value, int | str):
            say(f"{name}: {value}", markup=False, soft_wrap=True)
        elif isinstance(value, dict):
            said = "; ".join(f"{key} {_figures(each)}" for key, each in value.items())
            say(f"{name}: {said}", markup=False, soft_wrap=True)
        else:
            say(f"{name}: {len(value)}", markup=False, soft_wrap=True)
    for change in found.get("changes", []):
        said = f"{change['body']} {change['name_fr']}: {change['keys_before']} → {change['keys_after']}"
        more = f", {change['excess_after']} above" if change["excess_after"] else ""
        say(said + more, markup=False, soft_wrap=True)
    for line in found.get("refused", []):
        say(f"line {line['line']}: {line['value']}: {line['reason']}", markup=False, soft_wrap=True)


def _figures(value: Any) -> str:
    return " ".join(f"{key}={each}" for key, each in value.items()) if isinstance(value, dict) else str(value)
