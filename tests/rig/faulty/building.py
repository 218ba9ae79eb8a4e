"""Compiles the module, once for each state of its source, however many test processes ask."""

import hashlib
import os
import subprocess
from pathlib import Path

from filelock import FileLock

SOURCE = Path(__file__).parent
CACHE = SOURCE.parents[2] / "var" / "rig" / "faulty"
_PARTS = ("faulty.c", "script.c", "estate.c")
_COMMAND = ("gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fvisibility=hidden")


def build() -> Path:
    """Return the compiled module; safe for several processes at once.

    :raise RuntimeError: the compiler refused; its own words.
    """
    sources = sorted(each for each in SOURCE.iterdir() if each.suffix in {".c", ".h"})
    state = hashlib.sha256(" ".join(_COMMAND).encode())
    for each in sources:
        state.update(each.read_bytes())
    CACHE.mkdir(parents=True, exist_ok=True)
    made = CACHE / f"faulty-{state.hexdigest()[:16]}.so"
    if not made.exists():
        with FileLock(CACHE / "lock"):
            if not made.exists():
                _compile(made)
    return made


def _compile(made: Path) -> None:
    half = made.with_suffix(f".{os.getpid()}")
    parts = [str(SOURCE / each) for each in _PARTS]
    done = subprocess.run(
        [*_COMMAND, "-o", str(half), *parts, "-ldl", "-lpthread"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    half.replace(made)


def functions() -> list[str]:
    """Return the names of the 68 functions, in the order of CK_FUNCTION_LIST (and of the counters)."""
    listed = (SOURCE / "cryptoki.h").read_text(encoding="ascii").partition("#define FUNCTIONS(X)")[2]
    return [each[2:].rstrip(") \\") for each in listed.partition("#endif")[0].split() if each.startswith("X(C_")]
