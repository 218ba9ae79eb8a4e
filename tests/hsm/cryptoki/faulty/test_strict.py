"""Keys that ask their PIN for each signature, and devices whose PIN is typed on a pad."""

from collections.abc import Callable

import pytest

from hsm.cryptoki.module import Module
from hsm.cryptoki.station import Station
from hsm.errors import HsmError, MechanismUnsupported, PinError, PinLastTry, PinRefused
from hsm.pin import Pin
from tests.hsm.conftest import RIGHT, WRONG, Device, Typed
from tests.hsm.cryptoki.faulty.conftest import ECDSA, present, sign
from tests.rig.faulty.codes import CKR
from tests.rig.faulty.control import Faulty

ONE_SIGNATURE = 2
"""CKU_CONTEXT_SPECIFIC."""
NEW = "50417722"


def context_logins(faulty: Faulty) -> list[str]:
    return [each.result for each in faulty.calls("C_Login") if each.user == ONE_SIGNATURE]


class Nobody(Typed):
    """Left the desk."""

    def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
        super().pin(device_label=device_label, device_serial=device_serial, last_try=last_try)
        raise PinLastTry("Nobody is there. Nothing was sent.")


def test_each_signature_has_one_context_login_of_its_own(device: Device, module: Module, faulty: Faulty) -> None:
    faulty.always_authenticate()
    person = device.typed()
    key = module.key(device.generate(module), person)
    assert key.always_authenticate
    assert person.asked == [], "the login of the key's making serves"
    for turn in range(1, 5):
        sign(key)
        assert context_logins(faulty) == ["CKR_OK"] * turn
        assert len(person.asked) == turn
    order = [each.function for each in faulty.calls() if each.function in {"C_SignInit", "C_Login", "C_Sign"}]
    assert order[-12:] == ["C_SignInit", "C_Login", "C_Sign"] * 4


def test_one_strict_key_leaves_the_others_ordinary(device: Device, module: Module, faulty: Faulty) -> None:
    strict, ordinary = device.generate(module), device.generate(module)
    faulty.always_authenticate(strict.key_id)
    person = device.typed()
    keys = [module.key(each, person) for each in (strict, ordinary)]
    assert [each.always_authenticate for each in keys] == [True, False]
    for _ in range(2):
        for each in keys:
            sign(each)
    assert len(person.asked) == len(context_logins(faulty)) == 2


def test_a_key_known_to_be_strict_asks_as_many_pins_as_signatures(
    device: Device, module: Module, faulty: Faulty
) -> None:
    ref = device.generate(module)
    module.logout(present(module))
    faulty.always_authenticate()
    person, sent = device.typed(), len(faulty.pins_sent())
    key = module.key(ref, person, always_authenticate=True)
    assert person.asked == []
    assert len(faulty.pins_sent()) == sent, "nobody logs in to look at it"
    for turn in range(1, 5):
        sign(key)
        assert len(person.asked) == turn
    # The first PIN serves twice: for the login and for its signature.
    assert len(faulty.pins_sent()) == sent + 5
    assert context_logins(faulty) == ["CKR_OK"] * 4


@pytest.mark.parametrize("told", [True, None])
def test_a_key_that_does_not_say_so_and_is_strict_signs_nothing_unasked(
    device: Device, module: Module, faulty: Faulty, *, told: bool | None
) -> None:
    """Known from before, although the device keeps silent: one PIN each. Not known: an error that says what."""
    ref = device.generate(module)
    faulty.always_authenticate()
    faulty.attribute("CKA_ALWAYS_AUTHENTICATE", told=None)
    key = module.key(ref, device.typed(), always_authenticate=told)
    if told:
        sign(key)
        return
    assert not key.always_authenticate
    with pytest.raises(PinError):
        key.sign(b"m", ECDSA)
    assert context_logins(faulty) == []


def test_a_wrong_pin_for_one_signature_is_sent_once(device: Device, module: Module, faulty: Faulty) -> None:
    faulty.always_authenticate()
    person = device.typed(WRONG, WRONG, WRONG, RIGHT)
    key = module.key(device.generate(module), person)
    sent = len(faulty.pins_sent())
    for _ in range(3):
        with pytest.raises(PinRefused):
            key.sign(b"m", ECDSA)
    assert faulty.counted("C_Sign") == 0
    assert len(faulty.pins_sent()) == sent + 1
    sign(key)


def test_without_a_pin_nothing_is_begun(device: Device, module: Module, faulty: Faulty) -> None:
    faulty.always_authenticate()
    nobody = Nobody([RIGHT])
    key = module.key(device.generate(module), nobody)
    sent, begun = len(faulty.pins_sent()), faulty.counted("C_SignInit")
    with pytest.raises(PinError):
        key.sign(b"m", ECDSA)
    assert len(nobody.asked) == 1
    assert (len(faulty.pins_sent()), faulty.counted("C_SignInit")) == (sent, begun)


@pytest.mark.parametrize("code", [CKR.DEVICE_REMOVED, CKR.SESSION_HANDLE_INVALID, CKR.USER_NOT_LOGGED_IN])
@pytest.mark.parametrize("function", ["C_SignInit", "C_Login", "C_Sign"])
def test_a_strict_signature_cut_short_sends_no_second_pin_for_itself(
    device: Device, module: Module, faulty: Faulty, function: str, code: CKR
) -> None:
    """Cut short after the PIN was sent, it is an error. Before that, the PIN just given opens the device anew."""
    faulty.always_authenticate()
    person = device.typed()
    key = module.key(device.generate(module), person)
    sign(key)
    sent, asked = len(context_logins(faulty)), len(person.asked)
    faulty.answer(function, code, at=1)
    mended = function == "C_SignInit" and code is not CKR.DEVICE_REMOVED
    if mended:
        sign(key)
    else:
        with pytest.raises(HsmError, match="Nothing"):
            key.sign(b"m", ECDSA)
    assert len(person.asked) == asked + 1
    assert len(context_logins(faulty)) == sent + (mended or function != "C_SignInit")
    sign(key)


def test_on_a_pad_nothing_is_typed_here(device: Device, module: Module, faulty: Faulty) -> None:
    strict, ordinary = device.generate(module), device.generate(module)
    module.logout(present(module))
    faulty.always_authenticate(strict.key_id)
    faulty.pad(user=RIGHT)
    person, sent = device.typed(), len(faulty.pins_sent())
    sign(module.key(ordinary, person))
    assert len(faulty.pins_sent()) == sent + 1
    key = module.key(strict, person)
    for turn in range(1, 4):
        sign(key)
        assert len(context_logins(faulty)) == turn
    assert person.asked == []
    assert {each.pin for each in faulty.pins_sent()[sent:]} == {"pad"}


def test_a_pad_where_nothing_is_typed_signs_nothing(device: Device, module: Module, faulty: Faulty) -> None:
    ref = device.generate(module)
    module.logout(present(module))
    faulty.pad()
    asked = faulty.counted("pad")
    with pytest.raises(HsmError, match="Nothing was done"):
        module.key(ref, device.typed())
    assert faulty.counted("pad") == asked + 1, "the pad is not made to ask again"
    faulty.pad(user=RIGHT)
    sign(module.key(ref, device.typed()))


@pytest.mark.parametrize("code", [CKR.FUNCTION_CANCELED, CKR.PIN_INCORRECT, CKR.DEVICE_ERROR])
def test_a_pad_that_gives_up_on_a_signature_is_asked_once(
    device: Device, module: Module, faulty: Faulty, code: CKR
) -> None:
    faulty.always_authenticate()
    ref = device.generate(module)
    module.logout(present(module))
    faulty.pad(user=RIGHT)
    key = module.key(ref, device.typed())
    sign(key)
    asked = faulty.counted("C_Login")
    faulty.answer("C_Login", code, at=1)
    with pytest.raises(HsmError):
        key.sign(b"m", ECDSA)
    assert faulty.counted("C_Login") == asked + 1
    sign(key)


def test_a_wrong_pin_on_the_pad_is_the_persons_affair(device: Device, module: Module, faulty: Faulty) -> None:
    """One try a call; what is typed there cannot be known here, so the next call may ask again."""
    ref = device.generate(module)
    module.logout(present(module))
    for typed in (WRONG, WRONG):
        faulty.pad(user=typed)
        sent = len(faulty.pins_sent())
        with pytest.raises(PinRefused):
            module.key(ref, device.typed())
        assert len(faulty.pins_sent()) == sent + 1
    faulty.pad(user=RIGHT)
    sign(module.key(ref, device.typed()))


Act = Callable[[Module | Station], None]
HERE = Pin("00998877")
"""Given by the program; a device with a pad must never see it."""
SO = Pin("so-48151623")


def changed(module: Module | Station) -> None:
    module.change_pin(present(module), old=HERE, new=Pin("99887700"))


def unblocked(module: Module | Station) -> None:
    module.unblock(present(module), so_pin=HERE, new=Pin("99887700"))


@pytest.mark.parametrize("act", [changed, unblocked])
def test_a_new_pin_is_typed_on_the_pad(device: Device, module: Module, faulty: Faulty, act: Act) -> None:
    fresh = next(each for each in module.devices() if not each.initialised)
    module.initialise(fresh, label="holder", so_pin=SO, pin=Pin(RIGHT))
    faulty.hide("device")
    faulty.pad(user=WRONG, so="so-wrong", new=NEW)
    for _ in range(2):  # what was typed is not known here: the same call may be made again
        before = len([each for each in faulty.calls() if each.pin == "pad"])
        with pytest.raises(PinRefused):
            act(module)
        assert len([each for each in faulty.calls() if each.pin == "pad"]) == before + 1
    faulty.pad(user=RIGHT, so=SO.reveal(), new=NEW)
    given = len([each for each in faulty.calls() if each.pin == "given"])
    act(module)
    faulty.pad(user=NEW)
    assert module.find_keys(present(module), Typed([WRONG])) == []
    assert len([each for each in faulty.calls() if each.pin == "given"]) == given
    faulty.pad(user=RIGHT)
    module.logout(present(module))
    with pytest.raises(PinRefused):
        module.find_keys(present(module), Typed([WRONG]))


def test_an_so_pin_typed_on_a_pad_is_not_changed_from_here(module: Module, faulty: Faulty) -> None:
    faulty.pad(so=SO.reveal(), new="so-55558888")
    begun = faulty.counted("C_SetPIN") + faulty.counted("C_Login")
    with pytest.raises(MechanismUnsupported, match="pad"):
        module.change_so_pin(present(module), old=SO, new=HERE)
    assert faulty.counted("C_SetPIN") + faulty.counted("C_Login") == begun


@pytest.mark.parametrize("act", [changed, unblocked])
def test_through_a_station_a_pad_may_be_used_again_after_a_slip(station: Station, faulty: Faulty, act: Act) -> None:
    """What was given here was not what was typed there: it is not remembered as refused."""
    faulty.pad(user=WRONG, so="so-wrong", new=NEW)
    faulty.hide_empty()
    for turn in (1, 2):
        with pytest.raises(PinRefused):
            act(station)
        assert len([each for each in faulty.calls() if each.pin == "pad"]) == turn
    assert {each.pin for each in faulty.calls() if each.pin} == {"pad"}
