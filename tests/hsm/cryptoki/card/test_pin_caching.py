"""A key that asks its PIN each time, on PCs whose OpenSC remembers PINs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hsm.cryptoki.station import Station
from hsm.errors import PinRefused
from hsm.keys import verify
from tests.hsm.conftest import WRONG, Typed
from tests.hsm.prepared.authority import Authority
from tests.rig.card.personalising import Slot
from tests.rig.estates.holder import PIN, STRICT, Token, hand_over, issue_by, station, wait_for
from tests.rig.estates.pcsc import Estate, PinCaching

Seat = Callable[[PinCaching], tuple[Station, Token]]


@pytest.fixture
def seat(tmp_path: Path, card_authority: Authority) -> Iterator[Seat]:
    """Start a PC with OpenSC so configured, its token plugged in."""
    opened: list[Estate | Station] = []

    def start(caching: PinCaching) -> tuple[Station, Token]:
        opened.append(estate := Estate.start(tmp_path / "pc", pin_caching=caching))
        token = hand_over(estate, "holder", STRICT, issue_by(card_authority, "TEST holder"))
        token.card.plug()
        opened.append(driver := station(estate))
        wait_for(driver, token)
        return driver, token

    yield start
    for each in reversed(opened):
        each.__exit__()


@pytest.mark.parametrize("caching", list(PinCaching), ids=lambda each: each.name.lower())
def test_a_wrong_pin_makes_no_signature(seat: Seat, caching: PinCaching) -> None:
    """Told to ignore user consent, OpenSC itself would make one, with the PIN that it remembers."""
    driver, token = seat(caching)
    right, wrong = Typed([PIN]), Typed([WRONG])
    key = driver.key(token.ref(Slot.SIGNATURE), right, always_authenticate=True)
    for message in (b"1", b"2"):
        verify(key.public_key, key.sign(message, key.algorithms[0]), message, key.algorithms[0])
    key = driver.key(token.ref(Slot.SIGNATURE), wrong, always_authenticate=True)
    with pytest.raises(PinRefused):
        key.sign(b"3", key.algorithms[0])
    status = token.card.status
    assert (status.made, status.verify_wrong) == (2, 1)
    assert (len(right.asked), len(wrong.asked)) == (2, 1)


@pytest.mark.parametrize("caching", list(PinCaching), ids=lambda each: each.name.lower())
def test_whether_opensc_says_that_a_key_asks_each_time(seat: Seat, caching: PinCaching) -> None:
    """Told to ignore user consent it says no: then only what is known of the key from before keeps it strict."""
    driver, token = seat(caching)
    typed = Typed([PIN])
    key = driver.key(token.ref(Slot.SIGNATURE), typed)
    assert key.always_authenticate is (caching is not PinCaching.EVERY_KEY)
    for message in (b"1", b"2"):
        verify(key.public_key, key.sign(message, key.algorithms[0]), message, key.algorithms[0])
    assert token.card.status.made == 2
    assert len(typed.asked) == (1 if caching is PinCaching.EVERY_KEY else 3)
