"""The driver on a TPM: initialised by the driver, then locked by three wrong PINs, its SO PIN with it."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.station import Station
from hsm.errors import DeviceError, PinLocked, PinRefused
from hsm.keys import KeyKind, KeyRef, SigningKey, verify
from hsm.pin import Pin
from tests.hsm.conftest import RIGHT, WRONG, Typed
from tests.hsm.cryptoki.contract import (
    key,
    test_every_algorithm_it_names_makes_a_good_value,
    test_messages_of_any_size,
    test_the_default_algorithm_comes_first,
    test_thirty_two_callers_at_once,
    test_what_it_does_not_name_is_refused,
)
from tests.rig.estates.tpm import TpmEstate

__all__ = [
    "key",
    "test_every_algorithm_it_names_makes_a_good_value",
    "test_messages_of_any_size",
    "test_the_default_algorithm_comes_first",
    "test_thirty_two_callers_at_once",
    "test_what_it_does_not_name_is_refused",
]

pytestmark = pytest.mark.soak
LABEL = "TEST TPM"
SO_PIN = "58203917"
KINDS_OF_TOOL = {"rsa-2048": "rsa:2048", "ec-p256": "EC:prime256v1"}


@dataclass(frozen=True, slots=True)
class TpmKeyring:
    """Keys made in the TPM, by role."""

    estate: TpmEstate
    driver: Station
    device: DeviceInfo
    refs: dict[str, KeyRef]

    def key(self, role: str) -> SigningKey:
        return self.driver.key(self.refs[role], Typed([RIGHT]))


@pytest.fixture(scope="module")
def keyring() -> Iterator[TpmKeyring]:
    with TpmEstate.start() as estate:
        with Station([estate.module]) as driver:
            (empty,) = driver.devices()
            assert not empty.initialised
            device = driver.initialise(empty, label=LABEL, so_pin=Pin(SO_PIN), pin=Pin(RIGHT))
        refs = {}
        for role, kind in KINDS_OF_TOOL.items():
            key_id = secrets.token_bytes(8)
            estate.make_key(LABEL, RIGHT, kind, key_id)
            refs[role] = KeyRef(device_label=device.label, device_serial=device.serial, key_id=key_id)
        with Station([estate.module]) as driver:
            yield TpmKeyring(estate, driver, device, refs)


@pytest.fixture(scope="module")
def roles() -> tuple[str, ...]:
    return tuple(KINDS_OF_TOOL)


def test_the_keys_do_not_leave(keyring: TpmKeyring) -> None:
    for ref in keyring.refs.values():
        said = keyring.driver.key_attributes(ref, Typed([RIGHT]))
        assert (said.sensitive, said.extractable, said.never_extractable, said.local) == (True, False, True, True)


def test_pss_is_not_named_where_the_slot_does_not_offer_it(keyring: TpmKeyring) -> None:
    key = keyring.key("rsa-2048")
    assert {each for each in key.algorithms if each.value.startswith("rsa-pkcs1v15")} == set(key.algorithms)


def test_a_template_that_it_does_not_take_leaves_no_key_behind(keyring: TpmKeyring) -> None:
    driver, device = keyring.driver, keyring.device
    before = {each.ref for each in driver.find_keys(device, Typed([RIGHT]))}
    # tpm2-pkcs11 makes keys that both sign and decrypt, or none. A signature key of ours may only sign.
    with pytest.raises(DeviceError):
        driver.generate_key_pair(
            device_label=device.label,
            device_serial=device.serial,
            kind=KeyKind.EC_P256,
            label="signature",
            key_id=secrets.token_bytes(8),
            pins=Typed([RIGHT]),
        )
    assert {each.ref for each in driver.find_keys(device, Typed([RIGHT]))} == before == set(keyring.refs.values())


def test_three_wrong_pins_lock_it_and_the_so_pin_with_it(keyring: TpmKeyring) -> None:
    driver, ref = keyring.driver, keyring.refs["ec-p256"]
    driver.logout(keyring.device)
    for number in range(3):
        typed = Typed([f"{WRONG[:-1]}{number}"])
        with pytest.raises((PinRefused, PinLocked)):
            driver.key(ref, typed)
        assert len(typed.asked) == 1
    with pytest.raises(PinLocked):
        driver.key(ref, Typed([RIGHT]))
    # One counter for the whole TPM: its SO PIN is locked too.
    with pytest.raises(PinLocked):
        driver.unblock(keyring.device, so_pin=Pin(SO_PIN), new=Pin("48151623"))
    keyring.estate.end_lockout()
    driver.unblock(keyring.device, so_pin=Pin(SO_PIN), new=Pin("48151623"))
    key = driver.key(ref, Typed(["48151623"]))
    verify(key.public_key, key.sign(b"x", key.algorithms[0]), b"x", key.algorithms[0])
