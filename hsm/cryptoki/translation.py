"""The border: what python-pkcs11 raises becomes one of our leaves, and nothing of it goes further.

A message names the act and the driver's class, never an argument: arguments may hold a PIN.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pkcs11 import exceptions as driver

from hsm.cryptoki.errors import DeviceRefused
from hsm.errors import (
    DeviceUnavailable,
    HsmError,
    KeyNotFound,
    MechanismUnsupported,
    PinLocked,
    PinRefused,
    PinRequired,
)

_PIN_REFUSED = "The device refused the PIN. Nothing was done; no program tries again: a few wrong PINs lock the device."
_PIN_LOCKED = "The device's PIN is locked, expired or was never set. Nothing was done: it needs an unblock."
_PIN_REQUIRED = "The key asks for its PIN and none was given. Nothing was done."

LEAVES: dict[type[Exception], tuple[type[HsmError], str]] = {
    driver.PinIncorrect: (PinRefused, _PIN_REFUSED),
    driver.PinInvalid: (PinRefused, _PIN_REFUSED),
    driver.PinLenRange: (PinRefused, _PIN_REFUSED),
    driver.PinLocked: (PinLocked, _PIN_LOCKED),
    driver.PinExpired: (PinLocked, _PIN_LOCKED),
    driver.UserPinNotInitialized: (PinLocked, _PIN_LOCKED),
    driver.UserNotLoggedIn: (PinRequired, _PIN_REQUIRED),
}

_UNSUPPORTED = (
    driver.MechanismInvalid,
    driver.MechanismParamInvalid,
    driver.KeySizeRange,
    driver.KeyTypeInconsistent,
    driver.FunctionNotSupported,
    driver.DomainParamsInvalid,
    driver.DataLenRange,
)
_REFUSED = (
    driver.TokenWriteProtected,
    driver.DeviceMemory,
    driver.TemplateIncomplete,
    driver.TemplateInconsistent,
    driver.AttributeReadOnly,
    driver.AttributeTypeInvalid,
    driver.AttributeValueInvalid,
    driver.AttributeSensitive,
    driver.ArgumentsBad,
    driver.SessionReadOnly,
    driver.PinTooWeak,
    driver.FunctionRejected,
    driver.FunctionCancelled,
)


def translate(error: Exception, act: str) -> HsmError:
    """Return our leaf for what the driver raised during `act` ("sign", "log in", …).

    What is not known to be final counts as `DeviceUnavailable`: a removed device says so under many
    names (DeviceRemoved, SessionHandleInvalid, TokenNotPresent, GeneralError …), and the caller opens it anew.
    """
    name = type(error).__name__
    for kind, (leaf, sentence) in LEAVES.items():
        if isinstance(error, kind):
            return leaf(sentence)
    if isinstance(error, driver.NoSuchKey | driver.MultipleObjectsReturned):
        return KeyNotFound(f"The device has no such key, or several under one id. Nothing was done ({act}).")
    if isinstance(error, _UNSUPPORTED):
        return MechanismUnsupported(f"The device cannot do this: {act} ({name}). Nothing was done.")
    if isinstance(error, _REFUSED):
        return DeviceRefused(f"The device refused to {act} ({name}). Nothing was done.")
    return DeviceUnavailable(
        f"The device or its module did not answer as it should: {act} ({name}). Nothing came out of it: "
        "try again once the device is back."
    )


@contextmanager
def translated(act: str) -> Iterator[None]:
    """Translate whatever the driver raises inside; our own errors pass. The driver's story is cut off."""
    try:
        yield
    except HsmError:
        raise
    except (driver.PKCS11Error, NotImplementedError, KeyError, ValueError, UnicodeError) as error:
        raise translate(error, act) from None
