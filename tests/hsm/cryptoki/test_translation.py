"""The driver's exceptions stop at the border."""

import pytest
from pkcs11 import exceptions as driver

from hsm.cryptoki.translation import translated
from hsm.errors import DeviceUnavailable, HsmError, MechanismUnsupported, PinLocked, PinRefused, PinRequired

EVERY = sorted(driver.PKCS11Error.__subclasses__(), key=lambda each: each.__name__)


@pytest.mark.parametrize("kind", EVERY)
def test_each_becomes_a_leaf_that_says_what_did_not_happen(kind: type[Exception]) -> None:
    with pytest.raises(HsmError) as caught, translated("sign"):
        raise kind("canary")
    assert not type(caught.value).__subclasses__()
    assert "canary" not in str(caught.value)
    assert "Noth" in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("kind", "leaf"),
    [
        (driver.PinIncorrect, PinRefused),
        (driver.PinLocked, PinLocked),
        (driver.UserNotLoggedIn, PinRequired),
        (driver.DeviceRemoved, DeviceUnavailable),
        (driver.SessionHandleInvalid, DeviceUnavailable),
        (driver.TokenNotPresent, DeviceUnavailable),
        (driver.GeneralError, DeviceUnavailable),
        (driver.MechanismInvalid, MechanismUnsupported),
    ],
)
def test_what_callers_decide_on(kind: type[Exception], leaf: type[HsmError]) -> None:
    with pytest.raises(leaf), translated("sign"):
        raise kind


def test_our_own_errors_pass_unchanged() -> None:
    ours = PinLocked("as it was")
    with pytest.raises(PinLocked) as caught, translated("sign"):
        raise ours
    assert caught.value is ours
