"""The workers of one installation: deferred work through DBOS, and the rounds that come back for ever."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dbos import DBOS

from .later import JsonSerializer, dbos_database_url
from .names import APPLICATION, APPLICATION_VERSION, CAPTURE_VALIDATION, QUEUE, SEND_MESSAGE
from .rounds import ROUNDS, Round

if TYPE_CHECKING:
    from api.wiring import House

log = logging.getLogger("khatam.jobs")
WORKERS = 8
"""At once; most of them wait for a status proof of the next second."""
POLLING_SECONDS = 0.25


class Jobs:
    """Everything that runs without being asked."""

    def __init__(self, house: House, *, slot: int = 0) -> None:
        self._house = house
        self._slot = slot
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Launch the workers and the rounds; returns at once."""
        self._launch_dbos()
        for each in ROUNDS:
            thread = threading.Thread(target=self._run_round, args=(each,), name=f"round-{each.name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Let running steps end, within seconds, and stop. What is not done is done after the next start."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)
        DBOS.destroy(workflow_completion_timeout_sec=3)

    def _launch_dbos(self) -> None:
        # No address of anybody is configured, telemetry and conductor are off: DBOS speaks to the database only.
        os.environ["DBOS__VMID"] = ""
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": dbos_database_url(self._house.settings.database),
                "application_version": APPLICATION_VERSION,
                # Stable over restarts: work that a killed worker held is recovered by the one that takes its slot.
                "executor_id": f"{socket.gethostname()}-{self._slot}",
                "serializer": JsonSerializer(),
                "enable_otlp": False,
                "log_level": "ERROR",  # each try again would be told with its whole story
                "scheduler_polling_interval_sec": 3600.0,
            }
        )
        self._register(CAPTURE_VALIDATION, self._house.capture_validation)
        self._register(SEND_MESSAGE, self._house.send_message)
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=WORKERS, polling_interval_sec=POLLING_SECONDS)

    def _register(self, name: str, work: Callable[..., None]) -> None:
        """A work of one step, tried again with growing pauses; what its source cannot give yet is left to a round."""

        @DBOS.step(name=f"{name}.step", retries_allowed=True, max_attempts=4, interval_seconds=0.5, backoff_rate=2.0)
        def step(*ids: str) -> None:
            work(*ids)

        @DBOS.workflow(name=name)
        def workflow(*ids: str) -> None:
            try:
                step(*ids)
            except Exception as error:  # noqa: BLE001 - whatever it was, a round comes back to it
                log.warning("%s %s is left to a later round: %s", name, " ".join(ids), error)

        assert workflow is not None

    def _run_round(self, each: Round) -> None:
        while not self._stop.wait(each.seconds):
            try:
                each.work(self._house, datetime.now(UTC))
            except Exception:
                # A round that fails comes again; what it should have done waits in the records.
                log.exception("the round %s failed", each.name)
