"""`khatam-agent device wipe`: a device that goes back holds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsm.agent.devices import Devices, plugged_in
from hsm.agent.errors import AgentCode, AgentError
from hsm.errors import PinRefused

from .device_consent import DeviceConsent, WipeRequest
from .pair import held_certificates
from .typed_secrets import TypedSecrets

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo


def named_device(devices: Devices, label: str) -> DeviceInfo:
    """The one device of that label, locked or not.

    :raise AgentError: `DEVICE_ABSENT`, `SEVERAL_DEVICES`.
    """
    found = [device for device in plugged_in(devices) if device.label == label]
    if not found:
        raise AgentError(AgentCode.DEVICE_ABSENT, wanted=label)
    if len(found) > 1:
        raise AgentError(AgentCode.SEVERAL_DEVICES, count=len(found), label=label)
    return found[0]


def wipe(devices: Devices, label: str, typed: TypedSecrets, consent: DeviceConsent) -> DeviceInfo:
    """Erase the device of that label, with one try of its unlock secret; what it says afterwards is read back.

    :raise AgentError: `NOT_WIPED`: something is left on it. `UNLOCK_REFUSED`, `CONSENT`: nothing was done.
    """
    # THREAT: a returned device goes to another person with a key in it; or the wrong one of two devices is erased.
    # DEFENCE: the label is typed as the yes, one try of the secret; certificates and PIN are looked for afterwards.
    # TEST: tests/hsm/agent/holder/test_wiping.py::test_what_is_left_is_said
    device = named_device(devices, label)
    name = f"{device.label} ({device.serial})"
    held = held_certificates(devices.read_certificates(device))
    consent.to_wipe(WipeRequest(label=label, device=name, holds=tuple(dict.fromkeys(each.named for each in held))))
    if device.so_pin_final_try:
        consent.to_last_try(name)
    try:
        devices.wipe(device, so_pin=typed.unlock_secret(label), last_try=device.so_pin_final_try)
    except PinRefused as error:
        raise AgentError(AgentCode.UNLOCK_REFUSED, device=label) from error
    after = next((each for each in devices.devices() if each.serial == device.serial), None)
    if after is None:
        raise AgentError(AgentCode.DEVICE_REMOVED, kept=0, count=0)
    left = {"certificates": bool(devices.read_certificates(after)), "a PIN": after.pin_set}
    if any(left.values()):
        raise AgentError(AgentCode.NOT_WIPED, device=label, what=" and ".join(name for name in left if left[name]))
    return after
