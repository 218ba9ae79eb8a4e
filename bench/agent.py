"""A batch of fifty on a slow device: from the signer's yes to the last acknowledgement, against the bare device.

The real engine of the agent, a real installation served on loopback, a SoftHSM device that takes 300 ms for each
signature through the faulty module. The floor is fifty signatures of the same key in the same device by themselves,
after its login. Drawing the window and reading the list lie before the yes and are not counted.
"""

from __future__ import annotations

import dataclasses
import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from api.cli.demo import cast, dossier
from api.cli.demo.story import World
from bench.figure import Figure
from hsm.agent.config import AgentConfig, read_config
from hsm.agent.consent import Progress, SigningRequest, Yes
from hsm.agent.devices import open_devices
from hsm.agent.pins import FilePins
from hsm.agent.report import ItemState
from hsm.agent.service.addresses import read_url
from hsm.agent.signing.ceremony import Signing
from hsm.agent.surroundings import Surroundings
from hsm.agent.unattended import Unattended
from hsm.cryptoki.standing import ModulePath
from hsm.cryptoki.station import Station
from hsm.keys import KeyRef, default_algorithm
from hsm.pin import PinFile
from tests.rig.faulty.control import Faulty
from tests.story.served import served_world

COUNT, MILLISECONDS = 50, 300
PRESIDENT = cast.PRESIDENT.key


def run() -> Iterator[Figure]:
    """`batch_50`: seconds, ours over the device's own; goal 1.15."""
    with tempfile.TemporaryDirectory() as folder, served_world(Path(folder)) as world:
        workplace = world.workplaces[PRESIDENT]
        faulty = Faulty(Path(folder) / "faulty")
        config = dataclasses.replace(
            read_config(workplace.config), modules=(faulty.path,), module_environment=faulty.environment
        )
        references = [dossier._without_committee(world, f"bench-{each}")["reference"] for each in range(COUNT)]  # noqa: SLF001
        faulty.delay("C_Sign", MILLISECONDS)
        value = _batch(world, config, workplace.pin_file, references)
        against = _bare(config, workplace.pin_file)
    yield Figure(name="batch_50", value=value, against=against, unit="s", goal=1.15, better="lower")


class _Watched(Unattended):
    """Says yes, and when."""

    said_at = 0.0

    def to_sign(self, request: SigningRequest) -> Yes:
        yes = super().to_sign(request)
        self.said_at = time.perf_counter()
        return yes


def _batch(world: World, config: AgentConfig, pin_file: Path, references: list[str]) -> float:
    """Seconds from the yes to the last acknowledgement."""
    opened = world.platform.post("/v1/ceremonies", {"signer": world.holders[PRESIDENT], "documents": references})
    consent, kept = _Watched(), []

    def progress(said: Progress) -> None:
        if said.item is not None and said.item.state is ItemState.KEPT:
            kept.append(time.perf_counter())

    around = Surroundings(
        devices=lambda: open_devices(config), consent=consent, pins=FilePins(pin_file, consent), progress=progress
    )
    report = Signing(config, read_url(opened["agent_url"]), around).run()
    if report.error is not None:
        raise report.error
    assert report.kept == COUNT
    return max(kept) - consent.said_at


def _bare(config: AgentConfig, pin_file: Path) -> float:
    """Seconds for as many signatures by the device alone, logged in."""
    (path,) = config.modules
    module = ModulePath(path=path, softhsm_conf=config.softhsm_conf, environment=config.module_environment)
    pins = PinFile(pin_file)
    with Station([module]) as station:
        (device,) = [each for each in station.devices() if each.label == PRESIDENT]
        key_id = station.read_certificates(device)[0].key_id
        key = station.key(KeyRef(device_label=device.label, device_serial=device.serial, key_id=key_id), pins)
        messages = [secrets.token_bytes(200) for _ in range(COUNT)]
        begun = time.perf_counter()
        for message in messages:
            key.sign(message, default_algorithm(key.public_key))
        return time.perf_counter() - begun
