"""One real installation, served, with a president whose key is active and licences that wait for him."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from api.cli.demo import cast, dossier
from api.cli.demo.acts import Playbill
from api.cli.demo.clients import Client, platform_token
from api.cli.demo.stage import Stage
from api.cli.demo.story import World, _self_made_key, territory_and_quota
from tests.story.desks import Committee, seat_committee


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("story")
    stage = Stage(folder)
    stage.init()
    stage.start()
    callers: list[Client] = []
    try:
        credentials = json.loads((stage.data / "secrets" / "first-credentials.json").read_text(encoding="utf-8"))
        first = Client(stage.url, credentials["officer"]["token"])
        second = first.post("/v1/officers", {"name": "Second officer", "role": "central"})
        client = credentials["client"]
        world = World(
            stage=stage,
            bill=Playbill(Console(quiet=True)),
            officer=first,
            second_officer=Client(stage.url, second["token"]),
            platform=Client(stage.url, platform_token(stage.url, client["client_id"], client["client_secret"])),
            public=Client(stage.url),
        )
        territory_and_quota(world)
        for code in (cast.COMMUNE, cast.PROVINCE):
            first.post(f"/v1/bodies/{code}/register-declarations", {"complete_from": "2021-09-24"})
        for person in (cast.PRESIDENT, *cast.SPARE_MEMBERS):
            world.enrol(person)
        _self_made_key(world, cast.PRESIDENT, cast.COMMUNE, try_self_approval=False)
        callers += [world.officer, world.second_officer, world.platform, world.public]
        yield world
    finally:
        for caller in callers:
            caller.close()
        stage.stop()


@pytest.fixture
def licences(world: World, request: pytest.FixtureRequest) -> list[str]:
    """Three licences drawn up, unsigned: their references."""
    return [dossier._without_committee(world, f"{request.node.name}-{number}")["reference"] for number in range(3)]


@pytest.fixture(scope="session")
def committee(world: World, tmp_path_factory: pytest.TempPathFactory) -> Committee:
    return seat_committee(world, tmp_path_factory.mktemp("desks"))
