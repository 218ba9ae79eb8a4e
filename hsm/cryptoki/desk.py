"""Where PINs are given: by one person at a time, and none twice that was refused. Loads no driver."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hsm.cryptoki.patience import PERSON_SECONDS
from hsm.cryptoki.refused import RefusedPins
from hsm.errors import DeviceTimeout


class PinDesk:
    """Who is at the PIN, and which PINs were refused. Shared by all who use the same devices."""

    def __init__(self) -> None:
        self.refused = RefusedPins()
        self._taken = threading.Lock()

    @contextmanager
    def person(self) -> Iterator[None]:
        """One caller at a time where a person may be asked; the others wait `PERSON_SECONDS` at most.

        :raise DeviceTimeout: nobody was asked, nothing was done.
        """
        if not self._taken.acquire(timeout=PERSON_SECONDS):
            raise DeviceTimeout(
                f"Someone else was at the PIN for {PERSON_SECONDS:g} s. This call never reached the device, "
                "nothing was done."
            )
        try:
            yield
        finally:
            self._taken.release()
