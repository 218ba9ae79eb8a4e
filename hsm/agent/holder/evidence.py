"""What goes with a certificate request: which device, what it says of its keys, and at which PC it was said.

Nothing here is proved: the service records it as claimed by the station that sent it.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from hsm.agent.devices import Devices
from hsm.keys import KeyRef
from hsm.pin import PinSource
from hsm.prepared.enrolment import KeyPurpose

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo

MAX_STATION = 64


def device_claim(device: DeviceInfo) -> dict[str, str]:
    """The device as it names itself."""
    names = ("label", "serial", "model", "manufacturer", "firmware", "hardware")
    return {name: getattr(device, name) for name in names}


def key_claims(devices: Devices, refs: Mapping[KeyPurpose, KeyRef], pins: PinSource) -> dict[str, object]:
    """What the device says of both keys (null: there is no such key), and this PC's name. Logs in."""
    claims: dict[str, object] = {
        purpose.value: asdict(devices.key_attributes(refs[purpose], pins)) if purpose in refs else None
        for purpose in KeyPurpose
    }
    return claims | {"station": station()}


def station() -> str:
    """This PC's own name for itself."""
    return (platform.node() or "unnamed")[:MAX_STATION]
