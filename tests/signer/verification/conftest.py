from collections.abc import Iterator

import pytest

from signer.verification.workers import Workers
from tests.signer.verification.estate import Estate


@pytest.fixture(scope="session")
def estate() -> Estate:
    return Estate()


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    with Workers(count=1) as pool:
        yield pool
