"""`khatam quota alerts` and `khatam quota forecast`: what needs an eye, and when seats will run out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pki.records import Records
    from pki.registration.extent import Extent

MOST = 100_000
Data = Annotated[
    Path | None, typer.Option("--data", help="The installation's folder. Default: KHATAM_DATA.", file_okay=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
Region = Annotated[str | None, typer.Option("--region", help="Only this region, by its code.")]
Province = Annotated[str | None, typer.Option("--province", help="Only this province, by its code.")]
Commune = Annotated[str | None, typer.Option("--body", help="Only this body, by its code.")]


def alerts(
    *,
    kind: Annotated[str | None, typer.Option("--kind", help="Only this kind: seats_80, expiry_30, …")] = None,
    state: Annotated[str, typer.Option("--state", help="open, superseded, closed or all.")] = "open",
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Look at the records first; the service does it by itself.")
    ] = False,
    region: Region = None,
    province: Province = None,
    body: Commune = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List alerts, the newest first."""
    from api.http.alerts import AlertOut
    from pki.quota.alerts.kinds import AlertKind, AlertState
    from pki.quota.alerts.reading import alerts as listed
    from pki.quota.alerts.reading import last_sweep

    from .voice import console, end, print_json

    known = [each.value for each in AlertKind]
    if kind is not None and kind not in known:
        end(f"There is no kind {kind}. Kinds: {', '.join(known)}.", as_json=as_json)
    states = [each.value for each in AlertState]
    if state not in {*states, "all"}:
        end(f"There is no state {state}. States: {', '.join(states)}, all.", as_json=as_json)
    within = _extent(region, province, body, as_json=as_json)
    with _opened(data, as_json=as_json) as records:
        if sweep:
            _sweep(records)
        with records.reading() as session:
            found = listed(
                session,
                within=within,
                kind=None if kind is None else AlertKind(kind),
                state=None if state == "all" else AlertState(state),
                limit=MOST,
            )
            swept = last_sweep(session)
    if as_json:
        items = [AlertOut.of(each).model_dump(mode="json") for each in found]
        print_json({"ok": True, "swept_at": None if swept is None else swept.isoformat(), "items": items})
        return
    say = console(as_json=False).print
    for each in found:
        asleep = "" if each.snoozed_until is None else f", silent until {each.snoozed_until}"
        said = f"{each.opened_at:%Y-%m-%d} {each.kind.value} {each.body_code} {each.name_fr}: {each.detail}{asleep}"
        say(said, markup=False, soft_wrap=True)
    when = "never looked at yet" if swept is None else f"as of {swept:%Y-%m-%d %H:%M} UTC"
    say(f"{len(found)} alerts, {when}.", markup=False)


def forecast(
    *,
    by: Annotated[str, typer.Option("--by", help="country, region, province or body.")] = "country",
    region: Region = None,
    province: Province = None,
    body: Commune = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Say when seats will run out at the rhythm of the last thirty days, or why that cannot be said."""
    from api.http.alerts import ForecastOut
    from pki.quota.alerts.forecast import Level, forecasts

    from .voice import console, end, print_json

    levels = [each.value for each in Level]
    if by not in levels:
        end(f"Nothing adds up by {by}. Say one of {', '.join(levels)}.", as_json=as_json)
    within = _extent(region, province, body, as_json=as_json)
    with _opened(data, as_json=as_json) as records, records.reading() as session:
        found = forecasts(session, level=Level(by), within=within, at=datetime.now(UTC))
    if as_json:
        print_json({"ok": True, "items": [ForecastOut.of(each).model_dump(mode="json") for each in found]})
        return
    say = console(as_json=False).print
    for each in found:
        when = f"end on {each.ends_on}" if each.why is None else each.why.value
        said = f"{each.code or 'all'}: {each.available} available, {each.growth:+d} in 30 days: {when}"
        say(said, markup=False, soft_wrap=True)


def _sweep(records: Records) -> None:
    from pki.quota.alerts.sweeping import sweep_alerts
    from signer.ceremonies.use import key_uses

    from .operator import operator

    sweep_alerts(records, key_uses, by=operator(), at=datetime.now(UTC))


def _extent(region: str | None, province: str | None, body: str | None, *, as_json: bool) -> Extent:
    from pki.registration.extent import Extent

    from .voice import end

    if sum(each is not None for each in (region, province, body)) > 1:
        end("Give one of --region, --province and --body.", as_json=as_json)
    return Extent(region_code=region, province_code=province, body_code=body)


@contextmanager
def _opened(data: Path | None, *, as_json: bool) -> Iterator[Records]:
    """The installation's records; a refusal ends the command in one sentence."""
    from api.ground import Closing, close_all, open_records
    from api.migrations.history import MigrationsBehind

    from .voice import end, opened

    settings, closing = opened(data, as_json=as_json), Closing()
    try:
        yield open_records(settings, closing)
    except MigrationsBehind as refusal:
        end(str(refusal), as_json=as_json)
    finally:
        close_all(closing)
