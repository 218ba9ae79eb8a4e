"""The holder's PIN changed by himself: the old one once, the new one twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsm.agent.devices import Devices
from hsm.agent.errors import AgentCode, AgentError
from hsm.errors import PinRefused
from hsm.pin import Pin

from .device_consent import DeviceConsent
from .pin_rules import PinRules
from .typed_secrets import TypedSecrets

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo


def change_pin(devices: Devices, device: DeviceInfo, typed: TypedSecrets, consent: DeviceConsent) -> Pin:
    """Change the PIN with one try of the old one; returns the new one, for what follows at once.

    On a PIN pad both are typed there, and the answer is of no use (the pad asks again).

    :raise AgentError: `PIN_LOCKED`, `PIN_UNSET`, `PIN_LAST_TRY`, `PIN_RULE`, `PIN_WRONG`.
    :raise hsm.errors.HsmError: the device went away or did not take the new PIN; the old one holds.
    """
    if device.pin_locked:
        raise AgentError(AgentCode.PIN_LOCKED)
    if not device.pin_set:
        raise AgentError(AgentCode.PIN_UNSET, device=device.label, fix="Ask the officer of keys.")
    if device.pin_final_try:
        consent.to_last_try(f"{device.label} ({device.serial})")
    if device.protected_path:
        unused = Pin("typed on the pad")
        devices.change_pin(device, old=unused, new=unused, last_try=device.pin_final_try)
        return unused
    old = typed.present_pin(device.label)
    new = typed.new_pin(device.label, PinRules.of(device), before=old)
    try:
        devices.change_pin(device, old=old, new=new, last_try=device.pin_final_try)
    except PinRefused as error:
        raise AgentError(AgentCode.PIN_WRONG, kept=0, count=0) from error
    return new


def first_pin(devices: Devices, device: DeviceInfo, typed: TypedSecrets, consent: DeviceConsent) -> Pin | None:
    """Have a delivered device's first PIN set, if it needs one: None where the holder's own PIN is in force.

    A transport PIN is changed; a PIN that was never set is set with the unlock secret of the supplier's letter.

    :raise AgentError: as `change_pin`; `UNLOCK_REFUSED`.
    """
    if device.pin_set and not device.pin_to_be_changed:
        return None
    if device.pin_set:
        return change_pin(devices, device, typed, consent)
    if device.so_pin_final_try:
        consent.to_last_try(f"{device.label} ({device.serial})")
    secret = typed.unlock_secret(device.label)
    new = typed.new_pin(device.label, PinRules.of(device), before=secret)
    try:
        devices.unblock(device, so_pin=secret, new=new, last_try=device.so_pin_final_try)
    except PinRefused as error:
        raise AgentError(AgentCode.UNLOCK_REFUSED, device=device.label) from error
    return new
