"""A program at a terminal of its own: what it shows is read, what it asks is typed. Linux."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_SECONDS = 60.0


class Terminal:
    """One run. `shown` is everything that stood on its screen, in order, echo included."""

    def __init__(self, command: Sequence[str], *, folder: Path, home: Path) -> None:
        self._ours, theirs = pty.openpty()
        self.shown = ""
        self._read = 0
        try:
            # A session of its own, whose terminal this is: PINs are asked at /dev/tty. Ctrl-C works there even if these
            # tests were started in the background, where shells have it ignored.
            self.child = subprocess.Popen(
                ["setsid", "--ctty", "env", "--default-signal=INT", *command],
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                cwd=folder,
                env={"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "TERM": "dumb"},
            )
        finally:
            os.close(theirs)

    def answer(self, asked: str, said: str) -> None:
        """Wait for the question, then type a line."""
        self.see(asked)
        os.write(self._ours, said.encode() + b"\n")

    def press(self, asked: str, key: bytes) -> None:
        """Wait for the question, then press a key."""
        self.see(asked)
        os.write(self._ours, key)

    def see(self, wanted: str) -> None:
        """Wait until this is shown, after what was seen before."""
        deadline = time.monotonic() + _SECONDS
        while (at := self.shown.find(wanted, self._read)) < 0:
            assert self._more(deadline), f"{wanted!r} was not shown: {self.shown}"
        self._read = at + len(wanted)

    def end(self) -> int:
        """Wait for its end; the exit code. All that it showed is in `shown`."""
        deadline = time.monotonic() + _SECONDS
        while self._more(deadline):
            pass
        return self.child.wait(timeout=_SECONDS)

    def kill(self, *, all_of_it: bool) -> None:
        """SIGKILL: the program alone, or everything in its session, as when the power goes."""
        for pid in self.processes() if all_of_it else [self.child.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.child.wait(timeout=_SECONDS)

    def processes(self) -> list[int]:
        """Every process of this terminal's session that still runs."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                state, _, _, session = stat.read_text().rpartition(")")[2].split()[:4]
                if session == str(self.child.pid) and state != "Z":
                    found.append(int(stat.parent.name))
        return found

    def _more(self, deadline: float) -> bool:
        """Read what is there; False at its end."""
        ready, _, _ = select.select([self._ours], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"nothing more was shown within {_SECONDS:g} s: {self.shown}"
        try:
            content = os.read(self._ours, 65536)
        except OSError:  # Linux: the other end was closed
            return False
        self.shown += content.decode(errors="replace")
        return bool(content)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        with contextlib.suppress(OSError):
            os.close(self._ours)
