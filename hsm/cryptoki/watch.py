"""Watching devices come and go, by looking: waiting for a slot's event is broken or blocks in too many modules."""

import logging
import threading
from collections.abc import Callable

from hsm.cryptoki.info import DeviceInfo

log = logging.getLogger("khatam.devices")


class Watch:
    """A thread that looks every so often and tells of changes only."""

    def __init__(
        self, look: Callable[[], list[DeviceInfo]], changed: Callable[[list[DeviceInfo]], None], *, every: float
    ) -> None:
        """Begin; `changed` is called on this watch's thread, the first time with what is there."""
        self._look = look
        self._changed = changed
        self._every = every
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch of devices", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; a look under way ends on its own. Idempotent, and may be called from `changed`."""
        self._closed.set()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        before: list[DeviceInfo] | None = None
        while not self._closed.is_set():
            now = self._look()
            if now != before and not self._closed.is_set():
                before = now
                try:
                    self._changed(now)
                except Exception as error:  # noqa: BLE001  (a listener's trouble does not end the watch)
                    log.error("a listener of devices failed: %s", type(error).__name__)  # noqa: TRY400
            self._closed.wait(self._every)
