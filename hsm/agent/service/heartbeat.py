"""While the agent lives, the leases of its documents live."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hsm.agent.errors import AgentError

from .server import Server

EVERY_SECONDS = 60.0


@contextmanager
def heartbeat(server: Server, *, every_seconds: float = EVERY_SECONDS) -> Iterator[None]:
    """Renew the leases in the background. A beat that fails is left out: what matters fails by itself later."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(every_seconds):
            try:
                server.ask("POST", "/v1/agent/heartbeat", pauses=())
            except AgentError:
                continue

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)
