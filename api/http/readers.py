"""The public pages, over the service's verification."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from fastapi import APIRouter

from api.pages.router import Pages, pages_router
from api.wiring import House, present
from signer.dossiers.errors import DocumentUnknown
from signer.verification.answer import Answer
from signer.verification.verifier import Verifier


def readers_router(house: House) -> APIRouter:
    """Check by reference, check a file."""
    verifications = Verifications(house.verifier)
    return pages_router(Pages(verifications=verifications, rehearsal=house.settings.rehearsal, clock=present))


class Verifications:
    """Verification as the pages ask for it."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    def by_name(self, reference: str, check: str, *, at: datetime) -> Answer | None:
        """The document of that reference; None for wrong characters, too."""
        try:
            return self._verifier.verify_reference(reference, check, at=at)
        except DocumentUnknown:
            return None

    def by_file(self, path: Path, *, at: datetime) -> Answer:
        """The file at `path`."""
        return self._verifier.verify_file(path, at=at)
