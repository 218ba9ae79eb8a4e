"""The first set-up: five lights in their order."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.holder.first_setup import FirstSetup, Light, LightName, LightState
from hsm.agent.memory import Memory
from hsm.pin import Pin
from tests.hsm.agent.estate import Workplace
from tests.hsm.agent.supplied import AUTHENTICATION_ID, Person, supply, written
from tests.hsm.prepared.authority import NOW, Authority

OK, WARN, FAIL, WAITING = LightState.OK, LightState.WARN, LightState.FAIL, LightState.WAITING


@pytest.fixture
def place(workplace: Workplace, authority: Authority) -> Workplace:
    supply(workplace.devices, authority)
    return workplace


def lights(place: Workplace, tmp_path: Path, person: Person | None = None) -> list[Light]:
    first = FirstSetup(
        path=written(place.config, tmp_path),
        pins=place.pins,
        consent=person or Person(),
        now=lambda: NOW,
        open=lambda _: place.devices,
    )
    return list(first.lights())


def states(found: list[Light]) -> list[LightState]:
    assert [light.name for light in found] == list(LightName)
    return [light.state for light in found]


def test_all_five_are_green(place: Workplace, tmp_path: Path) -> None:
    found = lights(place, tmp_path)
    assert states(found) == [OK] * 5
    assert "Ahmed EL ALAOUI" in found[3].said
    json.dumps([light.to_json() for light in found])


@pytest.mark.parametrize("always", [True, False])
def test_only_the_authentication_key_signs(place: Workplace, tmp_path: Path, *, always: bool) -> None:
    """And how the signature key asks is remembered for the first sitting."""
    place.devices.always_authenticate = always
    assert states(lights(place, tmp_path)) == [OK] * 5
    (message,) = place.devices.signed
    assert message.startswith(b"khatam-auth-v1\x00\x00\x00\x0bfirst-setup")
    assert AUTHENTICATION_ID in place.devices.keys
    from hsm.agent.holder.pair import held_certificates

    signing = held_certificates(place.devices.certificates)[0]
    assert Memory(place.config.spool).always_authenticate(signing.sha256) is always
    assert place.devices.acts[-1] == "logout"


def test_without_a_device_it_waits(place: Workplace, tmp_path: Path) -> None:
    place.devices.present = False
    found = lights(place, tmp_path)
    assert states(found) == [OK, OK, WAITING, WAITING, WAITING]
    assert found[2].help_desk == "AG-24"


@pytest.mark.parametrize(
    ("flag", "code"),
    [("pin_locked", "AG-42"), ("pin_to_be_changed", "AG-43"), ("so_pin_to_be_changed", "AG-47")],
)
def test_a_device_that_is_not_ready_is_red(place: Workplace, tmp_path: Path, flag: str, code: str) -> None:
    place.devices.flags = {flag: True}
    found = lights(place, tmp_path)
    assert states(found) == [OK, OK, FAIL, WAITING, WAITING]
    assert found[2].help_desk == code
    assert place.devices.pin_tries == 0


def test_a_half_made_device_is_red(place: Workplace, tmp_path: Path) -> None:
    place.devices.pin_set = False
    assert states(lights(place, tmp_path))[2] is FAIL


def test_another_persons_certificate_is_red(place: Workplace, tmp_path: Path) -> None:
    found = lights(place, tmp_path, Person(frozenset({"mine"})))
    assert states(found) == [OK, OK, OK, FAIL, WAITING]
    assert place.devices.pin_tries == 0


def test_a_wrong_pin_is_tried_once(place: Workplace, tmp_path: Path) -> None:
    place.pins.characters = "not-that-pin"
    found = lights(place, tmp_path)
    assert states(found) == [OK, OK, OK, OK, FAIL]
    assert found[4].help_desk == "AG-40"
    assert place.devices.pin_tries == 1
    assert place.devices.signed == []


def test_a_test_that_is_not_wanted_now_waits(place: Workplace, tmp_path: Path) -> None:
    class Nobody:
        held = False

        def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
            raise AgentError(AgentCode.CONSENT)

    first = FirstSetup(
        path=written(place.config, tmp_path),
        pins=Nobody(),
        consent=Person(),
        now=lambda: NOW,
        open=lambda _: place.devices,
    )
    assert states(list(first.lights())) == [OK, OK, OK, OK, WAITING]
    assert place.devices.signed == []


def test_a_certificate_that_has_not_begun_is_said_so(place: Workplace, tmp_path: Path) -> None:
    first = FirstSetup(
        path=written(place.config, tmp_path),
        pins=place.pins,
        consent=Person(),
        now=lambda: NOW - timedelta(days=3000),
        open=lambda _: place.devices,
    )
    found = list(first.lights())
    error = next(light.error for light in found if light.error)
    assert error.code is AgentCode.CERTIFICATE_NOT_YET


def test_a_device_without_a_key_for_tests_is_a_warning(place: Workplace, tmp_path: Path, authority: Authority) -> None:
    supply(place.devices, authority, authentication=False)
    assert states(lights(place, tmp_path)) == [OK, OK, OK, OK, WARN]
    assert place.devices.signed == []


def test_a_wrong_configuration_is_the_first_light(place: Workplace, tmp_path: Path) -> None:
    place.config.manifest_anchor.unlink()
    assert states(lights(place, tmp_path)) == [FAIL, WAITING, WAITING, WAITING, WAITING]
