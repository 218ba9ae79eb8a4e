"""Whether a device is plugged in, while a person reads or types: looked at behind, told at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .devices import Devices

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo

EVERY_SECONDS = 0.5
"""Between two looks; with the second that a look may take, what is pulled out is told within two."""
Changed = Callable[[list["DeviceInfo"]], None]


@contextmanager
def watching(devices: Devices, changed: Changed, *, every: float = EVERY_SECONDS) -> Iterator[None]:
    """Have `changed` called on a thread of its own: at first with what is there, then whenever that is another."""
    from hsm.cryptoki.watch import Watch

    own = getattr(devices, "watch", None)
    watch = own(changed, every=every) if callable(own) else Watch(lambda: list(devices.devices()), changed, every=every)
    try:
        yield
    finally:
        watch.close()


@contextmanager
def watched(devices: Devices, device: DeviceInfo, *, every: float = EVERY_SECONDS) -> Iterator[Callable[[], bool]]:
    """Whether exactly that device is there, as last seen; the function returns at once, on any thread."""
    # THREAT: the key is pulled out while its holder types, and what he typed waits for whoever plugs in the next one.
    # DEFENCE: while a PIN may be typed, its device is looked for by label and serial; gone is gone at the next look.
    # TEST: tests/hsm/agent/window/test_removal.py::test_a_pulled_token_is_said_within_two_seconds
    there = threading.Event()
    there.set()

    def changed(found: list[DeviceInfo]) -> None:
        is_there = any((each.label, each.serial) == (device.label, device.serial) for each in found)
        there.set() if is_there else there.clear()

    with watching(devices, changed, every=every):
        yield there.is_set
