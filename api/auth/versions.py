"""Versions of the signing agent."""

from __future__ import annotations

import re

from .errors import AgentTooOld

_NUMBERS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6}){0,3}", re.ASCII)


def refuse_old_agent(version: str, minimum: str) -> None:
    """Hold an agent to the installation's minimum. A version that is no row of numbers is older than any.

    :raise AgentTooOld: nothing was opened; the ticket is not used.
    """
    if _NUMBERS.fullmatch(version) is None or _parts(version) < _parts(minimum):
        raise AgentTooOld(version, minimum)


def _parts(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in version.split(".")]
    return tuple(parts + [0] * (4 - len(parts)))
