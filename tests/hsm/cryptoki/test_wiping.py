"""A returned device is wiped: the agent's road on the real driver, and what is found on the device afterwards."""

from collections.abc import Iterator

import pytest

from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.holder.wiping import wipe
from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.provisioning import SOFTHSM_MODULE
from hsm.cryptoki.standing import ModulePath
from hsm.cryptoki.station import Station
from hsm.errors import KeyNotFound, PinLocked
from hsm.keys import KeyKind, KeyRef
from hsm.pin import Pin
from tests.hsm.agent.holder.test_personalising import Hands
from tests.hsm.agent.supplied import Person
from tests.hsm.conftest import Device, Typed
from tests.hsm.cryptoki.test_certificates import certificate

SO, FIRST, NEXT = Pin("so-48151623"), Pin("70318842"), Pin("29941057")


@pytest.fixture
def station(device: Device) -> Iterator[Station]:
    with Station([ModulePath(path=SOFTHSM_MODULE, softhsm_conf=device.conf)]) as opened:
        yield opened


@pytest.fixture
def held(station: Station) -> KeyRef:
    """A device with a key and its certificate; logged in to."""
    blank = next(each for each in station.devices() if not each.initialised)
    made = station.initialise(blank, label="holder", so_pin=SO, pin=FIRST)
    typed = Typed([FIRST.reveal()])
    ref, public_key = station.generate_key_pair(
        device_label=made.label,
        device_serial=made.serial,
        kind=KeyKind.EC_P256,
        label="signature",
        key_id=b"\x01",
        pins=typed,
    )
    station.write_certificate(ref, certificate(public_key), label="signature", pins=typed)
    return ref


def present(station: Station) -> DeviceInfo:
    (found,) = (each for each in station.devices() if each.label == "holder")
    return found


def test_nothing_is_left_and_the_device_serves_the_next_holder(station: Station, held: KeyRef) -> None:
    old = station.key(held, Typed([FIRST.reveal()]))
    after = wipe(station, "holder", Hands(unlock=SO.reveal()), Person())
    assert (after.label, after.serial, after.pin_set) == (held.device_label, held.device_serial, False)
    with pytest.raises(PinLocked):
        old.sign(b"m", old.algorithms[0])
    station.unblock(after, so_pin=SO, new=NEXT)
    assert station.find_keys(present(station), Typed([NEXT.reveal()])) == []
    assert station.read_certificates(present(station)) == []
    with pytest.raises(KeyNotFound):
        old.sign(b"m", old.algorithms[0])


def test_a_wrong_so_pin_erases_nothing(station: Station, held: KeyRef) -> None:
    with pytest.raises(AgentError) as refused:
        wipe(station, "holder", Hands(unlock="so-00000000"), Person())
    assert refused.value.code is AgentCode.UNLOCK_REFUSED
    assert len(station.read_certificates(present(station))) == 1
    key = station.key(held, Typed([FIRST.reveal()]))
    assert key.sign(b"m", key.algorithms[0])
