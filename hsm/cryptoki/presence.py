"""Which devices the modules of this PC show, and which module shows a given one."""

import threading
import time
from collections.abc import Sequence
from typing import Final

from hsm.cryptoki.answers import sense, value_of
from hsm.cryptoki.channel import unpack_info
from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.supervisor import Busy, Supervisor
from hsm.errors import DeviceError, DeviceMismatch, DeviceUnavailable

GLANCE_SECONDS: Final = 1.0
"""With half a second between two looks, and pcscd's own, what comes or goes is told within two."""
FIRST_GLANCE_SECONDS: Final = 10.0
"""Until a module answered once its worker may still be starting: nothing is told to be absent because of that."""
Found = tuple[Supervisor, DeviceInfo]


class Presence:
    """The devices as they were last seen, and the look at them. Safe for many threads."""

    def __init__(self, supervisors: Sequence[Supervisor], *, timeout: float) -> None:
        self._supervisors = supervisors
        self._timeout = timeout
        self._last: dict[Supervisor, list[DeviceInfo]] = {}

    def devices(self) -> list[DeviceInfo]:
        """Look at every module. Nothing of one that fails; one that stays busy counts as it was."""
        return self._seen_by_all(patience=None, seconds=None)

    def glance(self) -> list[DeviceInfo]:
        """Look at every module that is free; one that is busy, or slow to answer, counts as it was."""
        is_first = any(each not in self._last for each in self._supervisors)
        return self._seen_by_all(patience=0.0, seconds=FIRST_GLANCE_SECONDS if is_first else GLANCE_SECONDS)

    def of(self, device: DeviceInfo) -> Found:
        """The module that shows that device, and the device as given."""
        for each in self._supervisors:
            if device.module is not None and each.shows(device.module):
                return each, device
        return self.holding(device.label, device.serial)

    def holding(self, label: str, serial: str) -> Found:
        """The module that shows the device of that label and serial: as last seen, else after a look at all.

        :raise DeviceMismatch: another one of that label is there.
        :raise DeviceUnavailable: it is not there; the sentence names the modules that failed.
        """

        def named(infos: list[DeviceInfo]) -> DeviceInfo | None:
            return next((info for info in infos if (info.label, info.serial) == (label, serial)), None)

        # A copy: a watch looks meanwhile.
        for each, infos in list(self._last.items()):
            if (known := named(infos)) is not None:
                return each, known
        same_label = False
        for each in self._supervisors:
            infos = self._look(each)
            if (known := named(infos)) is not None:
                return each, known
            same_label = same_label or any(info.label == label for info in infos)
        if same_label:
            raise DeviceMismatch(f"The device present is not {label!r} (serial {serial}). Nothing was done.")
        failed = [each.state.said for each in self._supervisors if each.state.said]
        reason = " ".join(failed) if failed else "Connect it and try again."
        raise DeviceUnavailable(f"The device {label!r} (serial {serial}) is not there. Nothing was done. {reason}")

    def _seen_by_all(self, *, patience: float | None, seconds: float | None) -> list[DeviceInfo]:
        """Look at all modules at once: one that hangs hides nothing of the others.

        :param seconds: for all of them; None: until each has answered or failed.
        """
        begun = time.monotonic()
        looks = [
            threading.Thread(target=self._look, args=(each,), kwargs={"patience": patience}, daemon=True)
            for each in self._supervisors
        ]
        for each in looks:
            each.start()
        for each in looks:
            each.join(None if seconds is None else max(seconds - (time.monotonic() - begun), 0.0))
        return _merged({each: self._last.get(each, []) for each in self._supervisors})

    def _look(self, supervisor: Supervisor, *, patience: float | None = None) -> list[DeviceInfo]:
        """What one module shows.

        :param patience: seconds to wait while it is busy; None: as long as for an answer.
        """
        found: list[DeviceInfo] = []
        call = {"call": "devices", "pin": None}
        try:
            value = value_of(supervisor.call(call, timeout=self._timeout, patience=patience))
            with sense():
                found = [unpack_info(each) for each in value]
        except Busy:
            # A key may be in the making for minutes: its device did not go away.
            return self._last.get(supervisor, [])
        except DeviceError:
            pass
        self._last[supervisor] = found
        return found


def _merged(seen: dict[Supervisor, list[DeviceInfo]]) -> list[DeviceInfo]:
    """One device seen through two modules counts once."""
    found: dict[tuple[str, str, str, object], DeviceInfo] = {}
    for supervisor, infos in seen.items():
        for info in infos:
            # Empty devices of two modules have no name to tell them by.
            told = supervisor if not info.initialised else None
            found.setdefault((info.label, info.serial, info.model, told), info)
    return list(found.values())
