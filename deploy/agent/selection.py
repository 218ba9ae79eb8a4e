"""Which locked distributions the agent's packages carry: the base and the window, with all that these need."""

import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
_ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==")


def wanted(root: Path = ROOT, platform: Mapping[str, str] | None = None) -> set[str]:
    """Canonical names of the distributions that the agent needs on `platform` (markers; this one when None).

    Read from pyproject.toml and, from there on, from what the installed distributions say they require: run it in
    the project's environment, which holds every distribution of the lock that this platform can have.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["window"]]
    found: set[str] = set()
    _follow(asked, found, {**default_environment(), **(platform or {})})
    return found


def _follow(requirements: Iterable[str], found: set[str], platform: Mapping[str, str]) -> None:
    for text in requirements:
        requirement = Requirement(text)
        if requirement.marker is not None and not _applies(requirement, platform):
            continue
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        found.add(name)
        try:
            required = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # Another platform's: the lock has it, this environment does not, and it needs no other.
        _follow([*required, *_extras(required, requirement.extras, platform)], found, platform)


def _applies(requirement: Requirement, platform: Mapping[str, str], extra: str = "") -> bool:
    return requirement.marker is not None and requirement.marker.evaluate({**platform, "extra": extra})


def _extras(required: Iterable[str], extras: Iterable[str], platform: Mapping[str, str]) -> Iterable[str]:
    """What `name[extra]` asks for beyond `name`."""
    for text in required:
        requirement = Requirement(text)
        if any(_applies(requirement, platform, extra) for extra in extras):
            requirement.marker = None
            yield str(requirement)


def entries(lock: str) -> dict[str, str]:
    """The lock's entries by canonical name: each its version and hashes, as they stand there."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in lock.splitlines():
        begun = _ENTRY.match(line)
        if begun is not None:
            name = canonicalize_name(begun["name"])
        if name and line.strip() and not line.startswith("#"):
            found.setdefault(name, []).append(line)
    return {each: "\n".join(lines) for each, lines in found.items()}


def select(root: Path = ROOT, platform: Mapping[str, str] | None = None) -> str:
    """The part of requirements.lock that the agent's package installs, hashes and all.

    :raise SystemExit: the lock lacks something that the agent needs.
    """
    locked = entries((root / "requirements.lock").read_text(encoding="utf-8"))
    names = sorted(wanted(root, platform))
    if missing := [name for name in names if name not in locked]:
        raise SystemExit(f"requirements.lock lacks {', '.join(missing)}: run `make lock`.")
    return "\n".join(locked[name] for name in names) + "\n"


if __name__ == "__main__":
    sys.stdout.write(select())
