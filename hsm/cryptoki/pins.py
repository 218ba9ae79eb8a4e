"""Asking for a device's PIN, after its own flags were read."""

from hsm.cryptoki.info import DeviceInfo
from hsm.errors import PinLastTry, PinLocked
from hsm.pin import Pin, PinSource


def ask(info: DeviceInfo, pins: PinSource, *, each_time: bool = False) -> Pin | None:
    """Ask for the PIN of that device once; None when nothing needs to be typed here.

    :param each_time: the key asks its PIN for each signature, whether or not the device wants a login.

    Runs on the caller's thread: a person may take a minute.

    :raise PinLocked: the device says so, or has no PIN yet; nobody was asked.
    :raise PinLastTry: one try is left, and the source refuses or cannot be asked (PIN pad).
    """
    if info.pin_locked or not info.pin_set:
        state = "is locked" if info.pin_locked else "was never set"
        raise PinLocked(f"The PIN of device {info.address} {state}. Nothing was sent to it: it needs an unblock.")
    if info.protected_path:
        if info.pin_final_try:
            raise PinLastTry(
                f"Device {info.address} has one PIN try left and its PIN is typed on the reader. Nothing was asked: "
                "unblock it first."
            )
        return None
    if not info.login_required and not each_time:
        return None
    return pins.pin(device_label=info.label, device_serial=info.serial, last_try=info.pin_final_try)
