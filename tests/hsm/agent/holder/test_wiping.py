"""A device that goes back holds nothing; a PIN is changed by its holder."""

import pytest

from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.holder.device_consent import WipeRequest
from hsm.agent.holder.pin_change import change_pin
from hsm.agent.holder.wiping import wipe
from hsm.cryptoki.info import DeviceInfo
from hsm.pin import Pin
from tests.hsm.agent.estate import PIN, MemoryDevices
from tests.hsm.agent.holder.test_personalising import Hands
from tests.hsm.agent.supplied import Person, supply
from tests.hsm.prepared.authority import Authority


@pytest.fixture
def devices(authority: Authority) -> MemoryDevices:
    devices = MemoryDevices()
    supply(devices, authority)
    return devices


def test_nothing_is_left(devices: MemoryDevices) -> None:
    person = Person()
    after = wipe(devices, "president", Hands(), person)
    assert (after.pin_set, devices.certificates, devices.keys) == (False, [], {})
    (request,) = person.asked
    assert isinstance(request, WipeRequest)
    assert (request.label, request.holds) == ("president", ("Ahmed EL ALAOUI",))


def test_what_is_left_is_said(devices: MemoryDevices, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(self: MemoryDevices, device: DeviceInfo, *, so_pin: Pin, last_try: bool = False) -> None:
        """A device that says it did."""

    monkeypatch.setattr(MemoryDevices, "wipe", nothing)
    with pytest.raises(AgentError) as left:
        wipe(devices, "president", Hands(), Person())
    assert left.value.code is AgentCode.NOT_WIPED
    assert "certificates and a PIN" in str(left.value)


@pytest.mark.parametrize("unlock", ["not-that-one", "0000"])
def test_a_wrong_secret_is_tried_once(devices: MemoryDevices, unlock: str) -> None:
    with pytest.raises(AgentError) as refused:
        wipe(devices, "president", Hands(unlock=unlock), Person())
    assert refused.value.code is AgentCode.UNLOCK_REFUSED
    assert devices.so_tries == 1
    assert len(devices.certificates) == 2


def test_a_no_erases_nothing(devices: MemoryDevices) -> None:
    with pytest.raises(AgentError):
        wipe(devices, "president", Hands(), Person(frozenset({"wipe"})))
    assert (devices.so_tries, len(devices.certificates)) == (0, 2)


def test_the_pin_is_changed_with_one_try(devices: MemoryDevices) -> None:
    (device,) = devices.devices()
    change_pin(devices, device, Hands(new="a-new-pin-73"), Person())
    assert devices.pin_value == "a-new-pin-73"
    with pytest.raises(AgentError) as refused:
        change_pin(devices, device, Hands(new="another-pin-5", present=PIN), Person())
    assert refused.value.code is AgentCode.PIN_WRONG
    assert devices.acts.count("change-pin") == 2


def test_the_last_try_of_a_pin_needs_a_yes(devices: MemoryDevices) -> None:
    devices.flags = {"pin_final_try": True}
    (device,) = devices.devices()
    with pytest.raises(AgentError) as refused:
        change_pin(devices, device, Hands(), Person(frozenset({"last-try"})))
    assert refused.value.code is AgentCode.PIN_LAST_TRY
    assert devices.acts == []
