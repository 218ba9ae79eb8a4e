"""One real installation, served, with a president whose key is active and licences that wait for him."""

from collections.abc import Iterator

import pytest

from api.cli.demo import cast, dossier
from api.cli.demo.story import World
from tests.story.desks import Committee, seat_committee
from tests.story.served import served_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served_world(tmp_path_factory.mktemp("story"), *cast.SPARE_MEMBERS) as world:
        yield world


@pytest.fixture
def licences(world: World, request: pytest.FixtureRequest) -> list[str]:
    """Three licences drawn up, unsigned: their references."""
    return [dossier._without_committee(world, f"{request.node.name}-{number}")["reference"] for number in range(3)]


@pytest.fixture(scope="session")
def committee(world: World, tmp_path_factory: pytest.TempPathFactory) -> Committee:
    return seat_committee(world, tmp_path_factory.mktemp("desks"))
