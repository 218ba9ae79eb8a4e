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

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def start_log() -> None:
    """Warnings and worse to standard error, without personal data (rooms log ids only)."""
    logging.basicConfig(level=logging.WARNING, format=LOG_FORMAT)


def _outlive_signals() -> None:
    """Let what stands after a server's end still run: uvicorn raises the signal that stopped it once more."""
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda _signal, _frame: None)


def run_keys(settings: Settings) -> None:
    """The keys process: owner of the PKCS#11 module."""
    from hsm.cryptoki.process import serve
    from hsm.cryptoki.roles import KeysConfig

    start_log()
    config = KeysConfig.load(settings.keys_configuration)
    serve(settings.keys_socket, config, ready=lambda: say_ready(settings.run, "keys", socket=str(settings.keys_socket)))


def run_responders(settings: Settings) -> None:
    """OCSP, revocation lists, time-stamps: nothing of officers, holders or documents is loaded here."""
    from api.answers import Answers
    from api.ground import Closing, close_all, open_keyring, open_records
    from api.http.responders import Responders

    start_log()
    _outlive_signals()
    closing: Closing = []
    try:
        answers = Answers(settings, open_records(settings, closing), open_keyring(settings, closing))
        _responders(settings, Responders(answers), ready=lambda: say_ready(settings.run, "responders")).run()
    finally:
        close_all(closing)


def run_api(settings: Settings) -> None:
    """The API with its pages."""
    from api.http.app import build_app
    from api.wiring import build_house

    start_log()
    _outlive_signals()
    house = build_house(settings, workers=settings.workers)
    house.workshop.start_soon()
    try:
        _api(settings, build_app(house), ready=lambda: say_ready(settings.run, "api")).run()
    finally:
        house.close()


def run_jobs(settings: Settings, stop: threading.Event, *, ready: Callable[[], None]) -> None:
    """Deferred work, the sequencer and the sweeps."""
    from api.jobs.work import Jobs
    from api.wiring import build_house

    start_log()
    house = build_house(settings)
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
    from api.http.app import build_app
    from api.http.responders import Responders
    from api.jobs.work import Jobs
    from api.wiring import build_house

    start_log()
    settings.run.mkdir(mode=0o700, exist_ok=True)
    house = build_house(settings, keys_here=True, workers=settings.workers)
    jobs, stop = Jobs(house), threading.Event()
    up = threading.Barrier(3)
    servers = [
        _responders(settings, Responders(house.answers), ready=up.wait),
        _api(settings, build_app(house), ready=up.wait),
    ]
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


def _api(settings: Settings, application: ASGIApp, *, ready: Callable[[], object]) -> _Server:
    return _server(application, settings.host, settings.port, ready)


def _responders(settings: Settings, application: ASGIApp, *, ready: Callable[[], object]) -> _Server:
    return _server(application, settings.responders_host, settings.responders_port, ready)


def _server(application: ASGIApp, host: str, port: int, ready: Callable[[], object]) -> _Server:
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    return _Server(config, ready)
