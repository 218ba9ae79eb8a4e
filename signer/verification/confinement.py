"""The walls around a worker that reads foreign bytes. Runs once in each new worker, before its first file."""

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import resource
import sys
from dataclasses import dataclass
from typing import Any

WALL_SECONDS = 20
CPU_SECONDS = 20
MEMORY_BYTES = 1024**3
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000

_REFUSED = frozenset(
    {
        "ctypes.dlopen",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.startfile",
        "os.system",
        "pty.spawn",
        "subprocess.Popen",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "shutil.rmtree",
    }
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Forbidden(RuntimeError):
    """A worker tried what only an attack would make it try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walls:
    """Which limits hold in this worker; for `khatam doctor`."""

    memory: bool
    cpu: bool
    environment: bool
    audit: bool
    network: bool
    """The kernel gave the worker a network of its own, with nothing in it."""


class _State:
    loop: asyncio.AbstractEventLoop | None = None
    walls: Walls | None = None


def confine() -> None:
    """Raise the walls. What the system does not allow is noted in `standing_walls`, not fatal: the audit hook stays."""
    # THREAT: a PDF made to crash, hang, fill the memory, call home or start a program in the process that reads it.
    # DEFENCE: spawned worker, wall clock, RLIMIT_AS, RLIMIT_CPU, empty environment, own network, audit hook.
    # TEST: tests/signer/verification/test_workers.py
    os.environ.clear()
    sys.dont_write_bytecode = True
    _State.loop = asyncio.new_event_loop()  # makes its socket pair now: no socket may be made later
    _import_everything()
    gc.freeze()  # what was imported never dies: collections look at the file being read only
    gc.set_threshold(20_000, 20, 20)
    logging.disable(logging.CRITICAL)  # libraries log hostile text at length; findings say what matters
    network = _leave_the_network()
    memory = _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    sys.addaudithook(_refuse)
    _State.walls = Walls(memory=memory, cpu=renew_cpu(), environment=not os.environ, audit=True, network=network)


def standing_walls() -> Walls:
    """Which walls stand in this process."""
    assert _State.walls is not None
    return _State.walls


def event_loop() -> asyncio.AbstractEventLoop:
    """The worker's one event loop, or a new one outside workers."""
    if _State.loop is None or _State.loop.is_closed():
        _State.loop = asyncio.new_event_loop()
    return _State.loop


def renew_cpu() -> bool:
    """Allow this process `CPU_SECONDS` from now on; the limit counts the whole life of a process."""
    if _State.walls is not None and not _State.walls.cpu:
        return False
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return _limit(resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime) + CPU_SECONDS)


def _limit(kind: int, soft: int) -> bool:
    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
        return True
    return False


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _REFUSED or event.startswith("socket."):
        raise Forbidden(event)
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
        raise Forbidden("open for writing")


def _leave_the_network() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    return any(libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def _import_everything() -> None:
    """Whatever reading a file may import lazily: a warm worker opens no module later."""
    import encodings.idna
    import encodings.latin_1
    import encodings.utf_16_be
    import zoneinfo

    import pyhanko.sign.diff_analysis
    import pyhanko.sign.validation.ades

    from . import inspection, quick_hex

    quick_hex.install()

    del encodings, zoneinfo, pyhanko, inspection, quick_hex
