"""Public pages: check by reference, check a file. Server-rendered, without JavaScript, in Arabic, French and English.

Whoever reads them is unknown: they show what the public answer holds and nothing else. They judge nothing
themselves and keep nothing of what is uploaded.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI


def mount(app: "FastAPI") -> None:
    """Hang the pages into the application of a wired service (`app.state.house`)."""
    from api.auth.permissions import now

    from .router import Pages, pages_router

    house = app.state.house
    pages = Pages(verifications=house.verifier, rehearsal=house.settings.rehearsal, clock=now)
    app.include_router(pages_router(pages))
