"""`python -m bench [SUBJECT…] [--json]`: run subjects and print their figures. Exit 0 when all ran, short or not."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import traceback

import bench

NOT_SUBJECTS = {"__main__", "figure"}


def subjects() -> list[str]:
    """Every subject there is, by name."""
    found = {module.name for module in pkgutil.iter_modules(bench.__path__)}
    return sorted(name for name in found - NOT_SUBJECTS if not name.startswith("_"))


def main() -> int:
    """Run what was asked for."""
    known = subjects()
    parser = argparse.ArgumentParser(prog="python -m bench", description="Figures of this service beside their peers.")
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"of: {', '.join(known)}; none: all")
    parser.add_argument("--json", action="store_true", help="one object a line")
    asked = parser.parse_args()
    strangers = sorted(set(asked.subjects) - set(known))
    if strangers:
        parser.error(f"no such subject: {', '.join(strangers)}; there are {', '.join(known)}")
    failed = False
    for subject in asked.subjects or known:
        try:
            for figure in importlib.import_module(f"bench.{subject}").run():
                print(figure.json() if asked.json else figure.line(), flush=True)
        except Exception:  # noqa: BLE001 - the other subjects still run
            traceback.print_exc()
            print(f"{subject} did not run", file=sys.stderr)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
