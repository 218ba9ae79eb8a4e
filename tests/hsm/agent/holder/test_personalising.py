"""An empty device becomes its holder's, and a run that is cut anywhere is continued by the same command."""

import base64
import dataclasses
import json

import pytest
from joserfc import jwe
from joserfc.jwk import RSAKey

from hsm.agent.errors import AgentCode
from hsm.agent.holder.enrolling import Enrolling, EnrolmentReport
from hsm.agent.holder.listing import listed
from hsm.agent.holder.pin_rules import PinRules
from hsm.agent.holder.unlock_secret import ALGORITHMS, ALPHABET, CHARACTERS
from hsm.pin import Pin
from tests.hsm.agent.estate import PIN, FixedPins, Killed, Workplace
from tests.hsm.agent.holder_device import SO_PIN


@pytest.fixture(scope="module")
def release_key() -> RSAKey:
    return RSAKey.generate_key(2048)


class Hands:
    """A person who types the same each time, and counts what he was asked."""

    def __init__(self, *, new: str = PIN, present: str = PIN, unlock: str = SO_PIN, earlier: str = "") -> None:
        self.new, self.present, self.unlock = new, present, unlock
        self.earlier = earlier
        self.asked: list[str] = []

    def new_pin(self, device: str, rules: PinRules, *, before: Pin | None = None) -> Pin:
        self.asked.append("new")
        rules.require(Pin(self.new), before=before)
        return Pin(self.new)

    def present_pin(self, device: str) -> Pin:
        self.asked.append("present")
        return Pin(self.present)

    def earlier_pin(self, device: str) -> Pin:
        self.asked.append("earlier")
        return Pin(self.earlier or self.present)

    def unlock_secret(self, device: str, *, twice: bool = False) -> Pin:
        self.asked.append("unlock twice" if twice else "unlock")
        return Pin(self.unlock)


@pytest.fixture
def place(workplace: Workplace, release_key: RSAKey) -> Workplace:
    workplace.service.kind = "enrolment"
    public = release_key.as_dict(private=False)
    workplace.service.asked["release_jwk"] = {name: str(public[name]) for name in ("kty", "n", "e")}
    devices = workplace.devices
    devices.keys.clear()
    devices.certificates.clear()
    devices.initialised, devices.pin_set, devices.pin_value, devices.so_pin = False, False, "", ""
    return workplace


def enrol(place: Workplace, hands: Hands, *, initialise: bool = True) -> EnrolmentReport:
    return Enrolling(
        place.config,
        place.ticket,
        place.surroundings(),
        device="president",
        wait_seconds=1,
        initialise=initialise,
        typed=hands,
    ).run()


def released(place: Workplace, key: RSAKey) -> list[str]:
    """What two officers would read."""
    assert place.service.csrs is not None
    tokens = [each["jwe"] for each in place.service.csrs["unlock"]]
    opened = [jwe.decrypt_compact(token, key, algorithms=ALGORITHMS).plaintext for token in tokens]
    return [each.decode() for each in opened if each is not None]


def test_an_empty_device_becomes_its_holders(place: Workplace, release_key: RSAKey) -> None:
    hands = Hands()
    report = enrol(place, hands)
    assert report.error is None
    assert hands.asked == ["new"]
    assert place.devices.pin_value == PIN
    assert released(place, release_key) == [place.devices.so_pin]
    assert len(place.devices.so_pin) == CHARACTERS
    assert set(place.devices.so_pin) <= set(ALPHABET)
    assert len(place.devices.certificates) == 2
    assert place.devices.acts[-1] == "logout"
    assert [path for path in place.config.spool.iterdir() if path.is_dir()] == []


CUTS = [
    *("initialise", "initialise?", "initialise!", "change-so-pin", "change-so-pin!"),
    *("/enrolment/requests", "/enrolment/certificates", "/enrolment/written"),
]


@pytest.mark.parametrize("cut", CUTS)
def test_killed_anywhere_the_secret_in_force_is_known(place: Workplace, release_key: RSAKey, cut: str) -> None:
    """The same command again ends with a whole device, whose unlock secret the officers can read, and nobody else."""

    def kill(act: str) -> None:
        if act == cut:
            raise Killed

    def kill_door(_: str, path: str) -> None:
        if path.endswith(cut):
            raise Killed

    place.devices.cut, place.service.before = kill, kill_door
    with pytest.raises(Killed):
        enrol(place, Hands())
    for path in place.config.spool.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert PIN.encode() not in content
        assert place.devices.so_pin.encode() not in content or not place.devices.so_pin
    place.devices.cut, place.service.before = lambda _: None, lambda method, path: None
    assert enrol(place, Hands()).error is None
    assert released(place, release_key) == [place.devices.so_pin]
    assert place.devices.so_pin != PIN
    assert len(place.devices.certificates) == 2


@pytest.mark.parametrize("cut", ["change-so-pin", "change-so-pin!"])
def test_cut_twice_at_the_same_point_it_goes_on(place: Workplace, release_key: RSAKey, cut: str) -> None:
    def kill(act: str) -> None:
        if act == cut:
            raise Killed

    place.devices.cut = kill
    with pytest.raises(Killed):
        enrol(place, Hands())
    if cut == "change-so-pin":
        with pytest.raises(Killed):
            enrol(place, Hands())
    place.devices.cut = lambda _: None
    assert enrol(place, Hands()).error is None
    assert place.devices.so_pin in released(place, release_key)


@pytest.mark.parametrize("cut", ["initialise?", "initialise!", "change-so-pin", "change-so-pin!"])
def test_a_half_made_device_is_said(place: Workplace, cut: str) -> None:
    def kill(act: str) -> None:
        if act == cut:
            raise Killed

    place.devices.cut = kill
    with pytest.raises(Killed):
        enrol(place, Hands())
    place.devices.cut = lambda _: None
    (seen,) = listed(place.devices, place.config.spool)
    assert any("half made" in state for state in seen.states)
    error = enrol(place, Hands(), initialise=False).error
    assert error is not None
    assert error.code is AgentCode.HALF_MADE
    assert "--initialise" in str(error)
    assert place.devices.generated == 0


def test_a_continued_run_asks_the_device_before_it_believes_the_pin(place: Workplace) -> None:
    """Another PIN typed then would pass for an unlock secret that was replaced already."""

    def kill(act: str) -> None:
        if act == "change-so-pin":
            raise Killed

    place.devices.cut = kill
    with pytest.raises(Killed):
        enrol(place, Hands())
    place.devices.cut = lambda _: None
    error = enrol(place, Hands(present="another-pin-1")).error
    assert error is not None
    assert error.code is AgentCode.PIN_WRONG
    assert place.devices.so_tries == 0
    assert enrol(place, Hands()).error is None


def test_a_wiped_device_takes_the_same_road(place: Workplace, release_key: RSAKey) -> None:
    place.devices.initialised, place.devices.so_pin = True, SO_PIN
    hands = Hands()
    assert enrol(place, hands).error is None
    assert hands.asked == ["new", "unlock"]
    assert released(place, release_key) == [place.devices.so_pin]


def test_a_device_that_takes_eight_characters_gets_eight(place: Workplace, release_key: RSAKey) -> None:
    place.devices.pin_longest = 8
    hands = Hands(new="seven-77")
    place.pins.characters = "seven-77"
    assert enrol(place, hands).error is None
    assert len(place.devices.so_pin) == 8
    assert released(place, release_key) == [place.devices.so_pin]


def test_a_wrong_unlock_secret_is_tried_once(place: Workplace) -> None:
    place.devices.initialised, place.devices.so_pin = True, SO_PIN
    error = enrol(place, Hands(unlock="not-that-one")).error
    assert error is not None
    assert error.code is AgentCode.UNLOCK_REFUSED
    assert place.devices.so_tries == 1
    assert place.devices.so_pin == SO_PIN
    assert enrol(place, Hands()).error is None


def test_a_device_in_use_is_not_erased(place: Workplace) -> None:
    place.devices.initialised = place.devices.pin_set = True
    error = enrol(place, Hands()).error
    assert error is not None
    assert error.code is AgentCode.NOT_EMPTY
    assert "initialise" not in place.devices.acts


def test_a_bad_pin_reaches_no_device(place: Workplace) -> None:
    error = enrol(place, Hands(new="123456")).error
    assert error is not None
    assert error.code is AgentCode.PIN_RULE
    assert place.devices.acts == []


def test_without_release_key_nothing_is_set(place: Workplace) -> None:
    place.service.asked["release_jwk"] = None
    error = enrol(place, Hands()).error
    assert error is not None
    assert error.code is AgentCode.RELEASE_KEY
    assert place.devices.acts == []


def test_an_officers_station_makes_no_device_in_production(place: Workplace) -> None:
    place.config = dataclasses.replace(place.config, environment="production", station="officer")
    error = enrol(place, Hands()).error
    assert error is not None
    assert error.code is AgentCode.STATION
    assert place.service.requests == []
    approved = dataclasses.replace(place.config, station_approval="Note 12/2026")
    place.config = approved
    error = enrol(place, Hands()).error
    assert error is not None
    assert error.code is not AgentCode.STATION


def test_a_makers_unlock_secret_is_refused(place: Workplace) -> None:
    """Known by the device's own flag; no default is ever tried."""
    devices = place.devices
    devices.initialised = devices.pin_set = True
    devices.flags = {"so_pin_to_be_changed": True}
    error = enrol(place, Hands(), initialise=False).error
    assert error is not None
    assert error.code is AgentCode.DEFAULT_SECRET
    assert (devices.so_tries, devices.pin_tries) == (0, 0)


def test_another_serial_is_refused(place: Workplace) -> None:
    place.service.asked["device_serial"] = "77"
    error = enrol(place, Hands()).error
    assert error is not None
    assert error.code is AgentCode.OTHER_SERIAL
    assert place.devices.acts == []


@pytest.mark.parametrize("road", ["supplied", "unlock"])
def test_another_roads_ticket_names_its_command(place: Workplace, road: str) -> None:
    from hsm.prepared.enrolment import Road

    place.service.asked |= {"road": Road(road), "certificates": ("a" * 64,)}
    error = enrol(place, Hands()).error
    assert error is not None
    assert error.code is AgentCode.ROAD
    assert "khatam-agent" in str(error)
    assert place.devices.acts == []


def test_what_is_sent_holds_no_secret(place: Workplace) -> None:
    enrol(place, Hands())
    assert place.service.csrs is not None
    said = json.dumps(place.service.csrs)
    assert PIN not in said
    assert place.devices.so_pin not in said
    assert base64.b64encode(place.devices.so_pin.encode()).decode() not in said


def test_the_new_pin_serves_the_first_question_only(place: Workplace) -> None:
    from hsm.agent.holder.typed_secrets import JustTyped

    then = FixedPins("later-pin")
    source = JustTyped(Pin("now-pin"), "president", then)
    ask = {"device_label": "president", "device_serial": "1"}
    assert source.pin(**ask, last_try=False).reveal() == "now-pin"
    assert source.pin(**ask, last_try=False).reveal() == "later-pin"
    risky = JustTyped(Pin("now-pin"), "president", then)
    assert risky.pin(**ask, last_try=True).reveal() == "later-pin"
