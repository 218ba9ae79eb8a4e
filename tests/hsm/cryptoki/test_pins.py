"""PINs: one try, no second one by any code, and no trace of them anywhere."""

import logging
import threading
import traceback

import pytest
from pkcs11 import TokenFlag
from pkcs11 import exceptions as driver

from hsm.cryptoki.module import Module
from hsm.errors import HsmError, KeyNotFound, PinLastTry, PinLocked, PinRefused
from hsm.keys import KeyRef, SignatureAlgorithm, verify
from hsm.pin import Pin
from tests.hsm.conftest import RIGHT, WRONG, Device, Typed
from tests.hsm.cryptoki.conftest import FakeDevice

FAKE = KeyRef(device_label="fake", device_serial="0001", key_id=b"\x01")
ECDSA = SignatureAlgorithm.ECDSA_SHA256


def test_a_wrong_pin_is_one_try_then_stop(fake_module: Module, fake: FakeDevice) -> None:
    person = Typed([WRONG])
    with pytest.raises(PinRefused, match="no program tries again"):
        fake_module.key(FAKE, person)
    assert fake.sent == [WRONG]
    assert len(person.asked) == 1


def test_a_refused_pin_is_never_sent_again(fake_module: Module, fake: FakeDevice) -> None:
    person = Typed([WRONG])
    for _ in range(5):
        with pytest.raises(PinRefused):
            fake_module.key(FAKE, person)
    assert fake.sent == [WRONG]


def test_thirty_two_callers_with_a_wrong_pin_send_it_once(fake_module: Module, fake: FakeDevice) -> None:
    refused: list[Exception] = []

    def call() -> None:
        try:
            fake_module.key(FAKE, Typed([WRONG]))
        except PinRefused as error:
            refused.append(error)

    threads = [threading.Thread(target=call) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 32
    assert fake.sent == [WRONG]


def test_another_pin_by_a_person_is_tried(fake_module: Module, fake: FakeDevice) -> None:
    person = Typed([WRONG, RIGHT])
    with pytest.raises(PinRefused):
        fake_module.key(FAKE, person)
    with pytest.raises(KeyNotFound):  # logged in; the fake has no key
        fake_module.key(FAKE, person)
    assert fake.sent == [WRONG, RIGHT]


@pytest.mark.parametrize("refusal", [driver.PinIncorrect, driver.PinInvalid, driver.PinLenRange])
def test_every_way_of_refusing_is_remembered(fake_module: Module, fake: FakeDevice, refusal: type[Exception]) -> None:
    fake.refusal = refusal
    for _ in range(2):
        with pytest.raises(PinRefused):
            fake_module.key(FAKE, Typed([WRONG]))
    assert len(fake.sent) == 1


def test_the_last_try_is_told_and_may_be_refused(fake_module: Module, fake: FakeDevice) -> None:
    fake.flags |= TokenFlag.USER_PIN_FINAL_TRY

    class Cautious(Typed):
        def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
            super().pin(device_label=device_label, device_serial=device_serial, last_try=last_try)
            raise PinLastTry("nobody said yes")

    person = Cautious([RIGHT])
    with pytest.raises(PinLastTry):
        fake_module.key(FAKE, person)
    assert person.asked == [True]
    assert fake.sent == []


def test_the_last_try_is_used_after_an_explicit_yes(fake_module: Module, fake: FakeDevice) -> None:
    fake.flags |= TokenFlag.USER_PIN_FINAL_TRY
    with pytest.raises(KeyNotFound):
        fake_module.key(FAKE, Typed([RIGHT]))
    assert fake.sent == [RIGHT]


@pytest.mark.parametrize("flags", [TokenFlag.USER_PIN_LOCKED, ~TokenFlag.USER_PIN_INITIALIZED])
def test_a_locked_or_unset_pin_is_not_asked_for(fake_module: Module, fake: FakeDevice, flags: TokenFlag) -> None:
    fake.flags = fake.flags | flags if flags is TokenFlag.USER_PIN_LOCKED else fake.flags & flags
    person = Typed([RIGHT])
    with pytest.raises(PinLocked, match="unblock"):
        fake_module.key(FAKE, person)
    assert person.asked == []
    assert fake.sent == []


def test_a_device_that_locks_says_so(fake_module: Module, fake: FakeDevice) -> None:
    fake.refusal = driver.PinLocked
    with pytest.raises(PinLocked):
        fake_module.key(FAKE, Typed([WRONG]))


def test_a_pin_pad_asks_on_its_own(fake_module: Module, fake: FakeDevice) -> None:
    fake.flags |= TokenFlag.PROTECTED_AUTHENTICATION_PATH
    person = Typed([RIGHT])
    with pytest.raises(KeyNotFound):
        fake_module.key(FAKE, person)
    assert person.asked == []
    assert not any(isinstance(each, str) for each in fake.sent)


def test_a_pin_pad_on_its_last_try_is_left_alone(fake_module: Module, fake: FakeDevice) -> None:
    fake.flags |= TokenFlag.PROTECTED_AUTHENTICATION_PATH | TokenFlag.USER_PIN_FINAL_TRY
    with pytest.raises(PinLastTry):
        fake_module.key(FAKE, Typed([RIGHT]))
    assert fake.sent == []


def test_softhsm_counts_the_wrong_pin_and_takes_the_right_one(device: Device, module: Module) -> None:
    ref = device.generate(module)
    found = next(each for each in module.devices() if each.label == device.label)
    assert not found.pin_count_low
    module.logout(found)
    with pytest.raises(PinRefused):
        module.key(ref, device.typed(WRONG))
    assert next(each for each in module.devices() if each.label == device.label).pin_count_low
    key = module.key(ref, device.typed())
    verify(key.public_key, key.sign(b"m", ECDSA), b"m", ECDSA)
    assert not next(each for each in module.devices() if each.label == device.label).pin_count_low


def test_login_is_once_for_many_keys_and_signatures(device: Device, module: Module) -> None:
    refs = [device.generate(module) for _ in range(2)]
    module.logout(next(each for each in module.devices() if each.label == device.label))
    person = device.typed()
    for ref in refs:
        key = module.key(ref, person)
        for _ in range(3):
            key.sign(b"m", ECDSA)
    assert len(person.asked) == 1


def test_a_key_that_always_authenticates_asks_each_time(device: Device, module: Module) -> None:
    ref = device.generate(module, always_authenticate=True)
    person = device.typed()
    key = module.key(ref, person)
    assert key.always_authenticate
    for turn in range(1, 4):
        verify(key.public_key, key.sign(b"m", ECDSA), b"m", ECDSA)
        assert len(person.asked) == turn


def test_a_wrong_pin_for_one_signature_is_one_try_too(device: Device, module: Module) -> None:
    ref = device.generate(module, always_authenticate=True)
    person = device.typed(WRONG, WRONG, RIGHT)
    key = module.key(ref, person)
    with pytest.raises(PinRefused):
        key.sign(b"m", ECDSA)
    assert len(person.asked) == 1
    # The device was left logged out: the next signature's PIN logs in too. The same wrong PIN is not sent again.
    with pytest.raises(PinRefused, match="not sent again"):
        key.sign(b"m", ECDSA)
    verify(key.public_key, key.sign(b"m", ECDSA), b"m", ECDSA)
    assert len(person.asked) == 3


def test_the_pin_leaves_no_trace(
    device: Device, module: Module, fake_module: Module, fake: FakeDevice, caplog: pytest.LogCaptureFixture
) -> None:
    """Canary: neither the right nor the wrong PIN is in a message, a repr, a log or the locals of any frame."""
    caplog.set_level(logging.DEBUG)
    ref = device.generate(module, always_authenticate=True)
    right, wrong = device.typed(), device.typed(WRONG)
    seen = [repr(module), repr(module.key(ref, right)), repr(Pin(RIGHT)), f"{Pin(WRONG)}"]
    for attempt in (
        lambda: module.key(ref, wrong).sign(b"m", ECDSA),
        lambda: module.key(ref, right).sign(b"m", SignatureAlgorithm.RSA_PSS_SHA256),
        lambda: fake_module.key(FAKE, wrong),
        lambda: fake_module.key(FAKE, right),
        lambda: fake_module.key(FAKE, wrong),
    ):
        with pytest.raises(HsmError) as caught:
            attempt()
        story = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        # The tests' own frames hold PINs by design; those of the driver must not.
        seen += [str(frame.locals) for frame in story.stack if "/tests/" not in frame.filename]
        seen += [str(caught.value), repr(caught.value)]
        assert caught.value.__context__ is None, "an inner story hangs on it"
    assert len(seen) > 8
    for text in [*seen, caplog.text]:
        assert RIGHT not in text
        assert WRONG not in text
