"""The order of the whole: what takes longest first, so that no worker waits at the end for another's last file."""

import pytest

LONGEST = ("tests/story/test_rehearsal", "tests/story/test_kills", "tests/story/", "tests/deploy/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((number for number, start in enumerate(LONGEST) if item.nodeid.startswith(start)), len(LONGEST))

    items.sort(key=place)
