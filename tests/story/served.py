"""One real installation, served on loopback, with a president whose key is active."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from api.cli.demo import cast
from api.cli.demo.acts import Playbill
from api.cli.demo.opening import open_world
from api.cli.demo.stage import Stage
from api.cli.demo.story import World, _self_made_key, territory_and_quota


@contextmanager
def served_world(folder: Path, *others: cast.Person) -> Iterator[World]:
    """Make it in `folder`, which is there; stop it at the end.

    :param others: who is enrolled besides the president; they have no key.
    """
    stage = Stage(folder)
    stage.init()
    with ExitStack() as at_end:
        at_end.callback(stage.stop)
        stage.start()
        world = open_world(stage, Playbill(Console(quiet=True)))
        for caller in (world.officer, world.second_officer, world.platform, world.public):
            at_end.callback(caller.close)
        territory_and_quota(world)
        for person in (cast.PRESIDENT, *others):
            world.enrol(person)
        for code in (cast.COMMUNE, cast.PROVINCE):
            world.declare(code)
        _self_made_key(world, cast.PRESIDENT, cast.COMMUNE, try_self_approval=False)
        yield world
