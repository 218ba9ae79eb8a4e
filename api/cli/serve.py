"""`khatam serve`: the supervisor, one of its processes, or everything in one process."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from .supervisor import SupervisionFailed, Supervisor, command_for, end_with_parent, say_ready
from .voice import console, end, opened, print_json

if TYPE_CHECKING:
    from api.settings import Settings

NAMES = ("keys", "responders", "api", "jobs")


def run_serve(data: Path | None, *, only: str | None, one_process: bool, as_json: bool, supervised: bool) -> None:
    """Serve until told to stop."""
    settings = opened(data, as_json=as_json)
    if only is not None and only not in NAMES:
        end(f"--only takes one of {', '.join(NAMES)}. Nothing was started.", as_json=as_json)
    if only is not None:
        if supervised:
            end_with_parent()
        run_one(settings, only)
    elif one_process:
        run_together(settings, as_json=as_json)
    else:
        supervise(settings, as_json=as_json)


def supervise(settings: Settings, *, as_json: bool) -> None:
    """Start the processes, say when they are ready, restart them, stop them on SIGTERM or Ctrl-C."""
    names = [name for name in NAMES if name != "keys" or settings.keys_at == "device"]
    voice = console(as_json=as_json)
    supervisor = Supervisor(settings.run, {name: command_for(settings.data, name) for name in names}, voice.print)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        supervisor.ask_to_stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        supervisor.start()
    except SupervisionFailed as failure:
        end(f"{failure} The service is not running.", as_json=as_json, code=1)
    _tell_ready(settings, as_json=as_json)
    try:
        supervisor.watch()
    finally:
        supervisor.stop()


def run_one(settings: Settings, name: str) -> None:
    """Run one process of the service until SIGTERM."""
    settings.run.mkdir(mode=0o700, exist_ok=True)
    if name == "keys":
        from .children import run_keys

        run_keys(settings)
    elif name == "jobs":
        from .children import run_jobs

        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())
        signal.signal(signal.SIGINT, lambda _signal, _frame: stop.set())
        run_jobs(settings, stop, ready=lambda: say_ready(settings.run, "jobs"))
    elif name == "api":
        from .children import run_api

        run_api(settings)
    else:
        from .children import run_responders

        run_responders(settings)


def run_together(settings: Settings, *, as_json: bool) -> None:
    """Everything in this process, keys included: for tests and very small places."""
    from .children import run_together as together

    together(settings, ready=lambda: _tell_ready(settings, as_json=as_json))


def _tell_ready(settings: Settings, *, as_json: bool) -> None:
    if as_json:
        print_json({"ready": True, "url": settings.public_url, "responders_url": settings.responders_url})
        return
    voice = console(as_json=False)
    voice.print(f"Ready: {settings.public_url} (responders: {settings.responders_url})", markup=False)
    if settings.rehearsal:
        voice.print("Rehearsal – sans valeur juridique – دون قيمة قانونية")
