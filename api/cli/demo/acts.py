"""The acts of a story: each timed, told in one line, kept for `story.json`."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from .clients import Refused


class ActWrong(Exception):
    """An act did not end as the story says."""


@dataclass(slots=True)
class Act:
    """One act: what was done, whether it ended as told, in how long, and what it answered."""

    chapter: int
    title: str
    ok: bool = False
    seconds: float = 0.0
    detail: str = ""


@dataclass(slots=True)
class Playbill:
    """Plays acts and prints each as it ends; nothing is coloured off a terminal."""

    console: Console
    acts: list[Act] = field(default_factory=list)
    ledger: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    chapter: int = 0
    _told: threading.Lock = field(default_factory=threading.Lock)

    def open_chapter(self, number: int, title: str) -> None:
        """Begin a chapter of the story."""
        self.chapter = number
        self.console.print(f"\n{number}. {title}", style="bold", highlight=False)

    @contextmanager
    def act(self, title: str) -> Iterator[Act]:
        """Play one act; an exception marks it wrong, is told, and ends the story."""
        act = Act(self.chapter, title)
        self.acts.append(act)
        started = time.monotonic()
        try:
            with self._progress(title):
                yield act
            act.ok = True
        except Exception as error:
            act.detail = f"{type(error).__name__}: {error}"
            raise
        finally:
            act.seconds = round(time.monotonic() - started, 3)
            self._tell(act)

    def refused(self, title: str, code: str, attempt: Callable[[], object]) -> None:
        """Play an act that must be refused with the problem `code`."""
        with self.act(f"refused: {title}") as act:
            try:
                attempt()
            except Refused as refusal:
                if refusal.code != code:
                    raise ActWrong(f"refused as {refusal.code}, not {code}: {refusal.detail}") from refusal
                act.detail = f"{refusal.code}: {refusal.detail}"
                return
            raise ActWrong(f"it was accepted; {code} was expected")

    def expect(self, what: str, found: object, expected: object) -> None:
        """Hold `found` against `expected`.

        :raise ActWrong: they differ.
        """
        if found != expected:
            raise ActWrong(f"{what} is {found!r}, not {expected!r}")

    def write(self, folder: Path) -> None:
        """Leave `story.json` in `folder`."""
        story = {"acts": [asdict(act) for act in self.acts], "ledger": self.ledger, "files": self.files}
        text = json.dumps(story, ensure_ascii=False, indent=1)
        (folder / "story.json").write_text(text + "\n", encoding="utf-8")

    def _tell(self, act: Act) -> None:
        mark, style = ("✓", "green") if act.ok else ("✗", "bold red")
        detail = f" — {act.detail}" if act.detail else ""
        with self._told:
            self.console.print(f"  [{style}]{mark}[/] {act.seconds:6.2f} s  ", end="", highlight=False)
            self.console.print(f"{act.title}{detail}", markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def _progress(self, title: str) -> Iterator[None]:
        """A spinner on a terminal; one at a time, so the acts of a helper thread have none."""
        if self.console.is_terminal and threading.current_thread() is threading.main_thread():
            with self.console.status(title):
                yield
        else:
            yield


def together(*plays: Callable[[], None]) -> None:
    """Play what does not wait for one another at the same time; the first that goes wrong is raised, all ended."""
    with ThreadPoolExecutor(len(plays)) as pool:
        for play in [pool.submit(each) for each in plays]:
            play.result()
