"""Empty databases of both engines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pki.records import Records
from tests.rig.postgresql import cluster as cluster  # noqa: PLC0414  (a fixture)
from tests.rig.postgresql import created, dropped, url_of


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite+pysqlite:///{tmp_path}/records.sqlite"
        return
    folder = request.getfixturevalue("cluster")
    name = created(folder)
    yield url_of(folder, name)
    dropped(folder, name)


@pytest.fixture
def empty(url: str) -> Iterator[Records]:
    """Records over an empty database."""
    records = Records.open(url)
    yield records
    records.close()
