"""An X display of its own, on no network, with a hand on its keyboard: for what people see and type."""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

SIZE = "1280x1024x24"
PROGRAMS = ("Xvfb", "xdotool", "import")


class Screen:
    """Xvfb, started and stopped. Context manager.

    :raise FileNotFoundError: Xvfb, xdotool or ImageMagick is not installed.
    """

    def __init__(self) -> None:
        for program in PROGRAMS:
            if shutil.which(program) is None:
                raise FileNotFoundError(f"{program} is not installed: `make test` installs it")
        read, write = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", SIZE, "-nolisten", "tcp", "-noreset"],
            pass_fds=(write,),
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read, encoding="ascii") as said:
            number = said.readline().strip()
        if not number:
            raise RuntimeError(f"Xvfb ended with {self._server.wait()}")
        self.display = f":{number}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What a program on this screen needs."""
        return {"DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.wait(timeout=20)

    def titles(self) -> dict[str, str]:
        """The titles of the windows on screen, by window id."""
        found = self._tool("search", "--onlyvisible", "--name", ".").split()
        return {each: self._tool("getwindowname", each).strip() for each in found}

    def await_title(self, part: str, *, seconds: float = 60.0) -> str:
        """Wait for a window whose title has `part`; give it the keyboard; its id."""
        deadline = time.monotonic() + seconds
        while True:
            titles = self.titles()
            for window, title in titles.items():
                if part in title:
                    self._tool("windowfocus", "--sync", window)
                    return window
            assert time.monotonic() < deadline, f"no window says {part!r}: {sorted(titles.values())}"
            time.sleep(0.1)

    def type(self, text: str) -> None:
        """Type on the keyboard; the text goes to the tool's standard input, not to its command line."""
        self._tool("type", "--delay", "20", "--file", "-", given=text)

    def press(self, *keys: str) -> None:
        """Press keys by X names, one after another: Return, Escape, Tab, ctrl+a …"""
        self._tool("key", "--delay", "50", *keys)

    def click(self, window: str, *, right: int, bottom: int) -> None:
        """Click in a window, so many pixels from its right and lower edge."""
        said = dict(line.split("=") for line in self._tool("getwindowgeometry", "--shell", window).split())
        x, y = int(said["WIDTH"]) - right, int(said["HEIGHT"]) - bottom
        self._tool("mousemove", "--window", window, str(x), str(y), "click", "1")

    def picture(self, path: Path) -> None:
        """Keep what is on screen as PNG."""
        subprocess.run(["import", "-window", "root", str(path)], env=self._env(), check=True, timeout=60)

    def _env(self) -> dict[str, str]:
        return {"DISPLAY": self.display, "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}

    def _tool(self, *arguments: str, given: str | None = None) -> str:
        done = subprocess.run(
            ["xdotool", *arguments],
            env=self._env(),
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.stdout
