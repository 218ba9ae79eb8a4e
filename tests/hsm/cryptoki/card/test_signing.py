"""The driver's promises on a token that asks, locks, and is pulled out."""

from collections.abc import Callable

import pytest

from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.station import Station
from hsm.errors import DeviceError, DeviceTimeout, DeviceUnavailable, PinLocked, PinRefused
from hsm.keys import verify
from tests.hsm.conftest import WRONG, Typed
from tests.rig.card.keys import Algorithm
from tests.rig.card.personalising import Slot
from tests.rig.estates.fixtures import MakeToken
from tests.rig.estates.holder import ORDINARY, PIN, STRICT, Token, station
from tests.rig.estates.pcsc import Estate

Seen = Callable[[Station, Token], DeviceInfo]
EVERY = {
    Slot.AUTHENTICATION: Algorithm.EC_P256,
    Slot.SIGNATURE: Algorithm.RSA_2048,
    Slot.KEY_MANAGEMENT: Algorithm.EC_P384,
}


def test_an_ordinary_key_asks_once(driver: Station, make_token: MakeToken, seen: Seen) -> None:
    token, typed = make_token(ORDINARY), Typed([PIN])
    seen(driver, token)
    key = driver.key(token.ref(Slot.KEY_MANAGEMENT), typed)
    assert not key.always_authenticate
    for number in range(5):
        message = b"%d" % number
        verify(key.public_key, key.sign(message, key.algorithms[0]), message, key.algorithms[0])
    status = token.card.status
    assert (len(typed.asked), status.pins_sent, status.made, len(set(status.signed))) == (1, 1, 5, 5)


def test_a_strict_key_asks_for_each_signature(driver: Station, make_token: MakeToken, seen: Seen) -> None:
    token, typed = make_token(STRICT), Typed([PIN])
    seen(driver, token)
    key = driver.key(token.ref(Slot.SIGNATURE), typed, always_authenticate=True)
    assert not typed.asked
    for number in range(6):
        message = b"%d" % number
        verify(key.public_key, key.sign(message, key.algorithms[0]), message, key.algorithms[0])
    status = token.card.status
    assert (len(typed.asked), status.made, len(set(status.signed))) == (6, 6, 6)
    assert status.verify_wrong == 0


def test_a_strict_key_is_told_from_an_ordinary_one(driver: Station, make_token: MakeToken, seen: Seen) -> None:
    token = make_token(EVERY)
    found = {each.ref: each for each in driver.find_keys(seen(driver, token), Typed([PIN]))}
    strict = {slot: found[token.ref(slot)].always_authenticate for slot in EVERY}
    assert strict == {Slot.AUTHENTICATION: False, Slot.SIGNATURE: True, Slot.KEY_MANAGEMENT: False}


def test_three_wrong_pins_lock_it_and_no_code_tries_again(driver: Station, make_token: MakeToken, seen: Seen) -> None:
    token = make_token(ORDINARY)
    seen(driver, token)
    for number in range(3):
        with pytest.raises((PinRefused, PinLocked)):
            driver.key(token.ref(Slot.KEY_MANAGEMENT), Typed([f"{WRONG[:-1]}{number}"]))
        assert token.card.status.verify_wrong == number + 1
    with pytest.raises(PinLocked):
        driver.key(token.ref(Slot.KEY_MANAGEMENT), Typed([PIN]))
    assert token.card.status.verify_wrong == 3
    assert token.card.status.pin_tries == 0


def test_the_last_try_is_told(driver: Station, make_token: MakeToken, seen: Seen) -> None:
    token, typed = make_token(ORDINARY), Typed([PIN])
    token.card.tries(pin=1)
    assert seen(driver, token).pin_final_try
    driver.key(token.ref(Slot.KEY_MANAGEMENT), typed)
    assert typed.asked == [True]
    assert token.card.status.pin_tries == 3


def test_pulled_in_a_signature_and_put_back(driver: Station, make_token: MakeToken, seen: Seen) -> None:
    token, typed = make_token(ORDINARY), Typed([PIN])
    seen(driver, token)
    key = driver.key(token.ref(Slot.KEY_MANAGEMENT), typed)
    key.sign(b"first", key.algorithms[0])
    token.card.takes(0.2)
    token.card.pull_in(1)
    with pytest.raises(DeviceUnavailable):
        key.sign(b"second", key.algorithms[0])
    assert token.card.status.made == 1
    assert len(typed.asked) == 1
    token.card.takes(0.0)
    token.card.replug()
    seen(driver, token)
    verify(key.public_key, key.sign(b"second", key.algorithms[0]), b"second", key.algorithms[0])
    status = token.card.status
    assert (len(typed.asked), status.pins_sent, status.verify_wrong, status.made) == (2, 2, 0, 2)


def test_pulled_between_two_signatures(driver: Station, make_token: MakeToken, seen: Seen) -> None:
    token, typed = make_token(ORDINARY), Typed([PIN])
    seen(driver, token)
    key = driver.key(token.ref(Slot.KEY_MANAGEMENT), typed)
    token.card.pull_after(2)
    for message in (b"1", b"2"):
        key.sign(message, key.algorithms[0])
    with pytest.raises(DeviceUnavailable):
        key.sign(b"3", key.algorithms[0])
    token.card.replug()
    seen(driver, token)
    key.sign(b"3", key.algorithms[0])
    status = token.card.status
    assert (status.made, len(set(status.signed)), status.pins_sent) == (3, 3, 2)


def test_two_tokens_are_told_apart_by_serial(driver: Station, make_token: MakeToken, seen: Seen) -> None:
    first, second = make_token(ORDINARY, "one"), make_token(ORDINARY, "two", reader=1)
    for token in (first, second):
        seen(driver, token)
    for token, other in ((first, second), (second, first)):
        before = other.card.status.made
        key = driver.key(token.ref(Slot.KEY_MANAGEMENT), Typed([PIN]))
        verify(key.public_key, key.sign(b"x", key.algorithms[0]), b"x", key.algorithms[0])
        assert token.card.status.made == 1
        assert other.card.status.made == before


def test_a_mute_token_times_out_and_the_driver_lives(card_estate: Estate, make_token: MakeToken, seen: Seen) -> None:
    token = make_token(ORDINARY)
    with station(card_estate, timeout=4.0) as driver:
        seen(driver, token)
        typed = Typed([PIN])
        key = driver.key(token.ref(Slot.KEY_MANAGEMENT), typed)
        token.card.mute()
        with pytest.raises(DeviceTimeout):
            key.sign(b"x", key.algorithms[0])
        token.card.speak()
        seen(driver, token)
        verify(key.public_key, key.sign(b"y", key.algorithms[0]), b"y", key.algorithms[0])
        assert token.card.status.verify_wrong == 0


def test_noise_is_an_error_of_ours(driver: Station, make_token: MakeToken, seen: Seen) -> None:
    token = make_token(ORDINARY)
    seen(driver, token)
    key = driver.key(token.ref(Slot.KEY_MANAGEMENT), Typed([PIN]))
    token.card.garble(answers=50)
    with pytest.raises(DeviceError):
        key.sign(b"x", key.algorithms[0])
    token.card.garble()
    token.card.pull()
    token.card.replug()
    seen(driver, token)
    verify(key.public_key, key.sign(b"y", key.algorithms[0]), b"y", key.algorithms[0])


def test_pcscd_restarted_under_a_session(
    card_estate: Estate, driver: Station, make_token: MakeToken, seen: Seen
) -> None:
    token, typed = make_token(ORDINARY), Typed([PIN])
    seen(driver, token)
    key = driver.key(token.ref(Slot.KEY_MANAGEMENT), typed)
    key.sign(b"x", key.algorithms[0])
    card_estate.stop_pcscd()
    with pytest.raises(DeviceUnavailable):
        key.sign(b"y", key.algorithms[0])
    card_estate.start_pcscd()
    token.card.replug()
    seen(driver, token)
    verify(key.public_key, key.sign(b"y", key.algorithms[0]), b"y", key.algorithms[0])
    status = token.card.status
    assert (status.made, status.pins_sent, len(typed.asked)) == (2, 2, 2)


@pytest.mark.parametrize("slot", [Slot.SIGNATURE, Slot.AUTHENTICATION, Slot.KEY_MANAGEMENT], ids=lambda each: each.name)
def test_wrong_values_are_thrown_away(driver: Station, make_token: MakeToken, seen: Seen, slot: Slot) -> None:
    token = make_token(EVERY)
    seen(driver, token)
    key = driver.key(token.ref(slot), Typed([PIN]))
    token.card.garble(signatures=2)
    for message in (b"1", b"2"):
        with pytest.raises(DeviceUnavailable):
            key.sign(message, key.algorithms[0])
    verify(key.public_key, key.sign(b"3", key.algorithms[0]), b"3", key.algorithms[0])
    status = token.card.status
    assert (status.made, status.verify_wrong) == (3, 0)
