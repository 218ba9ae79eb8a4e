"""What each process of the service runs."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

from .supervisor import say_ready

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from api.settings import Settings
    from api.wiring import House

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def start_log() -> None:
    """Warnings and worse to standard error, without personal data (rooms log ids only)."""
    logging.basicConfig(level=logging.WARNING, format=LOG_FORMAT)


def run_keys(settings: Settings) -> None:
    """The keys process: owner of the PKCS#11 module."""
    from api.wiring import serve_keys

    start_log()
    serve_keys(settings, ready=lambda: say_ready(settings.run, "keys", socket=str(settings.keys_socket)))


def run_web(settings: Settings, name: str) -> None:
    """The API with its pages, or the responders."""
    from api.wiring import build_house

    start_log()
    house = build_house(settings, workers=settings.workers if name == "api" else 0)
    try:
        _server(settings, name, house, ready=lambda: say_ready(settings.run, name)).run()
    finally:
        house.close()


def run_jobs(settings: Settings, stop: threading.Event, *, ready: Callable[[], None]) -> None:
    """Deferred work, the sequencer and the sweeps."""
    from api.jobs.work import Jobs
    from api.wiring import build_house

    start_log()
    house = build_house(settings, workers=1)
    jobs = Jobs(house)
    try:
        jobs.start()
        ready()
        stop.wait()
    finally:
        jobs.stop()
        house.close()


def run_together(settings: Settings, *, ready: Callable[[], None]) -> None:
    """API, responders and jobs in one process, with the keys in it too."""
    from api.jobs.work import Jobs
    from api.wiring import build_house

    start_log()
    settings.run.mkdir(mode=0o700, exist_ok=True)
    house = build_house(settings, keys_here=True, workers=settings.workers)
    jobs, stop = Jobs(house), threading.Event()
    up = threading.Barrier(3)
    servers = [_server(settings, name, house, ready=up.wait) for name in ("responders", "api")]
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda _signal, _frame: stop.set())
    threads = [threading.Thread(target=server.run, name=f"web-{n}") for n, server in enumerate(servers)]
    try:
        jobs.start()
        for thread in threads:
            thread.start()
        up.wait(timeout=30)
        ready()
        stop.wait()
    finally:
        for server in servers:
            server.should_exit = True
        for thread in threads:
            thread.join()
        jobs.stop()
        house.close()


class _Server(uvicorn.Server):
    """uvicorn, saying when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started:
            self._ready()


def _server(settings: Settings, name: str, house: House, *, ready: Callable[[], object]) -> _Server:
    application: ASGIApp
    if name == "api":
        from api.http.app import build_app

        application, host, port = build_app(house), settings.host, settings.port
    else:
        from api.http.responders import Responders

        application, host, port = Responders(house), settings.responders_host, settings.responders_port
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
        h11_max_incomplete_event_size=64 * 1024,
    )
    return _Server(config, ready)
