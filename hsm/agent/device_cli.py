"""`khatam-agent device …`, `present` and `unlock`: what a holder does with his device, apart from signing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .config_path import DEFAULT_PATH

if TYPE_CHECKING:
    from .config import AgentConfig
    from .devices import Devices
    from .errors import AgentError
    from .holder.typed_secrets import TypedSecrets

Outcome = tuple[dict[str, Any], "AgentError | None", str]

device_app = typer.Typer(help="The holder's device: list, pin, wipe, setup.", no_args_is_help=True)
Config = Annotated[Path, typer.Option("--config", help="This PC's configuration.", dir_okay=False)]
Label = Annotated[str, typer.Option("--device", help="Label of the device.")]
TicketText = Annotated[str, typer.Argument(help="The 43 characters that the officer gave.")]
TYPED_TICKET = {"ignore_unknown_options": True}
"""Settings of a command whose ticket is typed: one of an older service may begin with "-" and is no option for that."""
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def typed_secrets(
    config: AgentConfig, *, pin: Path | None = None, new_pin: Path | None = None, unlock: Path | None = None
) -> TypedSecrets:
    """The person at the terminal; files only in a rehearsal.

    :raise AgentError: `ENVIRONMENT`.
    """
    from .errors import AgentCode, AgentError
    from .holder.typed_secrets import FileSecrets, TerminalSecrets

    if pin is None and new_pin is None and unlock is None:
        return TerminalSecrets()
    if config.environment != "rehearsal":
        raise AgentError(AgentCode.ENVIRONMENT, environment=config.environment)
    return FileSecrets(pin=pin, new_pin=new_pin, unlock=unlock)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[AgentConfig, Devices]]:
    from .config import read_config
    from .devices import open_devices, spoken
    from .hardening import harden

    harden()
    config = read_config(path)
    with open_devices(config) as devices, spoken():
        yield config, devices


def _finish(run: Any, *, as_json: bool) -> None:
    from .cli import _finish as finish

    finish(run, as_json=as_json)


@device_app.command("list")
def list_devices(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Say which devices are plugged in, and what each needs. Asks for no PIN."""
    from .holder.listing import listed

    def run() -> Outcome:
        with _opened(config) as (settings, devices):
            found = listed(devices, settings.spool)
        lines = "\n".join(str(each) for each in found)
        return {"devices": [each.to_json() for each in found]}, None, lines or "No device is plugged in."

    _finish(run, as_json=as_json)


@device_app.command()
def pin(device: Label, config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Change the PIN: the old one once, the new one twice."""
    from .holder.device_consent import TerminalDeviceConsent
    from .holder.pin_change import change_pin
    from .holder.wiping import named_device

    def run() -> Outcome:
        with _opened(config) as (settings, devices):
            change_pin(devices, named_device(devices, device), typed_secrets(settings), TerminalDeviceConsent())
        return {"device": device}, None, f"{device} has its new PIN."

    _finish(run, as_json=as_json)


@device_app.command()
def wipe(device: Label, config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Erase a device that goes back: keys, certificates and PIN."""
    from .holder.device_consent import TerminalDeviceConsent
    from .holder.wiping import wipe as wipe_device

    def run() -> Outcome:
        with _opened(config) as (settings, devices):
            wipe_device(devices, device, typed_secrets(settings), TerminalDeviceConsent())
        return {"device": device}, None, f"Nothing is left on {device}. It can be given back."

    _finish(run, as_json=as_json)


@device_app.command()
def setup(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """First set-up of this PC: five lights, and the PIN changed if it is the one that was delivered."""
    import json

    from .errors import AgentCode
    from .hardening import harden
    from .holder.device_consent import TerminalDeviceConsent
    from .holder.first_setup import FirstSetup, LightState
    from .pins import TerminalPins
    from .terminal import TerminalConsent

    harden()
    lights = []
    forced = False
    first = FirstSetup(
        path=config,
        pins=TerminalPins(TerminalConsent()),
        consent=TerminalDeviceConsent(),
        now=lambda: datetime.now(UTC),
    )
    for light in first.lights():
        lights.append(light)
        if not as_json:
            number = f" [{light.help_desk}]" if light.help_desk else ""
            typer.echo(f"{light.state.value:8}{light.name.value}: {light.said}{number} {light.fix}".rstrip())
        forced = forced or (light.error is not None and light.error.code is AgentCode.PIN_TO_BE_CHANGED)
    if forced and first.device is not None and not as_json:
        typer.echo("Choose your own PIN now; then run this again.")
        pin(first.device.label, config)
    if as_json:
        typer.echo(json.dumps({"lights": [light.to_json() for light in lights]}, ensure_ascii=False))
    is_well = all(light.state in (LightState.OK, LightState.WARN) for light in lights)
    raise typer.Exit(0 if is_well else 4)


def present(ticket: TicketText, config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Present a device that was delivered with its certificates."""
    from .cli import _around
    from .holder.device_consent import TerminalDeviceConsent
    from .holder.presenting import Presenting
    from .service.addresses import Ticket

    def run() -> Outcome:
        checked = Ticket(ticket)
        settings, around = _around(config, None, unattended=False)
        consent = TerminalDeviceConsent()
        report = Presenting(settings, checked, around, typed=typed_secrets(settings), consent=consent).run()
        return report.to_json(), report.error, f"{report.device} of {report.holder} is presented."

    _finish(run, as_json=as_json)


def unlock(ticket: TicketText, device: Label, config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Set a new PIN with the secret that two officers released."""
    from .cli import _around
    from .holder.device_consent import TerminalDeviceConsent
    from .holder.unlocking import Unlocking
    from .service.addresses import Ticket

    def run() -> Outcome:
        checked = Ticket(ticket)
        settings, around = _around(config, None, unattended=False)
        report = Unlocking(
            settings, checked, around, device=device, typed=typed_secrets(settings), consent=TerminalDeviceConsent()
        ).run()
        return report.to_json(), report.error, f"{report.device} has its new PIN; its key is accepted next."

    _finish(run, as_json=as_json)


def mount(app: typer.Typer) -> None:
    """Put these commands beside the others."""
    app.add_typer(device_app, name="device")
    app.command(context_settings=TYPED_TICKET)(present)
    app.command(context_settings=TYPED_TICKET)(unlock)
