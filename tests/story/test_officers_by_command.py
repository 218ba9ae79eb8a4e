"""Two officers at their command lines: a body, a person, his office, his key; the second approves."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli.demo.stage import PROGRAMS
from api.cli.demo.story import World
from api.cli.main import app
from hsm.agent.config import AgentConfig
from hsm.agent.errors import AgentCode
from hsm.agent.holder.enrolling import Enrolling
from hsm.agent.service.addresses import Ticket
from hsm.agent.signing.ceremony import Surroundings
from hsm.agent.unattended import Unattended
from tests.hsm.agent.estate import FixedPins, MemoryDevices
from tests.story.callers import today

pytestmark = pytest.mark.timeout(300)
PAYER = "06.181"
"""A province whose seats no other test takes."""
Call = Callable[..., Any]


def officer(world: World, folder: Path, name: str, token: str) -> Call:
    """The command line of one officer."""
    file = folder / name
    file.touch(mode=0o600)
    file.write_text(token)

    def call(*arguments: str, expected: int = 0) -> Any:
        full = ["call", *arguments, "--server", world.stage.url, "--token-file", str(file), "--json"]
        said = CliRunner().invoke(app, full)
        assert said.exit_code == expected, said.output
        return json.loads(said.stdout)

    return call


def test_a_key_from_body_to_certificate(world: World, tmp_path: Path) -> None:
    credentials = json.loads((world.stage.data / "secrets" / "first-credentials.json").read_text())
    first = officer(world, tmp_path, "first", credentials["officer"]["token"])
    second = officer(world, tmp_path, "second", first("appointOfficer", "name=Second", "role=central")["token"])

    first("registerBody", "code=AU-ELJADIDA", "kind=urban_agency", "name_fr=AU", "name_ar=و", f"province_code={PAYER}")
    holder = first("enrolHolder", "name_ar=نادية", "name_latin=Nadia Alami", "cin=MC765432")["id"]
    office = first(
        "recordOffice",
        *(f"holder={holder}", "body=AU-ELJADIDA", "function=committee_member"),
        *(f"starts_on={today()}", "deed=PV 1"),
    )["id"]
    order = first("orderKey", f"holder={holder}", f"office={office}", f"payer={PAYER}")["id"]
    ticket = first("issueEnrolmentTicket", f"order={order}")["ticket"]
    enrolling = at_home(world, tmp_path, Ticket(ticket))
    asked = enrolling(0)
    assert asked.error.code is AgentCode.APPROVAL
    own = first("approveIssuance", f"order={order}", f"digest={asked.digest}", expected=1)
    assert own["problem"]["code"] == "self-approval"
    approved = second("approveIssuance", f"order={order}", f"digest={asked.digest}")
    assert approved["certificates"]
    assert enrolling(20).error is None

    listed = first("listKeyOrders", f"body={PAYER}", "--all")["items"]
    assert order not in {each["order"] for each in listed}  # the order is its office's body's
    assert by_program(world, tmp_path / "first", "explainSeats", f"code={PAYER}").strip().startswith("{")
    ledger = by_program(world, tmp_path / "first", "exportLedger")
    assert order in ledger


def at_home(world: World, folder: Path, ticket: Ticket) -> Callable[[int], Any]:
    """The holder's PC: the real agent, its device in memory."""
    config = AgentConfig(
        server=world.stage.url,
        environment="rehearsal",
        manifest_anchor=world.stage.data / "agents" / "manifest-anchor.pem",
        modules=(folder / "none.so",),
        spool=folder / "spool",
    )
    devices = MemoryDevices(label="by-command")

    def run(wait_seconds: int) -> Any:
        around = Surroundings(
            devices=lambda: devices, consent=Unattended(), pins=FixedPins(), transport=None, pause=lambda _: None
        )
        return Enrolling(config, ticket, around, device="by-command", wait_seconds=wait_seconds).run()

    return run


def by_program(world: World, token: Path, *arguments: str) -> str:
    """What the installed program writes to a pipe."""
    environment = {"PATH": os.environ["PATH"], "KHATAM_SERVER": world.stage.url, "KHATAM_TOKEN": token.read_text()}
    command = [str(PROGRAMS / "khatam"), "call", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment, timeout=120).stdout
