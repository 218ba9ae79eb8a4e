"""The order of the whole: what takes longest first, so that no worker waits at the end for another's last file."""

import gc

import pytest
from xdist.scheduler import LoadFileScheduling

LONGEST = ("tests/story/test_rehearsal", "tests/story/test_kills", "tests/story/", "tests/deploy/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((number for number, start in enumerate(LONGEST) if item.nodeid.startswith(start)), len(LONGEST))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What was collected lives to the end: a sixth of all processor time went into looking whether it still does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


class ByInstallation(LoadFileScheduling):
    """A worker takes whole files; those that need the served installation go to one, which makes it once."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        own = file == "tests/story/test_rehearsal.py"  # it makes its own
        return "tests/story" if file.startswith("tests/story/") and not own else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByInstallation:
    return ByInstallation(config, log)
