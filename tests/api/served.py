"""The service's doors over a test's own house."""

from fastapi import FastAPI

from api.http.app import build_app
from api.wiring import House

_MADE: list[FastAPI] = []


def served(house: House) -> FastAPI:
    """One application for all tests of a process, since its routes take longer to make than most tests.

    Not for the public pages: they keep the house that the first test had.
    """
    if not _MADE:
        _MADE.append(build_app(house))
    _MADE[0].state.house = house
    return _MADE[0]
