"""What a run takes from outside."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx2

from hsm.pin import PinSource

from .consent import Consent, Progress
from .devices import Devices
from .service.heartbeat import EVERY_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run takes from outside; tests replace each."""

    devices: Callable[[], Devices]
    consent: Consent
    pins: PinSource
    progress: Callable[[Progress], None] = lambda _: None
    """Told of a signing run, on its threads."""
    say: Callable[[str], None] = lambda _: None
    """Told, in English, of an enrolment's steps."""
    transport: httpx2.BaseTransport | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    pause: Callable[[float], None] = time.sleep
    heartbeat_seconds: float = EVERY_SECONDS


@contextmanager
def opened_devices(around: Surroundings) -> Iterator[Devices]:
    """The devices of one run; at its end the drivers' processes are gone, and with them every login.

    :raise AgentError: no driver can be loaded.
    """
    devices = around.devices()
    try:
        yield devices
    finally:
        if callable(close := getattr(devices, "close", None)):
            close()
