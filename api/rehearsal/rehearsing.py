"""One rehearsal in one folder: made, played, proved; begun again, it goes on where it was cut."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event

from api.cli.init import InitChoices, install
from api.settings import load_settings
from api.wiring import House, build_house
from pki.quota.elections.signatories import able_to_sign

from . import proofs
from .country import DEVICES, Person, Place, drawn, places
from .desk import Desk
from .keys import InDevices, InMemory, Keys
from .stages import ELECTION_DAY, Play, Told
from .timeline import Timeline

MARK = "rehearsal.json"
VERIFIED = 100
"""Certificates that `openssl verify` looks at."""


class RehearsalRefused(Exception):
    """The folder is not one for a rehearsal. Nothing was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What came of it."""

    balanced: bool
    communes: int
    keys: int
    """Active at the end."""
    entries: int
    successors: int
    refused_for_quota: int
    """Successors whose order found no seat: none, or the rehearsal failed."""
    able_to_sign: int
    """Communes whose signatory signs the morning after."""
    certificates_verified: int
    in_devices: int
    """Of the active keys, those in devices: each signed something that its certificate verifies."""
    reports: int
    """Sealed reports of the committees."""
    explained: tuple[str, ...]
    """The body drawn after each stage, all of whose keys the entries explain."""
    seconds: float

    def to_json(self) -> dict[str, object]:
        """JSON-safe."""
        return asdict(self)


def rehearse(folder: Path, *, province: str | None, told: Told, staged: Callable[[str, float], object]) -> Rehearsed:
    """Play it, and leave `ledger.csv`, `allowances.csv` and the `census.csv` that was applied in the folder.

    :param province: only its communes and itself hold keys; None: the country.
    :param staged: told after each stage, once its books balance.
    :raise RehearsalRefused: the folder holds something else, a rehearsal of another province, or an installation that
        issues certificates of legal value.
    :raise ProofFailed: what must hold does not.
    """
    begun = time.monotonic()
    timeline = _opened(folder, province)
    settings = load_settings(folder)
    if not settings.rehearsal:
        raise RehearsalRefused(f"{folder} is no rehearsal's. Nothing was done: choose another folder.")
    house = build_house(settings, keys_here=True)
    _unsynced(house)
    try:
        with house.records.reading() as session:
            own = places(session, province=province)
        told("devices", 0, DEVICES)
        with InDevices(folder / "holders", _device_holders(own), module=house.settings.module) as devices:
            play = Play(desk=Desk(house=house, keys=_keys(devices)), timeline=timeline, places=own, told=told)
            explained = []
            for name, stage in play.stages():
                since = time.monotonic()
                stage()
                proofs.books_balance(house)
                if name != "agreement":
                    explained.append(proofs.keys_explained(house, play.opened(name), name))
                staged(name, time.monotonic() - since)
            found = _proved(house, play, devices, explained, begun=begun)
        proofs.export(house, folder)
    finally:
        house.close()
    if found.refused_for_quota:
        raise proofs.ProofFailed(f"{found.refused_for_quota} successors were refused for quota")
    return found


def _unsynced(house: House) -> None:
    """Commits survive a kill, not a power cut: a rehearsal can be played again, and a disk's wait proves nothing."""
    engine = house.records.writing_engine
    engine.dispose()

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _entry: object) -> None:
        connection.execute("PRAGMA synchronous=NORMAL")


def _device_holders(own: Sequence[Place]) -> list[Person]:
    """Holders whom neither the losses nor the election touch: their keys are active at the end."""
    return [place.person(2) for place in drawn(own, DEVICES, "devices")]


def _keys(devices: InDevices) -> Callable[[Person], Keys]:
    in_memory = InMemory()
    return lambda person: devices if devices.owned_by(person) else in_memory


def _proved(house: House, play: Play, devices: InDevices, explained: list[str], *, begun: float) -> Rehearsed:
    morning = play.timeline.at(ELECTION_DAY + 2)
    active = proofs.active_orders(house)
    if (in_use := proofs.seats_in_use(house)) != len(active):
        raise proofs.ProofFailed(f"{in_use} seats are in use, {len(active)} keys are active")
    verified = proofs.certificates_verify(house, active, VERIFIED, at=morning)
    in_devices = proofs.device_keys_sign(house, devices, active)
    own = {place.province_code for place in play.places}
    with house.records.reading() as session:
        able = sum(each.able for each in able_to_sign(session, at=morning) if each.province_code in own)
    return Rehearsed(
        balanced=True,
        communes=len(play.communes),
        keys=len(active),
        entries=proofs.entries(house),
        successors=play.successors,
        refused_for_quota=play.refused_for_quota,
        able_to_sign=able,
        certificates_verified=verified,
        in_devices=in_devices,
        reports=play.reports,
        explained=tuple(explained),
        seconds=round(time.monotonic() - begun, 1),
    )


def _opened(folder: Path, province: str | None) -> Timeline:
    """The installation, made now or earlier, and when its time begins."""
    mark = folder / MARK
    if mark.is_file():
        kept = json.loads(mark.read_text(encoding="utf-8"))
        if kept["province"] != province:
            raise RehearsalRefused(
                f"{folder} holds a rehearsal of {kept['province'] or 'the country'}: choose another."
            )
        return Timeline(begins=datetime.fromisoformat(kept["begins"]))
    if folder.exists() and any(folder.iterdir()):
        raise RehearsalRefused(f"{folder} is not empty. Nothing was made: choose another folder.")
    choices = InitChoices(
        rehearsal=True,
        organisation="Khatam",
        organisation_identifier=None,
        public_url=None,
        responders_url=None,
        port=8000,
        responders_port=8001,
        database_url="",
    )
    install(folder, choices, told=lambda _: None)
    begins = datetime.now(UTC).replace(microsecond=0)
    beside = mark.with_suffix(".part")
    beside.write_text(json.dumps({"begins": begins.isoformat(), "province": province}), encoding="utf-8")
    beside.replace(mark)
    return Timeline(begins=begins)
