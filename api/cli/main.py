"""The command `khatam`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="khatam",
    help="Digital signatures and certificates for the permits of Moroccan communes.",
    no_args_is_help=True,
    rich_markup_mode=None,  # rich would take most of the time that --help may take
    pretty_exceptions_enable=False,
    add_completion=False,
)

Data = Annotated[
    Path | None, typer.Option("--data", help="The installation's folder. Default: KHATAM_DATA.", file_okay=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@app.command()
def init(
    *,
    data: Data = None,
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="Make an installation without legal value.")] = False,
    organisation: Annotated[str, typer.Option(help="Organisation named in the certificates.")] = "Khatam",
    organisation_identifier: Annotated[
        str | None, typer.Option(help="Its registered identifier, e.g. NTRMA-123456. Needed in production.")
    ] = None,
    public_url: Annotated[
        str | None, typer.Option(help="Origin of the API and pages. Default in a rehearsal: http://127.0.0.1:PORT.")
    ] = None,
    responders_url: Annotated[
        str | None, typer.Option(help="Origin of OCSP, CRL and time-stamps, as certificates name it.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the API and pages.")] = 8080,
    responder_port: Annotated[int, typer.Option(min=1, max=65535, help="Port of OCSP, CRL, time-stamps.")] = 8081,
    database_url: Annotated[str, typer.Option(help="SQLAlchemy URL. Default: SQLite in the folder.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make an installation: folder, secrets, devices, database, authority, first officer and client."""
    from .init import InitChoices, run_init

    choices = InitChoices(
        rehearsal=rehearsal,
        organisation=organisation,
        organisation_identifier=organisation_identifier,
        public_url=public_url,
        responders_url=responders_url,
        port=port,
        responders_port=responder_port,
        database_url=database_url,
    )
    run_init(data, choices, as_json=as_json)


@app.command()
def serve(
    data: Data = None,
    only: Annotated[str | None, typer.Option(help="Run one process: api, responders, jobs or keys.")] = None,
    one_process: Annotated[bool, typer.Option("--one-process", help="Everything in this process.")] = False,
    as_json: AsJson = False,
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> None:
    """Run the service until SIGTERM or Ctrl-C."""
    from .serve import run_serve

    run_serve(data, only=only, one_process=one_process, as_json=as_json, supervised=supervised)


@app.command()
def doctor(data: Data = None, as_json: AsJson = False) -> None:
    """Check an installation; each finding comes with what to do. Exit 1 if one of them is FAIL."""
    from .doctor import run_doctor

    run_doctor(data, as_json=as_json)


def _mount() -> None:
    """Commands that live in files of their own; those import their rooms inside the function too."""
    from . import devices, elections
    from .alerts import alerts, forecast
    from .call.command import call
    from .demo.command import demo
    from .keys import keys
    from .quota import quota
    from .report import app as report
    from .verify import verify

    # A file's name may begin with "-": what is no option of ours is a file.
    app.command(context_settings={"ignore_unknown_options": True})(verify)
    app.command()(demo)
    app.command()(call)
    app.add_typer(keys, name="keys")
    quota.command()(alerts)
    quota.command()(forecast)
    app.add_typer(quota, name="quota")
    app.add_typer(report, name="report")
    app.add_typer(elections.app)
    app.add_typer(devices.app)


_mount()

if __name__ == "__main__":
    app()
