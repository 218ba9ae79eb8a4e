"""The command `khatam-agent`.

Exit codes: 0 all done; 1 an error of the agent itself; 2 a wrong argument or configuration; 3 refused (manifest,
document, consent, or the service said no); 4 the device or its PIN; 5 the service failed or did not answer, run the
same again; 6 interrupted, run the same again. With `--json` the last line on standard output is one JSON object;
progress goes to standard error.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .config_path import DEFAULT_PATH
from .device_cli import TYPED_TICKET, mount, typed_secrets

if TYPE_CHECKING:
    from .consent import Consent
    from .errors import AgentError
    from .surroundings import Surroundings

app = typer.Typer(
    name="khatam-agent",
    help="Signs, on the signer's own PC, what he was shown; makes keys in his own device.",
    no_args_is_help=True,
    rich_markup_mode=None,  # rich would take most of the time that --help may take
    pretty_exceptions_enable=False,
    add_completion=False,
)

Config = Annotated[Path, typer.Option("--config", help="This PC's configuration.", dir_okay=False)]
PinFile = Annotated[
    Path | None, typer.Option("--pin-file", help="Owner-only file with the PIN; else it is asked.", dir_okay=False)
]
IsUnattended = Annotated[bool, typer.Option("--unattended", help="Nobody is asked. Rehearsals only.")]
Wait = Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for a device or a service that went away.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@app.command()
def sign(
    url: Annotated[str, typer.Argument(help="khatam://ceremony/ and the ticket, as the page gave it.")],
    config: Config = DEFAULT_PATH,
    pin_file: PinFile = None,
    *,
    unattended: IsUnattended = False,
    wait: Wait = 0.0,
    as_json: AsJson = False,
) -> None:
    """Sign the documents of one ceremony, at the terminal."""
    from .service.addresses import read_url
    from .signing.ceremony import Signing

    def run() -> tuple[dict[str, Any], AgentError | None, str]:
        ticket = read_url(url)
        settings, around = _around(config, pin_file, unattended=unattended, wait_seconds=wait)
        report = Signing(settings, ticket, around).run()
        said = f"{report.kept} of {len(report.items)} documents are signed."
        if report.done_before:
            said = "Nothing is left to sign: this list was done before. If that was not you, tell the help desk."
        return report.to_json(), report.error, said

    _finish(run, as_json=as_json)


@app.command(name="open")
def open_window(
    url: Annotated[
        str | None, typer.Argument(help="khatam://ceremony/ and the ticket, as the page gave it. None: how this PC is.")
    ] = None,
    config: Config = DEFAULT_PATH,
) -> None:
    """Sign the documents of one ceremony, in the window; without an address, say how this PC is. What is clicked."""
    # THREAT: an address with quotes in it, which Windows puts into the command line as it stands, brings options of a
    # page's own: another configuration, and with it another server, another anchor, another driver.
    # DEFENCE: every handler that is installed says `open --`; behind it nothing is an option.
    # TEST: tests/deploy/test_windows_recipe.py::test_an_address_brings_no_option
    from importlib import import_module

    from .errors import AgentCode, AgentError

    def run() -> tuple[dict[str, Any], AgentError | None, str]:
        try:
            application = import_module("hsm.agent.window.application")
        except ImportError as error:
            raise AgentError(AgentCode.WINDOW) from error
        raise typer.Exit(application.main(url, config))

    _finish(run, as_json=False)


@app.command(context_settings=TYPED_TICKET)
def enrol(
    ticket: Annotated[str, typer.Argument(help="The 43 characters that the officer gave.")],
    *,
    device: Annotated[str, typer.Option("--device", help="Label of the holder's device.")],
    initialise: Annotated[bool, typer.Option("--initialise", help="The device is empty, or half made.")] = False,
    config: Config = DEFAULT_PATH,
    pin_file: PinFile = None,
    unattended: IsUnattended = False,
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for the approval.")] = 600.0,
    as_json: AsJson = False,
) -> None:
    """Make key pairs in the holder's device and write their certificates to it."""
    import sys

    from .holder.enrolling import Enrolling
    from .service.addresses import Ticket

    def run() -> tuple[dict[str, Any], AgentError | None, str]:
        checked = Ticket(ticket)
        # No page can start this command: its ticket is typed. Where nobody types the PIN, only a rehearsal goes on.
        alone = unattended or pin_file is not None or not sys.stdin.isatty()
        settings, around = _around(config, pin_file, unattended=alone)
        typed = typed_secrets(settings, pin=pin_file, new_pin=pin_file)
        report = Enrolling(
            settings, checked, around, device=device, wait_seconds=wait, initialise=initialise, typed=typed
        ).run()
        return report.to_json(), report.error, f"The keys of {report.holder} are in {report.device}."

    _finish(run, as_json=as_json)


@app.command()
def doctor(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Say what works on this PC and what does not; asks for no PIN, signs nothing."""
    import json

    from .doctor.examination import Level, examine

    findings = examine(config)
    if as_json:
        typer.echo(json.dumps({"findings": [finding.to_json() for finding in findings]}, ensure_ascii=False))
    else:
        for finding in findings:
            code = "" if finding.code is None else f" [{finding.code.value}]"
            typer.echo(f"{finding.level.value:<4} {finding.name}: {finding.said}{code}")
            if finding.fix and finding.level is not Level.OK:
                typer.echo(f"     → {finding.fix}")
    raise typer.Exit(2 if any(finding.level is Level.FAIL for finding in findings) else 0)


mount(app)


def _around(
    config: Path, pin_file: Path | None, *, unattended: bool, wait_seconds: float = 0.0
) -> tuple[Any, Surroundings]:
    """Configuration and surroundings of a run; core dumps are off before anything else is read."""
    from .config import read_config
    from .devices import open_devices
    from .hardening import harden
    from .pins import FilePins, TerminalPins
    from .surroundings import Surroundings
    from .terminal import TerminalConsent

    harden()
    settings = read_config(config)
    consent: Consent = _unattended(wait_seconds) if unattended else TerminalConsent(wait_seconds=wait_seconds)
    pins = FilePins(pin_file, consent) if pin_file is not None else TerminalPins(consent)
    around = Surroundings(
        devices=lambda: open_devices(settings),
        consent=consent,
        pins=pins,
        say=lambda said: typer.echo(said, err=True),
    )
    return settings, around


def _unattended(wait_seconds: float) -> Consent:
    """Consent without a person, where this package has it."""
    try:
        from .unattended import Unattended
    except ImportError as error:
        from .errors import AgentCode, AgentError

        raise AgentError(AgentCode.ENVIRONMENT, environment="production") from error
    return Unattended(wait_seconds=wait_seconds)


def _finish(run: Any, *, as_json: bool) -> None:
    """Run, say what happened, end with the exit code. An error of our own says its kind, never its words."""
    import json

    from .errors import AgentCode, AgentError
    from .report import error_json

    report: dict[str, Any] = {}
    said = ""
    error: AgentError | None
    try:
        report, error, said = run()
    except AgentError as refused:
        error = refused
    except typer.Exit:
        raise
    except Exception as broken:  # noqa: BLE001
        # THREAT: the words of an unforeseen error carry a PIN, a token or a key to the screen or a log.
        # DEFENCE: only its kind is said; everything foreseen is an AgentError with fields of ours.
        # TEST: tests/hsm/agent/test_canary.py::test_the_pin_goes_nowhere
        error = AgentError(AgentCode.UNEXPECTED, kind=type(broken).__name__, kept=0, count=0)
    if as_json:
        typer.echo(json.dumps({**report, "error": error_json(error)}, ensure_ascii=False))
    else:
        typer.echo(said if error is None else str(error), err=error is not None)
    raise typer.Exit(0 if error is None else error.exit_code)
