"""Which walls stand around the process that draws documents: it is started, says so, and ends."""

import importlib.util
import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hsm.agent.codes import HelpDesk
from hsm.agent.confinement import drawing_command, walls_of_this_system

from .findings import Finding, good, warn

SECONDS = 15


def standing_walls() -> Sequence[str] | None:
    """Their names; None where no window is installed.

    :raise OSError: it does not start, or says nothing that can be read.
    """
    if importlib.util.find_spec("pypdfium2") is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603  (our own program)
            drawing_command(), stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=True
        )
        said: dict[str, Any] = json.loads(done.stdout[4:])
        return [str(wall) for wall in said["walls"]]
    except (subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        raise OSError(type(error).__name__) from error


def examine_display(walls: Callable[[], Sequence[str] | None]) -> Iterator[Finding]:
    """What this kind of system could give and does not is a warning; what it never gives is not a clerk's fault."""
    try:
        standing = walls()
    except OSError as error:
        yield warn("display", "display-fails", HelpDesk.WINDOW, what=str(error))
        return
    if standing is None:
        return
    missing = [wall for wall in walls_of_this_system() if wall not in standing]
    if missing:
        yield warn("display", "display-open", None, missing=", ".join(missing))
    else:
        yield good("display", "display-good", walls=", ".join(standing))
