"""The driver on a virtual token behind the real PC/SC stack and OpenSC's module."""

from collections.abc import Callable, Iterator

import pytest

from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.station import Station
from tests.rig.estates.fixtures import card_authority, card_estate, make_token
from tests.rig.estates.holder import Token, station, wait_for
from tests.rig.estates.pcsc import Estate

__all__ = ["card_authority", "card_estate", "make_token"]


@pytest.fixture
def driver(card_estate: Estate) -> Iterator[Station]:
    with station(card_estate) as opened:
        yield opened


Seen = Callable[[Station, Token], DeviceInfo]


@pytest.fixture
def seen() -> Seen:
    """Wait until the driver shows a token."""
    return wait_for
