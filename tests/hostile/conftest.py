"""One small PKI, one signed licence and one honest preparation for all attacks."""

import pytest

from tests.hostile.builders import licence
from tests.signer.verification.estate import Estate


@pytest.fixture(scope="session")
def estate() -> Estate:
    return Estate()


@pytest.fixture(scope="session")
def certified(estate: Estate) -> bytes:
    """Certified (DocMDP, P=2), B-LT."""
    return estate.b_lt(licence(), certify=True)


@pytest.fixture(scope="session")
def approved(estate: Estate) -> bytes:
    """Signed without certification, B-LT: such are files that arrive signed."""
    return estate.b_lt(licence())
