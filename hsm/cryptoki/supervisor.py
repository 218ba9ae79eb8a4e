"""One worker process, seen from the station: started, called, timed out, buried, started again.

A module that crashes or hangs takes its worker with it and nothing else. What was asked of it is never asked again
here: whether a device acted is then unknown, and the caller decides.
"""

import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

from hsm.cryptoki import channel
from hsm.cryptoki.standing import ModulePath, ModuleStanding, ModuleState, look_at
from hsm.errors import DeviceTimeout, DeviceUnavailable

Message = dict[str, Any]
GRACE_SECONDS: Final = 5.0
"""Beyond a call's own time-out, which the worker keeps itself: then the whole worker hangs."""
QUIET_SECONDS: Final = 60.0
"""Deaths longer ago than this are forgiven."""
FREE_RESTARTS: Final = 2
LONGEST_PAUSE: Final = 15.0
FROZEN_ARGUMENT: Final = "--module-worker"
"""First argument of a packaged agent (no interpreter of its own) that is to be a worker: call `worker.main`."""
_INHERITED: Final = (
    *("HOME", "PATH", "LANG", "LC_ALL", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"),
    *("SYSTEMROOT", "WINDIR", "SYSTEMDRIVE", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
    *("PROGRAMFILES", "COMPUTERNAME", "USERNAME", "USERDOMAIN"),
)
"""What of our environment a vendor's library may see: where its own files are. Nothing of ours."""
_PROGRAM: Final = "import sys; sys.path.append(sys.argv[1]); from hsm.cryptoki.worker import main; main()"


def command() -> list[str]:
    """Return how a worker is started here."""
    if getattr(sys, "frozen", False):
        return [sys.executable, FROZEN_ARGUMENT]
    return [sys.executable, "-I", "-c", _PROGRAM, str(Path(__file__).parents[2])]


class Busy(DeviceTimeout):
    """The calls before this one took all the time it had. Nothing was done, and the worker is well."""


class Supervisor:
    """Owns the worker of one module. Safe for many threads; one call at a time reaches the worker."""

    def __init__(self, module: ModulePath, *, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.module = module
        self._resolved = module.path.resolve()
        self._timeout = timeout
        self._clock = clock
        self._turn = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._deaths: deque[float] = deque()
        self._started = 0
        self._closed = False
        self._standing, self._said = look_at(module.path)

    @property
    def state(self) -> ModuleState:
        return ModuleState(
            path=self.module.path, state=self._standing, said=self._said, restarts=max(self._started - 1, 0)
        )

    @property
    def pid(self) -> int | None:
        """The worker's process id, while there is one."""
        child = self._child
        return None if child is None or child.poll() is not None else child.pid

    def shows(self, path: Path) -> bool:
        """Whether `path`, as a worker names its module, is this one."""
        return path in {self.module.path, self._resolved}

    def call(self, message: Message, *, timeout: float, patience: float | None = None) -> Message:
        """Ask the worker and return its answer.

        :param timeout: seconds for the answer itself.
        :param patience: seconds to wait for the calls before this one; None: as long as `timeout`.
        :raise DeviceUnavailable: the worker cannot run, or died with this call.
        :raise Busy: busy for all of `patience`; nothing was done.
        :raise DeviceTimeout: it hung and was ended; whether the device acted is unknown.
        """
        if not self._turn.acquire(timeout=timeout if patience is None else patience):
            raise Busy(f"The driver {self._name} was busy. This call never reached it, nothing was done.")
        try:
            child = self._running()
            assert child.stdin is not None
            try:
                channel.send(child.stdin, message)  # type: ignore[arg-type]  # typeshed: IO[bytes] is a BinaryIO here
            except OSError:
                raise self._died("ended before this call", acted=False) from None
            return self._answer(timeout, act=str(message["call"]))
        finally:
            self._turn.release()

    def close(self) -> None:
        """End the worker: asked first, killed after a while. Idempotent."""
        self._closed = True
        child = self._child
        if child is None:
            return
        with contextlib.suppress(OSError, ValueError):
            assert child.stdin is not None
            child.stdin.close()
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        self._child = None

    @property
    def _name(self) -> str:
        return self.module.path.name

    def _running(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise DeviceUnavailable(f"The driver {self._name} is closed in this process. Nothing was done.")
        if self._child is not None:
            if self._child.poll() is None:
                return self._child
            self._died("ended between two calls", acted=False)
        self._pause_over()
        standing, said = look_at(self.module.path)
        if standing is not ModuleStanding.READY:
            self._standing, self._said = standing, said
            raise DeviceUnavailable(f"{said} Nothing was done.")
        return self._start()

    def _pause_over(self) -> None:
        """After repeated deaths a worker stays down for a while: a call then fails at once."""
        now = self._clock()
        while self._deaths and now - self._deaths[0] > QUIET_SECONDS:
            self._deaths.popleft()
        extra = len(self._deaths) - FREE_RESTARTS
        if extra > 0:
            left = self._deaths[-1] + min(2.0 ** (extra - 1), LONGEST_PAUSE) - now
            if left > 0:
                raise DeviceUnavailable(
                    f"The driver {self._name} failed {len(self._deaths)} times. Nothing was done: "
                    f"it is started again in {left:.0f} s."
                )

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        environment.update(self.module.environment)
        answers: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        child = subprocess.Popen(  # noqa: S603  (our own program)
            command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._child, self._answers = child, answers
        self._started += 1
        threading.Thread(target=_read, args=(child, answers), name=f"answers of {self._name}", daemon=True).start()
        conf = self.module.softhsm_conf
        assert child.stdin is not None
        with contextlib.suppress(OSError):  # its silence is seen below
            channel.send(
                child.stdin,  # type: ignore[arg-type]
                {
                    "module": str(self.module.path),
                    "softhsm_conf": None if conf is None else str(conf),
                    "timeout": self._timeout,
                },
            )
        answer = self._answer(self._timeout, act="load the module")
        if "ready" not in answer:
            self._end()
            self._standing = ModuleStanding.NOT_PKCS11
            self._said = f"{self.module.path} cannot be used as a driver: {answer.get('said', 'it does not load')}"
            raise DeviceUnavailable(f"{self._said} Nothing was done.")
        self._standing, self._said = ModuleStanding.READY, ""
        return child

    def _answer(self, timeout: float, *, act: str) -> Message:
        try:
            answer = self._answers.get(timeout=timeout + GRACE_SECONDS)
        except queue.Empty:
            raise self._hung(timeout, act) from None
        if answer is None:
            raise self._died(f"crashed ({act})", acted=True)
        if answer.get("error") == DeviceTimeout.__name__:
            # The module hangs inside its worker: nothing else will ever come through it.
            raise self._hung(timeout, act)
        return answer

    def _hung(self, seconds: float, act: str) -> DeviceTimeout:
        self._bury(ModuleStanding.HUNG, f"The driver {self._name} gave no answer in {seconds:g} s ({act}).")
        return DeviceTimeout(
            f"{self._said} It was ended and is started anew at the next call. "
            "Whether the device acted is unknown; no value came out of it."
        )

    def _died(self, how: str, *, acted: bool) -> DeviceUnavailable:
        code = self._end()
        with_what = f", signal {-code}" if code is not None and code < 0 else f", exit code {code}"
        self._bury(ModuleStanding.CRASHED, f"The driver {self._name} {how}{with_what}.")
        outcome = "Whether the device acted is unknown; no value came out of it." if acted else "Nothing was done."
        return DeviceUnavailable(f"{self._said} It is started anew at the next call. {outcome}")

    def _bury(self, standing: ModuleStanding, said: str) -> None:
        self._end()
        self._deaths.append(self._clock())
        self._standing, self._said = standing, said

    def _end(self) -> int | None:
        child, self._child = self._child, None
        if child is None:
            return None
        # One that closed its pipe is dying by itself: its own exit code says of what.
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.0 if self._answers.empty() else 1.0)
        child.kill()
        code = child.wait()
        with contextlib.suppress(OSError):
            assert child.stdin is not None
            child.stdin.close()
        return code


def _read(child: "subprocess.Popen[bytes]", answers: "queue.SimpleQueue[Message | None]") -> None:
    """Carry what the worker says; None at its end. On a thread, as pipes have no time-outs on every system."""
    assert child.stdout is not None
    with child.stdout as pipe, contextlib.suppress(OSError, ValueError, channel.Garbled):
        said: BinaryIO = pipe  # type: ignore[assignment]
        while (answer := channel.receive(said)) is not None:
            answers.put(answer)
    answers.put(None)
