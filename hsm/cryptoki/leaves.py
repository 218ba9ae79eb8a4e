"""Errors that cross from one process to another, by name."""

from hsm import errors
from hsm.cryptoki.errors import DeviceRefused
from hsm.errors import HsmError

LEAVES: dict[str, type[HsmError]] = {
    leaf.__name__: leaf
    for leaf in (
        errors.PinRefused,
        errors.PinLastTry,
        errors.PinLocked,
        errors.PinRequired,
        errors.DeviceUnavailable,
        errors.DeviceMismatch,
        errors.DeviceTimeout,
        errors.KeyNotFound,
        errors.MechanismUnsupported,
        DeviceRefused,
    )
}
