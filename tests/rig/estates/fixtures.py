"""Fixtures over the estates: import them into a conftest to use them there."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.hsm.prepared.authority import Authority
from tests.rig.card.keys import Algorithm
from tests.rig.card.personalising import Slot
from tests.rig.estates.holder import Token, hand_over, issue_by
from tests.rig.estates.pcsc import Estate

MakeToken = Callable[..., Token]


@pytest.fixture(scope="module")
def card_estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """A PC with two readers, for a test file; pcscd is its own."""
    with Estate.start(tmp_path_factory.mktemp("pcsc")) as estate:
        yield estate


@pytest.fixture(scope="module")
def card_authority() -> Authority:
    return Authority.make("TEST tokens")


@pytest.fixture
def make_token(card_estate: Estate, card_authority: Authority) -> Iterator[MakeToken]:
    """Make a fresh token by name and plug it in; all are pulled out and ended at the end of the test."""
    made: list[str] = []

    def make(slots: Mapping[Slot, Algorithm], name: str = "holder", *, reader: int | None = 0) -> Token:
        card_estate.card_file(name).unlink(missing_ok=True)
        token = hand_over(card_estate, name, slots, issue_by(card_authority, f"TEST {name}"))
        made.append(name)
        if reader is not None:
            token.card.plug(reader=reader)
        return token

    yield make
    for name in made:
        card_estate.forget(name)
