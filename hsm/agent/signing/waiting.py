"""What a person can put right while the agent waits, and how the agent sees that it is."""

import threading
from collections.abc import Callable

from hsm.agent.consent import InterruptionKind
from hsm.agent.errors import AgentCode

KINDS = {
    AgentCode.DEVICE_ABSENT: InterruptionKind.DEVICE_ABSENT,
    AgentCode.OTHER_DEVICE: InterruptionKind.OTHER_DEVICE,
    AgentCode.NO_CERTIFICATE: InterruptionKind.OTHER_DEVICE,
    AgentCode.SEVERAL_DEVICES: InterruptionKind.SEVERAL_DEVICES,
    AgentCode.DEVICE_REMOVED: InterruptionKind.DEVICE_REMOVED,
    AgentCode.DEVICE_TIMEOUT: InterruptionKind.DEVICE_REMOVED,
    AgentCode.DRIVER_CRASHED: InterruptionKind.DEVICE_REMOVED,
    AgentCode.SERVER_UNREACHABLE: InterruptionKind.SERVER,
    AgentCode.SERVER_FAILED: InterruptionKind.SERVER,
    AgentCode.PIN_WRONG: InterruptionKind.PIN_REFUSED,
}


class Probe:
    """Whether a cause is gone. Calling it returns at once what was last seen, and has it looked at again behind."""

    def __init__(self, is_gone: Callable[[], bool]) -> None:
        """:param is_gone: may take its time; what it raises counts as False."""
        self._is_gone = is_gone
        self._lock = threading.Lock()
        self._looking = False
        self._over = False

    def __call__(self) -> bool:
        with self._lock:
            if not self._over and not self._looking:
                self._looking = True
                threading.Thread(target=self._look, name="probe", daemon=True).start()
            return self._over

    def _look(self) -> None:
        over = False
        try:
            over = self._is_gone()
        except Exception:  # noqa: BLE001, S110  # a look that fails saw nothing
            pass
        finally:
            with self._lock:
                self._over, self._looking = over, False
