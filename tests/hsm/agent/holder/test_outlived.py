"""A run that was cut, and what happened to the device before it went on: its PIN was changed."""

import pytest
from joserfc.jwk import RSAKey

from hsm.agent.errors import AgentCode
from hsm.agent.holder.listing import listed
from hsm.agent.holder.pin_change import change_pin
from tests.hsm.agent import estate
from tests.hsm.agent.estate import PIN, Killed, Workplace
from tests.hsm.agent.holder.test_personalising import Hands, enrol, place, release_key, released
from tests.hsm.agent.holder_device import SO_PIN, nothing
from tests.hsm.agent.supplied import Person

__all__ = ["place", "release_key"]  # fixtures
CHANGED = "changed-since-4"


def cut_and_change(place: Workplace, cut: str) -> None:
    """Begin, lose power there, change the PIN as the holder does."""

    def kill(act: str) -> None:
        if act == cut:
            raise Killed

    place.devices.cut = kill
    with pytest.raises(Killed):
        enrol(place, Hands())
    place.devices.cut = nothing
    (device,) = place.devices.devices()
    change_pin(place.devices, device, Hands(new=CHANGED), Person())
    place.devices.so_tries = 0
    place.pins.characters = CHANGED


@pytest.mark.parametrize("cut", ["initialise!", "change-so-pin", "change-so-pin!"])
def test_a_pin_changed_meanwhile_is_not_taken_for_the_unlock_secret(
    place: Workplace, release_key: RSAKey, cut: str
) -> None:
    """Whether the secret was replaced before the cut or not: the officers get the one in force."""
    cut_and_change(place, cut)
    hands = Hands(present=CHANGED, earlier=PIN)
    assert enrol(place, hands).error is None
    assert hands.asked == ["present", "earlier"]
    assert place.devices.so_tries == 2
    assert place.devices.so_pin in released(place, release_key)
    assert len(place.devices.so_pin) == 16
    assert place.devices.pin_value == CHANGED


def test_what_cannot_be_explained_is_said(place: Workplace) -> None:
    """Nothing was replaced yet, and neither PIN is the unlock secret: nothing is claimed, and the device waits."""
    cut_and_change(place, "initialise!")
    error = enrol(place, Hands(present=CHANGED, earlier="not-that-pin-1")).error
    assert error is not None
    assert error.code is AgentCode.UNLOCK_REFUSED
    assert place.devices.so_pin == PIN
    assert place.service.csrs is None
    (seen,) = listed(place.devices, place.config.spool)
    assert seen.states == ("half made: its unlock secret was not replaced",)
    assert enrol(place, Hands(present=CHANGED, earlier=PIN)).error is None


def test_without_the_first_pin_no_try_is_made_twice(place: Workplace) -> None:
    cut_and_change(place, "initialise!")
    error = enrol(place, Hands(present=CHANGED)).error
    assert error is not None
    assert error.code is AgentCode.UNLOCK_REFUSED
    assert place.devices.so_tries == 1


@pytest.mark.parametrize("initialise", [True, False])
def test_another_device_of_the_same_label_is_refused(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, *, initialise: bool
) -> None:
    """The encrypted secret is the first device's; it is not sent as this one's."""

    def kill(_: str, path: str) -> None:
        if path.endswith("/enrolment/requests"):
            raise Killed

    place.service.before = kill  # type: ignore[assignment]
    with pytest.raises(Killed):
        enrol(place, Hands())
    place.service.before = lambda method, path: None
    monkeypatch.setattr(estate, "SERIAL", "2")
    error = enrol(place, Hands(), initialise=initialise).error
    assert error is not None
    assert error.code is AgentCode.OTHER_SERIAL
    assert place.service.csrs is None


def test_a_device_without_pin_that_no_run_left_is_empty(place: Workplace) -> None:
    """Wiped, or initialised by its maker: nothing was begun here, nothing is half made."""
    place.devices.initialised, place.devices.so_pin, place.devices.label = True, SO_PIN, "returned"
    (seen,) = listed(place.devices, place.config.spool)
    assert seen.states == ("empty: no PIN and nothing on it",)
    place.devices.label = "president"
    error = enrol(place, Hands(), initialise=False).error
    assert error is not None
    assert error.code is AgentCode.PIN_UNSET
    assert "--initialise" in str(error)
